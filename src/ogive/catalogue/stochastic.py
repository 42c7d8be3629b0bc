"""Activations that draw noise while training: RReLU, noisy saturations, random gates.

Each entry has a training formula, in which the noise is one more input, and an evaluation formula
without noise. What evaluation means is the authors' choice where they made one, and stated here
where they did not: the mean over the noise, or the noise at rest.
"""

from __future__ import annotations

from ogive.catalogue._registry import stochastic
from ogive.catalogue._spec import LearnedPositive, LearnedReal, Normal, Positive, Real, Uniform
from ogive.expr import Node
from ogive.expr.functions import clip, log, log1p, ndtr, pi, relu, sigmoid, sign, sqrt, tanh, where


def _leaky(x: Node, slope: Node) -> Node:
    return where(x > 0, x, slope * x)


@stochastic(
    evaluation=lambda x, lower, upper: _leaky(x, (lower + upper) / 2),
    ascending=("lower", "upper"),
    title="RReLU",
    paper="arXiv:1505.00853",
    aliases="torch:rrelu tfa:rrelu burn:rrelu mindspore:RReLU paddle:rrelu",
    pitfalls=(
        "The paper divides by a number drawn from U(3, 8) and evaluates x / 5.5, a slope of 0.182; "
        "frameworks draw the slope from U(1/8, 1/3) and evaluate with 0.229.",
        "A slope is drawn for every element; one draw for the whole tensor is another function.",
    ),
)
def rrelu(x, uniform: Uniform, lower: Real = 1 / 8, upper: Real = 1 / 3):
    """Leaky ReLU with a slope drawn anew; evaluation takes the middle of the range."""
    return _leaky(x, lower + (upper - lower) * uniform)


@stochastic(
    evaluation=lambda x: x * ndtr(x),
    title="StochasticGELU",
    paper="arXiv:1606.08415",
    pitfalls=(
        "Its mean is GELU, but the mean of its gradient is ndtr(x): the mask passes no gradient, "
        "so GELU's term x * density(x) is missing.",
    ),
)
def stochastic_gelu(x, uniform: Uniform):
    """The input times a 0/1 mask that is 1 with probability ndtr(x); evaluation takes the mean."""
    return where(ndtr(x) <= uniform, 0.0, x)


def _noisy(x: Node, hard: Node, linear: Node, size: Node, shape: tuple[Node, Node, Node]) -> Node:
    """A saturating function whose saturated part leaks along its tangent and is shaken.

    alpha * hard + (1 - alpha) * linear is written as hard plus a multiple of the overshoot, which
    is 0 exactly where nothing saturates; (sigmoid(u) - 1/2)**2 as (tanh(u/2)/2)**2, which does not
    cancel.
    """
    p, alpha, c = shape
    overshoot = linear - hard
    sigma = c * (tanh(p * overshoot / 2) / 2) ** 2
    outward = where(alpha > 1, sign(x), -sign(x))
    return hard + (1 - alpha) * overshoot + outward * sigma * size


_HALF_NORMAL_MEAN = sqrt(2 / pi)
_NOISY_PITFALLS = (
    "The noise is the absolute value of a normal number; evaluation keeps its mean, sqrt(2/pi).",
    "alpha > 1 leaks inwards and shakes outwards, alpha <= 1 leaks outwards and shakes inwards.",
)


def _noisy_hardtanh(x: Node, size: Node, p: Node, alpha: Node, c: Node) -> Node:
    return _noisy(x, clip(x, -1.0, 1.0), x, size, (p, alpha, c))


def _noisy_hardsigmoid(x: Node, size: Node, p: Node, alpha: Node, c: Node) -> Node:
    linear = 0.25 * x + 0.5
    return _noisy(x, clip(linear, 0.0, 1.0), linear, size, (p, alpha, c))


@stochastic(
    evaluation=lambda x, p, alpha, c: _noisy_hardtanh(x, _HALF_NORMAL_MEAN, p, alpha, c),
    paper="arXiv:1603.00391",
    pitfalls=_NOISY_PITFALLS,
)
def noisy_hardtanh(x, normal: Normal, p: LearnedReal = 1.0, alpha: Real = 1.15, c: Real = 0.5):
    """Hard tanh with learned noise where it saturates (NAH with p); evaluation takes the mean."""
    return _noisy_hardtanh(x, abs(normal), p, alpha, c)


@stochastic(
    evaluation=lambda x, p, alpha, c: _noisy_hardsigmoid(x, _HALF_NORMAL_MEAN, p, alpha, c),
    paper="arXiv:1603.00391",
    pitfalls=(*_NOISY_PITFALLS, "Its hard sigmoid is clip(x/4 + 1/2), the tangent at 0."),
)
def noisy_hardsigmoid(x, normal: Normal, p: LearnedReal = 1.0, alpha: Real = 1.1, c: Real = 0.15):
    """Hard sigmoid with learned noise where it saturates; evaluation takes the mean."""
    return _noisy_hardsigmoid(x, abs(normal), p, alpha, c)


@stochastic(evaluation=lambda x, c: clip(x, -1.0, 1.0), paper="arXiv:1603.00391")
def noisy_input_hardtanh(x, normal: Normal, c: Real = 0.05):
    """Hard tanh of a shaken input (NANI); evaluation leaves the noise out, as its authors do."""
    return clip(x + c * normal, -1.0, 1.0)


@stochastic(evaluation=lambda x, c: clip(0.25 * x + 0.5, 0.0, 1.0), paper="arXiv:1603.00391")
def noisy_input_hardsigmoid(x, normal: Normal, c: Real = 0.05):
    """Hard sigmoid of a shaken input (NANI); evaluation leaves the noise out, as its authors do."""
    return clip(0.25 * (x + c * normal) + 0.5, 0.0, 1.0)


@stochastic(
    evaluation=lambda x: relu(x),
    title="NReLU",
    paper="Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
    pitfalls=(
        "The variance of the noise is sigmoid(x), so its standard deviation is the square root of "
        "that; the deviation of the batch, seen in a list of activations, is another function.",
        "The mean over the noise lies above ReLU near 0; evaluation is ReLU, the noise at rest.",
    ),
)
def nrelu(x, normal: Normal):
    """ReLU of the input plus noise of variance sigmoid(x); evaluation is ReLU."""
    return relu(x + sqrt(sigmoid(x)) * normal)


@stochastic(
    evaluation=lambda x, sigma: relu(x),
    title="ProbAct",
    paper="arXiv:1905.10761",
    aliases="echo:ProbAct",
    pitfalls=(
        "The authors' code and its copies keep the noise in evaluation; here it is the mean.",
    ),
)
def probact(x, normal: Normal, sigma: LearnedReal = 0.1):
    """ReLU plus normal noise of learned size; evaluation is ReLU, the mean."""
    return relu(x) + sigma * normal


def _logistic(uniform: Node) -> Node:
    """Noise with the logistic distribution: the difference of two Gumbel numbers, from one draw."""
    return log(uniform) - log1p(-uniform)


@stochastic(
    evaluation=lambda x, tau: sigmoid(x),
    paper="arXiv:1611.00712",
    pitfalls=(
        "One uniform number a gate is enough: the difference of two Gumbel numbers is logistic.",
        "At every tau a sample exceeds 1/2 with probability sigmoid(x), the evaluation form; the "
        "mean of the samples is sigmoid(x) only as tau goes to 0.",
    ),
)
def gumbel_sigmoid(x, uniform: Uniform, tau: LearnedPositive = 1.0):
    """A relaxed coin with log-odds x (binary concrete); evaluation is its probability."""
    return sigmoid((x + _logistic(uniform)) / tau)


def _stretched(gate: Node, low: Node, high: Node) -> Node:
    return clip(low + (high - low) * gate, 0.0, 1.0)


@stochastic(
    evaluation=lambda x, beta, gamma, zeta: _stretched(sigmoid(x), gamma, zeta),
    paper="arXiv:1712.01312",
    pitfalls=("The temperature acts in training only; the authors' evaluation has none.",),
)
def hard_concrete(
    x, uniform: Uniform, beta: Positive = 2 / 3, gamma: Real = -0.1, zeta: Real = 1.1
):
    """A relaxed coin stretched beyond [0, 1] and clipped, so that it can be 0 exactly (L0)."""
    return _stretched(sigmoid((x + _logistic(uniform)) / beta), gamma, zeta)
