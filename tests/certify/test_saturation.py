"""Where known functions saturate, against closed forms, and the judge's derivative there."""

import math

import pytest
from seen import saturates, value

from ogive.catalogue import entries, user_spec
from ogive.certify.proof.saturation import THRESHOLDS, saturation
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.quantity import NOT_PROVED
from ogive.certify.univariate import function_of_one_number

INF = math.inf
POINTWISE = [n for n, s in entries().items() if s.kind != "rowwise"]


def of(formula: str):
    return saturation(under_proof(user_spec("bump", formula, {})))


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("relu", "hard", "none"),
        ("relu6", "hard", "hard"),
        ("sigmoid", "soft", "soft"),
        ("elu", "soft", "none"),
        ("softsign", "soft", "soft"),
        ("mish", "soft", "none"),
        ("sine", "none", "none"),
        ("cosine", "none", "none"),
        ("identity", "none", "none"),
        ("log1mexp", "none", "soft"),
        ("natural_log_relu", "hard", "soft"),
        ("gcu", "not proved", "not proved"),
    ],
)
def test_kinds(name, left, right):
    found = saturation(under_proof(entries()[name]))
    assert (found.left.kind, found.right.kind) == (left, right)


@pytest.mark.parametrize("name", THRESHOLDS)
def test_places_have_closed_forms(name):
    """tanh' = sech**2 = s at acosh(1/sqrt(s)); softsign' = s at 1/sqrt(s) - 1; elu' at log(s)."""
    small = THRESHOLDS[name]
    for entry, place in (
        ("softsign", 1 / math.sqrt(small) - 1),
        ("tanh", math.acosh(1 / math.sqrt(small))),
        ("sigmoid", 2 * math.acosh(0.5 / math.sqrt(small))),
    ):
        found = saturation(under_proof(entries()[entry]))
        assert found.right.below[name].value == pytest.approx(place, rel=1e-14)
        assert found.left.below[name].value == pytest.approx(-place, rel=1e-14)
    elu = saturation(under_proof(entries()["elu"]))
    assert elu.left.below[name].value == pytest.approx(math.log(small), rel=1e-14)
    assert elu.right.below[name] is None


@pytest.mark.parametrize("name", POINTWISE)
def test_the_gradient_passes_the_threshold_at_the_place(name):
    spec = function_of_one_number(entries()[name])
    found = saturation(under_proof(spec))
    for side, end in ((-1, found.left), (1, found.right)):
        for which, place in end.below.items():
            if place in (None, NOT_PROVED) or not math.isfinite(place.value):
                continue
            step = 1e-9 * (1 + abs(place.value))
            small = THRESHOLDS[which]
            assert abs(value(spec, place.value + side * step, 1)) <= small
            assert abs(value(spec, place.value - side * step, 1)) >= small * (1 - 1e-6)


@pytest.mark.parametrize("name", POINTWISE)
def test_kinds_agree_with_what_was_only_looked_for(name):
    spec = function_of_one_number(entries()[name])
    found = saturation(under_proof(spec))
    for end, sign in ((found.left, -1.0), (found.right, 1.0)):
        assert end.kind in (saturates(spec, sign), "not proved")


@pytest.mark.parametrize(
    ("formula", "zero"),
    [
        ("max(x, 0)", [(-INF, 0)]),
        ("where(abs(x) <= 0.5, 0, x)", [(-0.5, 0.5)]),
        ("max(1 - abs(x), 0)", [(-INF, -1), (1, INF)]),
        ("tanh(x)", []),
        ("x - x", [(-INF, INF)]),
    ],
)
def test_where_a_function_is_exactly_zero(formula, zero):
    assert [(i.low.value, i.high.value) for i in of(formula).zero] == zero


def test_a_gradient_that_is_small_everywhere():
    found = of("1e-5 * tanh(x)")
    assert (found.left.below["1e-3"].value, found.right.below["1e-3"].value) == (INF, -INF)
    assert found.right.below["1e-7"].value == pytest.approx(math.acosh(10), rel=1e-14)


def test_a_bump_far_out_counts():
    """Beyond the dip of its tail a gradient may grow again: the outermost place is reported."""
    found = of("tanh(x) + 0.01 * tanh(x - 30)")
    assert found.right.below["1e-3"].value > 30
    assert found.right.below["1e-1"].value < 2


def test_a_constant_slope_at_the_threshold_is_not_below_it():
    assert of("where(x > 0, 0.1 * x, 0)").right.below["1e-1"] is None


@pytest.mark.parametrize("formula", ["sin(x)**2 + cos(x)**2", "x * cos(x)", "sin(x * x)"])
def test_what_cannot_be_proved_is_not_guessed(formula):
    found = of(formula)
    assert set(found.right.below.values()) == {NOT_PROVED}
