"""Properties against what is known of the functions, the mistakes people read about among it."""

import math

import pytest
from seen import value

from ogive.catalogue import entries, user_spec
from ogive.certify.report.certificate import certificate
from ogive.certify.report.properties import PROPERTIES, properties, property_of
from ogive.certify.univariate import function_of_one_number, with_defaults
from ogive.errors import OgiveError

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
    ("elu", "growth_right", "linear"),
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
    ("leaky_relu", "growth_left", "linear"),
    ("leaky_relu", "limit_left", -INF),
    ("leaky_relu", "saturates_left", "no"),
    ("gelu", "zero_at_zero", True),
    ("gelu", "smooth", True),
    ("gelu", "saturates_left", "soft"),
    ("gelu", "piecewise_linear", False),
    ("silu", "limit_left", 0.0),
    ("silu", "limit_right", INF),
    ("silu", "growth_right", "linear"),
    ("mish", "smooth", True),
    ("swish", "learnable", True),
    ("silu", "learnable", False),
    ("softsign", "smooth", False),  # its second derivative jumps at 0
    ("softsign", "limit_right", 1.0),
    ("softplus", "growth_left", "bounded"),
    ("softplus", "limit_right", INF),
    ("logsigmoid", "limit_left", -INF),
    ("square", "growth_left", "quadratic"),
    ("log_log", "saturates_left", "soft"),
    ("step", "jumps", (0.0,)),
    ("step", "kinks", ()),
    ("hardshrink", "jumps", (-0.5, 0.5)),
]


@pytest.mark.parametrize(("name", "which", "known"), KNOWN, ids=lambda v: str(v))
def test_known_facts(name, which, known):
    found = property_of(certificate(entries()[name]), which)
    assert type(found) is type(known)
    assert found == (pytest.approx(known, rel=1e-12) if isinstance(known, float) else known)


def test_what_is_not_proved_says_so():
    found = properties(certificate(user_spec("wave", "sin(x)", {})))
    assert (found["limit_left"], found["limit_right"]) == ("not proved", "not proved")
    assert (found["growth_right"], found["odd"], found["smooth"]) == ("bounded", True, True)


def test_even_function():
    assert property_of(certificate(user_spec("square", "x**2", {})), "even")


def test_every_entry_that_is_no_function_of_rows_has_every_property():
    for spec in entries().values():
        found = properties(certificate(spec))
        assert list(found) == ([] if spec.kind == "rowwise" else list(PROPERTIES))


def test_hard_saturation_means_a_derivative_of_exactly_zero():
    for spec in entries().values():
        for which, far in (("saturates_right", 1e4), ("saturates_left", -1e4)):
            if spec.kind == "elementwise" and property_of(certificate(spec), which) == "hard":
                assert value(spec, far, 1) == 0, spec.name


def test_the_gate_of_a_gated_entry_is_a_function_of_one_number():
    gate = function_of_one_number(entries()["swiglu"])
    assert gate.expression is entries()["silu"].expression
    of_unit, of_gate = (properties(certificate(entries()[n])) for n in ("swiglu", "silu"))
    assert of_unit == of_gate


def test_rowwise_entries_say_what_to_do():
    with pytest.raises(OgiveError, match=r"ogive\.get\('softmax'\)"):
        function_of_one_number(entries()["softmax"])


def test_parameters_that_a_name_implies():
    leaky = with_defaults(entries()["leaky_relu"], {"negative_slope": 0.5})
    assert value(leaky, -2.0) == -1.0
    assert with_defaults(entries()["relu"], {}) is entries()["relu"]


def test_unknown_property_suggests():
    with pytest.raises(OgiveError, match="did you mean 'smooth'"):
        property_of(certificate(entries()["relu"]), "smoth")
