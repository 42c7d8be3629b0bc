"""What rounding may do to a formula on torch's operators: the bars of the eager engine.

torch's vector functions have other last digits on every processor, so that an error measured on
one says little of another. What holds on every processor is the stated accuracy of the functions.
To first order, an operation that is off by e moves an output by |d output / d operation| e: the sum
over the operations of the printed program is what the output may be off by. The derivatives run
through shared operations once, as the program does, so that nothing is added twice.

Where an intermediate value is beyond the dtype, first order says nothing; the bar there is the
recorded error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
import torch
from measure import Case, reference_program

from ogive.certify.reference import FLOATS
from ogive.expr import Node, Program, expand_all, walk
from ogive.expr.node import ZERO, symbols
from ogive.expr.primitives import PRIMITIVES
from ogive.expr.rewrite import guarded
from ogive.printers import printer, python_function

#: What higher orders may add to the first.
HIGHER_ORDERS = 1.05
#: So many units a value may be off: below a power of 2 it may come to lie above.
ACROSS = 64
#: Operations whose result is exact, and those that IEEE 754 rounds correctly.
EXACT = ("const", "symbol", "neg", "abs", "sign", "min", "max", "where", "lt", "le", "eq")
ROUNDED = ("pi", "add", "sub", "mul", "div")
#: Functions that torch takes from MKL where it is built with MKL (its header ATen/cpu/vml.h).
MKL = ("atan", "cos", "erf", "erfc", "erfinv", "exp", "log", "sin", "sqrt", "tanh")
#: Stated errors in units of the last place, by library; 1 where a row is missing. MKL: its mode of
#: high accuracy, for which torch asks; even its square root is rounded correctly on some processors
#: only. SLEEF: the variants u10, u15 and u35 (headers ATen/cpu/vec). libm, for a processor without
#: AVX2: glibc's table of known errors.
STATED: dict[str, dict[str | tuple[str, str], float]] = {
    "mkl": {},
    "sleef": {
        "sqrt": 0.5,
        "erfc": 1.5,
        ("sin", "float32"): 3.5,
        ("cos", "float32"): 3.5,
        ("sinh", "float32"): 1.5,  # stated as 1; 1.25 was found at |x| < 20
    },
    "libm": {"sqrt": 0.5, "sinh": 2.0, "cosh": 2.0, "tanh": 2.0, "asinh": 2.0, "erfc": 5.0},
}
#: Numbers of the largest range there is: what underflows in float64 has a size in these.
WIDE = np.longdouble
Array = np.ndarray
DTYPES = {"float64": np.float64, "float32": np.float32}


def stated(op: str, dtype: str) -> float:
    """The error of one operation in units of the last place of its result."""
    if op in EXACT:
        return 0.0
    if op in ROUNDED:
        return 0.5
    row = STATED[library(op)]
    return row.get((op, dtype), row.get(op, 1.0))


def library(op: str) -> str:
    """Whose function torch runs on a contiguous tensor."""
    if op in MKL and torch.backends.mkl.is_available():
        return "mkl"
    return "libm" if torch.backends.cpu.get_cpu_capability() == "DEFAULT" else "sleef"


@dataclass(frozen=True)
class Graph:
    """What the eager engine computes, operation by operation.

    Attributes:
        outputs: f, f', f'' and the parameters' gradients, in torch's operators.
        partials: of every operation its derivative with respect to each argument.
        wanted: the operations and these derivatives, in the order in which ``values`` gives them.
        folded: the constants that the program holds as numbers, and those within them.
        used: of these the ones it holds.
    """

    outputs: tuple[Node, ...]
    partials: dict[Node, tuple[Node, ...]]
    wanted: tuple[Node, ...]
    values: Callable[..., tuple[Array, ...]]
    folded: frozenset[Node]
    used: frozenset[Node]


@lru_cache(maxsize=8)  # one case in all dtypes
def graph(case: Case, along: tuple[str, ...]) -> Graph:
    program = reference_program(case, along)
    shown = (*program.outputs[:3], *program.outputs[4::2])
    printed = guarded(shown, dict(zip(program.inputs, program.samples, strict=True)))
    spoken = printer("torch").spoken() | {"pi"}
    outputs = expand_all(printed, spoken)
    nodes = tuple(walk(*outputs))
    slopes = {n: PRIMITIVES[n.op].partials(n, *n.args) for n in nodes if n.args}
    spelled = iter(expand_all([p for row in slopes.values() for p in row], spoken))
    partials = {n: tuple(next(spelled) for _ in row) for n, row in slopes.items()}
    wanted = tuple(dict.fromkeys((*nodes, *(p for row in partials.values() for p in row))))
    folded = frozenset(n for n in nodes if not symbols(n))
    inner = {a for n in folded for a in n.args}
    used = {a for n in nodes if n not in folded for a in n.args} | set(outputs) | (folded - inner)
    # a sample for each input, none of them infinite: no guard changes the operations
    ordinary = tuple(s[:1] for s in program.samples)
    values = python_function(Program("operations", program.inputs, wanted, ordinary), "numpy")
    return Graph(outputs, partials, wanted, values, folded, folded & used)


def allowances(case: Case, x: Array, dtype: str, along: tuple[str, ...]) -> list[Array]:
    """Of f, f', f'' and the parameters' gradients the error at x that the formula allows.

    Infinite or NaN where first order says nothing.
    """
    made = graph(case, along)
    if not x.size:
        return [x for _ in made.outputs]
    with np.errstate(all="ignore"):
        computed = made.values(x.astype(WIDE), *(WIDE(v) for _, v in case.values))
        value = dict(zip(made.wanted, computed, strict=True))
        own = {n: own_error(made, n, value, dtype) for n in walk(*made.outputs)}
        return [
            np.broadcast_to(HIGHER_ORDERS * _moved(made, o, value, own), x.shape).astype(float)
            for o in made.outputs
        ]


def own_error(made: Graph, node: Node, value: dict[Node, Array], dtype: str) -> Array | float:
    """What one operation adds to the errors of its arguments."""
    if node.op == "symbol":
        return 0.0
    size = value[node]
    if node in made.folded:  # in float64, and rounded to the dtype where it is used
        folding = stated(node.op, "float64") * places(size, "float64")
        return folding + abs(size - DTYPES[dtype](size)) * (node in made.used)
    if node.op == "sign":  # 0 where its argument, or what that is made of, underflows
        lost = abs(value[node.args[0]]) < ACROSS * FLOATS[dtype][1]
        return np.where(lost, abs(size), 0.0)
    if node.op in EXACT:
        return 0.0
    error = stated(node.op, dtype) * places(size, dtype)
    if node.op in ("mul", "div"):
        scales = [value[a] for a in node.args[node.op == "div" :]]
        exact = reduce(np.logical_or, (abs(np.frexp(s)[0]) == 0.5 for s in scales))
        return np.where(exact & ~_subnormal(size, dtype), 0.0, error)
    return error


def _moved(
    made: Graph, output: Node, value: dict[Node, Array], own: dict[Node, Array | float]
) -> Array:
    """The sum over the operations of |d output / d operation| times their own errors."""
    total = WIDE(0.0)
    slopes: dict[Node, Array] = {output: WIDE(1.0)}
    for node in reversed(tuple(walk(output))):
        slope = slopes.pop(node, WIDE(0.0))
        total = total + _product(abs(slope), own[node])
        for argument, partial in zip(node.args, made.partials.get(node, ()), strict=True):
            if partial is not ZERO:
                step = _product(slope, value[partial])
                slopes[argument] = slopes[argument] + step if argument in slopes else step
    return total


def _product(slope: Array, size: Array | float) -> Array:
    """The product; 0 where the output does not move: a branch not taken may be infinite."""
    return np.where(slope == 0, 0.0, slope * size)


def places(value: Array, dtype: str) -> Array:
    """The spacing of the dtype's numbers at a value; infinite beyond the dtype.

    An error may carry what lies just below a power of 2 to where the spacing is twice as large. Far
    below the smallest number all functions give 0, so that the value itself is the error.
    """
    eps, tiny = FLOATS[dtype]
    exponent = np.frexp(value * WIDE(1 + ACROSS * eps))[1]
    spacing = np.ldexp(WIDE(eps), exponent - 1).clip(min=tiny)
    spacing = np.where(abs(value) < tiny / WIDE(4), abs(value), spacing)
    return np.where(abs(value) <= np.finfo(DTYPES[dtype]).max, spacing, np.inf)


def _subnormal(value: Array, dtype: str) -> Array:
    eps, tiny = FLOATS[dtype]
    return abs(value) < tiny / eps
