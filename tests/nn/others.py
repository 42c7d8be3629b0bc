"""Models nobody here wrote: the table of the benchmark, tiny and evaluating."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ogive.bench.models import BLOCKS, IMAGES, LANGUAGE, MODELS, TINY, Example, build, call
from ogive.bench.packages import package

timm, transformers = package("timm"), package("transformers")

__all__ = ["BLOCKS", "GATED_BLOCKS", "IMAGES", "LANGUAGE", "MODELS", "evaluating", "run"]

GATED_BLOCKS: dict[str, Callable[[], nn.Module]] = {
    "SwiGLU": lambda: timm.layers.SwiGLU(8, 12),
    "SwiGLUPacked": lambda: timm.layers.SwiGLUPacked(8, 12),
    "GluMlp": lambda: timm.layers.GluMlp(8, 12),
    "GEGLU": lambda: timm.layers.GluMlp(8, 12, act_layer=nn.GELU, gate_last=False),
}


def evaluating(name: str) -> tuple[nn.Module, Example]:
    """A tiny model and an input."""
    model, example = build(name, TINY)
    return model.eval(), example


def run(model: nn.Module, example: Example) -> tuple[Tensor, dict[str, Tensor]]:
    """The output, and the gradient of every parameter for a random direction of it."""
    model.zero_grad()
    output = call(model, example)
    direction = torch.randn(output.shape, generator=torch.Generator().manual_seed(5))
    (output * direction.to(output.dtype)).sum().backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return output.detach(), gradients
