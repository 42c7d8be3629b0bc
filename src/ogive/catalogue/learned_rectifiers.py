"""Relatives of ReLU whose slopes, hinges or offsets are learned."""

from __future__ import annotations

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedReal, Positive, Real
from ogive.expr.functions import abs_, clip, relu, sigmoid, where


@activation(
    title="PReLU",
    paper="arXiv:1502.01852",
    aliases="torch:prelu timm:prelu transformers:prelu onnx:PRelu mlx:prelu candle:prelu "
    "burn:prelu paddle:prelu mindspore:PReLU keras:prelu flax:prelu dashee87:prelu",
    presets={"keras:prelu": {"weight": 0.0}, "flax:prelu": {"weight": 0.01}},
    under={
        "onnx:PRelu": {"attributes": {"slope": "weight"}},
        "keras:prelu": {"attributes": {"alpha": "weight"}},
        "mindspore:PReLU": {"attributes": {"w": "weight"}},
    },
    pitfalls=(
        "The slope starts at 0.25 in the paper and in torch, at 0 in Keras, at 0.01 in flax.",
        "torch has a slope for all or for each channel of dimension 1; Keras has one for each "
        "element of an example, unless shared_axes says otherwise.",
        "Weight decay pulls the slope to 0, that is to ReLU; the paper exempts it.",
    ),
)
def prelu(x, weight: LearnedReal = 0.25):
    """Leaky ReLU whose slope is learned, one for all or one for each channel."""
    return where(x <= 0, weight * x, x)


@activation(title="RPReLU", paper="arXiv:2003.03488", aliases="survey:rprelu")
def rprelu(x, gamma: LearnedReal = 0.0, zeta: LearnedReal = 0.0, beta: LearnedReal = 0.25):
    """PReLU with its hinge moved to a learned point (gamma, zeta); from ReActNet."""
    return where(x > gamma, x - gamma, beta * (x - gamma)) + zeta


@activation(
    title="PLU",
    paper="arXiv:1809.09534",
    aliases="survey:plu",
    pitfalls=("It is the identity within [-c, c] and has slope alpha outside.",),
)
def piecewise_linear_unit(x, alpha: Real = 0.1, c: Positive = 1.0):
    """Identity near 0, a smaller slope beyond c on either side; shaped like tanh, unbounded."""
    return where(abs_(x) < c, x, alpha * (x - clip(x, -c, c)) + clip(x, -c, c))


@activation(
    title="SShapedReLU",
    paper="arXiv:1512.07030",
    aliases="survey:s_shaped_relu echo:srelu keras_contrib:srelu dashee87:srelu",
    pitfalls=(
        "Four functions share the name SReLU: this one, max(-1, x), the squared ReLU of "
        "TransformerEngine and a sloped one.",
    ),
)
def s_shaped_relu(
    x,
    t_left: LearnedReal = 0.0,
    a_left: LearnedReal = 0.2,
    t_right: LearnedReal = 1.0,
    a_right: LearnedReal = 1.0,
):
    """Identity between two learned thresholds, with a learned slope beyond each."""
    above = t_right + a_right * (x - t_right)
    return where(x >= t_right, above, where(x > t_left, x, t_left + a_left * (x - t_left)))


@activation(
    title="FlexibleReLU",
    paper="arXiv:1706.08098",
    aliases="survey:frelu survey:flexible_relu echo:flexible_relu acttensor:frelu",
    pitfalls=("The funnel activation, which looks at neighbouring pixels, is called FReLU too.",),
)
def flexible_relu(x, bias: LearnedReal = 0.0):
    """ReLU whose floor is learned."""
    return relu(x) + bias


@activation(
    title="AReLU",
    paper="arXiv:2006.13858",
    aliases="survey:arelu echo:arelu",
    pitfalls=("The slope for negative inputs is clipped to [0.01, 0.99]; some copies omit it.",),
)
def attention_relu(x, alpha: LearnedReal = 0.9, beta: LearnedReal = 2.0):
    """Amplifies positive inputs by 1 + sigmoid(beta) and scales negative ones by clipped alpha."""
    return where(x > 0, (1 + sigmoid(beta)) * x, clip(alpha, 0.01, 0.99) * x)


@activation(
    title="ShiLU",
    paper="doi:10.20944/preprints202301.0463.v1",
    year=2023,
    aliases="survey:shilu",
)
def shilu(x, alpha: LearnedReal = 1.0, beta: LearnedReal = 0.0):
    """ReLU with a learned scale and shift."""
    return alpha * relu(x) + beta
