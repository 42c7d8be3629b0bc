"""One half of a vector opens or shuts the other: GLU and its descendants.

A formula here knows two inputs, the value and the gate. Which half of a tensor is which is no part
of it: the call says so (``gate="first"`` or ``"second"``, ``interleave``). An entry that belongs to
one model family states that family's layout; an alias whose framework puts the gate elsewhere than
the entry carries it as a preset.
"""

from __future__ import annotations

from ogive.catalogue._registry import gated
from ogive.catalogue._spec import LearnedReal, Positive, Real
from ogive.expr import Node
from ogive.expr.functions import (
    clamp,
    expm1,
    gelu_tanh,
    min_,
    ndtr,
    relu,
    sigmoid,
    silu,
    tanh,
    where,
)

_GATE_FIRST = {"gate": "first"}
_PACKED = {"gate": "first", "interleave": False}


def _at_most(x: Node, limit: Node) -> Node:
    """min(x, limit) whose derivative at the limit is 1, as torch.clamp has it."""
    return min_(limit, x)


@gated(
    title="GLU",
    paper="arXiv:1612.08083",
    aliases="torch:glu keras:glu jax:glu mlx:glu paddle:glu burn:glu te:GLU",
    presets={"te:GLU": _GATE_FIRST},
    under={"keras:glu jax:glu mlx:glu paddle:glu": {"attributes": {"axis": "dim"}}},
    pitfalls=(
        "TransformerEngine opens the gate with the first half; torch, keras, jax and mlx with "
        "the second.",
    ),
)
def glu(value, gate):
    """Gated linear unit: the value times the sigmoid of the gate."""
    return value * sigmoid(gate)


@gated(title="GTU", paper="arXiv:1606.05328")
def gtu(value, gate):
    """Gated tanh unit of PixelCNN and WaveNet: a bounded value times a sigmoid gate."""
    return tanh(value) * sigmoid(gate)


@gated(
    title="BilinearGLU",
    paper="arXiv:2002.05202",
    aliases="acttensor:Bilinear nafnet:SimpleGate",
    pitfalls=("Not torch.nn.Bilinear, which is a layer with a weight for every pair of inputs.",),
)
def bilinear(value, gate):
    """The product of the two halves; without an activation, still not linear."""
    return value * gate


@gated(
    title="ReGLU",
    paper="arXiv:2002.05202",
    aliases="acttensor:ReGLU te:ReGLU",
    presets={"te:ReGLU": _GATE_FIRST},
)
def reglu(value, gate):
    """The value behind a ReLU gate."""
    return value * relu(gate)


@gated(
    title="GEGLU",
    paper="arXiv:2002.05202",
    aliases="acttensor:GeGLU diffusers:GEGLU",
    pitfalls=(
        "Some libraries (TransformerEngine, Liger) compute GELU's tanh form under this name: "
        "geglu_tanh.",
    ),
)
def geglu(value, gate):
    """The value behind an exact GELU gate."""
    return value * (gate * ndtr(gate))


@gated(
    title="GEGLUTanh",
    paper="arXiv:2002.05202",
    aliases="te:GEGLU liger:GEGLU",
    presets={"te:GEGLU": _GATE_FIRST, "liger:GEGLU": _GATE_FIRST},
)
def geglu_tanh(value, gate):
    """The value behind the tanh form of GELU."""
    return value * gelu_tanh(gate)


@gated(title="QGEGLU", aliases="te:QGEGLU", presets={"te:QGEGLU": _GATE_FIRST})
def qgeglu(value, gate):
    """The value behind the sigmoid form of GELU, gate * sigmoid(1.702 gate)."""
    return value * (gate * sigmoid(1.702 * gate))


@gated(
    title="SwiGLU",
    paper="arXiv:2002.05202",
    aliases="acttensor:SwiGLU candle:swiglu xformers:swiglu paddle:swiglu timm:SwiGLUPacked "
    "te:SwiGLU",
    presets={
        "candle:swiglu": _GATE_FIRST,
        "xformers:swiglu": _GATE_FIRST,
        "paddle:swiglu": _GATE_FIRST,
        "timm:SwiGLUPacked": _GATE_FIRST,
        "te:SwiGLU": _GATE_FIRST,
    },
    pitfalls=(
        "Packed LLaMA-style weights have the gate in the first half, torch's GLU family in the "
        "second; the wrong choice raises no error and trains or answers badly.",
    ),
)
def swiglu(value, gate):
    """The value behind a SiLU gate: the feed-forward block of most large language models."""
    return value * silu(gate)


@gated(title="SeGLU", aliases="acttensor:SeGLU")
def seglu(value, gate):
    """The value behind a SELU gate."""
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return value * (scale * where(gate > 0, gate, alpha * expm1(gate)))


@gated(
    title="SReGLU",
    aliases="te:SReGLU",
    presets={"te:SReGLU": _GATE_FIRST},
    pitfalls=("The S stands for squared: neither the shifted nor the S-shaped ReLU is meant.",),
)
def sreglu(value, gate):
    """The value behind a squared ReLU gate."""
    return value * relu(gate) ** 2


@gated(
    title="DReLUGLU",
    paper="arXiv:2406.05955",
    aliases="turbosparse:dReLU",
    pitfalls=("Gradients reach neither half where either is negative.",),
)
def drelu_glu(value, gate):
    """ReLU on both halves, for sparsity: TurboSparse's dReLU."""
    return relu(value) * relu(gate)


@gated(
    title="SwiGLUOAI",
    year=2025,
    layout={"gate": "first", "interleave": True},
    aliases="transformers:gpt_oss te:ClampedSwiGLU vllm:swigluoai",
    presets={"te:ClampedSwiGLU": _PACKED},
    pitfalls=(
        "The gate is the even elements and the value the odd ones; TransformerEngine's "
        "ClampedSwiGLU takes halves in their place.",
        "The offset of 1 on the value is meant; a zero value lets the gate through.",
        "The gate is clamped from above only, the value on both sides.",
    ),
)
def swiglu_oai(value, gate, alpha: Real = 1.702, limit: Positive = 7.0, offset: Real = 1.0):
    """The clamped, shifted SwiGLU of gpt-oss; MiniMax-M3 has the same."""
    g = _at_most(gate, limit)
    return (clamp(value, -limit, limit) + offset) * (g * sigmoid(alpha * g))


@gated(
    title="SwiGLUClipped",
    year=2026,
    layout=_GATE_FIRST,
    aliases="transformers:deepseek_v4 transformers:hy_v4 transformers:glm5_next",
    pitfalls=("The clamp comes before SiLU, and nothing is added to the value.",),
)
def swiglu_clipped(value, gate, limit: Positive = 10.0):
    """SwiGLU of clamped inputs: DeepSeek-V4, Hunyuan-V4, GLM-5."""
    return clamp(value, -limit, limit) * silu(_at_most(gate, limit))


@gated(
    title="SwiGLUStep",
    year=2026,
    layout=_GATE_FIRST,
    aliases="transformers:step3p7",
    pitfalls=("The clamp comes after SiLU, not before; Step-3.7 has a limit for every layer.",),
)
def swiglu_step(value, gate, limit: Positive = 7.0):
    """SwiGLU whose activated gate is clamped: Step-3.7."""
    return clamp(value, -limit, limit) * _at_most(silu(gate), limit)


@gated(
    title="SiTUGLU",
    year=2026,
    layout=_GATE_FIRST,
    aliases="te:SiTUGLU transformers:inkling2",
    pitfalls=(
        "Half precision is rounded once, at the end; rounding after each operation gives other "
        "numbers than the published models.",
    ),
)
def situ_glu(value, gate, beta: Positive = 4.0, linear_beta: Positive = 25.0):
    """SwiGLU with soft caps on both halves, so that no output exceeds beta * linear_beta."""
    capped = beta * tanh(gate / beta) * sigmoid(gate)
    return linear_beta * tanh(value / linear_beta) * capped


@gated(title="XSwiGLU", paper="arXiv:2405.20768")
def xswiglu(value, gate, alpha: LearnedReal = 0.0):
    """SwiGLU whose sigmoid has a learned range (-alpha, 1 + alpha)."""
    return value * (gate * ((1 + 2 * alpha) * sigmoid(gate) - alpha))
