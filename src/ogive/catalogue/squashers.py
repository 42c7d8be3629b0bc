"""Sigmoid, tanh and the other odd squashers, and those made by shifting or scaling one of them."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._series import inverse_root
from ogive.catalogue._spec import LearnedNonNegative, LearnedReal, Positive, Real
from ogive.expr.functions import (
    abs_,
    atan,
    clip,
    erf,
    sigmoid,
    softplus,
    softsign,
    tanh,
    where,
)


@activation(
    aliases="torch:sigmoid timm:sigmoid transformers:sigmoid keras:sigmoid jax:sigmoid "
    "flax:sigmoid onnx:Sigmoid mlx:sigmoid tinygrad:sigmoid candle:sigmoid burn:sigmoid "
    "fla:sigmoid nnlib:sigma nnlib:sigmoid_fast paddle:sigmoid quack:sigmoid mindspore:Sigmoid "
    "dashee87:sigmoid survey:logistic scipy:expit",
    pitfalls=(
        "Its derivative is s (1 - s), at most 1/4; forms with s**2 or 0.5 - s are wrong.",
        "It saturates at 0 and 1, not at -1 and 1.",
        "Saturation makes gradients vanish, not explode.",
        "It saturates on both sides, not only for positive inputs.",
        "Being monotonic, it does not make a one-layer network's loss convex.",
        "1 - s, computed from a rounded s, is 0 in float32 from about x = 17 on.",
    ),
)
def sigmoid_(x):
    """The logistic curve from 0 to 1; a two-class softmax whose other logit is 0."""
    return sigmoid(x)


@activation(
    aliases="torch:tanh timm:tanh transformers:tanh keras:tanh jax:tanh flax:tanh onnx:Tanh "
    "mlx:tanh tinygrad:tanh burn:tanh fairseq:tanh nnlib:tanh_fast paddle:tanh quack:tanh "
    "mindspore:Tanh dashee87:tanh",
    pitfalls=(
        "Its derivative lies in (0, 1]: 1 is reached at 0, and 0 or a negative value never.",
        "1 - tanh(x)**2 is 0 in float32 from about |x| = 9 on; sech(x)**2 keeps its digits.",
    ),
)
def tanh_(x):
    """The hyperbolic tangent, an odd curve from -1 to 1."""
    return tanh(x)


@activation(
    title="LogSigmoid",
    aliases="torch:logsigmoid keras:log_sigmoid jax:log_sigmoid "
    "flax:log_sigmoid mlx:log_sigmoid tinygrad:logsigmoid burn:log_sigmoid nnlib:logsigma "
    "paddle:log_sigmoid mindspore:LogSigmoid fla:logsigmoid",
    pitfalls=("log(sigmoid(x)) underflows to minus infinity for very negative x.",),
)
def logsigmoid(x):
    """The logarithm of the sigmoid."""
    return -softplus(-x)


@activation(
    paper="Elliott, A better activation function for artificial neural networks, 1993",
    aliases="torch:softsign keras:softsign jax:soft_sign flax:soft_sign onnx:Softsign "
    "mlx:softsign tinygrad:softsign burn:softsign nnlib:softsign paddle:softsign "
    "mindspore:Softsign dashee87:softsign",
)
def softsign_(x):
    """The input over 1 plus its magnitude; reaches -1 and 1 more slowly than tanh."""
    return softsign(x)


@activation(
    title="LeCunTanh",
    paper="LeCun et al., Efficient backprop, 1998",
    aliases="acttensor:lecun_tanh survey:stanh survey:lecun_tanh dashee87:lecun_tanh",
)
def lecun_tanh(x, a: Real = 1.7159, b: Real = 2 / 3):
    """tanh scaled so that -1 and 1 are near to themselves."""
    return a * tanh(b * x)


@activation(aliases="acttensor:bipolar_sigmoid survey:bipolar_sigmoid dashee87:symmetrical_sigmoid")
def bipolar_sigmoid(x):
    """The sigmoid stretched to (-1, 1); tanh of half the input."""
    return tanh(x / 2)


@activation(
    title="ArcTan",
    aliases="acttensor:arctan survey:arctan dashee87:arctan torch:atan torch:arctan",
)
def arctan(x):
    """The angle whose tangent is the input."""
    return atan(x)


@activation(aliases="onnx:Erf torch:erf")
def erf_(x):
    """The error function."""
    return erf(x)


@activation(
    paper="arXiv:1602.05980",
    aliases="survey:penalized_tanh",
    pitfalls=("The penalty is a factor on the negative side; tanh minus its square is not it.",),
)
def penalized_tanh(x, a: Real = 0.25):
    """tanh, scaled down for negative inputs."""
    return where(x > 0, tanh(x), a * tanh(x))


@activation(
    title="ISRU",
    paper="arXiv:1710.09967",
    aliases="survey:isru survey:softtanh echo:isru activations_plus:isru",
)
def isru(x, alpha: LearnedNonNegative = 1.0):
    """The input over an inverse square root curve; bounded by 1/sqrt(alpha)."""
    return inverse_root(x, alpha)


@activation(
    title="SQNL",
    paper="Wuraola and Patel, SQNL: a new computationally efficient activation function, 2018",
    aliases="echo:sqnl survey:sqnl",
)
def sqnl(x):
    """Two parabolas that meet at 0 and reach -1 and 1 at -2 and 2."""
    u = clip(x, -2, 2)
    return u * (1 - abs_(u) / 4)


@activation(
    paper="arXiv:2408.00118",
    aliases="transformers:softcap xtransformers:softclamp",
    evidence="framework",
)
def softcap(x, cap: Positive = 30.0):
    """Nearly the identity near 0, bounded by the cap; used on logits."""
    return cap * tanh(x / cap)


@activation(
    title="DyT",
    paper="arXiv:2503.10622",
    aliases="xtransformers:DynamicTanh survey:dyt",
    presets={"xtransformers:DynamicTanh": {"alpha": 1.0}},
    pitfalls=("alpha starts at 0.5 in the paper and at 1 in x-transformers.",),
)
def dynamic_tanh(x, alpha: LearnedReal = 0.5, weight: LearnedReal = 1.0, bias: LearnedReal = 0.0):
    """tanh with learned slope, scale and shift; stands in for a normalisation layer."""
    return weight * tanh(alpha * x) + bias


@activation(title="Derf", paper="arXiv:2512.10938", aliases="xtransformers:Derf")
def dynamic_erf(
    x,
    alpha: LearnedReal = 0.5,
    shift: LearnedReal = 0.0,
    weight: LearnedReal = 1.0,
    bias: LearnedReal = 0.0,
):
    """The error function with learned slope, shifts and scale; stands in for a normalisation."""
    return weight * erf(alpha * x + shift) + bias
