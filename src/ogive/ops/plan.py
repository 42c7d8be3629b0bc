"""What a differentiable call computes, apart from the tensors it is given.

A plan is a program and what its outputs become. Its backward and its forward mode are plans again.
A tensor that holds value and gate of a gated unit side by side counts as one tensor, though the
program has two inputs for it; so its gradient is one tensor too, written in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from ogive.engine import run, shortcut
from ogive.engine.results import Result, broadcast
from ogive.expr import Program
from ogive.ops.gates import Halves


@dataclass(frozen=True)
class Output:
    """A tensor that a plan returns: one output of the program, or two packed into one tensor."""

    dtype: torch.dtype
    shape: tuple[int, ...] | None = None
    packed: bool = False


@dataclass(frozen=True)
class Plan:
    """A program, its outputs, which of its tensors are packed, and how those divide."""

    program: Program
    outputs: tuple[Output, ...]
    packed: tuple[bool, ...]
    halves: Halves | None = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.program, self.outputs, self.packed, self.halves))

    def run(self, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The outputs, computed by the engine that is chosen for these tensors."""
        if self._shortest is not None and tensors[0].dtype is self.outputs[0].dtype:
            output = self._shortest(*tensors)
            if output is not None:
                return (output,)
        if self.halves is None:
            return tuple(run(self.program, tensors, self._places))
        return self._run_packed(tensors)

    @cached_property
    def _shortest(self) -> Callable[..., Tensor | None] | None:
        """The shortcut for tensors that are alike, where one output is all there is."""
        ordinary = self.halves is None and len(self.outputs) == 1 and self.outputs[0].shape is None
        return shortcut(self.program) if ordinary else None

    @cached_property
    def _places(self) -> list[Result | Tensor]:
        return [Result(o.dtype, o.shape) for o in self.outputs]

    def _run_packed(self, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        inputs = self.unpack(tensors)
        whole = next((t for t, p in zip(tensors, self.packed, strict=True) if p), None)
        places: list[Result | Tensor] = []
        kept: list[Tensor] = []
        for output in self.outputs:
            if output.packed:
                assert whole is not None and self.halves is not None
                kept.append(torch.empty_like(whole, dtype=output.dtype, requires_grad=False))
                places += self.halves.split(kept[-1])
            else:
                places.append(Result(output.dtype, output.shape))
        found = iter(run(self.program, inputs, places))
        buffers = iter(kept)
        return tuple(
            (next(found), next(found), next(buffers))[2] if o.packed else next(found)
            for o in self.outputs
        )

    def unpack(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The inputs of the program: views of the packed tensors."""
        if self.halves is None:
            return list(tensors)
        inputs: list[Tensor] = []
        for tensor, packed in zip(tensors, self.packed, strict=True):
            inputs += self.halves.split(tensor) if packed else (tensor,)
        return inputs

    def backward(
        self, tensors: Sequence[Tensor], used: tuple[int, ...], wanted: tuple[int, ...]
    ) -> Plan:
        """The gradients of the wanted tensors; it takes one of each used output, then the tensors.

        A broadcast tensor's gradient is summed before it is rounded.
        """
        if len(tensors) == 1:  # most calls
            return self._backward(used, wanted, ((tensors[0].dtype, None, self.packed[0]),))
        shape = broadcast(self.unpack(tensors))
        outputs = []
        for i in wanted:
            tensor, packed = tensors[i], self.packed[i]
            summed = None if packed or tensor.shape == shape else tuple(tensor.shape)
            outputs.append((tensor.dtype, summed, packed))
        return self._backward(used, wanted, tuple(outputs))

    @lru_cache(maxsize=8192)  # noqa: B019 - plans are few and live as long as the process
    def _backward(
        self, used: tuple[int, ...], wanted: tuple[int, ...], outputs: tuple[Any, ...]
    ) -> Plan:
        program = self.program.vjp(
            _places(self.packed, wanted), _places([o.packed for o in self.outputs], used)
        )
        given = tuple(self.outputs[k].packed for k in used)
        listed = tuple(Output(*row) for row in outputs)
        return Plan(program, listed, (*given, *self.packed), self.halves)

    def forward(self, moved: tuple[int, ...]) -> Plan:
        """The outputs' tangents; it takes one of each moved tensor, then the tensors."""
        program = self.program.jvp(_places(self.packed, moved))
        given = tuple(self.packed[i] for i in moved)
        return replace(self, program=program, packed=(*given, *self.packed))

    def batched(self, size: int, rank: int) -> Plan:
        """The same over a leading batch; summed outputs keep ``rank`` dimensions behind it."""
        outputs = tuple(
            o if o.shape is None else replace(o, shape=(size, *aligned(o.shape, rank)))
            for o in self.outputs
        )
        return replace(self, outputs=outputs)


def aligned(shape: Sequence[int], rank: int) -> tuple[int, ...]:
    """The shape with leading ones, as broadcasting reads it."""
    return (*(1,) * (rank - len(shape)), *shape)


def _places(packed: Sequence[bool], chosen: Sequence[int]) -> tuple[int, ...]:
    """Where the chosen tensors stand among the inputs of the program."""
    places: list[tuple[int, ...]] = []
    position = 0
    for two in packed:
        places.append((position, position + 1) if two else (position,))
        position += 1 + two
    return tuple(p for i in chosen for p in places[i])
