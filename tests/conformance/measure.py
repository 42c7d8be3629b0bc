"""How far each engine is from the judge, entry by entry, in units (see certify.reference)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import flint
import mpmath
import numpy as np
import torch
from points import points

from ogive.catalogue import Parameter, Spec, entries
from ogive.certify.pieces import BINARY, UNARY, breakpoints
from ogive.certify.reference import FLOATS, exact, limit, unit
from ogive.engine import engine
from ogive.expr import Node, Program, bind, diff, symbol, walk
from ogive.expr.program import DATA_SAMPLES
from ogive.ops import ActivationFunction
from ogive.printers.arb import ArbPrinter

LARGEST = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38}
COUNT = 4000
ENGINES = ("eager", "cpu")
EPS = FLOATS["float64"][0]
#: Bits of a ball, and how many of them must be right: 53 and as many for the rest.
BITS, SURE = 256, 110
# What the inputs that are not varied stand at.
REST = {"value": 1.3, "gate": 0.9}


@dataclass(frozen=True)
class Case:
    """An entry at one set of parameters, as a function of one of its inputs."""

    spec: Spec
    variable: str
    values: tuple[tuple[str, float], ...]

    @property
    def id(self) -> str:
        shown = ",".join(f"{n}={v:g}" for n, v in self.values if n in changed(self))
        return f"{self.spec.name}:{self.variable}" + (f"({shown})" if shown else "")

    @property
    def fixed(self) -> dict[str, float]:
        return dict(self.values)


def changed(case: Case) -> set[str]:
    """The parameters that are not at their defaults."""
    defaults = _defaults(case.spec)
    return {n for n, v in case.values if n in defaults and v != defaults[n]}


def _defaults(spec: Spec) -> dict[str, float]:
    return {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}


def varied(parameter: Parameter, value: float) -> float:
    """Another value of a parameter that its domain allows."""
    if math.isinf(value):
        return 3.0
    for other in (value * 1.5 + 0.2, value * 0.5, value + 1):
        if other in parameter.domain and other != value:
            return float(round(other)) if parameter.domain.text.startswith("a whole") else other
    return value


@cache
def cases(kind: str | None = None) -> tuple[Case, ...]:
    """Every elementwise formula: at its defaults, and with every parameter changed."""
    return tuple(
        case
        for spec in entries().values()
        if spec.kind != "rowwise" and kind in (None, spec.kind)
        for case in cases_of(spec)
    )


def cases_of(spec: Spec) -> Iterator[Case]:
    defaults = _defaults(spec)
    other = {
        s: varied(p, v) for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)
    }
    for variable in spec.data:
        rest = {n: REST[n] for n in spec.data if n != variable}
        yield Case(spec, variable, tuple({**rest, **defaults}.items()))
        if defaults:
            yield Case(spec, variable, tuple({**rest, **other}.items()))


def reference_program(case: Case, along: tuple[str, ...], order: int = 2) -> Program:
    """f and its derivatives along the variable to one above the order, then for each parameter f_p
    and its slope."""
    expression, x = case.spec.expression, symbol(case.variable)
    outputs = [expression]
    for _ in range(order + 1):
        outputs.append(diff(outputs[-1], x))
    for parameter in along:
        partial = diff(expression, symbol(parameter))
        outputs += [partial, diff(partial, x)]
    return _of_case(case, *outputs)


def _of_case(case: Case, *outputs: Node) -> Program:
    """A program of the variable and the case's values."""
    inputs = (case.variable, *(n for n, _ in case.values))
    samples = (DATA_SAMPLES, *((v,) for _, v in case.values))
    return Program(f"reference_{case.spec.name}", inputs, outputs, samples)


def engine_values(
    case: Case, x: torch.Tensor, along: tuple[str, ...], order: int = 2
) -> list[torch.Tensor]:
    """f, f', f'' and the parameter gradients as autograd gives them through the public call."""
    x = x.clone().requires_grad_()
    tensors = {
        n: torch.full_like(x, v).requires_grad_(n in along) if n in along or n in REST else v
        for n, v in case.values
    }
    y = call(case, x, tensors)
    found = [y]
    for _ in range(order):
        found += torch.autograd.grad(found[-1].sum(), x, create_graph=order > 1)
    if along:
        found += torch.autograd.grad(y.sum(), [tensors[p] for p in along])
    return [v.detach() for v in found]


def call(case: Case, x: torch.Tensor, values: dict) -> torch.Tensor:
    """The public call with x in the place of the case's variable."""
    data = [x if n == case.variable else values[n] for n in case.spec.data]
    arguments = {}
    for p in case.spec.parameters:
        given = [values[s] for s in p.symbols]
        if not isinstance(p.default, tuple):
            arguments[p.name] = given[0]
        elif isinstance(given[0], torch.Tensor):
            arguments[p.name] = torch.stack(given)
        else:
            arguments[p.name] = given
    return ActivationFunction(case.spec)(*data, **arguments)


class Worst(NamedTuple):
    """The largest error of one quantity, the bar there, and where it is."""

    units: float
    bar: float
    at: float
    got: float
    wanted: float


@dataclass(frozen=True)
class Column:
    """One quantity at all points.

    Attributes:
        x: the points.
        got: what an engine gave.
        wanted: the exact values, rounded.
        units: the errors; what is no number counts as infinite.
        unit: what one unit is.
    """

    x: np.ndarray
    got: np.ndarray
    wanted: np.ndarray
    units: np.ndarray
    unit: np.ndarray

    def worst(self, bars: np.ndarray | float = 1.0) -> Worst:
        """The point with the largest error in terms of the bars there."""
        bars = np.broadcast_to(bars, self.units.shape)
        i = int(np.argmax(self.units / bars))
        return Worst(*(float(a[i]) for a in (self.units, bars, self.x, self.got, self.wanted)))


Found = dict[str, dict[str, Column]]


def labels(along: tuple[str, ...]) -> list[str]:
    return ["f", "f'", "f''", *(f"df/d{p}" for p in along)]


def parameters_of(case: Case) -> tuple[str, ...]:
    return tuple(n for n, _ in case.values if n not in REST)


def by_engine(
    case: Case, x: torch.Tensor, along: tuple[str, ...], order: int = 2
) -> dict[str, list[torch.Tensor]]:
    """``engine_values`` of every engine."""
    values = {}
    for name in ENGINES:
        with engine(name):
            values[name] = engine_values(case, x, along, order)
    return values


def measure(case: Case, count: int = COUNT) -> Found:
    """The float64 errors of every engine and quantity at ``count`` finite points."""
    along = parameters_of(case)
    program = reference_program(case, along)
    xs = drawn(case, program, count)
    x = np.array(xs)
    got = by_engine(case, torch.from_numpy(x), along)
    with mpmath.workdps(50):
        judged = exact_columns(case, program, xs)
        return {
            name: {
                label: _judged(case, program, label, x, column.numpy(), exactly)
                for label, column, exactly in zip(labels(along), values, judged, strict=True)
            }
            for name, values in got.items()
        }


def _judged(
    case: Case, program: Program, label: str, x: np.ndarray, got: np.ndarray, exactly: np.ndarray
) -> Column:
    units, (near, _, slope, floor) = errors(got, x, *exactly), exactly
    for i in np.flatnonzero(units > 1):
        if near_joint(case, x[i]):
            units[i] = min(
                units[i], *_beside(case, program, *(float(v[i]) for v in (x, got)), label)
            )
    return Column(x, got, near, units, unit_column(x, near, slope, floor))


def exact_columns(case: Case, program: Program, xs: list[float]) -> np.ndarray:
    """Of every quantity at all points: the float next to the exact value, what the exact value is
    above that to 50 digits, the slope, and the floor.

    Balls of 50 digits hold the exact value, in a tenth of the time that mpmath takes; mpmath judges
    where they are too wide, as where terms cancel, and looks at a sample (test_accuracy.py).
    """
    held, sizes = balls(case, program), _sizes(case)
    rows = [_quantities(held(x) or split(case, program, x), sizes) for x in xs]
    return np.array(rows).transpose(1, 2, 0)


#: Of every output the float next to it, and the rest.
Outputs = list[tuple[float, float]]


def split(case: Case, program: Program, x: float) -> Outputs:
    """Every output as the float next to it and the rest."""
    outputs = exact(program, x, *(v for _, v in case.values))
    return [(near := float(o), float(+o - near)) for o in outputs]


class NarrowPrinter(ArbPrinter):
    """Balls that are nearly points: arb's own radius is as good there as a look at both ends, and
    takes half the time. What a branch computes that does not hold raises nothing."""

    header = ArbPrinter.header.replace("lambda x: f(x.lower()).union(f(x.upper()))", "f").replace(
        "f(arb(x.abs_lower())).union(f(arb(x.abs_upper())))", "f(abs(x))"
    )

    def statement(self, name: str, text: str) -> str:
        return f"{name} = {text}"

    def mention(self, name: str) -> str:
        return name


def balls(case: Case, program: Program) -> Callable[[float], Outputs | None]:
    """``split`` by ball arithmetic; None where a ball is too wide, a number too large, or so small
    that it has fewer bits as a float, where a ball is rounded twice."""
    scope: dict[str, Any] = {}
    exec(NarrowPrinter().source(program, "compute"), scope)
    compute, context = scope["compute"], flint.ctx
    with context.workprec(BITS):
        values = [flint.arb(v) for _, v in case.values]

    def at(x: float) -> Outputs | None:
        found = []
        with context.workprec(BITS):
            for o in compute(flint.arb(x), *values):
                near = float(o)  # of floats: comparisons of balls take longer than the formula
                if near == 0 and o == 0:
                    found.append((0.0, 0.0))
                elif 2.0**-1021 < abs(near) < 1e300 and o.rel_accuracy_bits() >= SURE:
                    found.append((near, float(o - near)))
                else:
                    return None
        return found

    return at


def _sizes(case: Case) -> list[float]:
    """Those of the parameters."""
    return [abs(case.fixed[p]) or 1.0 for p in parameters_of(case)]


def _quantities(outputs: Outputs, sizes: list[float]) -> list[tuple[float, ...]]:
    """(near, above, slope, floor) of f, f', f'' and the parameters' gradients.

    A parameter's gradient has a floor: an error of eps |f / p| in df/dp moves f by no more than
    rounding f does.
    """
    value = abs(outputs[0][0])
    rows = [(*outputs[k], outputs[k + 1][0], 0.0) for k in range(3)]
    for k, size in enumerate(sizes):
        floor = math.inf if value > LARGEST["float64"] else value / size
        rows.append((*outputs[4 + 2 * k], outputs[5 + 2 * k][0], floor))
    return rows


def _beside(case: Case, program: Program, x: float, got: float, label: str) -> Iterator[float]:
    """The errors as if x were a few roundings away: a rounded border may lie on x's other side."""
    for other in (x * (1 + 4 * EPS), x * (1 - 4 * EPS)):
        rows = _quantities(split(case, program, other), _sizes(case))
        near, above, slope, floor = dict(zip(labels(parameters_of(case)), rows, strict=True))[label]
        yield error(got, mpmath.mpf(near) + above, x, slope, floor)


@cache
def borders(case: Case) -> tuple[float, ...]:
    """Where the pieces of the formula meet, at the case's parameters."""
    return breakpoints(bind(case.spec.expression, case.fixed), case.variable)


def near_joint(case: Case, x: float) -> bool:
    """Whether pieces meet within a few roundings of x, though not exactly at x."""
    close = any(abs(x - j) <= 4 * EPS * abs(j) for j in borders(case))
    return close and not on_joint(case, x)


def on_joint(case: Case, x: float) -> bool:
    """Whether x lies on a border in exact arithmetic; there the convention at kinks is held."""
    expression = case.spec.expression
    compared = [n.args for n in walk(expression) if n.op in BINARY]
    differences = [a - b for a, b in compared]
    differences += [n.args[0] for n in walk(expression) if n.op in UNARY]
    return any(_vanishes(case, d, x) for d in differences)


def _vanishes(case: Case, difference: Node, x: float) -> bool:
    try:
        return bool(exact(_of_case(case, difference), x, *(v for _, v in case.values))[0] == 0)
    except ZeroDivisionError:  # of a branch that does not hold here
        return False


def drawn(case: Case, program: Program, count: int) -> list[float]:
    """The points of the judge; with changed parameters none so large that scaling overflows."""
    low, high = case.spec.domain
    drawn = points(program, *(v for _, v in case.values), count=count)
    xs = [x for x in drawn if low < x < high]
    return [x for x in xs if abs(x) <= 1e300] if changed(case) else xs


def error(got: float, wanted: Any, x: float, slope: Any, floor: float = 0.0) -> float:
    """The error in units; an infinity is right where the exact value is beyond the dtype."""
    if abs(wanted) > LARGEST["float64"]:
        return 0.0 if math.isinf(got) and (got > 0) == (wanted > 0) else math.inf
    if not math.isfinite(got):
        # one rounding may carry a value over the edge
        near = abs(wanted) > LARGEST["float64"] * (1 - 8 * EPS)
        return 0.0 if near and math.isinf(got) else math.inf
    difference = float(abs(got - wanted))
    if difference == 0:
        return 0.0
    return difference / (unit(float(wanted), x, float(slope)) + EPS * floor)


def errors(
    got: np.ndarray,
    x: np.ndarray,
    near: np.ndarray,
    above: np.ndarray,
    slope: np.ndarray,
    floor: np.ndarray,
) -> np.ndarray:
    """``error`` of a column, the exact values being near + above; 0 where the floor is infinite:
    f itself is beyond the dtype there."""
    eps, largest, size = EPS, LARGEST["float64"], abs(near)
    with np.errstate(all="ignore"):
        difference = abs((got - near) - above)
        units = difference / unit_column(x, near, slope, floor)
    # one rounding may carry a value over the edge
    units = np.where(difference == 0, 0.0, np.where(np.isfinite(got), units, math.inf))
    units[np.isinf(got) & (size > largest * (1 - 8 * eps))] = 0.0
    beyond = (size > largest) | ((size == largest) & (np.sign(above) == np.sign(near)))
    right = np.isinf(got) & (np.sign(got) == np.sign(near))
    return np.where(np.isinf(floor), 0.0, np.where(beyond, np.where(right, 0.0, math.inf), units))


def unit_column(
    x: np.ndarray, near: np.ndarray, slope: np.ndarray, floor: np.ndarray
) -> np.ndarray:
    """What one unit is at each point; see certify.reference.unit."""
    eps, tiny = FLOATS["float64"]
    with np.errstate(all="ignore"):
        size = abs(near)
        # not np.spacing: it has none at the largest number
        spacing = np.where(size > 0, np.ldexp(eps, np.frexp(size)[1] - 1), 0.0).clip(min=tiny)
        return spacing + eps * abs(x * slope) + tiny * np.minimum(x * x, 1e6) + eps * floor


def rounded(case: Case, dtype: torch.dtype) -> Case:
    """The case with its numbers rounded to the dtype that a program computes with."""
    values = ((n, torch.tensor(v, dtype=dtype).item()) for n, v in case.values)
    return replace(case, values=tuple(values))


def limits(case: Case) -> dict[str, tuple[float, float]]:
    """(got, expected) of f, f', f'' at both infinities, through every engine; NaN is expected
    where no limit exists."""
    program = reference_program(case, ())
    fixed = [v for _, v in case.values]
    signs = [s for s in (1.0, -1.0) if s * math.inf in case.spec.domain]
    if not signs:
        return {}
    # each twice, since for a single number all kernels would be compiled again
    got = by_engine(case, torch.tensor(2 * signs, dtype=torch.float64) * math.inf, ())
    found = {}
    for (i, sign), (k, label) in product(enumerate(signs), enumerate(("f", "f'", "f''"))):
        one = Program(program.name, program.inputs, (program.outputs[k],), program.samples)
        expected = limit(one, sign, *fixed)
        for name, values in got.items():
            for j, value in enumerate(values[k][i :: len(signs)].tolist()):
                found[f"{name} {label}({sign * math.inf}), {j}"] = (value, expected)
    return found
