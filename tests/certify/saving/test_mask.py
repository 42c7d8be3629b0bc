"""Which slope a piecewise linear function has: read off its formula, exactly."""

import math

import pytest

from ogive.catalogue import entries, user_spec
from ogive.certify.saving.mask import mask, slopes
from ogive.certify.saving.mode import NotLegal
from ogive.certify.saving.saving import Saving, saving


def of(formula: str) -> Saving:
    return saving(user_spec("f", formula, {}))


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("x", [1.0]),
        ("max(x, 0)", [0.0, 1.0]),
        ("min(max(x, -1), 1)", [0.0, 1.0]),
        ("where(x > 0, 3 * x, where(x < -2, 0.5 * x, -x))", [-1.0, 0.5, 3.0]),
        ("(max(x, 0) + max(x - 1, 0)) / 2", [0.0, 0.5, 1.0]),
    ],
)
def test_slopes(formula: str, values: list[float]) -> None:
    assert slopes(of(formula).program) == values


def test_nan_has_a_slope_of_its_own() -> None:
    found = slopes(of("abs(x)").program)
    assert found[:3] == [-1.0, 0.0, 1.0] and math.isnan(found[3])


def test_bits() -> None:
    assert [of(f).mode("mask").bits for f in ("2 * x", "max(x, 0)", "abs(x)")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("formula", "reason"),
    [("x * sigmoid(x)", "a continuum of values"), ("max(x, 0)**2", "a continuum of values")],
)
def test_a_curve_has_no_mask(formula: str, reason: str) -> None:
    with pytest.raises(NotLegal, match=reason):
        of(formula).mode("mask")


def test_five_slopes_are_too_many() -> None:
    formula = "max(x, 0) + max(x - 1, 0) + max(x - 2, 0) + max(x - 3, 0)"
    with pytest.raises(NotLegal, match="f' has 5 values, and two bits tell 4 apart"):
        of(formula).mode("mask")


def test_the_mode_of_relu() -> None:
    spec = entries()["relu"]
    found = mask(spec.program)
    assert (found.bits, found.result) == (1, False)
    assert str(found.forward.outputs[1]) == "where(x > 0, 1, 0)"
    assert str(found.backward.outputs[0]) == "g * where(c < 0.5, 0, 1)"
