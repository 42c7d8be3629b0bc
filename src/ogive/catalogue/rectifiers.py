"""ReLU and its relatives whose shape is fixed.

``where(x > 0, x, ...)`` gives 0 the branch, and so the derivative, of the left side: torch's
convention. Where the left slope may be 0, ``where(x <= 0, ..., x)`` keeps NaN a NaN.
"""

from __future__ import annotations

from math import inf

from ogive.catalogue._registry import activation
from ogive.catalogue._spec import LearnedReal, NonNegative, Positive, Real
from ogive.expr.functions import clip, max_, relu, where


@activation(
    title="ReLU",
    paper="Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, 2010",
    aliases="torch:relu timm:relu transformers:relu jax:relu flax:relu onnx:Relu mlx:relu "
    "tinygrad:relu candle:relu burn:relu fairseq:relu te:relu nnlib:relu paddle:relu quack:relu "
    "mindspore:ReLU dashee87:relu",
    pitfalls=(
        "Lists of its advantages and disadvantages are sometimes printed with the headings "
        "exchanged: cheap, sparse and not saturating for positive inputs are the advantages, dead "
        "units and a mean above 0 the disadvantages.",
        "At 0 the derivative is taken as 0.",
        "A unit whose input is negative for all data gets no gradient and stays dead.",
    ),
)
def relu_(x):
    """The input where it is positive, 0 elsewhere."""
    return relu(x)


@activation(
    title="KerasReLU",
    aliases="keras:relu",
    pitfalls=("Below the threshold the slope applies to x - threshold, not to x.",),
)
def keras_relu(x, negative_slope: Real = 0.0, max_value: NonNegative = inf, threshold: Real = 0.0):
    """ReLU with a slope below a movable threshold and an upper bound, as Keras has it."""
    below = negative_slope * (x - threshold)
    return where(x > max_value, max_value, where(x <= threshold, below, x))


@activation(
    title="ReLU6",
    paper="Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010",
    aliases="torch:relu6 timm:relu6 transformers:relu6 keras:relu6 jax:relu6 flax:relu6 "
    "mlx:relu6 tinygrad:relu6 candle:relu6 burn:relu6 nnlib:relu6 paddle:relu6 mindspore:ReLU6",
    pitfalls=("Inputs above 6 give 6, not 0.", "At 0 and at 6 the derivative is 0."),
)
def relu6(x):
    """ReLU bounded by 6."""
    return clip(x, 0, 6)


@activation(
    title="LeakyReLU",
    paper="Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic "
    "models, 2013",
    aliases="torch:leaky_relu timm:leaky_relu transformers:leaky_relu jax:leaky_relu "
    "flax:leaky_relu onnx:LeakyRelu mlx:leaky_relu tinygrad:leaky_relu candle:leaky_relu "
    "burn:leaky_relu paddle:leaky_relu nnlib:leakyrelu acttensor:leaky_relu dashee87:leaky_relu "
    "keras:leaky_relu tf:leaky_relu keras_layer:leaky_relu mindspore:LeakyReLU "
    "darknet:leaky_relu survey:vlrelu",
    presets={
        "keras:leaky_relu": {"negative_slope": 0.2},
        "tf:leaky_relu": {"negative_slope": 0.2},
        "mindspore:LeakyReLU": {"negative_slope": 0.2},
        "keras_layer:leaky_relu": {"negative_slope": 0.3},
        "darknet:leaky_relu": {"negative_slope": 0.1},
        "survey:vlrelu": {"negative_slope": 1 / 3},
    },
    under={
        "onnx:LeakyRelu tf:leaky_relu mindspore:LeakyReLU": {
            "attributes": {"alpha": "negative_slope"}
        },
        "tinygrad:leaky_relu": {"attributes": {"neg_slope": "negative_slope"}},
    },
    pitfalls=(
        "max(a x, x) is the same function only for slopes a <= 1.",
        "The default slope is 0.01 in torch, 0.2 in keras.activations, 0.3 in the Keras layer and "
        "0.1 in darknet.",
    ),
)
def leaky_relu(x, negative_slope: Real = 0.01):
    """ReLU that lets a small multiple of negative inputs through."""
    return where(x <= 0, negative_slope * x, x)


@activation(
    title="ShiftedReLU",
    paper="arXiv:1511.07289",
    aliases="survey:srelu survey:shifted_relu",
    pitfalls=("It is max(-1, x); ReLU of x - 1 is another function.",),
)
def shifted_relu(x):
    """The input, but never below -1."""
    return max_(x, -1)


@activation(
    title="DisplacedReLU",
    paper="Macedo et al., Enhancing batch normalized convolutional networks using displaced "
    "rectifier linear units, 2019",
    aliases="survey:drelu survey:displaced_relu survey:disrelu",
)
def displaced_relu(x, delta: Real = 0.05):
    """The input, but never below -delta."""
    return max_(x, -delta)


@activation(
    title="SquaredReLU",
    paper="arXiv:2109.08668",
    aliases="transformers:relu2 mlx:relu2 candle:relu2 fairseq:relu_squared quack:relu_sq "
    "fla:sqrelu liger:relu_squared te:srelu "
    "acttensor:squared_relu survey:squared_relu",
    pitfalls=("TransformerEngine calls it SReLU, a name of several other functions.",),
)
def squared_relu(x):
    """The square of ReLU."""
    return relu(x) * relu(x)


@activation(
    title="LeakyReLUSquared",
    evidence="framework",
    paper="openai/parameter-golf, pull request 1648",
    aliases="parameter_golf:leaky_relu_squared",
)
def leaky_relu_squared(x, negative_slope: Real = 0.5):
    """The square of leaky ReLU; positive on both sides."""
    leaky = where(x > 0, x, negative_slope * x)
    return leaky * leaky


@activation(
    title="StarReLU",
    paper="arXiv:2210.13452",
    aliases="survey:star_relu",
    pitfalls=(
        "The defaults give mean 0 and variance 1 for standard normal inputs: scale sqrt(4/5), "
        "bias -scale/2.",
    ),
)
def star_relu(x, scale: LearnedReal = 0.8944, bias: LearnedReal = -0.4472):
    """Squared ReLU, scaled and shifted."""
    return scale * relu(x) * relu(x) + bias


@activation(
    title="ReLUN",
    paper="doi:10.20944/preprints202301.0463.v1",
    year=2023,
    aliases="survey:relun survey:brelu survey:bounded_relu",
)
def relu_n(x, n: Positive = 1.0):
    """ReLU bounded by n."""
    return clip(x, 0, n)
