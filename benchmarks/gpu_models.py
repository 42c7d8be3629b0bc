"""Blocks of models: the time and the peak memory of a step, untouched, accelerated, recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from gpu_machine import GPU
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ogive.bench.models import TINY, Example, Scale, build_model, call_model
from ogive.bench.training_steps import UNTOUCHED, ModelStep, accelerated
from ogive.errors import MissingExtra

MODELS = ("gpt2", "llama", "vit_tiny_patch16_224")
#: One block of a model of a billion parameters, 4,096 tokens.
BLOCK = Scale(batch=4, pixels=224, tokens=4096, width=2048, layers=1, heads=16)
#: How a model is run: what is saved for backward, and who runs it.
MODES = {
    UNTOUCHED: (UNTOUCHED, ""),
    "exact": ("exact", ""),
    "lean": ("lean", ""),
    "checkpointed": (UNTOUCHED, "checkpoint"),
    "lean, checkpointed": ("lean", "checkpoint"),
    "compiled": (UNTOUCHED, "compile"),
    "lean, compiled": ("lean", "compile"),
}


@dataclass(frozen=True)
class BlockMeasured:
    """A model in one mode: seconds of a step, and the most bytes that it allocates at once."""

    model: str
    mode: str
    seconds: float
    peak: int


class Recomputed(torch.nn.Module):
    """A model whose forward is computed again in backward."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor, **named: Tensor) -> object:
        return checkpoint(self.model, *inputs, use_reentrant=False, **named)


def measured(name: str, gpu: GPU) -> Iterator[BlockMeasured]:
    """A model in every mode, in bfloat16.

    Raises:
        MissingExtra: without the package that has it.
    """
    model, example = build_model(name, TINY if gpu.dry else BLOCK)
    model = model.to(gpu.device, torch.bfloat16)
    example = _moved(example, gpu.device)
    for mode, (save, how) in MODES.items():
        with gpu.engine():
            twin = accelerated(model, save)
            run = Recomputed(twin) if how == "checkpoint" else twin
            step = ModelStep(run, example)
            if how == "compile":
                step.forward = partial(call_model, gpu.compiled(run), example)
            yield BlockMeasured(name, mode, gpu.seconds(step), gpu.peak(step))


def _moved(example: Example, device: torch.device) -> Example:
    """Images in bfloat16 on a device; tokens stay whole numbers."""
    if isinstance(example, Tensor):
        return example.to(device, torch.bfloat16)
    return {name: tensor.to(device) for name, tensor in example.items()}


__all__ = ["MODELS", "BlockMeasured", "MissingExtra", "measured"]
