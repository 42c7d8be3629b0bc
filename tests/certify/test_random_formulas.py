"""Formulas that nobody chose: whatever is proved of one, no random point contradicts.

Most have poles, overflow or are undefined somewhere; then "not proved" is the right answer.
"""

import random

import pytest
from attack import violations

from ogive.certify.proof.saturation import saturation
from ogive.certify.proof.shape import shape
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import FunctionUnderProof
from ogive.certify.quantity import NOT_PROVED
from ogive.expr import parse

FUNCTIONS = (
    "exp", "expm1", "sigmoid", "softplus", "tanh", "sech", "erf", "ndtr", "sin", "cos", "atan",
    "asinh", "hypot1", "rhypot", "algebraic", "softsign", "abs", "relu", "dsigmoid", "log1p",
)  # fmt: skip
NUMBERS = ("0.5", "1.0", "2.0", "-1.0", "0.1", "3.0", "-0.25")
SEEDS = range(60)


def formula(draw: random.Random, depth: int = 3) -> str:
    if depth == 0 or draw.random() < 0.12:
        return "x" if draw.random() < 0.75 else draw.choice(NUMBERS)
    kind, a, b = draw.random(), formula(draw, depth - 1), formula(draw, depth - 1)
    if kind < 0.5:
        return f"{draw.choice(FUNCTIONS)}({a})"
    if kind < 0.9:
        return f"({a} {draw.choice('+-**/')} {b})"
    if kind < 0.95:
        return f"{draw.choice(('min', 'max'))}({a}, {b})"
    return f"where({a} > {formula(draw, 1)}, {b}, {formula(draw, depth - 1)})"


def under_proof(seed: int) -> FunctionUnderProof:
    return FunctionUnderProof(parse(formula(random.Random(seed)), ["x"]))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_point_contradicts_what_is_proved(seed):
    of = under_proof(seed)
    assert violations(of, shape(of), smoothness(of), saturation(of)) == [], of.node


def test_enough_of_them_is_proved_to_mean_something():
    proved = [s for s in SEEDS if smoothness(under_proof(s)).slope.value != NOT_PROVED]
    assert len(proved) > len(SEEDS) / 3
