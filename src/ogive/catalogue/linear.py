"""Identity, steps, clipped straight lines and shrinkage: the piecewise linear functions that are
not rectifiers.

Kinks are compared on x itself, never on a rounded multiple of it, so that each side of a kink has
its own derivative down to the neighbouring floats. NaN takes the else branch of ``where``, so the
last branch always holds x.
"""

from __future__ import annotations

from math import inf

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedPositive, NonNegative, Real
from ogive.expr.functions import abs_, clip, sign, where


@activation(
    aliases="torch:identity timm:identity jax:identity flax:identity transformers:linear "
    "keras:linear fairseq:linear survey:linear dashee87:identity",
    pitfalls=(
        "Layers joined by it collapse into one affine layer: depth adds nothing without a "
        "nonlinearity.",
    ),
)
def identity(x):
    """The input, unchanged."""
    return x


@activation(
    paper="McCulloch and Pitts, A logical calculus of the ideas immanent in nervous activity, 1943",
    aliases="mlx:step survey:binary_step survey:heaviside dashee87:step dashee87:binary_step",
    pitfalls=(
        "At the threshold itself this entry gives 1, mlx 0, and others 1/2 or a number of choice.",
        "Its derivative is 0 wherever it exists, so gradients cannot pass.",
    ),
)
def step(x, threshold: Real = 0.0):
    """1 from the threshold on, 0 below it."""
    return where(x >= threshold, 1, where(x < threshold, 0, x))


@activation(
    aliases="torch:sign jax:sign onnx:Sign dashee87:signum survey:sign survey:bipolar",
    pitfalls=("Its derivative is 0 wherever it exists, so gradients cannot pass.",),
)
def signum(x):
    """-1 for negative inputs, 1 for positive ones, 0 at 0."""
    return sign(x)


@activation(
    paper="Collobert, Large scale machine learning, 2004",
    aliases="torch:hardtanh keras:hard_tanh jax:hard_tanh flax:hard_tanh mlx:hard_tanh "
    "tinygrad:hardtanh burn:hardtanh nnlib:hardtanh paddle:hardtanh mindspore:hardtanh onnx:Clip "
    "torch:clamp dashee87:hard_tanh survey:clip",
    presets={
        "onnx:Clip": {"min_val": -inf, "max_val": inf},
        "torch:clamp": {"min_val": -inf, "max_val": inf},
    },
    under={
        "onnx:Clip torch:clamp paddle:hardtanh": {
            "attributes": {"min": "min_val", "max": "max_val"}
        }
    },
    pitfalls=("At both ends torch's derivative is 0; that of its clamp is 1.",),
)
def hardtanh(x, min_val: Real = -1.0, max_val: Real = 1.0):
    """The input kept within an interval."""
    return clip(x, min_val, max_val)


@activation(
    paper="arXiv:1905.02244",
    aliases="torch:hardsigmoid timm:hard_sigmoid keras:hard_sigmoid "
    "jax:hard_sigmoid flax:hard_sigmoid tinygrad:hardsigmoid candle:hard_sigmoid "
    "paddle:hardsigmoid mindspore:HSigmoid",
    pitfalls=(
        "Four slopes go by this name: 1/6 (torch, Keras 3), 0.2 (Keras 2, ONNX), 1/2 "
        "(BinaryConnect) and 1/4 (noisy activations); weights trained with one are wrong with "
        "another.",
        "At -3 and 3 the derivative is 0.",
    ),
)
def hardsigmoid(x):
    """A straight line of slope 1/6 from 0 at -3 to 1 at 3, flat outside."""
    return (clip(x, -3, 3) + 3) / 6


@activation(
    aliases="onnx:HardSigmoid keras2:hard_sigmoid burn:hard_sigmoid noisy_units:hard_sigmoid "
    "dashee87:hard_sigmoid nnlib:hardsigma",
    presets={
        "noisy_units:hard_sigmoid": {"alpha": 0.25},
        "nnlib:hardsigma": {"alpha": 1 / 6},
    },
    pitfalls=(
        "Keras changed the slope from 0.2 to 1/6 between versions 2 and 3, which changes LSTM "
        "checkpoints.",
    ),
)
def affine_hardsigmoid(x, alpha: Real = 0.2, beta: Real = 0.5):
    """A straight line of any slope and offset, clipped to [0, 1]; as ONNX and Keras 2 have it."""
    return clip(alpha * x + beta, 0, 1)


@activation(
    paper="arXiv:1901.02324",
    aliases="jax:sparse_sigmoid keras:sparse_sigmoid flax:sparse_sigmoid "
    "binaryconnect:hard_sigmoid acttensor:hard_sigmoid",
    pitfalls=("It is the derivative of sparse_plus.",),
)
def sparse_sigmoid(x):
    """A straight line of slope 1/2 from 0 at -1 to 1 at 1, flat outside."""
    return (clip(x, -1, 1) + 1) / 2


@activation(aliases="acttensor:piecewise_linear survey:piecewise_linear")
def ramp(x, low: Real = -1.0, high: Real = 1.0):
    """0 up to ``low``, 1 from ``high`` on, a straight line between them."""
    return (clip(x, low, high) - low) / (high - low)


@activation(
    aliases="torch:threshold keras:threshold burn:threshold mindspore:threshold",
    under={"keras:threshold": {"attributes": {"default_value": "value"}}},
    pitfalls=(
        "torch and Keras have no defaults for the two numbers; here both are 0, which gives ReLU.",
    ),
)
def threshold(x, threshold: Real = 0.0, value: Real = 0.0):
    """The input where it exceeds the threshold, a constant elsewhere."""
    return where(x <= threshold, value, x)


@activation(
    title="ThresholdedReLU",
    paper="arXiv:1402.3337",
    aliases="onnx:ThresholdedRelu burn:thresholded_relu nnlib:trelu paddle:thresholded_relu "
    "survey:trec survey:fastlu",
    under={"paddle:thresholded_relu": {"attributes": {"threshold": "alpha"}}},
    pitfalls=("It jumps at the threshold, from 0 to alpha.",),
)
def thresholded_relu(x, alpha: Real = 1.0):
    """The input where it exceeds alpha, 0 elsewhere."""
    return where(x <= alpha, 0, x)


@activation(
    paper="arXiv:1904.03633",
    aliases="survey:jump_relu",
    title="JumpReLU",
    pitfalls=(
        "The jump hides the threshold from the gradient: its derivative with respect to theta is "
        "0; sparse autoencoders (arXiv:2407.14435) train theta through a kernel estimate instead.",
    ),
)
def jump_relu(x, theta: LearnedPositive = 0.001):
    """The input where it exceeds a learned threshold, 0 elsewhere."""
    return where(x <= theta, 0, x)


@activation(
    aliases="torch:hardshrink keras:hard_shrink mlx:hard_shrink burn:hard_shrink "
    "paddle:hardshrink mindspore:HShrink tfa:hardshrink",
    under={"keras:hard_shrink paddle:hardshrink": {"attributes": {"threshold": "lambd"}}},
    pitfalls=("The zero band is closed: at both ends the value is 0.",),
)
def hardshrink(x, lambd: NonNegative = 0.5):
    """0 within [-lambd, lambd], the input outside."""
    return where(abs_(x) <= lambd, 0, x)


@activation(
    aliases="torch:softshrink keras:soft_shrink mlx:softshrink burn:soft_shrink "
    "paddle:softshrink mindspore:SoftShrink nnlib:softshrink tfa:softshrink",
    under={"keras:soft_shrink paddle:softshrink": {"attributes": {"threshold": "lambd"}}},
    pitfalls=("Older versions of torch turned NaN into 0.",),
)
def softshrink(x, lambd: NonNegative = 0.5):
    """The input moved towards 0 by lambd, and 0 where that would change its sign."""
    return where(abs_(x) <= lambd, 0, x - lambd * sign(x))


@activation(
    aliases="onnx:Shrink burn:shrink",
    presets={"burn:shrink": {"bias": 0.5}},
    pitfalls=(
        "The default bias is 0 in ONNX, a hard shrink, and 0.5 in burn, a soft shrink.",
        "A negative lambd makes the two conditions overlap; ONNX lets the lower one win.",
    ),
)
def shrink(x, lambd: NonNegative = 0.5, bias: Real = 0.0):
    """0 within [-lambd, lambd], the input moved towards 0 by the bias outside."""
    return where(abs_(x) <= lambd, 0, x - bias * sign(x))


@activation(
    aliases="torch:abs jax:abs onnx:Abs dashee87:absolute dashee87:abs survey:vrelu survey:modulus",
    pitfalls=("At 0 the derivative is taken as 0.",),
)
def absolute(x):
    """The distance from 0."""
    return abs_(x)


@activation(
    paper="arXiv:1908.02435",
    aliases="survey:tent survey:mrelu",
    pitfalls=("With delta = 1 it is the mirrored ReLU of the survey.",),
)
def tent(x, delta: LearnedPositive = 1.0):
    """A triangle of height and half-width delta, 0 outside."""
    return where(abs_(x) >= delta, 0, delta - abs_(x))
