"""Learned shapes: rational functions and sums of hinges with vectors of coefficients."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._series import polynomial
from ogive.catalogue._spec import LearnedReal
from ogive.expr.functions import abs_, relu, where


def _rational(x, a, b):
    """P(x) / (1 + sum |b x^k|), degrees 5 and 4; beyond |x| = 1 in powers of 1/x."""
    # of even powers the magnitude is the coefficient's: abs(x**2) has no second derivative where
    # x**2 underflows
    square = x * x
    even = abs_(b[1]) + abs_(b[2] * x) + abs_(b[3]) * square
    near = polynomial(x, a) / (1 + abs_(b[0] * x) + square * even)
    v = 1 / x
    square = v * v
    even = square + abs_(b[0] * v) + abs_(b[1])
    above = polynomial(v, a[::-1])
    below = square * even + abs_(b[2] * v) + abs_(b[3])
    return where(abs_(x) <= 1, near, x * (above / below))


@activation(
    paper="arXiv:1907.06732",
    aliases="rational_activations:A survey:pau",
    pitfalls=(
        "The default coefficients are a least squares fit of leaky ReLU on [-3, 3], 0.03 off at "
        "most.",
        "Beyond the fitted interval it grows like a line whose slope is a5/|b4|.",
    ),
)
def rational_a(
    x,
    a: LearnedReal = (0.029803, 0.618385, 2.322323, 3.04922, 1.483393, 0.250561),
    b: LearnedReal = (1.141534, 4.389166, 0.870326, 0.346548),
):
    """A learned rational function; each term of the denominator is taken by its magnitude."""
    return _rational(x, a, b)


@activation(
    title="APL",
    paper="arXiv:1412.6830",
    aliases="echo:apl survey:apl survey:aplu",
    pitfalls=("Slopes of opposite signs leave its limit at minus infinity undecided.",),
)
def apl(x, slopes: LearnedReal = (0.2, 0.2), hinges: LearnedReal = (0.5, -0.5)):
    """ReLU plus a learned sum of mirrored hinges."""
    total = relu(x)
    for slope, hinge in zip(slopes, hinges, strict=True):
        total = total + slope * relu(hinge - x)
    return total


@activation(
    title="SPLASH",
    paper="arXiv:2006.08947",
    aliases="survey:splash",
    pitfalls=("The hinges are fixed and symmetric; only the slopes are learned.",),
)
def splash(
    x,
    right: LearnedReal = (1.0, 0.0, 0.0, 0.0),
    left: LearnedReal = (0.0, 0.0, 0.0, 0.0),
):
    """A learned sum of hinges at 0, 1, 2 and 2.5 and their mirror images; ReLU to begin with."""
    total = 0.0
    for slope_right, slope_left, hinge in zip(right, left, (0.0, 1.0, 2.0, 2.5), strict=True):
        total = total + slope_right * relu(x - hinge) + slope_left * relu(-x - hinge)
    return total
