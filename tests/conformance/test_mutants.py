"""The tests of the tests: a changed coefficient, sign or branch is seen by the judge."""

import pytest
import torch
from measure import Case, cases, error, reference_program

from ogive.certify.reference import exact
from ogive.engine import eager
from ogive.expr import Node, const, evaluate, symbols, walk
from ogive.expr.node import build

NAMES = ["silu", "gelu_tanh", "quick_gelu", "elu", "selu", "softplus", "snake", "hardswish", "mish"]
DEFAULTS = {c.spec.name: c for c in reversed(cases("elementwise"))}
POINTS = [
    -30.0,
    -3.5,
    -3.001,
    -3.0,
    -2.9985,
    -2.0,
    -0.7,
    -5e-4,
    5e-4,
    0.4,
    1.3,
    2.9,
    3.0,
    3.001,
    3.5,
    25.0,
]


# sin(ax)^2 is even: this mutant is the same function
EQUIVALENT = {("snake", "sign of alpha * x")}


def replaced(root: Node, target: Node, by: Node) -> Node:
    new: dict[Node, Node] = {}
    for node in walk(root):
        args = tuple(new[a] for a in node.args)
        new[node] = by if node is target else build(node.op, args, node.value)
    return new[root]


def taken(case: Case) -> Node:
    """The formula without the forms for parameters that the case does not have."""
    values, root = dict(case.values), case.spec.expression
    for node in [n for n in walk(root) if n.op == "where"]:
        if {str(s) for s in symbols(node.args[0])} <= values.keys():
            root = replaced(root, node, node.args[1 if evaluate(node.args[0], **values) else 2])
    return root


def mutants(root: Node):
    """One changed constant, one changed sign, or one pair of swapped branches at a time."""
    for node in walk(root):
        if node.op == "const" and abs(node.value) < 1e300:
            yield f"constant {node!r}", replaced(root, node, const(node.value * 1.001 + 1e-3))
        if node.op in ("mul", "add", "sub", "tanh", "expm1", "ndtr"):
            yield f"sign of {node!r}", replaced(root, node, Node("neg", (node,)))
        if node.op == "where":
            condition, a, b = node.args
            yield f"branches of {node!r}", replaced(root, node, Node("where", (condition, b, a)))


def worst(case: Case, expression: Node) -> float:
    """The error in units of an expression run by the engine in the place of the case's own."""
    program = reference_program(case, ())
    fixed = [v for _, v in case.values]
    mutant = type(program)("mutant", program.inputs, (expression,), program.samples)
    x = torch.tensor(POINTS, dtype=torch.float64)
    got = eager.compiled_formula(mutant.bind(dict(case.values)))(x)[0].tolist()
    errors = []
    for value, point in zip(got, POINTS, strict=True):
        wanted, slope, *_ = exact(program, point, *fixed)
        errors.append(error(value, wanted, point, slope))
    return max(errors)


@pytest.mark.parametrize("name", NAMES)
def test_every_mutant_of_a_formula_is_caught(name):
    case = DEFAULTS[name]
    assert worst(case, case.spec.expression) <= 4
    survivors = [what for what, m in mutants(taken(case)) if worst(case, m) <= 100]
    assert {(name, what) for what in survivors} <= EQUIVALENT
