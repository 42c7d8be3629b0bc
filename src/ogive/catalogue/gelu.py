"""x times a probability distribution function of x: GELU, ATLU, GoLU and their relatives."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedReal, Real
from ogive.expr import functions
from ogive.expr.functions import clamp, erf, exp, ndtr, sigmoid, sqrt


@activation(
    title="GELU",
    paper="arXiv:1606.08415",
    aliases="torch:gelu timm:gelu transformers:gelu transformers:gelu_python keras:gelu "
    "onnx:Gelu mlx:gelu candle:gelu burn:gelu fairseq:gelu nnlib:gelu_erf quack:gelu_erf "
    "paddle:gelu",
    variants={"approximate": {"none": None, "tanh": "gelu_tanh"}},
    under={
        "keras:gelu paddle:gelu": {"variants": {"approximate": {False: None, True: "gelu_tanh"}}}
    },
    pitfalls=(
        "jax.nn, keras.ops and TensorFlow Addons mean the tanh form by this name, torch and "
        "keras.activations the exact one.",
        "Written with 1 + erf it cancels: in float32 it is exactly 0 from -6 on.",
        "torch 2.13 gives NaN at -inf, and for float32 on some processors at inf; the limits are 0 "
        "and infinity.",
    ),
)
def gelu(x):
    """The input times the probability that a standard normal number is smaller."""
    return x * ndtr(x)


@activation(
    title="GELUTanh",
    paper="arXiv:1606.08415",
    aliases="timm:gelu_tanh transformers:gelu_new transformers:gelu_fast "
    "transformers:gelu_accurate transformers:gelu_pytorch_tanh transformers:gelu_python_tanh "
    "jax:gelu flax:gelu keras_ops:gelu tfa:gelu tinygrad:gelu mindspore:GELU mlx:gelu_approx "
    "candle:NewGelu candle:GeluPytorchTanh burn:gelu_approximate fairseq:gelu_accurate "
    "fairseq:gelu_fast nnlib:gelu_tanh quack:gelu_tanh te:gelu "
    "survey:sielu",
    under={
        "jax:gelu flax:gelu keras_ops:gelu tfa:gelu mindspore:GELU": {
            "variants": {"approximate": {True: None, False: "gelu"}}
        }
    },
    pitfalls=(
        "The formula is x times a gate; without the factor x it is a squasher.",
        "The worked GELU values of some notes, such as -0.0454 at -2, are those of this form.",
        "Names such as gelu_accurate and precise mean this approximation, which is up to 4.7e-4 "
        "off.",
        "In the form 1 + tanh all digits are lost in the negative tail.",
    ),
)
def gelu_tanh(x):
    """GELU with the normal distribution function approximated by a tanh of a cubic."""
    return functions.gelu_tanh(x)


@activation(
    title="QuickGELU",
    paper="arXiv:1606.08415",
    aliases="timm:quick_gelu transformers:quick_gelu tinygrad:quick_gelu mlx:gelu_fast_approx "
    "mindspore:FastGelu nnlib:gelu_sigmoid quack:quick_gelu te:qgelu",
    pitfalls=("It is up to 0.02 off the exact GELU.",),
)
def quick_gelu(x):
    """GELU with the normal distribution function approximated by a sigmoid."""
    return x * sigmoid(1.702 * x)


@activation(
    title="ClippedGELU",
    paper="arXiv:2004.09602",
    aliases="transformers:gelu_10",
    presets={"transformers:gelu_10": {"low": -10.0, "high": 10.0}},
)
def gelu_clipped(x, low: Real = -10.0, high: Real = 10.0):
    """GELU kept within an interval, for quantised networks."""
    return clamp(x * ndtr(x), low, high)


@activation(title="SGELU", paper="arXiv:1911.03925", aliases="survey:sgelu")
def symmetric_gelu(x, alpha: Real = 1.0):
    """The input times its error function: an even function."""
    return alpha * (x * erf(x / sqrt(2)))


@activation(title="XGELU", paper="arXiv:2405.20768", aliases="survey:xgelu")
def xgelu(x, alpha: LearnedReal = 0.0):
    """GELU whose gate is widened to [-alpha, 1 + alpha]."""
    return x * (ndtr(x) * (1 + 2 * alpha) - alpha)


@activation(title="XSiLU", paper="arXiv:2405.20768", aliases="survey:xsilu")
def xsilu(x, alpha: LearnedReal = 0.0):
    """SiLU whose gate is widened to [-alpha, 1 + alpha]."""
    return x * (sigmoid(x) * (1 + 2 * alpha) - alpha)


@activation(title="GoLU", paper="arXiv:2502.03654", aliases="survey:expexpish")
def golu(x):
    """The input gated by the distribution function of Gumbel noise."""
    return x * exp(-exp(-x))
