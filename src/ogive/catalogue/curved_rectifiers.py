"""Rectifiers bent by a wave, a logarithm or another curve on one side."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import Positive, Real
from ogive.expr.functions import cos, log1p, max_, relu, sigmoid, sin, tanh, where


@activation(title="QReLU", paper="arXiv:2010.08031", aliases="survey:qrelu acttensor:qrelu")
def quantum_relu(x):
    """Identity for positive inputs, a faint parabola for negative ones."""
    return where(x > 0, x, 0.01 * x * (x - 2))


@activation(title="MQReLU", paper="arXiv:2010.08031", aliases="survey:mqrelu acttensor:mqrelu")
def modified_quantum_relu(x):
    """Identity for positive inputs, a line of slope -0.99 for negative ones."""
    return where(x > 0, x, -0.99 * x)


@activation(
    title="NLReLU",
    paper="arXiv:1908.03682",
    aliases="echo:nlrelu survey:nlrelu survey:nrelu",
)
def natural_log_relu(x, beta: Positive = 1.0):
    """The logarithm of 1 plus a multiple of ReLU: growth slows down."""
    return log1p(beta * relu(x))


@activation(
    title="SineReLU",
    paper="keras-contrib",
    year=2018,
    evidence="framework",
    aliases="keras_contrib:sine_relu survey:sinerelu",
    pitfalls=("At 0 it jumps by epsilon, since sin(0) - cos(0) = -1.",),
)
def sine_relu(x, epsilon: Real = 0.0025):
    """Identity for positive inputs, a faint wave for the others."""
    return where(x > 0, x, epsilon * (sin(x) - cos(x)))


@activation(paper="arXiv:1901.02671", aliases="survey:minsin")
def minsin(x):
    """The smaller of the input and its sine."""
    return where(x > 0, sin(x), x)


@activation(paper="arXiv:1710.05941", aliases="survey:maxsig")
def maxsig(x):
    """The larger of the input and its sigmoid."""
    return max_(x, sigmoid(x))


@activation(paper="arXiv:1901.02671", aliases="survey:maxtanh survey:siglu")
def maxtanh(x):
    """The larger of the input and its hyperbolic tangent: identity above 0, tanh below."""
    return where(x > 0, x, tanh(x))
