"""Who is measured: entries, and what others have for the same, forward and backward."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from gpu_machine import GPU
from torch import Tensor

import ogive
from ogive.bench.contenders import NATIVES, inputs

#: One of each kind; the first ones are what models use most.
ENTRIES = (
    *("swiglu", "geglu_tanh", "gelu", "silu", "gelu_tanh", "squared_relu", "relu", "softmax"),
    *("geglu", "mish", "log_softmax", "reglu", "quick_gelu", "tanh", "sigmoid", "softplus", "elu"),
    *("hardswish", "snake", "gaussian", "star_relu", "l2_normalize", "logsumexp"),
    *("sparsemax", "entmax15", "solu", "squash"),
)
#: Of gated units, relu squared, softmax and compositions torch.compile takes part too.
COMPILED = (
    *("swiglu", "geglu_tanh", "squared_relu", "softmax", "mish", "snake", "quick_gelu"),
    *("sparsemax", "solu"),
)
#: Columns of what works along rows.
COLUMNS = 4096
#: Entry -> where Liger-Kernel has it.
LIGER = {
    "swiglu": ("liger_kernel.ops.swiglu", "LigerSiLUMulFunction"),
    "geglu_tanh": ("liger_kernel.ops.geglu", "LigerGELUMulFunction"),
    "squared_relu": ("liger_kernel.ops.relu_squared", "LigerReLUSquaredFunction"),
    "softmax": ("liger_kernel.ops.softmax", "LigerSoftmaxFunction"),
    "sparsemax": ("liger_kernel.ops.sparsemax", "LigerSparsemaxFunction"),
}
Call = Callable[..., Any]


class Contender(NamedTuple):
    """A function that takes part.

    Attributes:
        two: whether it takes gate and value in two tensors, made before the clock starts.
    """

    call: Call
    two: bool = False

    def given(self, x: Tensor) -> list[Tensor]:
        """What it takes of an input: leaves that gradients are asked for."""
        if not self.two:
            return [x.detach().requires_grad_()]
        return [half.detach().clone().requires_grad_() for half in reversed(_halves(x))]

    def __call__(self, *given: Tensor) -> Tensor:
        made = self.call(*given)
        first: Tensor = made[0] if isinstance(made, tuple) else made
        return first


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
        result = 0 if self.name in ("logsumexp", "logmeanexp") else 1
        moved = read + result if direction == "forward" else read + result + read
        return moved * self.size * getattr(torch, self.dtype).itemsize

    def input(self, gpu: GPU) -> Tensor:
        """Normal numbers."""
        generator = torch.Generator(gpu.device).manual_seed(0)
        x = torch.empty(self.shape, dtype=getattr(torch, self.dtype), device=gpu.device)
        return x.normal_(0.0, 2.0, generator=generator)

    def contenders(self, gpu: GPU) -> Iterator[tuple[str, Contender]]:
        """Who takes part, by name."""
        eager = composition(self.name)
        yield "ogive", Contender(ogive.get(self.name))
        yield "torch", Contender(NATIVES[self.name].call if self.name in NATIVES else eager)
        if self.name in COMPILED:
            yield "compiled", Contender(gpu.compiled(eager))
        if (peer := liger(self.name)) is not None:
            yield "liger", Contender(peer, two=self.kind == "gated")


def composition(name: str) -> Call:
    """The entry as one writes it in torch."""
    written: dict[str, Call] = {
        "swiglu": lambda x: _halves(x)[0] * F.silu(_halves(x)[1]),
        "geglu": lambda x: _halves(x)[0] * F.gelu(_halves(x)[1]),
        "geglu_tanh": lambda x: _halves(x)[0] * F.gelu(_halves(x)[1], approximate="tanh"),
        "reglu": lambda x: _halves(x)[0] * torch.relu(_halves(x)[1]),
        "squared_relu": lambda x: torch.relu(x).square(),
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
        "snake": lambda x: x + torch.sin(x).square(),
        "gaussian": lambda x: torch.exp(-x.square()),
        "star_relu": lambda x: 0.8944 * torch.relu(x).square() - 0.4472,
        "solu": lambda x: x * torch.softmax(x, -1),
        "squash": _squash,
        "sparsemax": _sparsemax,
        "entmax15": _entmax15,
    }
    return written.get(name) or NATIVES[name].call


def _squash(x: Tensor) -> Tensor:
    square = x.square().sum(-1, keepdim=True)
    return x * square.sqrt() / (1 + square)


def _sparsemax(x: Tensor) -> Tensor:
    """By sorting, as everybody writes it."""
    ordered, ranks = x.sort(-1, descending=True).values, _ranks(x)
    sums = ordered.cumsum(-1) - 1
    size = (ranks * ordered > sums).sum(-1, keepdim=True)
    return torch.relu(x - sums.gather(-1, size - 1) / size)


def _entmax15(x: Tensor) -> Tensor:
    z = (x - x.amax(-1, keepdim=True)) / 2
    ordered, ranks = z.sort(-1, descending=True).values, _ranks(x)
    mean, square = ordered.cumsum(-1) / ranks, ordered.square().cumsum(-1) / ranks
    rest = ((1 - ranks * (square - mean.square())) / ranks).clamp(min=0)
    thresholds = mean - rest.sqrt()
    size = (thresholds <= ordered).sum(-1, keepdim=True)
    return torch.relu(z - thresholds.gather(-1, size - 1)).square()


def _ranks(x: Tensor) -> Tensor:
    """1, 2, 3 ... along a row."""
    return torch.arange(1, x.shape[-1] + 1, device=x.device, dtype=torch.float32)


def _halves(x: Tensor) -> tuple[Tensor, ...]:
    return x.chunk(2, -1)


def liger(name: str) -> Call | None:
    """Liger-Kernel's function, where it is installed: of gated units, of gate and value."""
    if name not in LIGER:
        return None
    module, attribute = LIGER[name]
    try:
        apply: Call = getattr(importlib.import_module(module), attribute).apply
    except (ImportError, AttributeError):
        return None
    return apply


def forward(contender: Contender, x: Tensor) -> Callable[[], object]:
    """A call without gradients."""
    given = contender.given(x)

    def run() -> Tensor:
        with torch.no_grad():
            return contender(*given)

    return run


def backward(contender: Contender, x: Tensor) -> Callable[[], object]:
    """The backward of a call that was made before."""
    leaves = contender.given(x)
    y = contender(*leaves)
    gradient = inputs((1,), x.dtype, torch.Generator().manual_seed(0)).to(x.device)
    given = gradient.expand(y.shape).contiguous()
    return partial(torch.autograd.grad, y, leaves, given, retain_graph=True)


def step(contender: Contender, x: Tensor) -> Callable[[], object]:
    """A call and its backward."""
    leaves = contender.given(x)
    given = torch.ones_like(contender(*leaves))
    return lambda: torch.autograd.grad(contender(*leaves), leaves, given)


DIRECTIONS = {"forward": forward, "backward": backward, "both": step}
