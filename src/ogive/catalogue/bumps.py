"""Bumps: functions that are largest at one place and fade, and their counterparts that grow."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedReal, Positive
from ogive.expr.functions import exp, hypot1, pi, rhypot, sqrt


@activation(
    aliases="dashee87:gaussian survey:gaussian",
    pitfalls=("Some write exp(-x**2/2) by this name.",),
)
def gaussian(x):
    """The bell curve e to the minus square."""
    return exp(-(x * x))


@activation(title="GaussianRBF", paper="arXiv:2111.15135", aliases="acttensor:gaussian survey:arbf")
def gaussian_rbf(x, center: LearnedReal = 0.0, width: Positive = 1.0):
    """A bell curve of learned place and given standard deviation."""
    u = (x - center) / width
    return exp(-0.5 * (u * u))


@activation(aliases="acttensor:multiquadratic survey:multiquadratic")
def multiquadratic(x, center: LearnedReal = 0.0, width: Positive = 1.0):
    """The distance from a centre, rounded off near it by a square root."""
    return width * hypot1((x - center) / width)


@activation(aliases="acttensor:inv_multiquadratic survey:inv_multiquadratic")
def inverse_multiquadratic(x, center: LearnedReal = 0.0, width: Positive = 1.0):
    """A bump that fades like 1/x."""
    return rhypot((x - center) / width) / width


@activation(
    paper="Ricker, The form and laws of propagation of seismic wavelets, 1953",
    aliases="survey:mexican_hat",
)
def mexican_hat(x):
    """The negative second derivative of a bell curve, of unit norm."""
    height = 2 / (sqrt(3) * sqrt(sqrt(pi)))
    return height * ((1 - x * x) * exp(-0.5 * (x * x)))


@activation(title="SoftRBF", aliases="actix:soft_rbf")
def soft_rbf(x):
    """The input times a bell curve: one bump and one dip."""
    return x * exp(-(x * x))
