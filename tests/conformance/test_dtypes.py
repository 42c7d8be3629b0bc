"""float32 within a few units of float64; float16 and bfloat16 one rounding from the right value.

The reference here is the float64 engine, which test_accuracy.py has judged.
"""

import json
import math
from pathlib import Path

import pytest
import torch
from measure import (
    REST,
    call,
    cases,
    drawn,
    engine_values,
    every_half,
    fit32,
    last_places,
    measure16,
    measure32,
    reference64,
    reference_program,
    rounded,
)
from reasons import REASONS

import ogive

DATA = Path(__file__).parents[1] / "data"
RECORDED = json.loads((DATA / "accuracy32.json").read_text())
RECORDED16 = {
    dtype: json.loads((DATA / f"accuracy_{str(dtype).removeprefix('torch.')}.json").read_text())
    for dtype in (torch.bfloat16, torch.float16)
}
CASES = {case.id: case for case in cases()}


@pytest.mark.parametrize("name", CASES)
def test_the_float32_error_is_within_its_recorded_bar(name):
    for engine, found in measure32(CASES[name]).items():
        for label, worst in found.items():
            bar = max(1.0, 1.25 * RECORDED[engine][name][label])
            assert worst.units <= bar, f"{engine} {label}: {worst}"


@pytest.mark.parametrize("dtype", RECORDED16, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_the_16_bit_error_is_within_its_recorded_bar(name, dtype):
    for engine, found in measure16(CASES[name], dtype).items():
        for label, worst in found.items():
            # a last digit of float32 may turn another number's rounding over: half a unit more
            bar = 0.5 + 1.25 * RECORDED16[dtype][engine][name][label]
            assert worst.units <= bar, f"{engine} {label}: {worst}"


@pytest.mark.parametrize("name", CASES)
def test_float32_kernels_hold_the_bars(name):
    """Three units of the last place forward (most hold two); four backward, or four eps of the
    derivative's largest size, which is what counts near its zeros. Subnormal numbers included."""
    case = rounded(CASES[name], torch.float32)
    points = drawn(case, reference_program(case, ()), 20_000)
    x = fit32(case, torch.tensor(points, dtype=torch.float64).float().unique())
    numbers = {n: torch.full_like(x, v) if n in REST else v for n, v in case.values}
    leaf = x.clone().requires_grad_()
    with ogive.engine("cpu"):
        y = call(case, leaf, numbers)
        (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    (value, _), (derivative, _), *_ = reference64(case, x, ())
    forward = last_places(y.detach(), value)
    assert forward.max() <= 3, f"f at {x[forward.argmax()]}: {forward.max()}"
    largest = derivative[x.abs() <= 8].abs().nan_to_num(0.0, 0.0, 0.0).max()
    backward = last_places(slope, derivative)
    near_zero = (slope.double() - derivative).abs() / (2**-23 * largest.clamp(min=2**-126))
    backward = torch.where(x.abs() <= 8, torch.minimum(backward, near_zero), backward)
    assert backward.max() <= 4, f"f' at {x[backward.argmax()]}: {backward.max()}"


def below(x: torch.Tensor) -> torch.Tensor:
    return torch.nextafter(x, torch.full_like(x, -math.inf))


def above(x: torch.Tensor) -> torch.Tensor:
    return torch.nextafter(x, torch.full_like(x, math.inf))


@pytest.mark.parametrize("dtype", RECORDED16, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_at_most_one_rounding_away(name, dtype):
    """Next to the right value, or to one that float32's recorded error makes of it.

    Where terms cancel (see reasons.py) that error is a few roundings of the terms.
    """
    case = rounded(CASES[name], torch.float32)  # what half precision is computed in
    x = fit32(case, every_half(dtype).float()).to(dtype)
    rows = reference64(case, x, ())
    with ogive.engine("eager"):
        values = engine_values(case, x, ())
    for label, got, row in zip(("f", "f'", "f''"), values, rows, strict=False):
        wanted, slack = row[0], row[1] * max(1.0, RECORDED["eager"][name][label])
        if case.spec.name in REASONS:
            slack = slack + 16 * 2**-23 * (rows[0][0].abs() + rows[1][0].abs())
        low, high = below((wanted - slack).to(dtype)), above((wanted + slack).to(dtype))
        same = (got == wanted.to(dtype)) | (got.isnan() & wanted.isnan()) | slack.isinf()
        fine = same | ((got >= low) & (got <= high))
        assert fine.all(), f"{label} at {x[~fine][:5]}: {got[~fine][:5]}, not {wanted[~fine][:5]}"


@pytest.mark.parametrize("dtype", RECORDED16, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_half_precision_kernels_are_rounded_once(name, dtype):
    """At most 0.51 of the last place from the exact value, forward and backward: half a unit is the
    rounding itself, the rest is what float32 arithmetic may add."""
    case = rounded(CASES[name], dtype)
    x = fit32(case, every_half(dtype).float()).to(dtype)
    numbers = {n: torch.full_like(x, v) if n in REST else v for n, v in case.values}
    leaf = x.clone().requires_grad_()
    with ogive.engine("cpu"):
        y = call(case, leaf, numbers)
        (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    for label, got, (wanted, _) in zip(
        ("f", "f'"), (y, slope), reference64(case, x, ()), strict=False
    ):
        units = last_places(got.detach(), wanted)
        assert units.max() <= 0.51, f"{label} at {x[units.argmax()]}: {got[units.argmax()]}"


@pytest.mark.parametrize("dtype", RECORDED16, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_computed_in_float32_and_rounded_once(name, dtype):
    case, x = CASES[name], every_half(dtype)
    with torch.no_grad(), ogive.engine("eager"):
        rest = {n: torch.full_like(x, v) if n in REST else v for n, v in case.values}
        widened = {n: v.float() if n in REST else v for n, v in rest.items()}
        got, wide = call(case, x, rest), call(case, x.float(), widened)
    assert torch.equal(got.nan_to_num(7.0), wide.to(dtype).nan_to_num(7.0))
