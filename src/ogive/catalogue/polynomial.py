"""Powers, roots and logarithms."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._series import polynomial
from ogive.catalogue._spec import LearnedReal
from ogive.expr.functions import expm1, hypot1, log1p, relu, where


@activation(aliases="survey:square torch:square", evidence="secondary")
def square(x):
    """The input times itself."""
    return x * x


@activation(title="NCU", paper="arXiv:2111.04020", aliases="survey:ncu")
def ncu(x):
    """The input less its cube: three zeros."""
    return x * (1 - x * x)


@activation(title="SQU", paper="arXiv:2111.04020", aliases="survey:squ")
def squ(x):
    """The input plus its square: two zeros."""
    return x * (x + 1)


@activation(
    aliases="dashee87:bent_identity survey:bent_identity",
    pitfalls=("It has slope 1/2 far to the left, 3/2 far to the right.",),
)
def bent_identity(x):
    """A line that bends once, near 0."""
    return _bent(x, 0.5)


@activation(
    title="BLU",
    paper="Godfrey, An evaluation of parametric activation functions for deep learning, 2019",
    aliases="survey:blu",
    pitfalls=("beta multiplies all of sqrt(x**2 + 1) - 1; at beta = 1/2 it is bent identity.",),
)
def bendable_linear_unit(x, beta: LearnedReal = 0.5):
    """A line that bends once, near 0, by a learned amount in [-1, 1]."""
    return _bent(x, beta)


def _bent(x, beta):
    """x + beta (sqrt(x^2 + 1) - 1), far out as a line plus what the root exceeds it by."""
    root = hypot1(x)
    left = (1 - beta) * x + beta * (1 / (root - x) - 1)
    right = (1 + beta) * x + beta * (1 / (root + x) - 1)
    return where(x < -1, left, where(x > 1, right, x * (1 + beta * (x / (root + 1)))))


@activation(
    paper="arXiv:2301.04104",
    aliases="survey:symlog survey:laf",
    pitfalls=("It is continuous at 0, with slope 1; a copy called logarithmic jumps there.",),
)
def symlog(x):
    """The logarithm of 1 plus the magnitude, with the sign of the input."""
    return where(x < 0, -log1p(-x), log1p(x))


@activation(paper="arXiv:2301.04104", aliases="survey:symexp")
def symexp(x):
    """The inverse of symlog."""
    return where(x < 0, -expm1(-x), expm1(x))


@activation(title="PolyReLU", paper="arXiv:2411.03884", aliases="survey:poly_relu")
def poly_relu(x, coefficients: LearnedReal = (0.0, 1 / 3, 1 / 3, 1 / 3)):
    """A learned polynomial of ReLU."""
    return polynomial(relu(x), coefficients)


@activation(title="SLAF", paper="arXiv:1906.09529", aliases="echo:slaf survey:slaf")
def slaf(x, coefficients: LearnedReal = (0.0, 1.0, 0.0)):
    """A learned polynomial."""
    return polynomial(x, coefficients)
