"""x times a gate made from tanh, erf or a logarithm of a smooth step: Mish and its relatives."""

from __future__ import annotations

from math import inf

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedPositive, LearnedReal
from ogive.expr import functions
from ogive.expr.functions import (
    abs_,
    cos,
    erf,
    exp,
    expm1,
    log1p,
    ndtr,
    sigmoid,
    sin,
    softplus,
    tanh,
    where,
)


@activation(
    paper="arXiv:1908.08681",
    aliases="torch:mish timm:mish transformers:mish keras:mish jax:mish flax:mish onnx:Mish "
    "tfa:mish mlx:mish tinygrad:mish candle:mish burn:mish nnlib:mish paddle:mish "
    "mindspore:Mish dashee87:mish",
    pitfalls=("torch's softplus inside switches to x beyond 20.",),
)
def mish(x):
    """Self-regularised smooth unit: unbounded above, dips below zero once."""
    return x * tanh(softplus(x))


@activation(title="LiSHT", paper="arXiv:1901.05894", aliases="tfa:lisht nnlib:lisht survey:lisht")
def lisht(x):
    """The input times its own tanh: an even function."""
    return x * tanh(x)


@activation(
    title="TanhExp",
    paper="arXiv:2003.09855",
    aliases="survey:tanhexp acttensor:tanhexp activations_plus:tanh_exp pytorch_issue:telu",
    pitfalls=("Published again in 2024 as TeLU (arXiv:2412.20269).",),
)
def tanhexp(x):
    """The input gated by tanh of its exponential."""
    return x * tanh(exp(x))


@activation(title="TeLUElu", evidence="secondary", aliases="survey:telu")
def telu_elu(x, alpha: LearnedPositive = 1.0):
    """The input times tanh of ELU of a scaled input."""
    u = alpha * x
    return x * tanh(where(u > 0, u, expm1(u)))


@activation(
    paper="doi:10.3390/electronics11040540",
    year=2022,
    aliases="survey:smish acttensor:smish survey:psmish acttensor:psmish",
)
def smish(x, alpha: LearnedReal = 1.0, beta: LearnedReal = 1.0):
    """The input gated by tanh of the logarithm of 1 plus a sigmoid."""
    return alpha * (x * tanh(log1p(sigmoid(beta * x))))


@activation(
    paper="Zhu et al., Logish: a new nonlinear nonmonotonic activation function, 2021",
    evidence="secondary",
    aliases="survey:logish survey:plogish",
    presets={"survey:plogish": {"beta": 10.0}},
)
def logish(x, alpha: LearnedReal = 1.0, beta: LearnedReal = 1.0):
    """The input gated by the logarithm of 1 plus a sigmoid."""
    return alpha * (x * log1p(sigmoid(beta * x)))


@activation(
    paper="Naveen, Phish: a novel hyper-optimizable activation function, 2021",
    aliases="survey:phish acttensor:phish",
)
def phish(x):
    """The input gated by tanh of its GELU."""
    return x * tanh(x * ndtr(x))


@activation(paper="arXiv:2108.09598", aliases="survey:serf acttensor:serf")
def serf(x):
    """The input gated by the error function of its softplus."""
    return x * erf(softplus(x))


@activation(paper="arXiv:2109.04386", aliases="survey:pserf activations_plus:pserf")
def pserf(x, gamma: LearnedReal = 1.25, delta: LearnedReal = 0.85):
    """Serf with learned scale and slope of the softplus."""
    return x * erf(gamma * softplus(delta * x))


@activation(
    paper="arXiv:2109.04386",
    aliases="survey:erfact activations_plus:erf_act",
    presets={
        "survey:erfact": {"alpha": 1.0, "beta": 0.5},
        "activations_plus:erf_act": {"alpha": 0.5, "beta": 1.0},
    },
)
def erf_act(x, alpha: LearnedReal = 0.75, beta: LearnedReal = 0.75):
    """The input gated by the error function of a scaled exponential."""
    return x * erf(alpha * exp(beta * x))


@activation(title="TanhSoft2", paper="arXiv:2009.03863", aliases="survey:tanhsoft2 echo:tanhsoft")
def tanhsoft2(x, beta: LearnedReal = 0.6, gamma: LearnedReal = 1.0):
    """The input gated by tanh of a scaled exponential."""
    return x * tanh(beta * exp(gamma * x))


@activation(
    title="APTx",
    paper="arXiv:2209.06119",
    aliases="survey:aptx",
    pitfalls=(
        "With alpha = 1 and beta = gamma = 1/2 it is SiLU exactly.",
        "Its defaults are not Mish, as often said; they differ by up to 0.23.",
    ),
)
def aptx(x, alpha: LearnedReal = 1.0, beta: LearnedReal = 1.0, gamma: LearnedReal = 0.5):
    """The input gated by a shifted tanh of learned height and slope."""
    return gamma * x * ((alpha - 1) + 2 * sigmoid(2 * (beta * x)))


@activation(title="SinLU", paper="doi:10.3390/math10030337", year=2022, aliases="survey:sinlu")
def sinlu(x, alpha: LearnedReal = 1.0, beta: LearnedReal = 1.0):
    """The input plus a wave, gated by the sigmoid of the input."""
    return where(abs_(x) < inf, x + alpha * sin(beta * x), x) * sigmoid(x)


@activation(
    title="CosLU",
    paper="doi:10.20944/preprints202301.0463.v1",
    year=2023,
    aliases="survey:coslu",
)
def coslu(x, alpha: LearnedReal = 1.0, beta: LearnedReal = 1.0):
    """The input plus a cosine, gated by the sigmoid of the input."""
    return where(abs_(x) < inf, x + alpha * cos(beta * x), x) * sigmoid(x)


@activation(
    aliases="torch:tanhshrink keras:tanh_shrink tfa:tanhshrink burn:tanhshrink "
    "nnlib:tanhshrink paddle:tanhshrink mindspore:Tanhshrink",
    pitfalls=("Near 0 it is a third of the cube; the difference as written loses all digits.",),
)
def tanhshrink(x):
    """What tanh takes away from the input."""
    return functions.tanhshrink(x)
