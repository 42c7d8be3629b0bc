"""Expectations under a normal distribution, against the golden table and closed forms."""

import math
import time

import numpy as np
import pytest

from ogive.catalogue import entries, user_spec
from ogive.certify.signal.moments import expectation, mean_formula, moments
from ogive.certify.signal.quadrature import evaluator
from ogive.certify.signal.sparsity import zero_probability
from ogive.errors import OgiveError
from ogive.expr import diff, parse, symbol

# name: E f, E f**2, E f'**2, C(0), chi, Q', with the digits they are printed with
GOLDEN = {
    "relu": (0.39894, 0.50000, 0.50000, 0.3183, 1.0000, 1.0000),
    "leaky_relu": (0.39495, 0.50005, 0.50005, 0.3119, 1.0000, 1.0000),
    "elu": (0.16052, 0.64495, 0.66810, 0.0400, 1.0359, 0.8910),
    "selu": (0.0, 1.0, 1.07157, 0.0, 1.0716, 0.7826),
    "gelu": (0.28209, 0.42522, 0.45585, 0.1871, 1.0720, 1.1441),
    "silu": (0.20662, 0.35578, 0.37948, 0.1200, 1.0666, 1.1726),
    "mish": (0.24040, 0.45234, 0.47908, 0.1278, 1.0591, 1.0763),
    "hardswish": (0.16622, 0.33157, 0.35853, 0.0833, 1.0813, 1.2239),
    "tanh": (0.0, 0.39429, 0.46440, 0.0, 1.1778, 0.4611),
    "sigmoid": (0.5, 0.29338, 0.04484, 0.8521, 0.1528, 0.1063),
    "softplus": (0.80606, 0.92125, 0.29338, 0.7053, 0.3185, 0.4921),
    "softsign": (0.0, 0.18301, 0.22767, 0.0, 1.2440, 0.4767),
    "squared_relu": (0.5, 1.5, 2.0, 0.1667, 1.3333, 2.0000),
}
ONES = [name for name, spec in entries().items() if spec.kind != "rowwise"]
#: Entries without moments: defined on half of the line only.
NONE = {"log1mexp"}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_table_to_its_printed_digits(name):
    found = moments(entries()[name])
    first, second, slope, at_zero, chi, chi_q = GOLDEN[name]
    half = 0.5e-5 * (1 + 1e-9)  # of the last digit printed
    assert found.first.value == pytest.approx(first, abs=half)
    assert found.second.value == pytest.approx(second, abs=half)
    assert found.chi_1.value == pytest.approx(slope, abs=half)
    assert found.first.value**2 / found.second.value == pytest.approx(at_zero, abs=10 * half)
    assert found.chi_1.value / found.second.value == pytest.approx(chi, abs=10 * half)
    assert found.chi_q.value / found.second.value == pytest.approx(chi_q, abs=10 * half)


@pytest.mark.parametrize("std", [1.0, 0.5])
@pytest.mark.parametrize("name", ["gelu", "mish", "tanh", "softplus"])
def test_chi_q_is_the_slope_of_the_length_map(name, std):
    """E z f f' = std (E f'^2 + E f f''), by C. Stein's identity, of a smooth f."""
    f, found = mean_formula(entries()[name]), moments(entries()[name], 0.0, std)
    slope = diff(f, symbol("x"))
    bend = expectation(f * diff(slope, symbol("x")), 0.0, std)
    assert found.chi_q.value == pytest.approx(std * (found.chi_1.value + bend.value), abs=1e-12)


@pytest.mark.parametrize("name", ONES)
def test_every_moment_of_every_entry_is_proved(name):
    found = vars(moments(entries()[name])).values()
    if name in NONE:
        assert {q.method for q in found} == {"not proved"}
    else:
        assert {q.method for q in found} == {"ball"}
        assert max(q.error for q in found) <= 1e-9


@pytest.mark.parametrize(("mean", "std"), [(-1.0, 2.0), (0.5, 0.1), (0.0, 0.01)])
@pytest.mark.parametrize("name", ["gelu", "mish", "golu", "log_log", "sqrt_softplus", "relu6"])
def test_moments_at_other_distributions(name, mean, std):
    found = vars(moments(entries()[name], mean, std)).values()
    assert {q.method for q in found} == {"ball"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("x * ndtr(x)", "x * ndtr(1.000001*x)"),
        ("where(x > 0, x, expm1(x))", "where(x > 0.001, x, expm1(x))"),
        ("x * tanh(softplus(x))", "x * tanh(softplus(x)) + 0.000001"),
        ("max(x, 0)", "max(x, -0.0000001)"),
    ],
)
def test_a_mutated_formula_is_caught(right, wrong):
    """The proved intervals of a moment of a formula and of its mutant do not meet."""
    first, second = (expectation(parse(f, ["x"])) for f in (right, wrong))
    assert first.high < second.low or second.high < first.low


@pytest.mark.parametrize("name", ["gelu", "elu", "hardshrink", "tanh", "softplus", "sinc"])
def test_a_million_samples_agree(name):
    """Five standard errors of a mean over a million draws."""
    f = evaluator(mean_formula(entries()[name]))(
        np.random.default_rng(7).standard_normal(1_000_000)
    )
    found = moments(entries()[name])
    for sample, exact in ((f, found.first), (f * f, found.second), (f == 0, found.sparsity)):
        assert abs(sample.mean() - exact.value) <= 5e-3 * sample.std() + 1e-12


BELL = math.exp(-0.5)
CLOSED = [
    ("max(x, 0)", 0, 1, 1 / math.sqrt(2 * math.pi)),
    ("max(x, 0)**2", 0, 1, 0.5),
    ("max(x, 0)**2.5", 0, 1, 2**0.25 * math.gamma(1.75) / math.sqrt(math.pi)),
    ("sin(x)", 0.7, 1, math.sin(0.7) * BELL),
    ("sin(x)**2", 0, 1, (1 - BELL**4) / 2),
    ("cos(3*x)", 0, 2, math.exp(-18)),
    ("erf(x)**2", 0, 1, 2 / math.pi * math.asin(2 / 3)),
    ("erf(x)", 0.5, 2, math.erf(0.5 / 3)),
    ("ndtr(x)", 1, 2, (1 + math.erf(1 / math.sqrt(10))) / 2),
    ("exp(x)", 0.5, 2, math.exp(2.5)),
    ("exp(-x**2)", 0, 1, 1 / math.sqrt(3)),
    ("x**16", 0, 1, 2027025.0),
    ("abs(x)", 0, 3, 3 * math.sqrt(2 / math.pi)),
    ("where(x > 0.3, 1, 0)", 0, 1, math.erfc(0.3 / math.sqrt(2)) / 2),
    ("1/(1 + x**2)", 0, 1, math.sqrt(math.pi * math.e / 2) * math.erfc(1 / math.sqrt(2))),
    ("sigmoid(x)", 0, 4, 0.5),
    ("x", 100, 0.01, 100.0),
    ("max(x, 0)", 0, 1e-4, 1e-4 / math.sqrt(2 * math.pi)),
]


@pytest.mark.parametrize(("formula", "mean", "std", "known"), CLOSED, ids=lambda v: str(v))
def test_closed_forms(formula, mean, std, known):
    found = expectation(parse(formula, ["x"]), mean, std)
    assert found.method == "ball"
    # what the closed form's own floats may be off by
    slack = 4e-15 * max(1.0, abs(known))
    assert abs(found.value - known) <= found.error + slack
    assert found.error <= 1e-9 * max(1.0, abs(known))


def test_a_kink_that_no_list_knows_is_found():
    """A pulse of width 2e-7, and one in the tail that is worth ten million."""
    pulse = expectation(parse("where(abs(x - 0.3) < 0.0000001, 1000000, 0)", ["x"]))
    density = math.exp(-0.045) / math.sqrt(2 * math.pi)
    assert pulse.value == pytest.approx(0.2 * density, rel=1e-9)
    far = expectation(parse("where(abs(x - 8.3) < 0.0001, exp(60), 0)", ["x"]))
    density = math.exp(-(8.3**2) / 2) / math.sqrt(2 * math.pi)
    assert far.value == pytest.approx(2e-4 * density * math.exp(60), rel=1e-6)


#: What has no expectation, or oscillates without end, or hides where nobody looks.
HOSTILE = (
    "1/x", "1/(x - 0.3)", "1/(x - 100)", "1/x**2", "sin(1/x)", "tanh(1/x)", "sin(1000000*x)",
    "sin(1000000000*x)", "where(sin(1/x) > 0, 1, -1)", "exp(x**2)", "exp(x**2/2)", "exp(exp(x))",
    "sqrt(x)", "log(x)", "x**3.5", "where(x > 1000000, exp(x**3), x)", "erfinv(x)",
)  # fmt: skip


@pytest.mark.parametrize("formula", HOSTILE)
def test_what_cannot_be_proved_is_not_claimed(formula):
    begin = time.perf_counter()
    found = expectation(parse(formula, ["x"]))
    assert (found.method, found.error) == ("not proved", math.inf)
    assert time.perf_counter() - begin < 10  # usual: 0.3 s


def test_a_parameter_changes_the_moments():
    steep = user_spec("steep", "max(x, a*x)", {"a": 0.5})
    assert moments(steep).second.value == pytest.approx(0.5 * 1.25, abs=1e-13)


def test_a_gated_entry_has_those_of_its_gate():
    assert moments(entries()["swiglu"]) == moments(entries()["silu"])


def test_a_distribution_that_is_none():
    with pytest.raises(OgiveError, match="standard deviation > 0"):
        expectation(parse("x", ["x"]), 0.0, 0.0)


@pytest.mark.parametrize(
    ("formula", "known"),
    [
        ("max(x, 0)", 0.5),
        ("x", 0.0),
        ("abs(x)", 0.0),
        ("min(max(x + 3, 0), 6)", math.erfc(3 / math.sqrt(2)) / 2),
        ("where(abs(x) <= 0.5, 0, x)", math.erf(0.5 / math.sqrt(2))),
        ("log1p(max(x, 0))", 0.5),
        ("0*x", 1.0),
        ("x*sign(x) - abs(x) + max(x, 1) - 1", math.erfc(-1 / math.sqrt(2)) / 2),
        ("x + sqrt(x**2)", None),  # no choice is written, and yet it is 0 on the left
        ("x + exp(log(x**2)/2)", None),
        ("x + (x**2)**0.75 * (x**2)**(-0.25)", None),
        ("sqrt(1 + x**2) - 1", 0.0),
        ("atan(x) + atan(1/x) - pi/2", None),  # 0 on the right, beyond the pole
        ("1/x + tanh(x)", 0.0),
        ("max(x, 0)**2.5", 0.5),
        ("max(sin(x), 0)", 0.5),
        ("where(sin(50*x) > 0, x, 0)", 0.5),
    ],
)
def test_the_probability_of_zero(formula, known):
    found = zero_probability(parse(formula, ["x"]))
    if known is None:
        assert found.method == "not proved"
    else:
        assert abs(found.value - known) <= found.error + 1e-15


def test_where_zero_hides_among_endless_pieces_nothing_is_claimed():
    found = zero_probability(parse("where(sin(1/x) > 0, x, 0)", ["x"]))
    assert found.method == "not proved"
