"""Models and classes nobody here wrote: the benchmark's, tiny and evaluating, and activations."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import torch
from torch import Tensor, nn

from ogive.bench.models import (
    BLOCKS,
    IMAGES,
    LANGUAGE,
    MODELS,
    TINY,
    Example,
    build_model,
    call_model,
)
from ogive.bench.packages import package

timm, transformers = package("timm"), package("transformers")

__all__ = ["BLOCKS", "GATED_BLOCKS", "IMAGES", "LANGUAGE", "MODELS", "evaluating", "run", "timm",
           "transformers"]  # fmt: skip

TORCH, TIMM, TIMM_ME, TRANSFORMERS = (
    "torch.nn.modules.activation",
    "timm.layers.activations",
    "timm.layers.activations_me",
    "transformers.activations",
)
#: Where a class is defined -> its name -> the entry that it computes: all that are recognised.
CLASSES: dict[str, dict[str, str]] = {
    TORCH: {
        "CELU": "celu", "ELU": "elu", "GELU": "gelu", "GLU": "glu", "Hardshrink": "hardshrink",
        "Hardsigmoid": "hardsigmoid", "Hardswish": "hardswish", "Hardtanh": "hardtanh",
        "LeakyReLU": "leaky_relu", "LogSigmoid": "logsigmoid", "LogSoftmax": "log_softmax",
        "Mish": "mish", "PReLU": "prelu", "ReLU": "relu", "ReLU6": "relu6", "RReLU": "rrelu",
        "SELU": "selu", "SiLU": "silu", "Sigmoid": "sigmoid", "Softmax": "softmax",
        "Softmin": "softmin", "Softplus": "softplus", "Softshrink": "softshrink",
        "Softsign": "softsign", "Tanh": "tanh", "Tanhshrink": "tanhshrink",
        "Threshold": "threshold",
    },
    TIMM: {
        "GELU": "gelu", "GELUTanh": "gelu_tanh", "HardMish": "hard_mish",
        "HardSigmoid": "hardsigmoid", "HardSwish": "hardswish", "Mish": "mish", "PReLU": "prelu",
        "QuickGELU": "quick_gelu", "Sigmoid": "sigmoid", "Swish": "silu", "Tanh": "tanh",
    },
    TIMM_ME: {
        "HardMishMe": "hard_mish", "HardSigmoidMe": "hardsigmoid", "HardSwishMe": "hardswish",
        "MishMe": "mish", "SwishMe": "silu",
    },
    TRANSFORMERS: {
        "AccurateGELUActivation": "gelu_tanh", "ClippedGELUActivation": "gelu_clipped",
        "FastGELUActivation": "gelu_tanh", "GELUActivation": "gelu", "GELUTanh": "gelu_tanh",
        "LaplaceActivation": "laplace", "LinearActivation": "identity", "MishActivation": "mish",
        "NewGELUActivation": "gelu_tanh", "PytorchGELUTanh": "gelu_tanh",
        "QuickGELUActivation": "quick_gelu", "ReLUSquaredActivation": "squared_relu",
        "SiLUActivation": "silu", "SqrtSoftplusActivation": "sqrt_softplus",
    },
}  # fmt: skip
#: The same for functions of timm's.
FUNCTIONS: dict[str, dict[str, str]] = {
    TIMM: {
        "gelu": "gelu", "gelu_tanh": "gelu_tanh", "hard_mish": "hard_mish",
        "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish", "mish": "mish",
        "quick_gelu": "quick_gelu", "sigmoid": "sigmoid", "swish": "silu", "tanh": "tanh",
    },
    TIMM_ME: {
        "hard_mish_me": "hard_mish", "hard_sigmoid_me": "hardsigmoid",
        "hard_swish_me": "hardswish", "mish_me": "mish", "swish_me": "silu",
    },
}  # fmt: skip

GATED_BLOCKS: dict[str, Callable[[], nn.Module]] = {
    "SwiGLU": lambda: timm.layers.SwiGLU(8, 12),
    "SwiGLUPacked": lambda: timm.layers.SwiGLUPacked(8, 12),
    "GluMlp": lambda: timm.layers.GluMlp(8, 12),
    "GEGLU": lambda: timm.layers.GluMlp(8, 12, act_layer=nn.GELU, gate_last=False),
}


def evaluating(name: str) -> tuple[nn.Module, Example]:
    """A tiny model and an input."""
    model, example = build_model(name, TINY)
    return model.eval(), example


def run(model: nn.Module, example: Example) -> tuple[Tensor, dict[str, Tensor]]:
    """The output, and the gradient of every parameter for a random direction of it."""
    model.zero_grad()
    output = call_model(model, example)
    direction = torch.randn(output.shape, generator=torch.Generator().manual_seed(5))
    (output * direction.to(output.dtype)).sum().backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return output.detach(), gradients


def made(module: str, title: str) -> nn.Module:
    """A module of a class, with arguments where it needs some."""
    cls = getattr(import_module(module), title)
    arguments = {"ClippedGELUActivation": (-0.5, 1.0), "Threshold": (0.1, -0.3)}
    return cls(*arguments.get(title, ()))
