"""No step of a proof is without an end: what it may cost is bounded, whatever the formula."""

import time

import pytest

from ogive.catalogue import user_spec
from ogive.certify.proof.budget import Unproved, limited
from ogive.certify.proof.enclosure import MOST_OPERATIONS, enclosed
from ogive.certify.proof.polynomials import COEFFICIENT_BITS, DEGREE, T, polynomial
from ogive.certify.proof.rational_forms import as_quotient, factors, quotients
from ogive.certify.proof.saturation import saturation
from ogive.certify.proof.shape import shape
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import FunctionUnderProof, if_proved, under_proof
from ogive.expr import parse, walk

X_SQUARED = parse("x**2 + exp(x)", ["x"])
STEPS = {
    "polynomial": lambda: polynomial(X_SQUARED),
    "quotients": lambda: quotients(X_SQUARED + 1.25),
    "factors": lambda: factors(X_SQUARED),
    "as_quotient": lambda: as_quotient(X_SQUARED, frozenset({X_SQUARED})),
    "derivative": lambda: enclosed(X_SQUARED + 2.75).slope,
}


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_algebra_ends_with_the_time(step):
    with limited(-1.0), pytest.raises(Unproved, match="time"):
        STEPS[step]()


def test_no_question_is_begun_when_the_time_is_over():
    asked = []
    with limited(-1.0):
        assert if_proved(lambda: asked.append(1)) is None
    assert not asked


def nested(levels):
    """An expression of a few operations a level that written out doubles with every level."""
    node = parse("t + exp(t)", ["t"])
    for _ in range(levels):
        node = node * (node + 1)
    return node


def test_a_part_that_stands_in_many_places_is_looked_at_once():
    looked, node = [], nested(60)
    polynomial(node, looked.append)
    assert len(looked) <= len(set(walk(node)))


@pytest.mark.parametrize("text", ["((((1e300*t)**16)**16)**16)**16", "((t**16)**16)**16 * t**3"])
def test_polynomials_have_no_numbers_without_bounds(text):
    found = polynomial(parse(text, ["t"]))
    for monomial, factor in found.items():
        assert sum(exponent for _, exponent in monomial) <= DEGREE
        assert factor.numerator.bit_length() <= COEFFICIENT_BITS
    assert frozenset({(T, 1)}) not in found


@pytest.mark.parametrize("text", ["(t + 1e300)**16", "(t + sqrt(1 + t))**16", "(t + 1.1)**16"])
def test_quotients_too_large_are_given_up(text):
    node = parse(text, ["t"])
    for _ in range(6):
        node = node * node + 1 / node
    assert quotients(node) == ()


def test_what_is_too_long_is_not_differentiated():
    node = parse("x", ["x"])
    for i in range(MOST_OPERATIONS // 2):
        node = node * (node + float(i))
    with pytest.raises(Unproved, match="operations"):
        enclosed(node).derivative(1)


#: Formulas of which some step once went on and on.
ENDLESS = [
    "1/(log((x**2 - 3)**2))",
    "sin((exp(x) - 2)*(log(x)))",
    "*".join(f"(x-{i})" for i in range(1, 61)),
]


@pytest.mark.parametrize("text", ENDLESS)
def test_proofs_of_hostile_formulas_end(text):
    of, started = (
        FunctionUnderProof(under_proof(user_spec("f", text, {})).node),
        time.process_time(),
    )
    with limited(0.5):
        shape(of), smoothness(of), saturation(of)
    assert time.process_time() - started < 8.0
