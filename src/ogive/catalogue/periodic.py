"""Waves, and lines and gates with a wave on them.

At an infinite input a wave has no limit and is NaN; where the line under it has one, the wave is
left out there.
"""

from __future__ import annotations

from math import factorial, inf

from ogive.catalogue._registry import activation
from ogive.catalogue._series import polynomial, sine_over_x
from ogive.catalogue._spec import LearnedNonNegative, LearnedPositive, LearnedReal, Real
from ogive.expr.functions import abs_, cos, sin, where


@activation(
    paper="arXiv:2006.09661",
    aliases="echo:sine survey:sine siren:sine dashee87:sinusoid torch:sin onnx:Sin",
    presets={"siren:sine": {"omega": 30.0}},
    pitfalls=(
        "SIREN's frequency is 30 and its initialisation belongs to it; the survey's mirror uses "
        "pi.",
    ),
)
def sine(x, omega: Real = 1.0):
    """The sine of a multiple of the input."""
    return sin(omega * x)


@activation(
    aliases="acttensor:cos dashee87:cosine torch:cos onnx:Cos",
    pitfalls=("The survey's mirror calls 1 - cos(x) the cosine activation.",),
)
def cosine(x):
    """The cosine of the input."""
    return cos(x)


@activation(
    paper="arXiv:2006.08195",
    aliases="tfa:snake echo:snake survey:snake transformers:Snake1d dac:snake",
    pitfalls=(
        "At alpha = 0 it is the identity, which sin(a x)**2 / a misses; codecs add 1e-9 to it.",
        "With cos(2 a x) the wave carries the factor 1/(2 a).",
    ),
)
def snake(x, alpha: LearnedNonNegative = 1.0):
    """The identity plus a squared sine of learned frequency; rises, with periodic rests."""
    wave = sin(alpha * x)
    swelling, phase = wave * wave / alpha, alpha * x
    near = phase * x * sine_over_x(phase * phase, 8) ** 2  # sin**2 / alpha, whose slope cancels
    swelling = where(alpha > 0.01, swelling, where(abs_(phase) < 0.5, near, swelling))
    return where(abs_(x) < inf, x + swelling, x)


@activation(
    paper="arXiv:2206.04658",
    aliases="transformers:SnakeBeta bigvgan:snakebeta",
    pitfalls=("Codecs store both parameters as logarithms, so that their zeros mean 1.",),
)
def snake_beta(x, alpha: LearnedNonNegative = 1.0, beta: LearnedPositive = 1.0):
    """Snake with height and frequency learned apart."""
    wave = sin(alpha * x)
    return where(abs_(x) < inf, x + wave * wave / beta, x)


@activation(title="GCU", paper="arXiv:2108.12943", aliases="acttensor:gcu survey:gcu")
def gcu(x):
    """The input times its cosine: a growing wave."""
    return x * cos(x)


@activation(
    aliases="dashee87:sinc",
    pitfalls=(
        "torch.sinc and numpy.sinc are the normalised form, with pi before x: another function.",
    ),
)
def sinc(x):
    """The sine over the input, 1 at 0."""
    return _sinc(x)


def _sinc(x):
    return where(abs_(x) < 2, sine_over_x(x * x, 15), where(abs_(x) < inf, sin(x) / x, 1 / x))


@activation(paper="arXiv:1901.02671", aliases="survey:cosid")
def cosid(x):
    """The cosine less the input."""
    return where(abs_(x) < inf, cos(x) - x, -x)


@activation(paper="arXiv:1901.02671", aliases="survey:sinp")
def sinp(x, alpha: LearnedReal = 1.0):
    """The sine less a multiple of the input."""
    near = (1 - alpha) * x - x * _sine_gap(x * x)
    far = where(abs_(x) < inf, sin(x) - alpha * x, -alpha * x)
    return where(abs_(x) < 1, near, far)


def _sine_gap(square):
    """1 - sin(x)/x from the square of x, x < 1."""
    return square * polynomial(square, [(-1) ** k / factorial(2 * k + 3) for k in range(12)])
