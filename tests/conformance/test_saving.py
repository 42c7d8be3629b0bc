"""Every entry that can save less: the values of an ordinary call, gradients as stated.

Exact modes give the gradient of the input to the last bit; the others are off by what their table
says, which is measured with results rounded to the dtype, and by the rounding of the gradient.
"""

import warnings

import pytest
import torch
from torch import Tensor

import ogive
from ogive.certify.saving.mode import NotLegal
from ogive.certify.saving.saving import MODES, saving

ENTRIES = [n for n in ogive.names() if ogive.get(n).kind == "elementwise"]
#: What a rounding of the gradient may add: a unit in the last place of the dtype at 2.
UNITS = {torch.float32: 2.0**-22, torch.bfloat16: 2.0**-6, torch.float64: 2.0**-51}
#: Entries are tried in one of the dtypes, by turns; ``make exhaustive`` tries them in each.
IN_TURN = [
    pytest.param(name, dtype, marks=[] if i % len(UNITS) == k else pytest.mark.exhaustive)
    for i, name in enumerate(ENTRIES)
    for k, dtype in enumerate(UNITS)
]


def points(dtype: torch.dtype) -> Tensor:
    """The line, more closely near 0, with its ends and NaN."""
    sizes = torch.cat([torch.logspace(-30, 4, 2000), torch.linspace(0.01, 12, 3000)])
    ends = torch.tensor([0.0, -0.0, torch.inf, -torch.inf, torch.nan])
    return torch.cat([sizes, -sizes, ends]).to(dtype).requires_grad_()


@pytest.mark.parametrize(("name", "dtype"), IN_TURN, ids=str)
def test_every_mode(name: str, dtype: torch.dtype) -> None:
    function, ways = ogive.get(name), saving(ogive.get(name).spec)
    for save in MODES:
        try:
            mode = ways.mode(save)
        except NotLegal as reason:
            assert str(reason)
            continue
        assert mode.bits in (0, 1, 2, 4, 8)
        for engine in ("cpu", "eager"):
            with ogive.engine(engine):
                _check(function, save, points(dtype), UNITS[dtype])


def _check(function: ogive.Activation, save: str, x: Tensor, unit: float) -> None:
    plain, lean = function(x), function(x, save=save)
    assert torch.equal(plain.nan_to_num(7.0), lean.nan_to_num(7.0))
    ones = torch.ones_like(x)
    (want,), (got,) = (torch.autograd.grad(y, x, ones) for y in (plain, lean))
    ways, dtype = saving(function.spec), str(x.dtype).removeprefix("torch.")
    if ways.exact(save, dtype):
        assert torch.equal(want.nan_to_num(7.0), got.nan_to_num(7.0))
        return
    known = plain == plain  # what a slope is at NaN is a convention
    for kink in ways.mode(save).kinks:  # next to it the slope may be that of the other side
        known &= (x - kink).abs() > 4 * torch.finfo(x.dtype).eps * abs(kink)
    want, got = want[known], got[known]
    assert torch.equal(want.isnan(), got.isnan())
    size = want.double().abs().clamp(min=1) if ways.mode(save).relative else 1.0
    off = ((got.double() - want.double()) / size).nan_to_num(0.0).abs().max()
    steepest = max(1.0, 256 * ways.rounding)  # the largest slope to a power of two
    # the largest error was measured on other points: an entry's may be a hundredth larger here
    assert off <= 1.01 * ways.error(save, dtype).most + unit * steepest


def test_a_nan_stays_one_on_both_engines() -> None:
    x = torch.full((2,), torch.nan)
    for name in ENTRIES:
        for engine in ("cpu", "eager"):
            with ogive.engine(engine), warnings.catch_warnings():
                assert ogive.get(name)(x).isnan().all(), (name, engine)
