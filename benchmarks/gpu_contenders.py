"""Who is measured: entries, and what others have for the same, forward and backward."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from gpu_machine import GPU
from torch import Tensor

import ogive
from ogive.bench.contenders import NATIVES, inputs

#: One of each kind; the first ones are what models use most.
ENTRIES = (
    *("swiglu", "geglu", "gelu", "silu", "gelu_tanh", "squared_relu", "relu", "softmax"),
    *("mish", "log_softmax", "reglu", "quick_gelu", "tanh", "sigmoid", "softplus", "elu"),
    *("hardswish", "snake", "gaussian", "star_relu", "l2_normalize", "logsumexp"),
)
#: Of gated units, relu squared, softmax and compositions torch.compile takes part too.
COMPILED = ("swiglu", "geglu", "squared_relu", "softmax", "mish", "snake", "quick_gelu")
#: Columns of what works along rows.
COLUMNS = 4096
#: Entry -> where Liger-Kernel has it, and whether it takes value and gate in two tensors.
LIGER = {
    "swiglu": ("liger_kernel.ops.swiglu", "LigerSiLUMulFunction", True),
    "geglu": ("liger_kernel.ops.geglu", "LigerGELUMulFunction", True),
    "squared_relu": ("liger_kernel.ops.relu_squared", "LigerReLUSquaredFunction", False),
    "softmax": ("liger_kernel.ops.softmax", "LigerSoftmaxFunction", False),
}
Call = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Case:
    """An entry at a dtype and a size.

    Attributes:
        size: elements of the result, or of the input of what reduces rows.
    """

    name: str
    dtype: str
    size: int

    @property
    def kind(self) -> str:
        return ogive.get(self.name).kind

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input; a gated unit's is twice as wide as its result."""
        columns = min(COLUMNS, self.size)
        wide = 2 if self.kind == "gated" else 1
        return (self.size // columns, wide * columns)

    def bytes(self, direction: str) -> int:
        """What has to be read and written at least: inputs and results, each once."""
        read = 2 if self.kind == "gated" else 1
        result = 0 if self.name == "logsumexp" else 1
        moved = read + result if direction == "forward" else read + result + read
        return moved * self.size * getattr(torch, self.dtype).itemsize

    def input(self, gpu: GPU) -> Tensor:
        """Normal numbers."""
        generator = torch.Generator(gpu.device).manual_seed(0)
        x = torch.empty(self.shape, dtype=getattr(torch, self.dtype), device=gpu.device)
        return x.normal_(0.0, 2.0, generator=generator)

    def contenders(self, gpu: GPU) -> Iterator[tuple[str, Call]]:
        """Who takes part, by name."""
        eager = composition(self.name)
        yield "ogive", ogive.get(self.name)
        yield "torch", NATIVES[self.name].call if self.name in NATIVES else eager
        if self.name in COMPILED:
            yield "compiled", gpu.compiled(eager)
        if (peer := liger(self.name)) is not None:
            yield "liger", peer


def composition(name: str) -> Call:
    """The entry as one writes it in torch."""
    written: dict[str, Call] = {
        "swiglu": lambda x: _halves(x)[0] * torch.nn.functional.silu(_halves(x)[1]),
        "geglu": lambda x: _halves(x)[0] * torch.nn.functional.gelu(_halves(x)[1]),
        "reglu": lambda x: _halves(x)[0] * torch.relu(_halves(x)[1]),
        "squared_relu": lambda x: torch.relu(x).square(),
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
        "snake": lambda x: x + torch.sin(x).square(),
        "gaussian": lambda x: torch.exp(-x.square()),
        "star_relu": lambda x: 0.8944 * torch.relu(x).square() - 0.4472,
    }
    return written.get(name) or NATIVES[name].call


def _halves(x: Tensor) -> tuple[Tensor, ...]:
    return x.chunk(2, -1)


def liger(name: str) -> Call | None:
    """Liger-Kernel's function, where it is installed."""
    if name not in LIGER:
        return None
    module, attribute, two = LIGER[name]
    try:
        apply: Any = getattr(importlib.import_module(module), attribute).apply
    except (ImportError, AttributeError):
        return None
    if not two:
        return partial(apply)
    # it takes what the gate's function is applied to first
    return lambda x: apply(*(half.contiguous() for half in reversed(_halves(x))))


def forward(call: Call, x: Tensor) -> Callable[[], object]:
    """A call without gradients."""

    def run() -> Tensor:
        with torch.no_grad():
            return call(x)

    return run


def backward(call: Call, x: Tensor) -> Callable[[], object]:
    """The backward of a call that was made before."""
    leaf = x.detach().requires_grad_()
    y = call(leaf)
    gradient = inputs((1,), x.dtype, torch.Generator().manual_seed(0)).to(x.device)
    given = gradient.expand(y.shape).contiguous()
    return partial(torch.autograd.grad, y, leaf, given, retain_graph=True)


def step(call: Call, x: Tensor) -> Callable[[], object]:
    """A call and its backward."""
    leaf = x.detach().requires_grad_()
    given = torch.ones_like(call(leaf))
    return lambda: torch.autograd.grad(call(leaf), leaf, given)


DIRECTIONS = {"forward": forward, "backward": backward, "both": step}
