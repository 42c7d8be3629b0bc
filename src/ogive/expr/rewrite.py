"""What happens to an expression between its definition and a program for a machine.

``stabilise`` turns textbook forms into stable primitives, ``bind`` puts numbers in for parameters
and folds what is then constant, ``expand`` replaces primitives a language lacks by their
definitions, and ``guard`` makes the limits at infinity come out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import product

from ogive.expr.node import ZERO, Node, build, const, walk, where, written
from ogive.expr.parse import parse
from ogive.expr.primitives import PRIMITIVES, call, evaluate_all

HUGE = 1.7976931348623157e308


def rebuild(root: Node, change: Callable[[Node], Node | None]) -> Node:
    """The expression with every node, arguments first, replaced where ``change`` gives another."""
    return rebuild_all((root,), change)[0]


def rebuild_all(roots: Sequence[Node], change: Callable[[Node], Node | None]) -> tuple[Node, ...]:
    """The same of several expressions; what they share is looked at once."""
    new: dict[Node, Node] = {}
    for node in walk(*roots):
        same = _with_arguments(node, new)
        changed = change(same)
        new[node] = same if changed is None else changed
    return tuple([new[root] for root in roots])


def substitute(root: Node, values: Mapping[str, Node | float]) -> Node:
    """The expression with nodes or numbers in the place of symbols, all at once: what is put in is
    left alone, though it may contain the symbols."""
    new: dict[Node, Node] = {}
    for node in walk(root):
        if node.op == "symbol" and node.value in values:
            value = values[str(node.value)]
            new[node] = value if isinstance(value, Node) else const(value)
        else:
            new[node] = _with_arguments(node, new)
    return new[root]


def _with_arguments(node: Node, new: Mapping[Node, Node]) -> Node:
    """The operation on what has taken the place of its arguments."""
    args = tuple(new[a] for a in node.args)
    if args == node.args:
        return node
    return (written if ZERO in node.args else build)(node.op, args, node.value)


def evaluate(root: Node, **values: float) -> float:
    return evaluate_all(walk(root), values)[root]


def fold(root: Node) -> Node:
    """The expression with every constant part computed; for programs, not for definitions."""
    return bind(root, {})


def fold_all(roots: Sequence[Node]) -> tuple[Node, ...]:
    """The same of several expressions; what they share is looked at once."""
    return bind_all(roots, {})


def bind(root: Node, values: Mapping[str, float], keep_nan: bool = False) -> Node:
    """The expression with numbers in the place of symbols, and constants computed.

    What is multiplied by a number that was put in goes if that is 0; or stays where it may be NaN.
    """
    return bind_all((root,), values, keep_nan)[0]


def bind_all(
    roots: Sequence[Node], values: Mapping[str, float], keep_nan: bool = False
) -> tuple[Node, ...]:
    """The same of several expressions; what they share is looked at once."""
    new: dict[Node, Node] = {}
    bound: set[Node] = set()
    for node in walk(*roots):
        args = tuple(new[a] for a in node.args)
        others = [a for a in args if a is not ZERO]
        if node.value in values and node.op == "symbol":
            made = const(values[str(node.value)])
            bound.add(node)
        elif not bound.issuperset(a for a in node.args if new[a] is ZERO):
            made = written(node.op, args, node.value)
        elif keep_nan and node.op == "mul" and len(others) == 1 and others[0].op != "const":
            made = Node("mul0", (others[0], ZERO))
        else:
            made = build(node.op, args, node.value)
        if not bound.isdisjoint(node.args):
            bound.add(node)
        number = _constant(made)
        new[node] = made if number is None else number
    return tuple([new[root] for root in roots])


def _constant(node: Node) -> Node | None:
    """The number that the node is, if it has constant arguments only."""
    if node.op in ("const", "symbol") or any(a.op != "const" for a in node.args):
        return None
    return const(evaluate(node))


def expand(root: Node, spoken: Iterable[str]) -> Node:
    """The expression in the primitives that a language speaks, by the definitions of the others."""
    return expand_all((root,), spoken)[0]


def expand_all(roots: Sequence[Node], spoken: Iterable[str]) -> tuple[Node, ...]:
    """The same of several expressions; what they share is looked at once."""
    known = set(spoken) | {"const", "symbol"}

    def change(node: Node) -> Node | None:
        if node.op in known:
            return None
        definition = PRIMITIVES[node.op].definition
        if definition is None:
            raise NotImplementedError(f"the language has no {node.op}, and it has no definition")
        return expand(definition(*node.args), known)

    return rebuild_all(roots, change)


def guarded(
    outputs: tuple[Node, ...], samples: Mapping[str, tuple[float, ...]]
) -> tuple[Node, ...]:
    """The outputs with those products made zero-absorbing that are 0 * inf at an extreme input.

    At x = -inf, x * sigmoid(x) is -inf * 0 = NaN in IEEE arithmetic, while its limit is 0: a factor
    that has decayed to zero wins. The products are found by evaluating at the samples: the first
    value of each symbol is an ordinary one, the others are tried one symbol at a time.
    """
    decayed: dict[Node, set[int]] = {}
    nodes = list(walk(*outputs))
    for values in _one_at_a_time(samples):
        result = evaluate_all(nodes, values)
        if any(math.isnan(result[o]) for o in outputs):
            for node in result:
                if node.op == "mul" and (side := _zero_side(node, result)) is not None:
                    decayed.setdefault(node, set()).add(side)
    if not decayed:
        return outputs
    return guarded(tuple(_absorb(o, decayed) for o in outputs), samples)


def _one_at_a_time(samples: Mapping[str, tuple[float, ...]]) -> Iterable[dict[str, float]]:
    base = {name: values[0] for name, values in samples.items()}
    extremes = [(n, v) for n, values in samples.items() for v in values[1:]]
    for (name, value), (other, also) in product(extremes, [*extremes, ("", 0.0)]):
        if name != other:
            yield base | {name: value} | ({other: also} if other else {})


def _zero_side(node: Node, value: Mapping[Node, float]) -> int | None:
    """Which factor is zero while the other is infinite; one that is always 0 has not decayed."""
    for side, (factor, other) in enumerate((node.args, node.args[::-1])):
        if value[factor] == 0 and math.isinf(value[other]) and factor.op != "const":
            return side
    return None


def _absorb(root: Node, decayed: Mapping[Node, set[int]]) -> Node:
    new: dict[Node, Node] = {}
    for node in walk(root):
        new[node] = _with_arguments(node, new)
        if node in decayed:
            a, b = (new[a] for a in node.args)
            new[node] = Node("mul0", (a, b) if 1 in decayed[node] else (b, a))
            if len(decayed[node]) == 2:
                other = Node("mul0", (b, a))
                new[node] = build("where", (Node("eq", (a, const(0.0))), other, new[node]))
    return new[root]


def shared_subexpressions(root: Node) -> Node:
    """The expression with tanh and sech of a softplus written in the exponential they share.

    With e = exp(-|u|) both are quotients of sums of positive terms, so nothing cancels; mish and
    its derivatives then need this one exponential.
    """
    return rebuild(root, shared_form)


def shared_form(node: Node) -> Node | None:
    """The quotient that takes the place of one of these, if it is one."""
    if node.op not in ("tanh", "sech") or node.args[0].op != "softplus":
        return None
    (u,) = node.args[0].args
    e = call("exp", -abs(u))
    twice = 2 * e
    above = where(u < 0, e * e + twice, 1 + twice)
    below = above + where(u < 0, const(2.0), twice * e)
    if node.op == "sech":
        above = where(u < 0, 2 + twice, twice * e + twice)
    return above / below


#: What a textbook writes, and the stable form equal to it; the first row that matches is taken.
_STABLE = (
    ("log(1 + exp(u))", "softplus(u)"),
    ("log(1 + u)", "log1p(u)"),
    ("log1p(exp(u))", "softplus(u)"),
    ("exp(u) - 1", "expm1(u)"),
    ("1 + erf(u / sqrt(2))", "2 * ndtr(u)"),
    ("1 + erf(u)", "2 * ndtr(sqrt(2) * u)"),
    ("v / (1 + exp(u))", "v * sigmoid(-u)"),
    ("0.5 * v * (2 * u)", "v * u"),
)


def stabilise(root: Node) -> Node:
    """The expression with textbook forms replaced by the stable primitives equal to them.

    Example:
        >>> from ogive.expr import parse
        >>> stabilise(parse("x / (1 + exp(-x))"))
        x * sigmoid(x)
    """
    return rebuild(root, _stable_form)


def _stable_form(node: Node) -> Node | None:
    for textbook, stable in stable_rows():
        found: dict[str, Node] = {}
        if matches(textbook, node, found, ("add", "mul")):
            return substitute(stable, found)
    return None


@cache
def stable_rows() -> list[tuple[Node, Node]]:
    """The textbook forms with what takes their place, as expressions in u and v."""
    return [(parse(a, "uv"), parse(b, "uv")) for a, b in _STABLE]


def matches(
    pattern: Node, node: Node, found: dict[str, Node], commuting: Sequence[str] = ()
) -> bool:
    """Whether the node is the pattern with nodes for its symbols, which then are in ``found``; the
    arguments of commuting operations may stand in either order."""
    if pattern.op == "symbol":
        return found.setdefault(str(pattern.value), node) is node
    if pattern.op != node.op or not node.args:
        return pattern is node
    for args in (node.args, node.args[::-1])[: 1 + (node.op in commuting)]:
        trial = dict(found)
        pairs = zip(pattern.args, args, strict=True)
        if all(matches(p, a, trial, commuting) for p, a in pairs):
            found.update(trial)
            return True
    return False
