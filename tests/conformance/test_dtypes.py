"""float32 within a few units of float64; float16 and bfloat16 one rounding from the right value.

The reference here is the float64 engine, which test_accuracy.py has judged. What a case gives in a
dtype is computed once; the tests of one case run one after the other.
"""

from functools import lru_cache

import pytest
import torch
from bars import check
from measure import REST, Found, call, engine_values
from narrow import Rows, every_half, last_places, measure16, measure32, rows32
from records import CASES

import ogive

HALVES = (torch.bfloat16, torch.float16)


@pytest.fixture(scope="module", params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@lru_cache(maxsize=1)
def in_float32(name: str) -> Rows:
    return rows32(CASES[name])


@lru_cache(maxsize=len(HALVES))
def in_16_bits(name: str, dtype: torch.dtype, step: int) -> Found:
    return measure16(CASES[name], dtype, step)


def test_the_float32_error_is_within_its_bar(name):
    check(CASES[name], measure32(in_float32(name)), "float32")


def test_float32_kernels_hold_the_bars(name):
    """Three units of the last place forward (most hold two); four backward, or four eps of the
    derivative's largest size, which is what counts near its zeros. Subnormal numbers included."""
    judged = in_float32(name)
    x = judged.x
    with ogive.engine("cpu"):
        y, slope = engine_values(judged.case, x, (), order=1)
    (value, _), (derivative, _), *_ = judged.rows
    forward = last_places(y, value)
    assert forward.max() <= 3, f"f at {x[forward.argmax()]}: {forward.max()}"
    largest = derivative[x.abs() <= 8].abs().nan_to_num(0.0, 0.0, 0.0).max()
    backward = last_places(slope, derivative)
    near_zero = (slope.double() - derivative).abs() / (2**-23 * largest.clamp(min=2**-126))
    backward = torch.where(x.abs() <= 8, torch.minimum(backward, near_zero), backward)
    assert backward.max() <= 4, f"f' at {x[backward.argmax()]}: {backward.max()}"


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_the_16_bit_error_is_within_its_bar(name, dtype, step):
    """That of torch's operators is half a unit of the last place, the one rounding, and what
    float32 may add at the point."""
    check(CASES[name], in_16_bits(name, dtype, step), str(dtype).removeprefix("torch."))


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_half_precision_kernels_are_rounded_once(name, dtype, step):
    """At most 0.51 of the last place from the exact value, forward and backward: half a unit is the
    rounding itself, the rest is what float32 arithmetic may add."""
    for label in ("f", "f'"):
        worst = in_16_bits(name, dtype, step)["cpu"][label].worst()
        assert worst.units <= 0.51, f"{label}: {worst}"


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_half_precision_is_computed_in_float32_and_rounded_once(name, dtype):
    case, x = CASES[name], every_half(dtype)
    with torch.no_grad(), ogive.engine("eager"):
        rest = {n: torch.full_like(x, v) if n in REST else v for n, v in case.values}
        widened = {n: v.float() if n in REST else v for n, v in rest.items()}
        got, wide = call(case, x, rest), call(case, x.float(), widened)
    assert torch.equal(got.nan_to_num(7.0), wide.to(dtype).nan_to_num(7.0))
