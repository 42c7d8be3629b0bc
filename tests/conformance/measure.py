"""How far each engine is from the judge, entry by entry, in units (see certify.reference)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import mpmath
import numpy as np
import torch
from points import points

from ogive.catalogue import Parameter, Spec, entries
from ogive.certify.pieces import BINARY, UNARY, breakpoints
from ogive.certify.reference import FLOATS, exact, limit, unit
from ogive.engine import eager, engine
from ogive.expr import Node, Program, bind, diff, symbol, walk
from ogive.expr.program import DATA_SAMPLES
from ogive.ops import ActivationFunction

LARGEST = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38}
COUNT = 4000
ENGINES = ("eager", "cpu")
EPS = FLOATS["float64"][0]
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
        shown = ",".join(f"{n}={v:g}" for n, v in self.values if n in _changed(self))
        return f"{self.spec.name}:{self.variable}" + (f"({shown})" if shown else "")

    @property
    def fixed(self) -> dict[str, float]:
        return dict(self.values)


def _changed(case: Case) -> set[str]:
    defaults = _defaults(case.spec)
    return {n for n, v in case.values if n in defaults and v != defaults[n]}


def _defaults(spec: Spec) -> dict[str, float]:
    return {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}


def _varied(parameter: Parameter, value: float) -> float:
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
        for case in _cases(spec)
    )


def _cases(spec: Spec) -> Iterator[Case]:
    defaults = _defaults(spec)
    varied = {
        s: _varied(p, v)
        for p in spec.parameters
        for s, v in zip(p.symbols, p.defaults, strict=True)
    }
    for variable in spec.data:
        rest = {n: REST[n] for n in spec.data if n != variable}
        yield Case(spec, variable, tuple({**rest, **defaults}.items()))
        if defaults:
            yield Case(spec, variable, tuple({**rest, **varied}.items()))


def reference_program(case: Case, along: tuple[str, ...]) -> Program:
    """f and its derivatives along the variable, then for each parameter f_p and its slope."""
    expression, x = case.spec.expression, symbol(case.variable)
    outputs = [expression]
    for _ in range(3):
        outputs.append(diff(outputs[-1], x))
    for parameter in along:
        partial = diff(expression, symbol(parameter))
        outputs += [partial, diff(partial, x)]
    inputs = (case.variable, *(n for n, _ in case.values))
    samples = (DATA_SAMPLES, *((v,) for _, v in case.values))
    return Program(f"reference_{case.spec.name}", inputs, tuple(outputs), samples)


def engine_values(case: Case, x: torch.Tensor, along: tuple[str, ...]) -> list[torch.Tensor]:
    """f, f', f'' and the parameter gradients as autograd gives them through the public call."""
    x = x.clone().requires_grad_()
    tensors = {
        n: torch.full_like(x, v).requires_grad_(n in along) if n in along or n in REST else v
        for n, v in case.values
    }
    y = call(case, x, tensors)
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    partials = torch.autograd.grad(y.sum(), [tensors[p] for p in along]) if along else ()
    return [v.detach() for v in (y, first, second, *partials)]


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


@dataclass
class Worst:
    """The largest error of one quantity, and where."""

    units: float = 0.0
    at: float = math.nan
    got: float = math.nan
    wanted: float = math.nan


def labels(along: tuple[str, ...]) -> list[str]:
    return ["f", "f'", "f''", *(f"df/d{p}" for p in along)]


def parameters_of(case: Case) -> tuple[str, ...]:
    return tuple(n for n, _ in case.values if n not in REST)


def by_engine(case: Case, x: torch.Tensor, along: tuple[str, ...]) -> dict[str, list[torch.Tensor]]:
    """``engine_values`` of every engine."""
    values = {}
    for name in ENGINES:
        with engine(name):
            values[name] = engine_values(case, x, along)
    return values


def measure(case: Case, count: int = COUNT) -> dict[str, dict[str, Worst]]:
    """The worst float64 error of every engine and quantity over ``count`` finite points."""
    along = parameters_of(case)
    program = reference_program(case, along)
    xs = drawn(case, program, count)
    x = np.array(xs)
    got = by_engine(case, torch.from_numpy(x), along)
    worst: dict[str, dict[str, Worst]] = {name: {} for name in ENGINES}
    with mpmath.workdps(50):
        judged = exact_columns(case, program, xs)
        for name, values in got.items():
            for label, column, exactly in zip(labels(along), values, judged, strict=True):
                value = column.numpy()
                units = errors(value, x, *exactly)
                for i in np.flatnonzero(units > 1):
                    if near_joint(case, xs[i]):
                        units[i] = min(units[i], *_beside(case, program, xs[i], label, value[i]))
                i = int(np.argmax(units))  # NaN counts as worst
                worst[name][label] = Worst(units[i], x[i], value[i], exactly[0][i])
    return worst


def exact_columns(case: Case, program: Program, xs: list[float]) -> np.ndarray:
    """Of every quantity at all points: the float next to the exact value, what the exact value is
    above that to 50 digits, the slope, and the floor."""
    rows = [
        [
            (near := float(wanted), float(+wanted - near), float(slope), floor)
            for wanted, slope, floor in _rows(case, program, x)
        ]
        for x in xs
    ]
    return np.array(rows).transpose(1, 2, 0)


def _beside(case: Case, program: Program, x: float, label: str, got: float) -> Iterator[float]:
    """The errors as if x were a few roundings away: a rounded border may lie on x's other side."""
    for other in (x * (1 + 4 * EPS), x * (1 - 4 * EPS)):
        rows = dict(zip(labels(parameters_of(case)), _rows(case, program, other), strict=True))
        wanted, slope, floor = rows[label]
        yield error(got, wanted, x, slope, floor)


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
    program = replace(reference_program(case, ()), outputs=(difference,))
    try:
        return bool(exact(program, x, *(v for _, v in case.values))[0] == 0)
    except ZeroDivisionError:  # of a branch that does not hold here
        return False


def drawn(case: Case, program: Program, count: int) -> list[float]:
    """The points of the judge; with changed parameters none so large that scaling overflows."""
    low, high = case.spec.domain
    drawn = points(program, *(v for _, v in case.values), count=count)
    xs = [x for x in drawn if low < x < high]
    return [x for x in xs if abs(x) <= 1e300] if _changed(case) else xs


def _rows(case: Case, program: Program, x: float) -> Iterator[tuple]:
    """(exact value, slope, floor) of every quantity at x.

    A parameter's gradient has a floor: an error of eps |f / p| in df/dp moves f by no more than
    rounding f does.
    """
    outputs = exact(program, x, *(v for _, v in case.values))
    for k in range(3):
        yield outputs[k], outputs[k + 1], 0.0
    for k, p in enumerate(parameters_of(case)):
        floor = float(abs(outputs[0])) / (abs(case.fixed[p]) or 1.0)
        beyond = abs(outputs[0]) > LARGEST["float64"]
        yield outputs[4 + 2 * k], outputs[5 + 2 * k], math.inf if beyond else floor


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
    eps, tiny = FLOATS["float64"]
    largest = LARGEST["float64"]
    with np.errstate(all="ignore"):
        size = abs(near)
        # not np.spacing: it has none at the largest number
        spacing = np.where(size > 0, np.ldexp(eps, np.frexp(size)[1] - 1), 0.0).clip(min=tiny)
        allowed = spacing + eps * abs(x * slope) + tiny * np.minimum(x * x, 1e6)
        difference = abs((got - near) - above)
        units = np.where(difference == 0, 0.0, difference / (allowed + eps * floor))
    # one rounding may carry a value over the edge
    units = np.where(np.isfinite(got), units, math.inf)
    units[np.isinf(got) & (size > largest * (1 - 8 * eps))] = 0.0
    beyond = (size > largest) | ((size == largest) & (np.sign(above) == np.sign(near)))
    right = np.isinf(got) & (np.sign(got) == np.sign(near))
    return np.where(np.isinf(floor), 0.0, np.where(beyond, np.where(right, 0.0, math.inf), units))


def measure32(case: Case, count: int = 5 * COUNT) -> dict[str, dict[str, Worst]]:
    """The worst float32 error of every engine and quantity; the reference is float64, which
    `measure` has judged."""
    along = parameters_of(case)
    xs = drawn(case, reference_program(case, along), count)
    case = rounded(case, torch.float32)
    x = fit32(case, torch.tensor(xs, dtype=torch.float64).float().unique())
    rows = reference64(case, x, along)
    worst: dict[str, dict[str, Worst]] = {name: {} for name in ENGINES}
    for name, values in by_engine(case, x, along).items():
        for label, got, (wanted, allowed) in zip(labels(along), values, rows, strict=True):
            units = errors32(got.double(), wanted, allowed).nan_to_num(math.inf)
            worst[name][label] = worst_of(units, x, got, wanted)
    return worst


def measure16(case: Case, dtype: torch.dtype) -> dict[str, dict[str, Worst]]:
    """The worst error of every engine in f, f' and f'' over all numbers of a 16-bit dtype.

    In units of the last place: float32 computes them, so that nothing is allowed for but the one
    rounding, which is half a unit.
    """
    case = rounded(case, dtype)
    x = fit32(case, every_half(dtype).float()).to(dtype)
    rows = reference64(case, x, ())
    return {
        name: {
            label: worst_of(last_places(got, wanted), x, got, wanted)
            for label, got, (wanted, _) in zip(labels(()), values, rows, strict=True)
        }
        for name, values in by_engine(case, x, ()).items()
    }


def worst_of(units: torch.Tensor, *columns: torch.Tensor) -> Worst:
    """The row with the largest error."""
    i = int(units.argmax())
    return Worst(*(column[i].item() for column in (units, *columns)))


def every_half(dtype: torch.dtype) -> torch.Tensor:
    """All 65,536 numbers of a 16-bit dtype."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def last_places(got: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The error in units of the last place; 0 where both are NaN or the same infinity."""
    info = torch.finfo(got.dtype)
    _, exponent = torch.frexp(wanted)
    place = torch.ldexp(torch.full_like(wanted, info.eps), exponent - 1)
    units = (got.double() - wanted).abs() / place.clamp(min=info.smallest_normal * info.eps)
    beyond = wanted.abs() >= info.max * (1 + info.eps / 4)  # where rounding gives infinity
    right = (got.double() == wanted) | (got.isnan() & wanted.isnan()) | (beyond & got.isinf())
    return torch.where(right, 0.0, units).nan_to_num(math.inf)


def fit32(case: Case, x: torch.Tensor) -> torch.Tensor:
    """The arguments that float32 can judge.

    They are in the domain; with changed parameters they stop at 1e4, where the rounding of a
    parameter times x becomes a part of a period, or overflows. The sides of a border that is
    itself rounded are settled by `measure`.
    """
    largest = 1e4 if _changed(case) else LARGEST["float32"]
    low, high = case.spec.domain
    x = x[(x.abs() <= largest) & (x > low) & (x < high)]
    eps = FLOATS["float32"][0]
    clear = torch.ones_like(x, dtype=torch.bool)
    for j in borders(case):
        for i in ((x.double() - j).abs() <= 4 * eps * abs(j)).nonzero().flatten().tolist():
            clear[i] = on_joint(case, x[i].item())
    return x[clear]


def reference64(
    case: Case, x: torch.Tensor, along: tuple[str, ...]
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """(value, float32 unit) of every quantity, from the float64 engine."""
    program, wide = reference_program(case, along), x.double()
    fixed = [torch.tensor(v, dtype=torch.float64) for _, v in case.values]
    outputs = [o.expand(x.shape) for o in eager.kernel(program)(wide, *fixed)]
    # where a changed parameter drives f itself beyond the dtype, nothing else is judged
    beyond = (outputs[0].abs() > LARGEST["float32"]) & bool(_changed(case))
    lost = torch.where(beyond, math.inf, 0.0)
    rows = [(outputs[0], unit32(outputs[0], outputs[1], wide))]
    for k in (1, 2):
        rows.append((outputs[k], unit32(outputs[k], outputs[k + 1], wide) + lost))
    for k, p in enumerate(along):
        wanted, slope = outputs[4 + 2 * k], outputs[5 + 2 * k]
        floor = FLOATS["float32"][0] * outputs[0].abs() / (abs(case.fixed[p]) or 1.0)
        floor[outputs[0].abs() > LARGEST["float32"]] = math.inf
        rows.append((wanted, unit32(wanted, slope, wide) + floor))
    return rows


def unit32(wanted: torch.Tensor, slope: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """certify.reference.unit for tensors, in float32."""
    eps, tiny = FLOATS["float32"]
    spacing = torch.ldexp(torch.full_like(wanted, eps), torch.frexp(wanted)[1] - 1).clamp(min=tiny)
    return spacing + eps * (x * slope).abs().nan_to_num(0.0) + tiny * (x * x).clamp(max=1e6)


def errors32(got: torch.Tensor, wanted: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Errors in float32 units, elementwise; see `error`."""
    beyond = (wanted.abs() > LARGEST["float32"]) & (got == wanted.sign() * math.inf)
    right = beyond | (got == wanted) | (allowed == math.inf)
    return torch.where(right, 0.0, (got - wanted).abs() / allowed)


def rounded(case: Case, dtype: torch.dtype) -> Case:
    """The case with its numbers rounded to the dtype that a program computes with."""
    values = ((n, torch.tensor(v, dtype=dtype).item()) for n, v in case.values)
    return replace(case, values=tuple(values))


def limits(case: Case) -> dict[str, tuple[float, float]]:
    """(got, expected) of f, f', f'' at both infinities, through every engine; NaN is expected
    where no limit exists."""
    program = reference_program(case, ())
    fixed = [v for _, v in case.values]
    found = {}
    for sign in (s for s in (1.0, -1.0) if s * math.inf in case.spec.domain):
        x = torch.tensor([sign * math.inf], dtype=torch.float64)
        got = by_engine(case, x, ())
        for k, label in enumerate(("f", "f'", "f''")):
            one = Program(program.name, program.inputs, (program.outputs[k],), program.samples)
            expected = limit(one, sign, *fixed)
            for name, values in got.items():
                found[f"{name} {label}({sign * math.inf})"] = (values[k].item(), expected)
    return found
