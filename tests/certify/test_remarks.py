"""What is said in plain words is so: every remark is made somewhere, and its numbers are true."""

import math
import re

import numpy as np
import pytest

from ogive.catalogue import entries, user_spec
from ogive.certify.report.certificate import Certificate, certificate
from ogive.certify.report.remarks import REMARKS, remarks
from ogive.certify.univariate import defaults, function_of_one_number
from ogive.printers import python_function

SAID = {name: remarks(spec, certificate(spec)) for name, spec in entries().items()}
MADE = {remark.key for found in SAID.values() for remark in found}
#: Remarks that the catalogue gives no reason for, with a formula that does.
ELSEWHERE = {"for_hidden_layers": "abs(x) + sin(x)"}


def with_key(*keys):
    return sorted((name, r.key) for name, found in SAID.items() for r in found if r.key in keys)


def numbers(name, key):
    (remark,) = [remark for remark in SAID[name] if remark.key == key]
    return {k: float(v) for k, v in remark.numbers.items()}


def values(name, order, x):
    one = function_of_one_number(entries()[name])
    program = (one.derived(order) if order else one).program
    with np.errstate(all="ignore"):
        (y,) = python_function(program, "numpy")(x, *map(np.float64, defaults(one).values()))
    return np.broadcast_to(y, x.shape)


@pytest.mark.parametrize("name", entries())
def test_an_entry_has_one_use_and_whole_sentences(name):
    found = SAID[name]
    assert [remark.kind for remark in found].count("use") == 1
    assert found[0].kind == "use"
    for remark in found:
        assert re.fullmatch(r"[A-Z].*\.", str(remark))
        assert not re.search(r"\bnan\b|[{}]", str(remark))


def test_every_remark_is_made():
    spec = user_spec("trying", ELSEWHERE["for_hidden_layers"], {})
    elsewhere = {remark.key for remark in remarks(spec, certificate(spec))}
    assert set(REMARKS) == MADE | elsewhere


def test_nothing_proved_is_nothing_said():
    (only,) = remarks(entries()["mish"], Certificate(certificate(entries()["mish"]).identity))
    assert only.key == "for_trying"


@pytest.mark.parametrize(("name", "key"), with_key("dead", "dead_on_both_sides"))
def test_beyond_these_places_there_is_no_gradient(name, key):
    found = numbers(name, key)
    left = found.get("left", found.get("place"))
    x = left - np.geomspace(1e-2, 1e3, 200)
    assert not values(name, 1, x).any()
    if "right" in found:
        assert not values(name, 1, found["right"] + np.geomspace(1e-2, 1e3, 200)).any()
    assert values(name, 1, np.linspace(left, left + 2, 201)).any()


@pytest.mark.parametrize(
    ("name", "key"), with_key("vanishing", "vanishing_left", "vanishing_right")
)
def test_beyond_these_places_the_gradient_is_small(name, key):
    found = numbers(name, key)
    low = found.get("left", found["place"] if key == "vanishing_left" else None)
    high = found.get("right", found["place"] if key == "vanishing_right" else None)
    for place, side in ((low, -1), (high, 1)):
        if place is not None:  # the digits shown may be off by half of the last
            x = place + side * (0.006 * abs(place) + np.geomspace(1e-3, 1e2, 300))
            x = x[np.isfinite(values(name, 0, x))]
            assert np.abs(values(name, 1, x)).max() < 1e-3


@pytest.mark.parametrize(("name", "key"), with_key("off_centre"))
def test_the_mean_is_that_of_a_sample(name, key):
    x = np.random.default_rng(0).normal(size=200_000)
    y = values(name, 0, x)
    assert y.mean() == pytest.approx(numbers(name, key)["mean"], rel=0.05, abs=0.02)


@pytest.mark.parametrize(("name", "key"), with_key("folded"))
def test_it_turns_where_it_is_said(name, key):
    place = numbers(name, key)["place"]
    step = 0.01 + 0.01 * abs(place)
    before, there, after = values(name, 0, np.array([place - step, place, place + step]))
    assert (there - before) * (after - there) <= 0


@pytest.mark.parametrize(("name", "key"), with_key("for_probabilities", "for_bounded_outputs"))
def test_outputs_stay_in_the_range(name, key):
    found = numbers(name, key)
    y = values(name, 0, np.linspace(-50, 50, 2001))
    slack = 0.006 * max(map(abs, found.values()))
    assert found["low"] - slack <= y.min() and y.max() <= found["high"] + slack


def test_other_parameters_say_other_things():
    leaky = entries()["leaky_relu"]
    keys = [r.key for r in remarks(leaky, certificate(leaky, {"negative_slope": 0.0}))]
    assert "dead" in keys
    assert "gradient_everywhere" not in keys
    assert math.isclose(numbers("leaky_relu", "off_centre")["mean"], 0.395)
