"""Certificates through the public call: what is shipped, what is proved anew, what is written."""

import json
import math
import random
from dataclasses import replace
from functools import wraps

import numpy as np
import pytest
from agreement import agree
from attack import violations

import ogive
from ogive.catalogue import entries, user_spec
from ogive.certify.proof.under_proof import FunctionUnderProof, under_proof
from ogive.certify.report.certificate import Certificate, certificate, prove, sections
from ogive.certify.report.criteria import CRITERIA
from ogive.certify.report.page import said
from ogive.certify.shipped import key, shipped
from ogive.certify.signal.theory import field, layer
from ogive.certify.univariate import with_defaults
from ogive.errors import OgiveError, ParameterError
from ogive.expr import parse

#: tests/conformance/test_records.py says which entries have no certificate yet.
NAMES = [n for n, s in entries().items() if s.family != "user" and shipped(key(s)) is not None]
POINTWISE = [n for n in NAMES if entries()[n].kind != "rowwise"]
#: Entries proved anew by the suite; `tools/certify.py --check` takes as many as are asked for.
SAMPLE = random.Random(0).sample(NAMES, 6)

# facts of z ~ N(0, 1): E f, E f^2, 1/sqrt(E f^2), 1/std f, E f'^2, C(0), chi, Q', to five digits
GOLDEN = {
    "relu": (0.39894, 0.50000, 1.41421, 1.71286, 0.50000, 0.3183, 1.0000, 1.0000),
    "leaky_relu": (0.39495, 0.50005, 1.41414, 1.70483, 0.50005, 0.3119, 1.0000, 1.0000),
    "elu": (0.16052, 0.64495, 1.24520, 1.27084, 0.66810, 0.0400, 1.0359, 0.8910),
    "selu": (0, 1, 1, 1, 1.07157, 0, 1.0716, 0.7826),
    "gelu": (0.28209, 0.42522, 1.53353, 1.70093, 0.45585, 0.1871, 1.0720, 1.1441),
    "silu": (0.20662, 0.35578, 1.67653, 1.78719, 0.37948, 0.1200, 1.0666, 1.1726),
    "mish": (0.24040, 0.45234, 1.48685, 1.59203, 0.47908, 0.1278, 1.0591, 1.0763),
    "hardswish": (0.16622, 0.33157, 1.73666, 1.81387, 0.35853, 0.0833, 1.0813, 1.2239),
    "tanh": (0, 0.39429, 1.59254, 1.59254, 0.46440, 0, 1.1778, 0.4611),
    "sigmoid": (0.5, 0.29338, 1.84623, 4.80131, 0.04484, 0.8521, 0.1528, 0.1063),
    "softplus": (0.80606, 0.92125, 1.04187, 1.91913, 0.29338, 0.7053, 0.3185, 0.4921),
    "softsign": (0, 0.18301, 2.33753, 2.33753, 0.22767, 0, 1.2440, 0.4767),
    "squared_relu": (0.5, 1.5, 0.81650, 0.89443, 2.0, 0.1667, 1.3333, 2.0000),
}
# sup |f'|, the infimum, and where it is reached (None: it is not, or on an interval)
SHAPES = {
    "relu": (1, 0, None),
    "elu": (1, -1, None),
    "selu": (1.75810, -1.7581, None),
    "gelu": (1.12890, -0.16997, -0.752),
    "silu": (1.09984, -0.27846, -1.278),
    "mish": (1.08850, -0.30884, -1.192),
    "hardswish": (1.5, -0.375, -1.5),
    "tanh": (1, -1, None),
    "sigmoid": (0.25, 0, None),
    "softplus": (1, 0, None),
    "softsign": (1, -1, None),
    "squared_relu": (math.inf, 0, None),
}


def strict(text):
    def no_literal(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=no_literal)


@pytest.mark.parametrize("name", NAMES)
def test_every_certificate_survives_json(name):
    found = ogive.get(name).certificate()
    assert found.identity.name == name
    assert Certificate.from_dict(strict(found.to_json())).to_dict() == found.to_dict()


@pytest.mark.parametrize("name", GOLDEN)
def test_the_signal_to_the_printed_digits(name):
    signal = ogive.get(name).certificate().signal
    moments, gains, what = signal.moments, signal.gains, signal.criticality
    found = (
        moments.first, moments.second, gains.second_moment, gains.standard_deviation,
        moments.chi_1, what.kernel_at_zero, what.chi, what.length_slope,
    )  # fmt: skip
    # half a unit of the last digit that is printed, five digits or four
    digits = (5, 5, 5, 5, 5, 4, 4, 4)
    for number, known, places in zip(found, GOLDEN[name], digits, strict=True):
        assert number.value == pytest.approx(known, abs=0.51 * 10**-places)
        assert number.error < 1e-9


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_to_the_printed_digits(name):
    slope, low, place = SHAPES[name]
    found = ogive.get(name).certificate()
    assert found.smoothness.lipschitz.value == pytest.approx(slope, abs=0.6e-5)
    assert found.shape.range.low.value == pytest.approx(low, abs=0.6e-4)
    if place is not None:
        (turn,) = found.shape.turning_points
        assert turn.place.value == pytest.approx(place, abs=0.6e-3)


@pytest.mark.parametrize("name", SAMPLE)
def test_what_is_shipped_is_what_is_proved(name):
    spec = entries()[name]
    old, new = shipped(key(spec)), sections(prove(spec))
    if "numerics" in old:
        old = {**old, "numerics": {**old["numerics"], "errors": {}}}
    assert agree(old, new)


def test_a_comparison_sees_another_number_and_another_method():
    found = sections(ogive.get("tanh").certificate())
    moved = json.loads(json.dumps(found))
    moved["smoothness"]["bend"]["value"]["value"] *= 1 + 1e-6
    assert agree(found, found)
    assert not agree(found, moved)
    moved = json.loads(json.dumps(found))
    moved["smoothness"]["bend"]["value"]["method"] = "quadrature"
    assert not agree(found, moved)


def stretched(body):
    """The formula with a factor that is nearly 1."""

    @wraps(body)
    def mutant(*data, **parameters):
        return 1.000001 * body(*data, **parameters)

    return mutant


@pytest.mark.parametrize("name", ["mish", "leaky_relu", "rrelu", "swiglu"])
def test_a_changed_entry_does_not_get_the_shipped_certificate(name):
    spec = entries()[name]
    assert shipped(key(replace(spec, domain=(0.0, math.inf)))) is None
    mutant = replace(
        spec, body=stretched(spec.body), evaluation=spec.evaluation and stretched(spec.evaluation)
    )
    assert mutant.expression is not spec.expression
    assert shipped(key(mutant)) is None
    if spec.parameters:
        assert shipped(key(spec, {spec.parameters[0].name: 0.123})) is None


def test_another_value_of_a_parameter_is_proved():
    found = ogive.get("leaky_relu").certificate(negative_slope=0.5)
    assert found.identity.parameters == {"negative_slope": 0.5}
    assert found.signal.gains.conventional == pytest.approx(math.sqrt(2 / 1.25))
    # E f^2 = (1 + 1/4) / 2
    assert found.signal.moments.second.value == pytest.approx(0.625, abs=1e-12)
    with pytest.raises(ParameterError, match="no parameter"):
        ogive.get("mish").certificate(alpha=1.0)


def test_the_signal_of_other_normal_numbers():
    found = ogive.get("tanh").certificate(normal=(0.0, 2.0))
    signal, known = found.signal, ogive.get("tanh").certificate()
    assert (signal.mean, signal.std, known.signal.std) == (0.0, 2.0, 1.0)
    assert (found.shape, found.numerics) == (known.shape, known.numerics)
    # the mean-field theory at the length 4 that weights of gain 2 / sqrt(E f^2) keep
    there = layer(field(entries()["tanh"]), 4.0)
    assert signal.moments.second.value == pytest.approx(there.second, abs=1e-12)
    assert signal.moments.chi_1.value == pytest.approx(there.chi_1, abs=1e-12)
    assert signal.criticality.chi.value == pytest.approx(4 * there.chi_1 / there.second, abs=1e-9)
    change = 4 * there.chi_q / there.second
    assert signal.criticality.length_slope.value == pytest.approx(change, abs=1e-9)


def test_the_verdict_on_the_centre_follows_the_mean():
    found = ogive.get("tanh").certificate(normal=(0.5, 1.0))
    (centre,) = (c for c in found.criteria if c.name == "zero-centred")
    assert (centre.verdict, centre.number) == ("no", found.signal.moments.first)
    assert found.criteria[:6] == ogive.get("tanh").certificate().criteria[:6]


@pytest.mark.parametrize("normal", [(0.0, 0.0), (0.0, -1.0), (math.inf, 1.0), (0.0, math.nan)])
def test_what_is_no_normal_distribution(normal):
    with pytest.raises(OgiveError, match="a standard deviation > 0"):
        ogive.get("tanh").certificate(normal=normal)


def test_a_row_has_no_signal():
    with pytest.raises(OgiveError, match="softmax works on rows"):
        ogive.get("softmax").certificate(normal=(0.0, 2.0))


def test_other_parameters_keep_the_noise():
    found = ogive.get("rrelu").certificate(lower=0.2)
    # a slope from U(0.2, 1/3)
    assert found.training.spread[0].mean.value == pytest.approx(-3 * (0.2 + 1 / 3) / 2, abs=1e-12)
    other = with_defaults(entries()["rrelu"], {"lower": 0.2})
    assert other.noise == entries()["rrelu"].noise
    assert other.expression is entries()["rrelu"].expression


def test_a_qualified_name_is_certified_with_its_parameters():
    found = ogive.get("keras:leaky_relu").certificate()
    assert (
        found.smoothness.breakpoints[0].below.value == found.identity.parameters["negative_slope"]
    )


@pytest.mark.parametrize("name", POINTWISE)
def test_seven_verdicts_stand_on_a_number(name):
    lines = ogive.get(name).certificate().criteria
    assert len(lines) == len(CRITERIA) == 7
    for line in lines:
        assert (line.verdict == "not proved") == (line.number.method == "not proved"), line


def test_verdicts_of_known_functions():
    verdicts = {n: [c.verdict for c in ogive.get(n).certificate().criteria] for n in SHAPES}
    assert verdicts["relu"] == ["yes", "partly", "yes", "partly", "yes", "yes", "no"]
    assert verdicts["tanh"] == ["yes", "yes", "no", "no", "yes", "yes", "yes"]
    assert verdicts["mish"] == ["yes", "yes", "no", "partly", "no", "yes", "no"]
    assert ogive.get("identity").certificate().criteria[0].verdict == "no"
    assert ogive.get("prelu").certificate().criteria[5].verdict == "partly"


def test_a_function_of_ones_own():
    found = certificate(user_spec("mine", "x * exp(-x**2 / 2)", {}))
    shape = found.shape
    # it turns at +-1, where it is +-exp(-1/2)
    assert shape.range.high.value == pytest.approx(math.exp(-0.5), abs=1e-15)
    assert [t.place.value for t in shape.turning_points] == pytest.approx([-1, 1], abs=1e-15)
    assert (found.smoothness.lipschitz.value, shape.symmetry) == (1.0, "odd")
    # E f(Z)^2 is the integral of x^2 exp(-3 x^2 / 2) / sqrt(2 pi), so 3^(-3/2)
    assert found.signal.moments.second.value == pytest.approx(3**-1.5, abs=1e-12)


@pytest.mark.parametrize("formula", ["sin(1/x)", "1/x", "x*sin(exp(x))", "sqrt(x**2 - 2*x + 1)/x"])
def test_what_cannot_be_proved_is_not_guessed(formula):
    found = certificate(user_spec("wild", formula, {}))
    steepest = found.smoothness.lipschitz
    assert steepest.method == "not proved" or steepest.value == math.inf
    # each but the third has a pole or a point without a value
    assert found.smoothness.order in (None, -1) or formula == "x*sin(exp(x))"
    assert "not proved" in str(found)
    assert Certificate.from_dict(strict(found.to_json())).to_dict() == found.to_dict()


def test_the_attack_catches_a_wrong_bound():
    found = ogive.get("silu").certificate()
    of, smooth, shape = under_proof(entries()["silu"]), found.smoothness, found.shape
    assert violations(of, shape, smooth, found.saturation) == []
    bound = replace(smooth.slope.value, value=smooth.slope.value.value * (1 - 1e-6))
    less = replace(smooth, slope=replace(smooth.slope, value=bound))
    assert violations(of, shape, less, found.saturation)
    turn = replace(shape.turning_points[0], value=bound)
    assert violations(of, replace(shape, turning_points=(turn,)), smooth, found.saturation)
    left = replace(shape.left, value=replace(shape.left.value, value=0.1))
    assert violations(of, replace(shape, left=left), smooth, found.saturation)
    other = FunctionUnderProof(parse("x * sigmoid(x) + 1e-4", ["x"]))
    assert violations(other, shape, smooth, found.saturation)


def test_text_and_markdown_say_the_numbers():
    found = ogive.get("gelu").certificate()
    assert "  lipschitz     1.12890415  (ball)" in str(found).splitlines()
    rows = found.to_markdown().splitlines()
    assert rows[0] == "# gelu"
    (row,) = (r for r in rows if r.startswith("| lipschitz |"))
    assert row.split(" | ")[1] == "1.12890415"
    assert row.endswith("| ball |")
    assert all(r.replace("\\|", "").count("|") == 5 for r in rows if r.startswith("|"))


def test_an_end_that_may_be_reached_is_not_said_to_be_open():
    assert said(ogive.get("sine").certificate().shape.range) == "[-1, 1]"
    assert said(ogive.get("tanh").certificate().shape.range) == "(-1, 1)"
    assert said(ogive.get("softsign").certificate().shape.zeros) == "0"


def test_a_function_with_the_formula_of_an_entry_is_known():
    mine = user_spec("mine", "x * tanh(softplus(x))", {})
    assert key(mine) == key(entries()["mish"])
    assert certificate(mine).identity.name == "mine"


def test_the_recorded_errors_are_those_that_the_tests_hold():
    errors = ogive.get("mish").certificate().numerics.errors
    assert set(errors) == {"float64", "float32", "bfloat16", "float16"}
    assert all(set(found) == {"eager", "cpu"} for found in errors.values())
    assert all(np.isfinite(u) for e in errors.values() for q in e.values() for u in q.values())
