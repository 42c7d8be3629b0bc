"""The bars: for kernels of ogive's own the recorded error, for torch's operators what the formula
and their stated accuracy allow.

ogive's kernels give the same numbers on every processor of a width. torch's functions do not; what
was recorded of them says what to expect, and is the bar only where the formula says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from allowance import allowances
from measure import Case, Column, Found, labels, parameters_of, rounded
from narrow import fit32, place, reference64
from records import RECORDED

#: What other hardware may add to a recorded error: vectors of another width round elsewhere.
FACTOR = 1.25
#: Where the bars of torch's operators are recorded.
PLACES = torch.cat([torch.linspace(-9, 9, 146), torch.linspace(-60, 60, 24)])
Errors = Mapping[str, float]
Bars = dict[str, np.ndarray]


def check(case: Case, found: Found, dtype: str) -> None:
    """Every engine and quantity is within its bar."""
    half = dtype in ("bfloat16", "float16")
    name, case = case.id, rounded(case, getattr(torch, dtype))
    for engine, columns in found.items():
        recorded = RECORDED[dtype][engine][name]
        if engine == "cpu":
            limits = {label: over(recorded[label], half) for label in columns}
        elif half:
            limits = bars16(case, columns, getattr(torch, dtype), recorded)
        else:
            limits = bars(case, columns, dtype, recorded)
        for label, column in columns.items():
            worst = column.worst(limits[label])
            assert worst.units <= worst.bar, f"{engine} {label}: {worst}"


def over(recorded: float, half: bool = False) -> float:
    """The bar that a recorded error makes, in units.

    In 16 bits a last digit of float32 may turn a number's rounding over: half a unit more.
    """
    return 0.5 + FACTOR * recorded if half else max(1.0, FACTOR * recorded)


def bars(case: Case, columns: Mapping[str, Column], dtype: str, recorded: Errors) -> Bars:
    """Of every quantity the bar at each point, in units: what the formula allows, at least one."""
    along = tuple(name.removeprefix("df/d") for name in columns if name.startswith("df/d"))
    large = np.logical_or.reduce([c.units > 1 for c in columns.values()])
    allowed = allowances(case, next(iter(columns.values())).x[large], dtype, along)
    found = {}
    for (label, column), error in zip(columns.items(), allowed, strict=True):
        found[label] = bar = np.ones_like(column.units)
        with np.errstate(invalid="ignore"):  # an infinite error over an infinite unit
            units = np.maximum(error / column.unit[large], 1.0)
        bar[large] = np.where(np.isfinite(units), units, over(recorded[label]))
    return found


def bars16(case: Case, columns: Mapping[str, Column], dtype: torch.dtype, recorded: Errors) -> Bars:
    """The same in units of the last place of a 16-bit dtype: one rounding, of a float32 value."""
    found = {}
    for k, (label, column) in enumerate(columns.items()):
        large = column.units > 0.5
        error = allowances(case, column.x[large], "float32", ())[k]
        reached = place(torch.from_numpy(abs(column.wanted[large]) + error), dtype).numpy()
        found[label] = bar = np.full_like(column.units, 0.5)
        units = (0.5 * reached + error) / column.unit[large]
        bar[large] = np.where(np.isfinite(units), units, over(recorded[label], half=True))
    return found


def size(case: Case) -> dict[str, list[float]]:
    """The bar of torch's operators in float32 units: the median, and the largest over PLACES.

    It is large where the formula is ill conditioned: where terms cancel, beside a zero.
    """
    case, along = rounded(case, torch.float32), parameters_of(case)
    x = fit32(case, PLACES)
    found = {}
    allowed = allowances(case, x.double().numpy(), "float32", along)
    units = [unit.numpy() for _, unit in reference64(case, x, along)]
    for label, error, unit in zip(labels(along), allowed, units, strict=True):
        bar = np.maximum(error[np.isfinite(error)] / unit[np.isfinite(error)], 1.0)
        found[label] = [float(f"{v:.3g}") for v in (np.median(bar), bar.max())] if bar.size else []
    return found
