"""Properties against what is known of the functions, the mistakes people read about among it."""

import math

import pytest

from ogive.catalogue import entries, user_spec
from ogive.certify import PROPERTIES, joints, properties, property_of, tail
from ogive.certify.properties import function_of_one_number, value, with_defaults
from ogive.errors import OgiveError
from ogive.expr import bind, parse, symbol

INF = math.inf

# name, property, what is known
KNOWN = [
    # E4: the sigmoid tends to 0 and 1, not to -1
    ("sigmoid", "limit_left", 0.0),
    ("sigmoid", "limit_right", 1.0),
    ("sigmoid", "saturates_left", "soft"),
    ("sigmoid", "saturates_right", "soft"),
    ("sigmoid", "zero_at_zero", False),
    ("sigmoid", "odd", False),
    ("tanh", "limit_left", -1.0),
    ("tanh", "odd", True),
    ("tanh", "even", False),
    ("tanh", "smooth", True),
    # E5: ELU tends to -alpha, not to -inf
    ("elu", "limit_left", -1.0),
    ("elu", "saturates_left", "soft"),
    ("elu", "saturates_right", "no"),
    ("elu", "slope_right", 1.0),
    ("elu", "smooth", False),
    ("elu", "kinks", ()),
    ("selu", "kinks", (0.0,)),
    # E6: ReLU6 keeps what exceeds 6 at 6
    ("relu6", "limit_right", 6.0),
    ("relu6", "saturates_left", "hard"),
    ("relu6", "saturates_right", "hard"),
    ("relu6", "kinks", (0.0, 6.0)),
    ("relu6", "piecewise_linear", True),
    ("relu", "limit_left", 0.0),
    ("relu", "limit_right", INF),
    ("relu", "saturates_left", "hard"),
    ("relu", "saturates_right", "no"),
    ("relu", "kinks", (0.0,)),
    ("relu", "jumps", ()),
    ("relu", "smooth", False),
    ("hardtanh", "limit_left", -1.0),
    ("hardtanh", "limit_right", 1.0),
    ("hardtanh", "saturates_left", "hard"),
    ("hardtanh", "kinks", (-1.0, 1.0)),
    ("hardtanh", "odd", True),
    ("hardsigmoid", "kinks", (-3.0, 3.0)),
    ("leaky_relu", "piecewise_linear", True),
    ("leaky_relu", "slope_left", 0.01),
    ("leaky_relu", "limit_left", -INF),
    ("leaky_relu", "saturates_left", "no"),
    ("rrelu", "slope_left", (1 / 8 + 1 / 3) / 2),
    ("gelu", "zero_at_zero", True),
    ("gelu", "smooth", True),
    ("gelu", "saturates_left", "soft"),
    ("gelu", "piecewise_linear", False),
    ("silu", "limit_left", 0.0),
    ("silu", "limit_right", INF),
    ("silu", "slope_right", 1.0),
    ("mish", "smooth", True),
    ("swish", "learnable", True),
    ("silu", "learnable", False),
    ("softsign", "smooth", False),  # its second derivative jumps at 0
    ("softsign", "limit_right", 1.0),
    ("softplus", "slope_left", 0.0),
    ("softplus", "limit_right", INF),
    ("logsigmoid", "limit_left", -INF),
    ("log_log", "slope_left", 0.0),
    ("log_log", "saturates_left", "soft"),
    ("step", "jumps", (0.0,)),
    ("step", "kinks", ()),
    ("hardshrink", "jumps", (-0.5, 0.5)),
]


@pytest.mark.parametrize(("name", "which", "known"), KNOWN, ids=lambda v: str(v))
def test_known_facts(name, which, known):
    found = property_of(entries()[name], which)
    assert type(found) is type(known)
    assert found == (pytest.approx(known, rel=1e-12) if isinstance(known, float) else known)


def test_sine_has_no_limit():
    wave = user_spec("wave", "sin(x)", {})
    found = properties(wave)
    assert math.isnan(found["limit_left"])
    assert math.isnan(found["slope_right"])
    assert (found["saturates_right"], found["odd"]) == ("no", True)


def test_even_function():
    assert property_of(user_spec("square", "x**2", {}), "even")


def test_every_elementwise_entry_has_every_property():
    ones = [spec for spec in entries().values() if spec.kind in ("elementwise", "stochastic")]
    assert len(ones) > 30
    for spec in ones:
        found = properties(spec)
        assert list(found) == list(PROPERTIES)
        assert {found["saturates_left"], found["saturates_right"]} <= {"no", "soft", "hard"}


def test_hard_saturation_means_a_derivative_of_exactly_zero():
    for spec in entries().values():
        if spec.kind == "elementwise" and property_of(spec, "saturates_right") == "hard":
            assert value(spec, 1e4, 1) == 0, spec.name
        if spec.kind == "elementwise" and property_of(spec, "saturates_left") == "hard":
            assert value(spec, -1e4, 1) == 0, spec.name


def test_a_function_that_is_not_defined_everywhere_has_properties():
    found = properties(user_spec("quotient", "where(x > 0, 1/x, 1/(0*x))", {}))
    assert math.isnan(found["limit_left"])
    assert (found["limit_right"], found["zero_at_zero"]) == (0.0, False)


def test_other_kinds_have_none():
    assert properties(entries()["swiglu"]) == {}


def test_the_gate_of_a_gated_entry_is_a_function_of_one_number():
    gate = function_of_one_number(entries()["swiglu"])
    assert properties(gate) == properties(entries()["silu"])


def test_rowwise_entries_say_what_to_do():
    with pytest.raises(OgiveError, match=r"ogive\.get\('softmax'\)"):
        function_of_one_number(entries()["softmax"])


def test_parameters_that_a_name_implies():
    leaky = with_defaults(entries()["leaky_relu"], {"negative_slope": 0.5})
    assert properties(leaky)["slope_left"] == 0.5
    assert with_defaults(entries()["relu"], {}) is entries()["relu"]


def test_unknown_property_suggests():
    with pytest.raises(OgiveError, match="did you mean 'smooth'"):
        property_of(entries()["relu"], "smoth")


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("max(x, 0)", (0.0,)),
        ("min(max(x, -1), 3)", (-1.0, 3.0)),
        ("where(2*x > 5, x, 0)", (2.5,)),
        ("abs(x**2 - 2)", (-math.sqrt(2), math.sqrt(2))),
        ("min(max(0.2*x + 0.5, 0), 1)", (-2.5, 2.5)),
        ("where(x < inf, x, 0)", ()),
        ("tanh(x)", ()),
        ("where(abs(x*x*x) <= 0, 1, x)", (0.0,)),
    ],
)
def test_joints(formula, found):
    assert joints(parse(formula, ["x"])) == pytest.approx(found, rel=1e-15)


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        ("max(x, 0)", "0", "x"),
        ("abs(x) * sign(x)", "x", "x"),
        ("min(max(x, -1), exp(x))", "-1", "x"),
        ("where(x > a, tanh(x), abs(x))", "-x", "tanh(x)"),
        ("where(sin(x) > 2, x, 1)", "1", "1"),
    ],
)
def test_tails(formula, left, right):
    expression = bind(parse(formula, ["x", "a"]), {"a": 3.0})
    assert str(tail(expression, -1)) == left
    assert str(tail(expression, 1)) == right


def test_a_tail_that_cannot_be_told_stays():
    expression = abs(symbol("x") - symbol("x"))
    assert tail(expression, 1) is expression
