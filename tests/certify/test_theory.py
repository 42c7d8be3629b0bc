"""Signal propagation against closed forms: the arc-cosine and arc-sine kernels, linear maps."""

import math
import time

import numpy as np
import pytest

from ogive.catalogue import entries, user_spec
from ogive.certify.proof.budget import limited
from ogive.certify.quantity import NOT_PROVED
from ogive.certify.report.certificate import certificate
from ogive.certify.report.signal import signal
from ogive.certify.signal import correlation
from ogive.certify.signal.chaos import edge_at, edge_of_chaos
from ogive.certify.signal.correlation import correlated
from ogive.certify.signal.moments import mean_formula
from ogive.certify.signal.phase import depth_scale, fixed_point, phase
from ogive.certify.signal.quadrature import expectation
from ogive.certify.signal.theory import correlation_map, field, layer, length_map, predict
from ogive.errors import OgiveError
from ogive.expr import diff, symbol

CORRELATIONS = (-1.0, -0.9, -0.3, 0.0, 0.5, 0.9, 0.999, 1.0)
ONES = [name for name, spec in entries().items() if spec.kind != "rowwise"]


def of(name):
    return field(entries()[name])


def arccos_kernel(c):
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / (2 * math.pi)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_relu_has_the_arccosine_kernel(c):
    """Y. Cho and L. Saul 2009; its derivative is a step, whose kernel is the angle."""
    f = of("relu")
    assert correlated(f.function, f.breakpoints, 2.0, c) == pytest.approx(
        2 * arccos_kernel(c), abs=1e-13
    )
    angle = (math.pi - math.acos(c)) / (2 * math.pi)
    assert correlated(f.derivative, f.breakpoints, 2.0, c) == pytest.approx(angle, abs=1e-13)


@pytest.mark.parametrize("q", [0.01, 1.7, 60.0])
@pytest.mark.parametrize("c", CORRELATIONS)
def test_erf_has_the_arcsine_kernel(q, c):
    """C. Williams 1997."""
    f = of("erf")
    known = 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q))
    assert correlated(f.function, f.breakpoints, q, c) == pytest.approx(known, abs=1e-13)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_cosine_has_a_hyperbolic_kernel(c):
    """E cos(u) cos(v) = exp(-q) cosh(q c)."""
    f = of("cosine")
    q = 1.3
    assert correlated(f.function, f.breakpoints, q, c) == pytest.approx(
        math.exp(-q) * math.cosh(q * c), abs=1e-13
    )


@pytest.mark.parametrize("name", ONES)
def test_quadrature_lies_within_the_proved_moments(name):
    """The floats of the theory and the balls of the moments are two ways to the same numbers."""
    from ogive.certify.signal import moments as judge

    spec = entries()[name]
    q = 1.9
    proved = judge.moments(spec, 0.0, math.sqrt(q))
    if proved.second.method == "not proved":
        assert name == "log1mexp"
        return
    found = layer(field(spec), q)
    expected = (proved.second, proved.chi_1, proved.chi_q)
    # the derivative with respect to q is E z f f' / sqrt(q)
    for value, exact, scale in zip(found[:3], expected, (1, 1, q**-0.5), strict=True):
        assert value == pytest.approx(exact.value * scale, rel=1e-10, abs=1e-11)


def test_the_length_map_of_relu_is_linear():
    assert length_map(of("relu"), 3.0, 2.0, 0.5) == pytest.approx(4 * 1.5 + 0.25, rel=1e-14)


@pytest.mark.parametrize("q", [0.1, 1.0, 30.0])
def test_the_slope_of_the_length_map(q):
    """E d/dq f(sqrt(q) z)**2 against a difference quotient, whose own error is about 1e-9."""
    f, step = of("gelu"), 1e-5 * q
    quotient = (length_map(f, q + step, 1.3, 0.1) - length_map(f, q - step, 1.3, 0.1)) / (2 * step)
    assert 1.3**2 * layer(f, q).chi_q == pytest.approx(quotient, rel=1e-7)


def test_fixed_points():
    assert fixed_point(of("relu"), math.sqrt(2), 0.0).value == 1.0
    # q = w/2 q + b has q* = b / (1 - w/2)
    assert fixed_point(of("relu"), 1.0, 0.3).value == pytest.approx(0.18, rel=1e-12)
    assert fixed_point(of("relu"), 2.0, 0.1).method == "not proved"
    assert fixed_point(of("tanh"), 0.9, 0.0).value == 0.0
    # E erf(u)**2 = 2/pi asin(2q / (1 + 2q))
    q = fixed_point(of("erf"), 1.5, 0.2).value
    assert 2.25 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + 0.04 == pytest.approx(q, rel=1e-12)


@pytest.mark.parametrize("name", ["tanh", "gelu", "selu", "erf", "mish", "silu"])
def test_a_fixed_point_is_one(name):
    found = fixed_point(of(name), 1.2, 0.3)
    if found.method == "not proved":
        assert length_map(of(name), 1e9, 1.2, 0.3) > 1e9
    else:
        kept = length_map(of(name), found.value, 1.2, 0.3)
        assert kept == pytest.approx(found.value, rel=1e-11)


def test_the_ordered_and_the_chaotic_phase():
    """S. Schoenholz et al. 2017, figure 2: tanh at sigma_b**2 = 0.05."""
    ordered = phase(of("tanh"), 1.0, math.sqrt(0.05))
    chaotic = phase(of("tanh"), 2.5, math.sqrt(0.05))
    assert ordered.chi.value < 1 < chaotic.chi.value
    assert ordered.correlation.value == 1.0
    assert 0 < chaotic.correlation.value < 1
    c, q = chaotic.correlation.value, chaotic.length.value
    kept = correlation_map(of("tanh"), c, q, 2.5, math.sqrt(0.05))
    assert kept == pytest.approx(c, abs=1e-8)
    assert ordered.gradient_depth == ordered.correlation_depth
    known = -1 / math.log(ordered.length_slope.value)
    assert ordered.length_depth.value == pytest.approx(known, rel=1e-12)


def test_relu_at_the_edge_has_infinite_depth():
    found = phase(of("relu"), math.sqrt(2), 0.0)
    assert found.chi.value == pytest.approx(1.0, abs=1e-14)
    assert found.gradient_depth.value == found.length_depth.value == math.inf


def test_depth_scale_of_a_half():
    from ogive.certify.quantity import Quantity

    found = depth_scale(Quantity(0.5, 1e-3, "ball"))
    assert found.value == pytest.approx(1 / math.log(2))
    assert found.low < 1 / math.log(2.003) and 1 / math.log(1.997) < found.high


@pytest.mark.parametrize("name", ["tanh", "erf", "sigmoid", "softsign", "gelu"])
def test_the_edge_of_chaos_is_critical(name):
    found = (edge_at(of(name), q) for q in (0.1, 1.0, 7.0))
    for point in filter(None, found):
        sigma_w, sigma_b = point.sigma_w.value, point.sigma_b.value
        assert sigma_w**2 * layer(of(name), point.length).chi_1 == pytest.approx(1, abs=1e-12)
        kept = length_map(of(name), point.length, sigma_w, sigma_b)
        assert kept == pytest.approx(point.length, rel=1e-11)


def test_the_edge_of_chaos_at_a_bias():
    point = edge_of_chaos(of("tanh"), 0.3)
    assert point.sigma_b.value == pytest.approx(0.3, abs=1e-12)
    assert phase(of("tanh"), point.sigma_w.value, 0.3).chi.value == pytest.approx(1, abs=1e-9)
    assert point.length_slope < 1


@pytest.mark.parametrize("name", ["soft_clipping", "laplace", "tanhexp"])
@pytest.mark.parametrize("q", [0.3, 1.0, 50.0])
def test_sharp_bends_are_integrated_as_well_as_kinks(name, q):
    """Independent inputs: E f(u) f(v) is (E f)^2. soft_clipping bends within 1/50 at 0 and at 1."""
    f = of(name)
    mean = expectation(f.function, 0.0, math.sqrt(q)).value
    assert correlated(f.function, f.breakpoints, q, 0.0) == pytest.approx(mean * mean, abs=1e-11)


@pytest.mark.parametrize("c", [-0.5, 0.0, 0.01, 0.9])
@pytest.mark.parametrize("name", ["relu", "gelu", "soft_clipping", "sine"])
def test_much_work_is_interpolated_to_the_same_digits(name, c, monkeypatch):
    f = of(name)
    each = correlated(f.function, f.breakpoints, 1.0, c)
    monkeypatch.setattr(correlation, "MUCH", 0)
    assert correlated(f.function, f.breakpoints, 1.0, c) == pytest.approx(each, abs=1e-12)


def test_a_function_that_bends_without_end_is_integrated_in_bounded_work():
    """98 sharp bends and 7,656 outer points; usual: 0.1 s of processor, 0.7 s without."""
    f = field(user_spec("wild", "x*sin(exp(x))", {}))
    correlated(f.function, f.breakpoints, 1.0, 0.5)  # where it bends is found once
    begin = time.process_time()
    assert correlated(f.function, f.breakpoints, 1.0, 0.5) == pytest.approx(
        0.015690319493316, abs=1e-12
    )
    assert time.process_time() - begin < 0.4


def test_the_edge_without_bias():
    limit = edge_of_chaos(of("tanh"), 0.0)
    assert limit.sigma_w.value == pytest.approx(1.0, abs=1e-12)
    assert (limit.length, limit.sigma_b.value) == (0.0, 0.0)
    assert edge_of_chaos(of("gelu"), 0.0).sigma_w.value == pytest.approx(2.0, abs=1e-7)
    relu = edge_of_chaos(of("relu"), 0.0)
    assert (relu.length, relu.sigma_w.value) == (1.0, pytest.approx(math.sqrt(2)))
    assert edge_of_chaos(of("relu"), 0.3) is None
    assert edge_at(of("squared_relu"), 10.0) is not None


def test_prediction_by_depth():
    found = predict(of("relu"), 20, math.sqrt(2), 0.0, length=3.0, correlation=0.2)
    assert found.length == pytest.approx([3.0] * 21)
    assert found.gradient == pytest.approx([1.0] * 21)
    c = 0.2
    for seen in found.correlation:
        assert seen == pytest.approx(c, abs=1e-12)
        c = 2 * arccos_kernel(c)
    halved = predict(of("relu"), 3, 1.0, 0.0)
    assert halved.length == pytest.approx((1, 1 / 2, 1 / 4, 1 / 8))
    assert halved.gradient == pytest.approx((1 / 8, 1 / 4, 1 / 2, 1))


def test_what_shrinks_to_nothing_and_what_explodes():
    gone = predict(of("silu"), 200, 0.5, 0.0)
    assert gone.length[-1] == pytest.approx(0.0, abs=1e-100)
    assert all(math.isfinite(v) for v in gone.length)
    exploded = predict(of("squared_relu"), 12, 2.0, 0.0)
    assert (exploded.length[-1], math.isnan(exploded.correlation[-1])) == (math.inf, True)


def test_standard_deviations_that_are_none():
    with pytest.raises(OgiveError, match="sigma_w is a number > 0"):
        phase(of("tanh"), 0.0, 0.1)
    with pytest.raises(OgiveError, match="sigma_b one >= 0"):
        predict(of("tanh"), 3, 1.0, -0.1)


def test_the_field_has_the_derivative():
    x = np.array([-0.3, 0.2, 4.0])
    f = of("mish")
    from ogive.certify.signal.quadrature import evaluator

    slope = evaluator(diff(mean_formula(entries()["mish"]), symbol("x")))
    assert np.array_equal(f.derivative(x), slope(x))


SMOOTH = [
    (lambda x: x, 0.0),
    (lambda x: x**2, 1.0),
    (lambda x: np.abs(x), math.sqrt(2 / math.pi)),
    (lambda x: np.maximum(x - 0.3, 0), None),
    (np.sin, 0.0),
    (lambda x: np.exp(x), math.exp(0.5)),
    (lambda x: (x > 0.1234).astype(float), math.erfc(0.1234 / math.sqrt(2)) / 2),
    (lambda x: 1 / np.sqrt(np.abs(x)), 2**-0.25 * math.gamma(0.25) / math.sqrt(math.pi)),
]


@pytest.mark.parametrize(("function", "known"), SMOOTH)
def test_functions_of_which_only_values_are_known(function, known):
    found = expectation(function)
    assert found.method == "quadrature"
    assert known is None or abs(found.value - known) <= found.error + 1e-14


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1 / x,
        lambda x: 1 / (x - 0.3),
        lambda x: x**-2,
        lambda x: np.sin(1e6 * x),
        lambda x: np.sin(1e9 * x) ** 2,
        lambda x: np.exp(x * x),
        lambda x: np.exp(x * x / 2),
        lambda x: np.exp(np.exp(x)),
        np.sqrt,
        lambda x: np.full_like(x, np.nan),
        lambda x: np.where(np.abs(x) > 20, np.nan, x),
    ],
)
def test_what_has_no_expectation_is_not_claimed(function):
    with np.errstate(all="ignore"):
        assert expectation(function).method == "not proved"


def test_a_user_function_has_a_theory():
    leaky = field(user_spec("leaky_half", "max(x, a*x)", {"a": 0.5}))
    assert layer(leaky, 2.0).second == pytest.approx(2 * 0.625, rel=1e-13)


def test_the_error_of_a_quadrature_holds_wherever_the_function_jumps():
    """Also in the middle of a panel, where two symmetric rules agree on half of the jump."""
    for at in np.random.default_rng(0).normal(size=60):
        found = expectation(lambda x, at=at: (x > at) * 1.0)
        assert abs(found.value - math.erfc(at / math.sqrt(2)) / 2) <= found.error


def settled(formula):
    spec = entries().get(formula) or user_spec("f", formula, {})
    return certificate(spec).signal.settled


# C(c) = c below 1: the arc-sine of a step and of a sign, Hermite series of the others
@pytest.mark.parametrize(
    ("formula", "correlation"),
    [
        ("step", 0.789832629),
        ("signum", 0.0),
        ("hardshrink", 0.0),
        ("shrink", 0.0),
        ("thresholded_relu", 0.284601096),
        ("where(x > 1, x + 1, x)", 0.274001099),
        ("square", 0.5),
        ("relu", 1.0),
        ("identity", None),  # every correlation is kept
        ("slaf", None),
        ("exp(-(x*1e8)**2)", None),  # too narrow for quadrature
        ("1/(1 + (1e9*x)**2)", None),
    ],
)
def test_where_correlations_settle(formula, correlation):
    found = settled(formula).correlation
    if correlation is None:
        assert found == NOT_PROVED
    else:
        assert abs(found.value - correlation) <= found.error + 1e-9


@pytest.mark.parametrize(
    ("name", "stable"),
    [("gelu", False), ("silu", False), ("mish", False), ("square", False), ("hardshrink", False),
     ("tanh", True), ("sigmoid", True), ("step", True), ("relu", None), ("absolute", None)],
)  # fmt: skip
def test_an_unstable_length_is_said_to_be(name, stable):
    found = settled(name)
    assert (found.length.value, found.stable) == (1.0, stable)
    assert found.length_slope.low <= 1 <= found.length_slope.high or stable is not None


def test_the_length_map_of_a_jump_has_a_slope_without_derivatives():
    f, q, h = of("hardshrink"), 1.0, 1e-4
    secant = (layer(f, q + h).second - layer(f, q - h).second) / (2 * h)
    assert layer(f, q).chi_q == pytest.approx(secant, rel=1e-6)


def test_no_integral_is_begun_when_the_time_is_over():
    looked = []

    def function(x):
        looked.append(x.size)
        return np.tanh(x)

    with limited(-1.0):
        assert expectation(function) == NOT_PROVED
        assert math.isnan(correlated(function, (), 1.0, 0.5))
    assert sum(looked) < 1000


def test_proofs_end_with_their_time():
    """E f'^2 is infinite, and the map has an infinite slope at 1."""
    started, spec = time.process_time(), user_spec("f", "sqrt(abs(x))", {})
    with limited(1.0):
        found = signal(spec)
    assert time.process_time() - started < 10.0
    assert found.moments.chi_1 == NOT_PROVED
