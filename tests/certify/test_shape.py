"""The proved shape of known functions, and of those that must not be proved."""

import math

import pytest
from seen import far, symmetric

from ogive.catalogue import entries, user_spec
from ogive.certify.proof.shape import shape
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.quantity import NOT_PROVED
from ogive.certify.report.page import said
from ogive.certify.univariate import function_of_one_number
from ogive.errors import OgiveError

INF = math.inf
POINTWISE = [n for n, s in entries().items() if s.kind != "rowwise"]


def of(formula: str):
    return shape(under_proof(user_spec("bump", formula, {})))


def ends(intervals):
    return None if intervals is None else [(i.low.value, i.high.value) for i in intervals]


# Golden: column "min f at x" of the table of reference numbers, to the printed digits.
MINIMA = [
    ("relu", 0, None, 0),
    ("elu", -1, None, 4),
    ("selu", -1.7581, None, 4),
    ("gelu", -0.16997, -0.752, 5),
    ("silu", -0.27846, -1.278, 5),
    ("mish", -0.30884, -1.192, 5),
    ("hardswish", -0.375, -1.5, 9),
    ("tanh", -1, None, 9),
    ("sigmoid", 0, None, 9),
    ("softplus", 0, None, 9),
    ("softsign", -1, None, 9),
    ("squared_relu", 0, None, 9),
]


@pytest.mark.parametrize(("name", "least", "place", "digits"), MINIMA)
def test_golden_minima(name, least, place, digits):
    found = shape(under_proof(entries()[name]))
    assert round(found.range.low.value, digits) == least
    if place is not None:
        (turn,) = found.turning_points
        assert (turn.kind, round(turn.place.value, 3)) == ("minimum", place)
        assert found.range.closed_low is True


def test_leaky_relu_is_unbounded_below():
    assert shape(under_proof(entries()["leaky_relu"])).range.low.value == -INF


# formula, low, high, closed ends
RANGES = [
    ("tanh(x)", -1, 1, (False, False)),
    ("exp(-x*x)", 0, 1, (False, True)),
    ("min(max(x, 0), 6)", 0, 6, (True, True)),
    ("x", -INF, INF, (False, False)),
    ("where(x > 0, 1, 0)", 0, 1, (True, True)),
    ("where(x > 0, tanh(x) - 3, 2)", -3, 2, (False, True)),  # -3 is approached from the right
    ("where(x >= 0, tanh(x) - 3, 2)", -3, 2, (True, True)),
    ("where(x >= 0, where(x <= 0, 5, 1), 0)", 0, 5, (True, True)),  # 5 at one point only
    ("log1p(x*x)", 0, INF, (True, False)),
    ("3", 3, 3, (True, True)),
    ("sin(x)/cos(x)", -INF, INF, (False, False)),
    ("abs(sin(50*x))", 0, 1, (True, True)),
    ("log(sin(x))", -INF, 0, (False, True)),
    ("where(sin(x) > 0.5, 2, 0)", 0, 2, (True, True)),
    ("x/abs(x)", -1, 1, (True, True)),
    ("abs(x)/x", -1, 1, (True, True)),
    ("sign(x**2 - 2)", -1, 1, (True, True)),
    ("tanh(x)/x", 0, 1, (False, False)),
    ("expm1(x)/x", 0, INF, (False, False)),
    ("exp(x)/(1 + exp(x))", 0, 1, (False, False)),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", -1, 1, (False, False)),
    ("1/(x**2 - 2)**2", 0, INF, (False, False)),
    ("sqrt(2 - x**2)", 0, math.sqrt(2), (True, True)),
    ("where(x**2 > 2, 1, x)", -math.sqrt(2), math.sqrt(2), (True, True)),
    ("where(x**2 >= 2, 1, x)", -math.sqrt(2), math.sqrt(2), (False, False)),
    ("x**(1/3)", 0, INF, (True, False)),
    ("log1p(x)", -INF, INF, (False, False)),
]


@pytest.mark.parametrize(("formula", "low", "high", "closed"), RANGES)
def test_range(formula, low, high, closed):
    found = of(formula).range
    assert (found.low.value, found.high.value) == pytest.approx((low, high), rel=1e-15)
    assert (found.closed_low, found.closed_high) == closed


R = math.sqrt(2)
#: Formula, the ends of the intervals of its domain with what belongs to it.
DOMAINS = [
    ("1/(x**2 - 2)", [(-INF, -R, 0, 0), (-R, R, 0, 0), (R, INF, 0, 0)]),
    ("1/(3*x - 1)", [(-INF, 1 / 3, 0, 0), (1 / 3, INF, 0, 0)]),
    ("sqrt(x**2 - 2)", [(-INF, -R, 0, 1), (R, INF, 1, 0)]),
    ("log(2 - x**2)", [(-R, R, 0, 0)]),
    ("1/(exp(x) - 2)", [(-INF, math.log(2), 0, 0), (math.log(2), INF, 0, 0)]),
    ("1/log(x)", [(0, 1, 0, 0), (1, INF, 0, 0)]),
    ("x/x", [(-INF, 0, 0, 0), (0, INF, 0, 0)]),
    ("(x**2 - 2)**(-1/3)", [(-INF, -R, 0, 0), (R, INF, 0, 0)]),
    ("sqrt(x**2 - 2) + sqrt(2 - x**2)", None),  # at two points alone
    ("log(1)**(-0.5)", None),  # nowhere
    ("sin(x)/cos(x)", None),  # infinitely many intervals
]


@pytest.mark.parametrize(("formula", "domain"), DOMAINS)
def test_domain(formula, domain):
    found = of(formula).domain
    if domain is None:
        assert found is None
        return
    assert [(i.closed_low, i.closed_high) for i in found] == [tuple(d[2:]) for d in domain]
    ends = [end for i in found for end in (i.low.value, i.high.value)]
    assert ends == pytest.approx([end for d in domain for end in d[:2]], rel=1e-15)


@pytest.mark.parametrize(
    ("formula", "direction", "invertible"),
    [
        ("x + 0.5*sin(x)", "increasing", True),
        ("x + 2*sin(x)", "neither", False),
        ("1/(3*x - 1)", "neither", True),  # it jumps up at the pole
        ("sign(sin(x))", "neither", False),
        ("x/abs(x)", "increasing", False),
        ("exp(x)/(exp(x) - 1)", "neither", True),
        ("where(exp(x) > 2, x, -x)", "neither", False),
    ],
)
def test_direction_of_functions_with_poles_and_oscillations(formula, direction, invertible):
    found = of(formula)
    assert (found.direction, found.invertible) == (direction, invertible)


def test_what_is_not_defined_on_a_cone_is_not_homogeneous():
    assert of("asinh(log1p(x) * (x - x))").homogeneous is not True


# formula, limit and growth on the left, on the right
LIMITS = [
    ("sigmoid(x)", (0, "bounded", 0), (1, "bounded", 1)),
    ("x * sigmoid(x)", (0, "bounded", 0), (INF, "linear", 1)),
    ("max(x, 0.01 * x)", (-INF, "linear", -0.01), (INF, "linear", 1)),
    ("3 * max(x, 0)**2", (0, "bounded", 0), (INF, "quadratic", 3)),
    ("x**3", (-INF, "cubic", -1), (INF, "cubic", 1)),
    ("x**4 - x", (INF, "power 4", 1), (INF, "power 4", 1)),
    ("asinh(x)", (-INF, "logarithmic", -1), (INF, "logarithmic", 1)),
    ("exp(x)", (0, "bounded", 0), (INF, "exponential", 1)),
    ("atan(x)", (-math.pi / 2, "bounded", -math.pi / 2), (math.pi / 2, "bounded", math.pi / 2)),
]


@pytest.mark.parametrize(("formula", "left", "right"), LIMITS)
def test_limits_and_growth(formula, left, right):
    found = of(formula)
    for side, (value, growth, factor) in ((found.left, left), (found.right, right)):
        assert side.growth == growth
        assert (side.value.value, side.factor.value) == pytest.approx((value, factor), rel=1e-15)


@pytest.mark.parametrize(
    ("formula", "zeros"),
    [
        ("x * sigmoid(x)", [(0, 0)]),
        ("sigmoid(x)", []),
        ("max(x, 0)", [(-INF, 0)]),
        ("where(abs(x) <= 0.5, 0, x)", [(-0.5, 0.5)]),
        ("where(x >= 0, 1, 0)", [(-INF, 0)]),
        ("x**2 - 1", [(-1, -1), (1, 1)]),
        ("where(x > 2, x - 3, 1)", [(3, 3)]),
        ("where(x > 2, x - 1, -1)", []),  # it jumps over 0
        ("0 * x", [(-INF, INF)]),
        ("sin(x)", None),  # infinitely many
    ],
)
def test_zeros(formula, zeros):
    assert ends(of(formula).zeros) == zeros


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("relu", [(0, INF)]),
        ("silu", [(0, 0)]),
        ("sigmoid", [(0.6590460684074, 0.6590460684074)]),
        ("selu", [(-1.258817164, -1.258817164), (0, 0)]),
        ("softplus", []),
        ("e_swish", [(0, 0), (math.log(2), math.log(2))]),  # sigmoid(x) = 2/3
    ],
)
def test_fixed_points(name, points):
    found = ends(shape(under_proof(entries()[name])).fixed_points)
    assert [e for p in found for e in p] == pytest.approx([e for p in points for e in p], rel=1e-7)


def test_stretches_and_turning_points_of_mish():
    found = shape(under_proof(entries()["mish"]))
    assert [s.kind for s in found.monotone] == ["decreasing", "increasing"]
    assert [s.kind for s in found.convexity] == ["concave", "convex", "concave"]
    assert found.convexity[1].interval.high.value == pytest.approx(1.4905711795, rel=1e-9)
    (turn,) = found.turning_points
    assert turn.place.value == pytest.approx(-1.19243121451, rel=1e-11)
    assert (turn.place.error, turn.place.method) <= (1e-15, "ball")


@pytest.mark.parametrize(
    ("formula", "kinds", "curvature"),
    [
        ("max(x, 0)", ["constant", "increasing"], "convex"),
        ("min(x, 0)", ["increasing", "constant"], "concave"),
        ("2 * x + 1", ["increasing"], "linear"),
        ("x**3", ["increasing"], "neither"),
        ("where(x > 0, x + 1, x)", ["increasing"], "neither"),  # it jumps upwards
        ("where(x > 0, x - 1, x)", ["increasing", "increasing"], "neither"),  # downwards
        ("max(x, 0) - 0.5 * max(x - 1, 0)", ["constant", "increasing"], "neither"),
        ("exp(x)", ["increasing"], "convex"),
        ("abs(x)", ["decreasing", "increasing"], "convex"),
    ],
)
def test_monotone_stretches_and_curvature(formula, kinds, curvature):
    found = of(formula)
    assert [s.kind for s in found.monotone] == kinds
    assert found.curvature == curvature


@pytest.mark.parametrize(
    ("formula", "symmetry", "homogeneous"),
    [
        ("tanh(x)", "odd", False),
        ("x * erf(x)", "even", False),
        ("abs(x)", "even", True),
        ("where(x > 0, x, 0.1 * x)", "none", True),
        ("max(min(x, 1), -1)", "odd", False),
        ("where(abs(x) <= 1, x, 2 * x - 1)", "none", False),
        ("x * x - x * x", "even", True),
        ("x**2 + 1e-12 * x", "none", False),  # nearly even
        ("min(x, 7)", "none", False),
        ("where(x > 0.001, x, 0)", "none", False),
        ("max(x, where(x > 1, x, x))", "odd", True),
        ("sigmoid(x) + sigmoid(-x)", "even", False),
    ],
)
def test_symmetry_and_homogeneity(formula, symmetry, homogeneous):
    found = of(formula)
    assert (found.symmetry, found.homogeneous) == (symmetry, homogeneous)


def test_branches_have_images():
    found = shape(under_proof(entries()["silu"]))
    assert found.invertible is False
    falling, rising = found.branches
    assert ends([falling.image]) == [(rising.image.low.value, 0)]
    assert (falling.image.closed_low, falling.image.closed_high) == (True, False)
    assert shape(under_proof(entries()["softplus"])).invertible is True


def test_values_at_zero():
    found = shape(under_proof(entries()["softplus"]))
    assert found.at_zero.value == math.log(2)
    assert found.at_zero.error < 1e-16
    assert (found.slope_at_zero.value, found.slope_at_zero.error) == (0.5, 0.0)


def test_a_function_on_half_the_line():
    found = shape(under_proof(entries()["log1mexp"]))
    assert ends(found.domain) == [(0, INF)]
    assert ends([found.range]) == [(-INF, 0)]
    assert (found.left.growth, found.invertible) == ("logarithmic", True)
    assert found.at_zero == NOT_PROVED


@pytest.mark.parametrize(
    "formula",
    [
        "x + sin(1/x)",
        "x*sin(x)",
        "sin(x) + sin(sqrt(2)*x)",
    ],
)
def test_what_cannot_be_proved_is_not_guessed(formula):
    found = of(formula)
    assert found.range.low == found.range.high == NOT_PROVED
    assert (found.zeros, found.monotone, found.convexity, found.branches) == (None,) * 4
    assert (found.bounded, found.curvature) == (None, "not proved")


# formula, its domain
DOMAINS = [
    ("log(x)", "(0, inf)"),
    ("sqrt(x)", "[0, inf)"),
    ("x**1.5", "[0, inf)"),
    ("x**-1.5", "(0, inf)"),
    ("x**3", "(-inf, inf)"),
    ("1/x", "(-inf, 0), (0, inf)"),
    ("1/(x - 1)", "(-inf, 1), (1, inf)"),
    ("x/x", "(-inf, 0), (0, inf)"),
    ("sqrt(1 - x*x)", "[-1, 1]"),
    ("log(1 - x*x)", "(-1, 1)"),
    ("sqrt(x*x - 1)", "(-inf, -1], [1, inf)"),
    ("log(log(x))", "(1, inf)"),
    ("log1p(x)", "(-1, inf)"),
    ("max(log(x), 0)", "(0, inf)"),
    ("1/max(x, 0)", "(0, inf)"),
    ("where(x > 0, log(x), 0)", "(-inf, inf)"),
    ("where(log(x) > 3, 1, 0)", "(-inf, inf)"),
    ("where(x > 1, 1/(x - 1), x)", "(-inf, inf)"),
    ("abs(sin(x))", "(-inf, inf)"),
    ("sqrt(max(x, 0))", "(-inf, inf)"),
    ("sqrt(-x*x)", "not proved"),  # 0 alone
    ("sign(x/x)", "not proved"),
    ("where(x > -1, x - x, 1) * log(x)", "(0, inf)"),  # 0 times what is not defined
    ("sin(x)/cos(x)", "not proved"),
    ("sqrt(-1 - x*x)", "not proved"),
]


@pytest.mark.parametrize(("formula", "domain"), DOMAINS)
def test_domains(formula, domain):
    found = of(formula).domain
    assert ("not proved" if found is None else said(found)) == domain


# formula, range, intervals of rise and fall, as a whole, whether it takes no value twice
BRANCHES = [
    ("log(x)", "(-inf, inf)", ["increasing (0, inf)"], "increasing", True),
    ("sqrt(x)", "[0, inf)", ["increasing [0, inf)"], "increasing", True),
    ("1/x", "(-inf, inf)", ["decreasing (-inf, 0)", "decreasing (0, inf)"], "neither", True),
    ("1/x**2", "(0, inf)", ["increasing (-inf, 0)", "decreasing (0, inf)"], "neither", False),
    ("1/(1 + exp(-x))", "(0, 1)", ["increasing (-inf, inf)"], "increasing", True),
    ("where(x > 0, x - 1, x)", "(-inf, inf)", ["increasing (-inf, 0]", "increasing (0, inf)"],
     "neither", False),
    ("where(x > 1, x + 1, x)", "(-inf, inf)", ["increasing (-inf, inf)"], "increasing", True),
    ("where(x > 0, 1, 0)", "[0, 1]", ["constant (-inf, 0]", "constant (0, inf)"],
     "increasing", False),
    ("where(x < 0, 0, where(x > 0, 0, 1))", "[0, 1]", ["constant (-inf, 0)", "constant (0, inf)"],
     "neither", False),
    ("where(x < 0, x, where(x > 0, x + 2, 1))", "(-inf, inf)", ["increasing (-inf, inf)"],
     "increasing", True),
    ("where(x < 0, x, where(x > 0, x + 2, 3))", "(-inf, inf)",
     ["increasing (-inf, 0)", "increasing (0, inf)"], "neither", None),
    ("where(x > 0, exp(x), where(x < 0, log(x), 5))", "(1, inf)", ["increasing (0, inf)"],
     "neither", None),
    ("exp(-1/x)", "(0, inf)", ["increasing (-inf, 0)", "increasing (0, inf)"], "neither", True),
    ("max(log(x), 0)", "[0, inf)", ["constant (0, 1]", "increasing [1, inf)"], "increasing", False),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "values", "intervals", "direction", "invertible"), BRANCHES)
def test_jumps_and_poles_count(formula, values, intervals, direction, invertible):
    found = of(formula)
    assert said(found.range) == values
    assert [f"{i.kind} {said(i.interval)}" for i in found.monotone] == intervals
    assert (found.direction, found.invertible) == (direction, invertible)


@pytest.mark.parametrize(
    ("formula", "symmetry", "homogeneous", "zeros"),
    [
        ("1/x", "odd", False, "none"),
        ("log(x)", "none", False, "1"),
        ("sqrt(x)", "none", False, "0"),
        ("where(x < 0, 0, where(x > 0, 0, 1))", "even", False, "(-inf, 0), (0, inf)"),
        ("where(x < 0, -1, where(x > 0, 1, 5))", "none", False, "none"),
        ("where(x >= 1, 1, where(x < -1, 1, 0))", "none", False, "[-1, 1)"),
        ("sqrt(1 - x*x)", "even", False, "-1, 1"),
    ],
)
def test_the_value_at_a_breakpoint_counts(formula, symmetry, homogeneous, zeros):
    found = of(formula)
    assert (found.symmetry, found.homogeneous) == (symmetry, homogeneous)
    assert said(found.zeros) == zeros


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        ("log(x)", "logarithmic", "logarithmic"),
        ("x**1.5", "bounded", "power 3/2"),
        ("abs(x)**1.5", "power 3/2", "power 3/2"),
        ("x*log(abs(x))", "linear times a logarithm", "linear times a logarithm"),
        ("sqrt(x)", "bounded", "power 1/2"),
        ("1/x", "bounded", "bounded"),
    ],
)
def test_growth_is_not_rounded(formula, left, right):
    found = of(formula)
    assert (found.left.growth, found.right.growth) == (left, right)


def test_hidden_kinks_are_found():
    found = of("max(x, x**3 - 1e-3)")
    assert [s.kind for s in found.convexity] == ["linear", "concave", "linear", "convex"]


def test_rowwise_entries_have_no_shape():
    with pytest.raises(OgiveError, match="rows"):
        shape(under_proof(entries()["softmax"]))


@pytest.mark.parametrize("name", POINTWISE)
def test_proofs_agree_with_what_was_only_looked_for(name):
    """Where a limit or a symmetry can be read off at points, the proof finds the same."""
    spec = function_of_one_number(entries()[name])
    found = shape(under_proof(spec))
    for side, sign in ((found.left, -1.0), (found.right, 1.0)):
        if side.value != NOT_PROVED and spec.domain[0] < 0:
            assert side.value.value == pytest.approx(far(spec, sign), rel=1e-9, abs=1e-9)
    odd, even = symmetric(spec, -1), symmetric(spec, 1)
    expected = "odd" if odd else "even" if even else "none"
    assert found.symmetry in (expected, "not proved") or (odd and even)


def test_most_of_the_catalogue_is_proved():
    """The rest oscillates without end."""
    found = {name: shape(under_proof(entries()[name])) for name in POINTWISE}
    open_ends = [n for n, s in found.items() if NOT_PROVED in (s.range.low, s.range.high)]
    assert open_ends == ["gcu"]
    unknown = [n for n, s in found.items() if s.monotone is None or s.convexity is None]
    assert all("sin(" in spec_text(n) or "cos(" in spec_text(n) for n in unknown)


def spec_text(name: str) -> str:
    return str(entries()[name].expression)
