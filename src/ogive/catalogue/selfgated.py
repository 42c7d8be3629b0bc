"""x times a gate that x itself opens, the gate a sigmoid, an algebraic curve or a clipped line:
SiLU, Swish, hard swish and their relatives.
"""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedPositive, LearnedReal, Positive, Real
from ogive.expr.functions import exp, log, sigmoid, softplus, tanh, where


@activation(
    title="SiLU",
    paper="arXiv:1606.08415",
    aliases="torch:silu timm:silu timm:swish transformers:silu transformers:swish keras:silu "
    "keras:swish jax:silu jax:swish flax:silu flax:swish mlx:silu tinygrad:silu tinygrad:swish "
    "candle:silu candle:swish burn:silu fairseq:swish te:silu "
    "paddle:silu quack:silu mindspore:SiLU nnlib:swish fla:swish",
    pitfalls=(
        "torch 2.13 gives NaN at -inf; the limit is 0.",
        "A copy divides by 1 - exp(-x), which has a pole at 0.",
    ),
)
def silu(x):
    """The input gated by its own sigmoid; Swish with beta = 1."""
    return x * sigmoid(x)


@activation(
    paper="arXiv:1710.05941",
    aliases="onnx:Swish survey:swish echo:swish activations_plus:swish dashee87:swish",
    presets={"onnx:Swish": {"beta": 1.0}},
    under={"onnx:Swish": {"attributes": {"alpha": "beta"}}},
    pitfalls=("beta = 0 gives x/2, and beta to infinity gives ReLU.",),
)
def swish(x, beta: LearnedReal = 1.0):
    """The input gated by the sigmoid of beta times the input, beta constant or learned."""
    return x * sigmoid(beta * x)


@activation(paper="arXiv:1801.07145", aliases="survey:eswish acttensor:eswish echo:eswish")
def e_swish(x, beta: Real = 1.5):
    """SiLU times a constant, 1.5 to 1.75 in the paper."""
    return beta * (x * sigmoid(x))


@activation(title="DSiLU", paper="arXiv:1702.03118", aliases="survey:dsilu")
def dsilu(x):
    """The derivative of SiLU, used as a squasher that overshoots on both sides."""
    return sigmoid(x) * (1 + x * sigmoid(-x))


@activation(
    paper="arXiv:1905.02244",
    aliases="torch:hardswish timm:hard_swish transformers:hardswish "
    "keras:hard_swish keras:hard_silu jax:hard_swish jax:hard_silu flax:hard_swish "
    "flax:hard_silu onnx:HardSwish mlx:hardswish tinygrad:hardswish candle:hard_swish "
    "burn:hard_swish nnlib:hardswish paddle:hardswish mindspore:HSwish",
    pitfalls=(
        "The derivative at -3 is 0 and at 3 it is 1; older versions of torch gave -0.5 and 1.5.",
    ),
)
def hardswish(x):
    """Swish with a straight line for the sigmoid: 0 up to -3, identity from 3 on."""
    return where(x <= -3, 0, where(x >= 3, x, x * (x + 3) / 6))


@activation(paper="Misra, H-Mish notes", year=2019, aliases="timm:hard_mish", evidence="framework")
def hard_mish(x):
    """0 up to -2, identity from 0 on, a parabola between."""
    return where(x <= -2, 0, where(x >= 0, x, x * (x + 2) / 2))


@activation(
    paper="arXiv:2009.04759",
    aliases="survey:acon_c survey:acon",
    pitfalls=("With p1 = 1 and p2 = 0 it is Swish (ACON-A).",),
)
def acon_c(x, p1: LearnedReal = 1.0, p2: LearnedReal = 0.0, beta: LearnedReal = 1.0):
    """A smooth maximum of two learned lines through 0."""
    return x * ((p1 - p2) * sigmoid(beta * ((p1 - p2) * x)) + p2)


@activation(
    title="ARiA2",
    paper="arXiv:1805.08878",
    aliases="survey:aria2",
    pitfalls=("The factor x belongs to it; two copies omit it and so compute a squasher.",),
)
def aria2(x, alpha: Positive = 1.5, beta: Positive = 2.0):
    """The input times a power of a sigmoid."""
    return x * exp(-alpha * softplus(-beta * x))


@activation(title="EIS3", paper="arXiv:2009.13501", aliases="echo:eis3 survey:eis")
def eis3(x, delta: LearnedPositive = 0.68, theta: LearnedPositive = 1.7):
    """The input over 1 plus a scaled exponential."""
    return x * sigmoid(theta * x - log(delta))


@activation(
    title="BSiLU",
    paper="arXiv:2505.22074",
    aliases="sugar:b_silu survey:b_silu",
    pitfalls=("alpha = 0 gives SiLU.",),
)
def b_silu(x, alpha: Real = 1.67):
    """SiLU plus a centred sigmoid; bounded below, a surrogate for ReLU's gradient."""
    return x * sigmoid(x) + alpha / 2 * tanh(x / 2)


@activation(
    title="FTSwish",
    paper="arXiv:1812.06247",
    aliases="survey:fts survey:flatten_t_swish survey:ftswish",
)
def flatten_t_swish(x, threshold: Real = -0.2):
    """SiLU for positive inputs and flat for the rest, shifted by the threshold."""
    return where(x <= 0, 0, x * sigmoid(x)) + threshold
