"""Smooth rectifiers built on softplus or on a square root, and the logarithms of cosh and exp.

A sum that cancels near 0 or in a tail is written there in its conjugate form.
"""

from __future__ import annotations

from math import inf

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import Positive, Real
from ogive.expr.functions import abs_, exp, expm1, hypot1, log, log1p, sinh, softplus, sqrt, where


@activation(
    paper="Dugas et al., Incorporating second-order functional knowledge for better option "
    "pricing, 2001",
    aliases="torch:softplus keras:softplus jax:softplus flax:softplus onnx:Softplus mlx:softplus "
    "tinygrad:softplus burn:softplus nnlib:softplus paddle:softplus quack:softplus "
    "dashee87:softplus",
    pitfalls=(
        "It is log(1 + exp(x)), which is positive; log(1/(1 + exp(x))) is its negative, the "
        "logarithm of a sigmoid.",
        "torch switches to x where beta x exceeds 20, an aid for its own numerics; here the "
        "threshold is infinite unless given.",
        "torch's threshold applies to beta x, not to x.",
    ),
)
def softplus_(x, beta: Positive = 1.0, threshold: Real = inf):
    """A smooth ReLU, log(2)/beta high at 0; a larger beta gives a sharper corner."""
    return where(beta * x > threshold, x, softplus(beta * x) / beta)


@activation(paper="arXiv:1706.08566", aliases="acttensor:shifted_softplus schnet:shifted_softplus")
def shifted_softplus(x):
    """Softplus lowered so that it passes through 0."""
    return _through_zero(x)


def _through_zero(x):
    """softplus(x) - log(2); near and below 0 without the cancellation."""
    return where(x > 1, softplus(x) - log(2), log1p(expm1(x) / 2))


@activation(
    aliases="transformers:sqrtsoftplus",
    evidence="framework",
    paper="DeepSeek-V4, router scores",
)
def sqrt_softplus(x):
    """The square root of softplus; e to the x/2 far to the left."""
    return where(x < -40, exp(x / 2), sqrt(softplus(x)))


@activation(
    paper="arXiv:2112.11687",
    aliases="jax:squareplus keras:squareplus",
    pitfalls=(
        "The plain sum cancels for negative inputs: in float32 it is exactly 0 here and there from "
        "-5793 on, and everywhere below -11585.",
        "With b = 4 its slope at 0 is 1/2 and its value 1; a copy with b = 1e-6 is nearly ReLU.",
    ),
)
def squareplus(x, b: Positive = 4.0):
    """A smooth ReLU from a square root, without exponentials."""
    half = sqrt(b) / 2 * hypot1(x / sqrt(b))  # halved before it is added: the sum may overflow
    return where(x < -sqrt(b) / 2, b / 4 / (half - x / 2), x / 2 + half)


@activation(paper="arXiv:1901.02324", aliases="jax:sparse_plus keras:sparse_plus flax:sparse_plus")
def sparse_plus(x):
    """ReLU with its corner between -1 and 1 rounded off by a parabola."""
    return where(x <= -1, 0, where(x >= 1, x, (x + 1) * (x + 1) / 4))


@activation(aliases="nnlib:logcosh")
def log_cosh(x):
    """A parabola near 0 that turns into the magnitude less log(2)."""
    far = abs_(x) - (log(2) - softplus(-2 * abs_(x)))
    return where(abs_(x) < 1, log1p(sinh(x) * sinh(x)) / 2, far)


@activation(
    title="Log1mExp",
    aliases="jax:log1mexp",
    domain=(0.0, inf),
    pitfalls=("It is minus infinity at 0 and NaN below.",),
)
def log1mexp(x):
    """The logarithm of 1 - exp(-x), for x > 0, near 0 and far from it alike."""
    return where(x < log(2), log(-expm1(-x)), log1p(-exp(-x)))


@activation(aliases="echo:seagull")
def seagull(x):
    """The logarithm of 1 plus the square."""
    return where(abs_(x) > 1, 2 * log(hypot1(x)), log1p(x * x))
