"""The proved smoothness of known functions: breakpoints, class, suprema of |f'| and |f''|."""

import math

import pytest
from seen import steps

from ogive.catalogue import entries, user_spec
from ogive.certify import breakpoints
from ogive.certify.proof.smoothness import ORDERS, smoothness
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.quantity import NOT_PROVED
from ogive.certify.univariate import defaults, function_of_one_number
from ogive.expr import bind

INF = math.inf
POINTWISE = [n for n, s in entries().items() if s.kind != "rowwise"]


def of(formula: str):
    return smoothness(under_proof(user_spec("bump", formula, {})))


# Golden: column "sup |f'|" of the table of reference numbers, to the printed digits.
SUPREMA = [
    ("relu", 1, None, 9),
    ("leaky_relu", 1, None, 9),
    ("elu", 1, None, 9),
    ("selu", 1.75810, None, 5),
    ("gelu", 1.12890, 1.414, 5),
    ("silu", 1.09984, 2.399, 5),
    ("mish", 1.08850, 1.491, 5),
    ("hardswish", 1.5, 3.0, 9),
    ("tanh", 1, 0.0, 9),
    ("sigmoid", 0.25, 0.0, 9),
    ("softplus", 1, INF, 9),
    ("softsign", 1, 0.0, 9),
    ("squared_relu", INF, INF, 9),
]


@pytest.mark.parametrize(("name", "value", "place", "digits"), SUPREMA)
def test_golden_suprema(name, value, place, digits):
    found = smoothness(under_proof(entries()[name])).slope
    assert round(found.value.value, digits) == value
    if place is not None:
        (where,) = found.places
        assert where.low == where.high
        assert round(where.low.value, 3) == place


def test_the_supremum_of_the_slope_of_mish_is_proved_to_nine_digits():
    found = smoothness(under_proof(entries()["mish"])).slope.value
    assert 1.088498161 <= found.low <= found.high <= 1.088498163
    assert (found.method, found.error < 1e-15) == ("ball", True)


def test_the_suprema_of_gelu_have_closed_forms():
    """|gelu'| at sqrt(2) is ndtr(sqrt(2)) + sqrt(2) phi(sqrt(2)), |gelu''| at 0 is 2 phi(0)."""
    found = smoothness(under_proof(entries()["gelu"]))
    root, density = math.sqrt(2), math.exp(-1) / math.sqrt(2 * math.pi)
    slope = math.erfc(-1) / 2 + root * density
    assert found.slope.value.value == pytest.approx(slope, rel=1e-15)
    assert found.slope.places[0].low.value == pytest.approx(root, rel=1e-15)
    assert found.bend.value.value == pytest.approx(math.sqrt(2 / math.pi), rel=1e-15)


# formula, class, is it exactly that, (place, order, below, above) of each breakpoint
CLASSES = [
    ("tanh(x)", INF, True, []),
    ("max(x, 0)", 0, True, [(0, 1, 0, 1)]),
    ("max(x, 0)**2", 1, True, [(0, 2, 0, 2)]),
    ("max(x, 0)**3", 2, True, [(0, 3, 0, 6)]),
    ("max(x, 0)**5", ORDERS, False, []),  # a step in a derivative that is not looked at
    ("where(x > 0, 1, 0)", -1, True, [(0, 0, 0, 1)]),
    ("softsign(x)", 1, True, [(0, 2, 2, -2)]),
    ("where(x > 0, x, expm1(x))", 1, True, [(0, 2, 1, 0)]),
    ("where(x > 1, x, 2*x - 1) + sign(x - 3)", -1, True, [(1, 1, 2, 1), (3, 0, 2, 4)]),
    ("abs(x) * abs(x)", ORDERS, False, []),  # x**2 in two pieces
    ("max(x, x**3 - 1e-3)", 0, True, None),
    ("where(x > 0.1 * 3, 1, 2)", -1, True, [(0.30000000000000004, 0, 2, 1)]),
    ("1/x", -1, True, [(0, 0, -INF, INF)]),
    ("1/x**2", -1, True, [(0, 0, INF, INF)]),
    ("x/x", -1, True, [(0, 0, 1, 1)]),
    ("where(x < 0, 0, where(x > 0, 0, 1))", -1, True, [(0, 0, 0, 0)]),
    ("sqrt(abs(x))", 0, True, [(0, 1, -INF, INF)]),
    ("sign(x) * sqrt(abs(x))", 0, True, [(0, 1, INF, INF)]),
    ("sqrt(max(x, 0))", 0, True, [(0, 1, 0, INF)]),
    ("log(x)", INF, True, []),
    ("1/(1 + exp(-x))", INF, True, []),
]


@pytest.mark.parametrize(("formula", "order", "exact", "known"), CLASSES)
def test_classes_and_joints(formula, order, exact, known):
    found = of(formula)
    assert (found.order, found.exact) == (order, exact)
    if known is not None:
        rows = [(j.place.value, j.order, j.below.value, j.above.value) for j in found.breakpoints]
        assert [n for row in rows for n in row] == pytest.approx([n for row in known for n in row])


@pytest.mark.parametrize(
    ("formula", "order", "lipschitz"),
    [
        ("sqrt(x)", 0, INF),
        ("x**1.5", 1, INF),
        ("sqrt(1 - x*x)", 0, INF),
        ("log(x)", INF, INF),
        ("exp(-1/x**2)", -1, 0.819832557767),  # a hole that could be filled
        ("where(x > 0, 1, where(x < 0, 1, 0))", -1, INF),
        ("where(x > 0, sin(x), where(x < 0, log(x), 5))", -1, INF),
        ("where(x > 0, sin(x), where(x < 0, log(x), 0))", INF, 1),
    ],
)
def test_the_end_of_a_domain_and_holes_count(formula, order, lipschitz):
    found = of(formula)
    assert (found.order, found.lipschitz.value) == (order, pytest.approx(lipschitz))


def test_a_jump_makes_the_lipschitz_constant_infinite():
    found = of("where(x > 0, x + 1, x)")
    assert (found.slope.value.value, found.lipschitz.value) == (1, INF)
    assert [p.value for p in found.jumps] == [0]
    assert found.kinks == ()


def test_one_sided_slopes_count():
    found = smoothness(under_proof(entries()["hardswish"]))
    assert [(j.place.value, j.order, j.below.value, j.above.value) for j in found.breakpoints] == [
        (-3, 1, 0, -0.5),
        (3, 1, 1.5, 1),
    ]
    assert found.slope.value.value == 1.5


def test_the_slope_of_a_periodic_function_is_bounded_over_a_period():
    found = of("x + sin(x)**2").slope
    assert found.value.value == pytest.approx(2, rel=1e-11)
    assert found.places == ()


#: Formula, its class, the places of its breakpoints (None: infinitely many), and the suprema of the
#: sizes of f' and f''.
AT_ANY_NUMBER = [
    ("sin(x)/cos(x)", -1, None, (math.inf, math.inf)),
    ("abs(sin(x))", 0, None, (1, 1)),
    ("1/(x*x - 2)", -1, [-math.sqrt(2), math.sqrt(2)], (math.inf, math.inf)),
    ("sqrt(x*x - 2)", 0, [-math.sqrt(2), math.sqrt(2)], (math.inf, math.inf)),
    ("where(x*x > 2, 1, x)", -1, [-math.sqrt(2), math.sqrt(2)], (1, 0)),
]


@pytest.mark.parametrize(("formula", "order", "places", "suprema"), AT_ANY_NUMBER)
def test_poles_and_jumps_at_any_number(formula, order, places, suprema):
    found = of(formula)
    known = None if found.breakpoints is None else [b.place.value for b in found.breakpoints]
    assert found.order == order
    assert known == (places if places is None else pytest.approx(places, rel=1e-15))
    sizes = (found.slope.value.value, found.bend.value.value)
    assert sizes == pytest.approx(suprema, rel=1e-14)


@pytest.mark.parametrize(
    "formula",
    ["where(abs(x) > 0, sin(1/x), 0)", "where(sin(x*x) > 0.5, sin(x*x), x)"],
)
def test_what_cannot_be_proved_is_not_guessed(formula):
    found = of(formula)
    assert (found.order, found.exact, found.breakpoints, found.jumps) == (None,) * 4
    assert found.slope.value == found.bend.value == found.lipschitz == NOT_PROVED


@pytest.mark.parametrize("name", POINTWISE)
def test_the_joints_of_an_entry_are_those_that_were_looked_for(name):
    """The proved list is part of the one that ``pieces`` looks for, and holds all that step."""
    spec = function_of_one_number(entries()[name])
    found = smoothness(under_proof(spec))
    looked_for = breakpoints(bind(spec.expression, defaults(spec)))
    near = pytest.approx
    assert all(
        any(j.place.value == near(at, rel=1e-12) for at in looked_for) for j in found.breakpoints
    )
    jumps = steps(spec, 0)
    kinks = [at for at in steps(spec, 1) if at not in jumps]
    assert [p.value for p in found.kinks] == near(kinks, rel=1e-12)
    assert [p.value for p in found.jumps] == near(jumps, rel=1e-12)


def test_suprema_are_proved_for_most_of_the_catalogue():
    """gcu and its derivatives oscillate ever more widely; coslu'' comes ever nearer to 1."""
    found = {name: smoothness(under_proof(entries()[name])) for name in POINTWISE}
    assert [n for n, s in found.items() if s.slope.value == NOT_PROVED] == ["gcu"]
    assert [n for n, s in found.items() if s.bend.value == NOT_PROVED] == ["gcu", "coslu"]
    assert all(s.breakpoints is not None for s in found.values())
