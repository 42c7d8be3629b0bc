"""How far the engines are from the judge in float32, bfloat16 and float16.

The reference is the float64 engine, which ``measure`` has judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from measure import (
    COUNT,
    LARGEST,
    Case,
    Column,
    Found,
    borders,
    by_engine,
    changed,
    drawn,
    labels,
    on_joint,
    parameters_of,
    reference_program,
    rounded,
)
from torch import Tensor

from ogive.certify.reference import FLOATS
from ogive.engine import eager

#: Of the 65,536 numbers f'' is judged at every so manieth pattern of bits, which is odd, so that
#: all exponents and last digits come up; `make exhaustive` takes them all.
STEP = 7


@dataclass(frozen=True)
class Rows:
    """A case in a dtype: its numbers rounded, the points, and (value, unit) of every quantity."""

    case: Case
    x: Tensor
    rows: list[tuple[Tensor, Tensor]]


def rows32(case: Case, count: int = 5 * COUNT) -> Rows:
    """What float32 is judged by."""
    along = parameters_of(case)
    xs = drawn(case, reference_program(case, along), count)
    case = rounded(case, torch.float32)
    x = fit32(case, torch.tensor(xs, dtype=torch.float64).float().unique())
    return Rows(case, x, reference64(case, x, along))


def measure32(judged: Rows) -> Found:
    """The float32 errors of every engine and quantity."""
    along = parameters_of(judged.case)
    return {
        name: {
            label: _column(judged.x, got, wanted, errors32(got.double(), wanted, unit), unit)
            for label, got, (wanted, unit) in zip(labels(along), values, judged.rows, strict=True)
        }
        for name, values in by_engine(judged.case, judged.x, along).items()
    }


def measure16(case: Case, dtype: torch.dtype, step: int = STEP) -> Found:
    """The errors of every engine in f and f' at all numbers of a 16-bit dtype, and in f'' at every
    ``step``-th.

    In units of the last place: float32 computes them, so that nothing is allowed for but the one
    rounding, which is half a unit.
    """
    case = rounded(case, dtype)
    every = every_half(dtype)
    first, second = _halves(case, every, 1), _halves(case, every[::step], 2)
    return {name: {**first[name], "f''": columns["f''"]} for name, columns in second.items()}


def _halves(case: Case, numbers: Tensor, order: int) -> Found:
    """f and its derivatives up to an order at the numbers that can be judged."""
    x = fit32(case, numbers.float()).to(numbers.dtype)
    rows = reference64(case, x, (), order)
    found: Found = {}
    for name, values in by_engine(case, x, (), order).items():
        found[name] = {
            label: _column(x, got, wanted, last_places(got, wanted), place(wanted, x.dtype))
            for label, got, (wanted, _) in zip(labels(()), values, rows, strict=False)
        }
    return found


def _column(x: Tensor, got: Tensor, wanted: Tensor, units: Tensor, unit: Tensor) -> Column:
    units = units.nan_to_num(math.inf)
    return Column(*(t.double().numpy() for t in (x, got, wanted, units, unit)))


def every_half(dtype: torch.dtype) -> Tensor:
    """All 65,536 numbers of a 16-bit dtype."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def last_places(got: Tensor, wanted: Tensor) -> Tensor:
    """The error in units of the last place; 0 where both are NaN or the same infinity."""
    info = torch.finfo(got.dtype)
    units = (got.double() - wanted).abs() / place(wanted, got.dtype)
    beyond = wanted.abs() >= info.max * (1 + info.eps / 4)  # where rounding gives infinity
    right = (got.double() == wanted) | (got.isnan() & wanted.isnan()) | (beyond & got.isinf())
    return torch.where(right, 0.0, units).nan_to_num(math.inf)


def place(value: Tensor, dtype: torch.dtype) -> Tensor:
    """The unit of the last place of a dtype's number at a value; at 0 that of 1/2, because terms of
    float64 may cancel to 0 where float32 leaves a rounding of theirs."""
    info = torch.finfo(dtype)
    # the exponent's bits alone are the power of 2; torch.ldexp takes ten times as long
    power = (value.contiguous().view(torch.int64) & 0x7FF0_0000_0000_0000).view(torch.float64)
    spacing = power.masked_fill_((value == 0) | ~value.isfinite(), 0.5).mul_(info.eps)
    return spacing.clamp_(min=info.smallest_normal * info.eps)


def fit32(case: Case, x: Tensor) -> Tensor:
    """The arguments that float32 can judge.

    They are in the domain; with changed parameters they stop at 1e4, where the rounding of a
    parameter times x becomes a part of a period, or overflows. The sides of a border that is
    itself rounded are settled by `measure`.
    """
    largest = 1e4 if changed(case) else LARGEST["float32"]
    low, high = case.spec.domain
    x = x[(x.abs() <= largest) & (x > low) & (x < high)]
    eps = FLOATS["float32"][0]
    clear = torch.ones_like(x, dtype=torch.bool)
    for j in borders(case):
        for i in ((x.double() - j).abs() <= 4 * eps * abs(j)).nonzero().flatten().tolist():
            clear[i] = on_joint(case, x[i].item())
    return x[clear]


def reference64(
    case: Case, x: Tensor, along: tuple[str, ...], order: int = 2
) -> list[tuple[Tensor, Tensor]]:
    """(value, float32 unit) of every quantity, from the float64 engine."""
    program, wide = reference_program(case, along, order), x.double()
    fixed = [torch.tensor(v, dtype=torch.float64) for _, v in case.values]
    outputs = [o.expand(x.shape) for o in eager.compiled_formula(program)(wide, *fixed)]
    # where a changed parameter drives f itself beyond the dtype, nothing else is judged
    beyond = (outputs[0].abs() > LARGEST["float32"]) & bool(changed(case))
    lost = torch.where(beyond, math.inf, 0.0)
    rows = [(outputs[0], unit32(outputs[0], outputs[1], wide))]
    for k in range(1, order + 1):
        rows.append((outputs[k], unit32(outputs[k], outputs[k + 1], wide) + lost))
    for k, p in enumerate(along):
        wanted, slope = outputs[order + 2 + 2 * k], outputs[order + 3 + 2 * k]
        floor = FLOATS["float32"][0] * outputs[0].abs() / (abs(case.fixed[p]) or 1.0)
        floor[outputs[0].abs() > LARGEST["float32"]] = math.inf
        rows.append((wanted, unit32(wanted, slope, wide) + floor))
    return rows


def unit32(wanted: Tensor, slope: Tensor, x: Tensor) -> Tensor:
    """certify.reference.unit for tensors, in float32."""
    eps, tiny = FLOATS["float32"]
    slack = eps * (x * slope).abs().nan_to_num(0.0) + tiny * (x * x).clamp(max=1e6)
    return place(wanted, torch.float32) + slack


def errors32(got: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
    """Errors in float32 units, elementwise; see `error`."""
    beyond = (wanted.abs() > LARGEST["float32"]) & (got == wanted.sign() * math.inf)
    right = beyond | (got == wanted) | (allowed == math.inf)
    return torch.where(right, 0.0, (got - wanted).abs() / allowed)
