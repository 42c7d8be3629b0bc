"""What the networks of a study are made of besides torch's layers.

Every block works on tensors with any number of dimensions in front: networks of several runs,
stacked along a first dimension, go through the same code (``stacking.py``).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class Residual(nn.Module):
    """What goes in plus what ``inner`` makes of it."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """The sum; both have one shape."""
        result: Tensor = x + self.inner(x)
        return result


class Rearranged(nn.Module):
    """A row of features seen as a tensor of another shape, such as an image or a sequence."""

    def __init__(self, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        super().__init__()
        self.before, self.after = before, after

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers; the dimensions in front stay."""
        return x.reshape(*x.shape[: x.dim() - len(self.before)], *self.after)


class MeanOfPositions(nn.Module):
    """The mean over the steps of a sequence."""

    def forward(self, x: Tensor) -> Tensor:
        """``(..., steps, features)`` to ``(..., features)``."""
        return x.mean(-2)


class SelfAttention(nn.Module):
    """Attention of every step of a sequence to all of them, with ``heads`` heads."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.incoming = nn.Linear(features, 3 * features)
        self.outgoing = nn.Linear(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., steps, features)`` to the same shape."""
        parts = self.incoming(x).unflatten(-1, (3, self.heads, -1)).movedim(-3, 0)
        query, key, value = (part.transpose(-3, -2) for part in parts)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.outgoing(mixed.transpose(-3, -2).flatten(-2))
        return result


class Positions(nn.Module):
    """Adds a learned vector to each step of a sequence."""

    def __init__(self, steps: int, features: int) -> None:
        super().__init__()
        self.places = nn.Embedding(steps, features)
        nn.init.normal_(self.places.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., steps, features)`` to the same shape."""
        steps = torch.arange(x.shape[-2]).expand(x.shape[:-1])
        result: Tensor = x + self.places(steps)
        return result


class LongShortTermMemory(nn.Module):
    """A layer of LSTM cells whose gates and cell functions are given (S. Hochreiter and
    J. Schmidhuber 1997; forget gates by F. Gers et al. 2000, with a bias of 1 at the start)."""

    def __init__(
        self,
        inputs: int,
        features: int,
        gate: Callable[[], nn.Module],
        cell: Callable[[], nn.Module],
    ) -> None:
        super().__init__()
        self.features = features
        self.incoming = nn.Linear(inputs, 4 * features)
        self.recurrent = nn.Linear(features, 4 * features, bias=False)
        self.gate, self.cell = gate(), cell()
        self.open_forget_gates()

    @torch.no_grad()
    def open_forget_gates(self) -> None:
        """Set the biases of the forget gates to 1."""
        self.incoming.bias[self.features : 2 * self.features] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        """``(..., steps, inputs)`` to ``(..., steps, features)``: what each step puts out."""
        memory = output = x.new_zeros(*x.shape[:-2], self.features)
        outputs = []
        for step in self.incoming(x).unbind(-2):
            gates, candidate = (step + self.recurrent(output)).split(
                (3 * self.features, self.features), -1
            )
            put, forget, emit = self.gate(gates).chunk(3, -1)
            memory = forget * memory + put * self.cell(candidate)
            output = emit * self.cell(memory)
            outputs.append(output)
        return torch.stack(outputs, -2)


class Last(nn.Module):
    """The last step of a sequence."""

    def forward(self, x: Tensor) -> Tensor:
        """``(..., steps, features)`` to ``(..., features)``."""
        return x[..., -1, :]
