"""The ELU family: identity above 0, an exponential or a similar curve below, and exp itself."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._series import inverse_root
from ogive.catalogue._spec import (
    LearnedNonNegative,
    LearnedPositive,
    LearnedReal,
    Positive,
    Real,
)
from ogive.expr.functions import (
    exp,
    expm1,
    log1p,
    sigmoid,
    tanh,
    where,
)

# The constants of 1706.02515, the fixed point at mean 0 and variance 1, as torch has them.
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


@activation(
    aliases="keras:exponential torch:exp jax:exp onnx:Exp",
    pitfalls=("The survey's mirror calls exp(-x) the exponential activation.",),
)
def exponential(x):
    """e to the power of the input."""
    return exp(x)


@activation(
    title="ELU",
    paper="arXiv:1511.07289",
    aliases="torch:elu timm:elu keras:elu jax:elu flax:elu onnx:Elu mlx:elu tinygrad:elu "
    "candle:elu burn:elu nnlib:elu paddle:elu mindspore:ELU dashee87:elu",
    pitfalls=(
        "It tends to -alpha, not to minus infinity, and no logarithm occurs in it.",
        "exp(x) - 1 loses all digits near 0; expm1 keeps them.",
        "With alpha other than 1 the derivative jumps at 0.",
    ),
)
def elu(x, alpha: Real = 1.0):
    """Identity for positive inputs, an exponential tail towards -alpha for the rest."""
    return where(x > 0, x, alpha * expm1(x))


def _scaled_elu(x, alpha: Real = SELU_ALPHA, gamma: Real = SELU_SCALE):
    return gamma * where(x > 0, x, alpha * expm1(x))


@activation(
    title="SELU",
    paper="arXiv:1706.02515",
    aliases="torch:selu timm:selu keras:selu jax:selu flax:selu onnx:Selu mlx:selu "
    "tinygrad:selu candle:selu burn:selu nnlib:selu paddle:selu mindspore:SeLU dashee87:selu",
    under={
        "onnx:Selu": {"body": _scaled_elu},
        "paddle:selu": {"body": _scaled_elu, "attributes": {"scale": "gamma"}},
    },
    pitfalls=(
        "It keeps mean 0 and variance 1 only with weights of variance 1/fan-in and mean 0, and "
        "with AlphaDropout in the place of Dropout.",
        "mlx and tinygrad round the two constants to six digits.",
    ),
)
def selu(x):
    """ELU scaled so that mean 0 and variance 1 are a fixed point through the layers."""
    return _scaled_elu(x, SELU_ALPHA, SELU_SCALE)


@activation(
    title="CELU",
    paper="arXiv:1704.07483",
    aliases="torch:celu timm:celu keras:celu jax:celu flax:celu onnx:Celu mlx:celu "
    "tinygrad:celu burn:celu nnlib:celu paddle:celu mindspore:CELU",
    pitfalls=("alpha must not be 0; torch raises there.",),
)
def celu(x, alpha: Positive = 1.0):
    """ELU whose tail is stretched so that the derivative is continuous for every alpha."""
    return where(x > 0, x, alpha * expm1(x / alpha))


@activation(
    title="PELU",
    paper="arXiv:1605.09332",
    aliases="survey:pelu activations_plus:pelu",
    pitfalls=("The slope above 0 is a/b, so that the two sides meet with one derivative.",),
)
def pelu(x, a: LearnedPositive = 1.0, b: LearnedPositive = 1.0):
    """ELU with learned height and decay, and the slope above 0 that fits them."""
    return where(x > 0, a / b * x, a * expm1(x / b))


@activation(title="MPELU", paper="arXiv:1606.00305", aliases="survey:mpelu echo:mpelu survey:felu")
def mpelu(x, alpha: LearnedReal = 1.0, beta: LearnedPositive = 1.0):
    """ELU with learned height and rate."""
    return where(x > 0, x, alpha * expm1(beta * x))


@activation(title="SERLU", paper="arXiv:1807.10117", aliases="survey:serlu")
def serlu(x, scale: Real = 1.07862, alpha: Real = 2.90427):
    """A line for positive inputs, a dip that fades back to 0 for negative ones."""
    return scale * where(x > 0, x, alpha * (x * exp(x)))


@activation(title="PoLU", paper="arXiv:1802.00212", aliases="survey:polu survey:power_linear_unit")
def polu(x, n: Positive = 1.0):
    """Identity for positive inputs, an inverse power towards -1 for negative ones."""
    return where(x > 0, x, where(x > -1, expm1(-n * log1p(-x)), (1 - x) ** (-n) - 1))


@activation(title="PTELU", paper="ICCV Workshops 2017", aliases="survey:ptelu")
def ptelu(x, alpha: LearnedPositive = 1.0, beta: LearnedPositive = 1.0):
    """Identity for positive inputs, tanh of learned height and slope for negative ones."""
    return where(x > 0, x, alpha * tanh(beta * x))


@activation(
    title="ISRLU",
    paper="arXiv:1710.09967",
    aliases="survey:isrlu echo:isrlu activations_plus:isrlu",
)
def isrlu(x, alpha: LearnedNonNegative = 1.0):
    """Identity for positive inputs, an inverse square root curve for negative ones."""
    return where(x > 0, x, inverse_root(x, alpha))


@activation(
    title="ELiSH",
    paper="arXiv:1808.00783",
    aliases="survey:elish echo:elish acttensor:elish",
)
def elish(x):
    """SiLU for positive inputs, ELU times sigmoid for negative ones."""
    return where(x > 0, x, expm1(x)) * sigmoid(x)


@activation(
    title="HardELiSH",
    paper="arXiv:1808.00783",
    aliases="survey:hard_elish acttensor:hard_elish",
    pitfalls=("Its gate is (x + 1)/2 clipped to [0, 1]; two copies have other factors.",),
)
def hard_elish(x):
    """ELiSH with a straight line, clipped to [0, 1], in the place of the sigmoid."""
    middle = where(x > 0, x, expm1(x)) * ((x + 1) / 2)
    return where(x <= -1, 0, where(x >= 1, x, middle))


@activation(
    title="XIELU",
    paper="arXiv:2411.13010",
    aliases="transformers:xielu",
    presets={"transformers:xielu": {"eps": -1e-6}},
    pitfalls=(
        "transformers computes the exponential at min(x, -1e-6): a tiny step at 0, where its "
        "derivative then is beta - alpha_n.",
        "Checkpoints store alpha_p as the inverse of softplus, and alpha_n that of alpha_n - beta.",
    ),
)
def xielu(
    x,
    alpha_p: LearnedPositive = 0.8,
    alpha_n: LearnedPositive = 0.8,
    beta: Real = 0.5,
    eps: Real = 0.0,
):
    """The integral of ELU: quadratic for positive inputs, slope beta at 0."""
    bent = where(x <= eps, expm1(x), expm1(eps))
    return where(x > 0, alpha_p * x * x + beta * x, alpha_n * bent + (beta - alpha_n) * x)
