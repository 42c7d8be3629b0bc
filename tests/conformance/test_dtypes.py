"""float32 within a few units of float64; float16 and bfloat16 one rounding from the right value.

The reference here is the float64 engine, which test_accuracy.py has judged.
"""

import json
import math
from pathlib import Path

import pytest
import torch
from measure import REST, call, cases, engine_values, fit32, measure32, reference64, rounded
from reasons import REASONS

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "accuracy32.json").read_text())
CASES = {case.id: case for case in cases()}


@pytest.mark.parametrize("name", CASES)
def test_the_float32_error_is_within_its_recorded_bar(name):
    for label, worst in measure32(CASES[name]).items():
        assert worst.units <= max(1.0, 1.25 * RECORDED[name][label]), f"{label}: {worst}"


def every_half(dtype: torch.dtype) -> torch.Tensor:
    """All 65,536 numbers of a 16-bit dtype."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def below(x: torch.Tensor) -> torch.Tensor:
    return torch.nextafter(x, torch.full_like(x, -math.inf))


def above(x: torch.Tensor) -> torch.Tensor:
    return torch.nextafter(x, torch.full_like(x, math.inf))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_at_most_one_rounding_away(name, dtype):
    """Next to the right value, or to one that float32's recorded error makes of it.

    Where terms cancel (see reasons.py) that error is a few roundings of the terms.
    """
    case = rounded(CASES[name], torch.float32)  # what half precision is computed in
    x = fit32(case, every_half(dtype).float()).to(dtype)
    rows = reference64(case, x, ())
    for label, got, row in zip(("f", "f'", "f''"), engine_values(case, x, ()), rows, strict=False):
        wanted, slack = row[0], row[1] * max(1.0, RECORDED[name][label])
        if case.spec.name in REASONS:
            slack = slack + 16 * 2**-23 * (rows[0][0].abs() + rows[1][0].abs())
        low, high = below((wanted - slack).to(dtype)), above((wanted + slack).to(dtype))
        same = (got == wanted.to(dtype)) | (got.isnan() & wanted.isnan()) | slack.isinf()
        fine = same | ((got >= low) & (got <= high))
        assert fine.all(), f"{label} at {x[~fine][:5]}: {got[~fine][:5]}, not {wanted[~fine][:5]}"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_computed_in_float32_and_rounded_once(name, dtype):
    case, x = CASES[name], every_half(dtype)
    with torch.no_grad():
        rest = {n: torch.full_like(x, v) if n in REST else v for n, v in case.values}
        widened = {n: v.float() if n in REST else v for n, v in rest.items()}
        got, wide = call(case, x, rest), call(case, x.float(), widened)
    assert torch.equal(got.nan_to_num(7.0), wide.to(dtype).nan_to_num(7.0))
