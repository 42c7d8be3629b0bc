"""Formulas that nobody chose: whatever is proved of one, no point and no limit contradicts.

Many have poles, jumps, infinite slopes or half a line; what cannot be proved is "not proved".
"""

import math

import pytest
from attack import violations
from drawn import drawn
from exactly import contradictions

from ogive.catalogue import user_spec
from ogive.certify.proof.saturation import saturation
from ogive.certify.proof.shape import shape
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, symbolic

SEEDS = range(120)
LINE = ProvedInterval(symbolic(-math.inf), symbolic(math.inf))


def of(seed: int):
    return under_proof(user_spec("drawn", drawn(seed), {}))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_contradicts_what_is_proved(seed):
    f = of(seed)
    assert contradictions(f.node, shape(f), smoothness(f), seed) == [], f.node
    if seed % 2 == 0 and shape(f).domain == (LINE,):  # beside a pole or a hole floats cancel
        assert violations(f, shape(f), smoothness(f), saturation(f)) == [], f.node


def test_enough_of_them_is_proved_to_mean_something():
    found = [of(s) for s in SEEDS]
    slopes = [f for f in found if smoothness(f).slope.value != NOT_PROVED]
    domains = [shape(f).domain for f in found]
    assert len(slopes) > len(SEEDS) / 2
    assert sum(domain is not None for domain in domains) > 0.85 * len(SEEDS)
    assert sum(domain not in (None, (LINE,)) for domain in domains) > 15


@pytest.mark.parametrize(
    ("formula", "lie"),
    [
        ("1/x", "where(x > 1e-3, 1/x, 1000)"),
        ("log(x)", "log(abs(x))"),
        ("x", "where(x > 1, x - 1e-6, x)"),
        ("sqrt(x)", "sqrt(x) + 1"),
        ("where(x > 0, 1, 0)", "where(x >= 0, 1, 0)"),
        ("x**3", "x**3 + 1e-9"),
    ],
)
def test_a_wrong_certificate_is_caught(formula, lie):
    true, wrong = (under_proof(user_spec("bump", text, {})) for text in (formula, lie))
    assert contradictions(true.node, shape(true), smoothness(true)) == []
    assert contradictions(wrong.node, shape(true), smoothness(true))
