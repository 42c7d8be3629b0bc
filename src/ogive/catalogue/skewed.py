"""Squashers that are not odd: onto (0, 1), or with a different approach on either side."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._series import polynomial
from ogive.catalogue._spec import LearnedPositive, NonNegative, Positive, Real
from ogive.expr.functions import (
    abs_,
    exp,
    expm1,
    log1p,
    ndtr,
    sigmoid,
    softplus,
    where,
)


@activation(evidence="secondary", year=1993, aliases="survey:elliott")
def elliott(x):
    """Softsign moved into (0, 1)."""
    return where(x < 0, 0.5 / (1 - x), 1 - 0.5 / (1 + x))


@activation(
    paper="Gomes and Ludermir, Complementary log-log and probit: activation functions, 2008",
    aliases="survey:loglog",
)
def log_log(x):
    """A skewed sigmoid that leaves 0 abruptly and nears 1 slowly."""
    return exp(-exp(-x))


@activation(
    paper="Gomes and Ludermir, Complementary log-log and probit: activation functions, 2008",
    aliases="survey:cloglog acttensor:cll dashee87:log_log",
    pitfalls=("It rises; a copy with exp(-x) inside falls.",),
)
def c_log_log(x):
    """A skewed sigmoid that leaves 0 slowly and nears 1 abruptly."""
    return -expm1(-exp(x))


@activation(
    paper="arXiv:1810.11509",
    aliases="echo:soft_clipping survey:soft_clipping activations_plus:soft_clipping",
    presets={"echo:soft_clipping": {"alpha": 0.5}},
    pitfalls=("The logarithm of the quotient of exponentials overflows; a difference cancels.",),
)
def soft_clipping(x, alpha: NonNegative = 50.0):
    """The identity on [0, 1] clipped smoothly at both ends; 1/2 as alpha goes to 0."""
    left = softplus(alpha * x) - softplus(alpha * (x - 1))
    right = softplus(alpha * (1 - x)) - softplus(-alpha * x)
    steep = where(x > 0.5, 1 - right / alpha, left / alpha)
    # where alpha is small the difference cancels, and where alpha x is there is a series
    flat = log1p(expm1(alpha) * sigmoid(alpha * (x - 1))) / alpha
    powers = [x**n - (x - 1) ** n for n in (2, 4, 6)]
    start = 0.5 + alpha * polynomial(
        alpha * alpha, [powers[0] / 8, -powers[1] / 192, powers[2] / 2880]
    )
    return where(alpha < 0.25, where(alpha * (abs_(x) + 1) < 0.01, start, flat), steep)


@activation(paper="arXiv:2003.02547", aliases="survey:soft_root_sign survey:srs")
def soft_root_sign(x, alpha: LearnedPositive = 2.0, beta: LearnedPositive = 3.0):
    """Bounded on both sides: dips below 0, then nears alpha."""
    inner = x * exp(x / beta)
    outer = alpha * exp(-x / beta) / x
    middle = x / (x / alpha + exp(-x / beta))
    left = inner / (1 + inner / alpha)
    return where(x > 1, alpha / (1 + outer), where(x > -1, middle, left))


@activation(
    paper="arXiv:2209.10655",
    aliases="transformers:laplace",
    pitfalls=(
        "It is a normal distribution function, chosen to approximate squared ReLU near 1, and is "
        "not multiplied by x.",
    ),
)
def laplace(x, mu: Real = 0.707107, sigma: Positive = 0.282095):
    """The attention gate of MEGA: a normal distribution function."""
    return ndtr((x - mu) / sigma)
