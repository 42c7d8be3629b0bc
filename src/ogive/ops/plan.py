"""What a differentiable call of a program computes, apart from the tensors it is given.

A plan is a call of a program; its backward and its forward mode are plans again. The gradient of a
packed tensor is one tensor too, written in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from torch import Tensor

from ogive.engine import Call, Output
from ogive.engine.call import broadcast
from ogive.expr import Program, symbol
from ogive.ops.native import Native
from ogive.ops.record import Differentiable, Gradients, apply_plan, outputs


@dataclass(frozen=True)
class Plan(Differentiable, Call):
    """A call of a program with its derivatives.

    Attributes:
        native: torch's own operator with the same values, if there is one.
        native_slope: the gradient by torch's formula, for an entry that torch has.
        recorded: from what records it as ever, what does where it keeps something else.
    """

    native: Native | None = None
    native_slope: Program | None = None
    recorded: Callable[..., Any] | None = None

    __hash__ = Call.__hash__

    def recorder(self, run: Callable[..., Any]) -> Callable[..., Any]:
        record = super().recorder(run)
        return record if self.recorded is None else self.recorded(record)

    def _derived(self, **changes: Any) -> Plan:
        return replace(self, native=None, native_slope=None, recorded=None, **changes)

    @cached_property
    def over(self) -> Plan:
        """The same written over the first tensor."""
        return self._derived(inplace=True)

    @cached_property
    def keeping(self) -> Plan:
        """The same written over the first tensor, with a copy of that as a further result, made in
        the same pass."""
        outputs = (*self.program.outputs, symbol(self.program.inputs[0]))
        program = replace(self.program, name=f"{self.program.name}_keeping", outputs=outputs)
        results = (*self.results, self.results[0])
        return self._derived(program=program, results=results, inplace=True)

    # what autograd asks for

    def gradients(
        self, kept: tuple[Tensor, ...], given: Gradients, needed: Sequence[bool]
    ) -> Gradients:
        gradient = given[0]
        if len(kept) == 1 and gradient is not None:  # most calls
            result = self.slope.dispatch(gradient, *kept)
            return (apply_plan(self.slope, gradient, *kept) if result is None else result,)
        found: list[Tensor | None] = [None] * len(kept)
        used = tuple([k for k, g in enumerate(given) if g is not None])
        if used:
            wanted = tuple([i for i, need in enumerate(needed) if need])
            plan = self.backward(kept, used, wanted)
            results = outputs(plan, *[g for g in given if g is not None], *kept)
            for i, result in zip(wanted, results, strict=True):
                found[i] = result
        return found

    def tangents(self, kept: tuple[Tensor, ...], given: Gradients) -> tuple[Tensor, ...]:
        moved = tuple([i for i, t in enumerate(given) if t is not None])
        return outputs(self.forward(moved), *[t for t in given if t is not None], *kept)

    def vmap(
        self, size: int, dims: tuple[int | None, ...], tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """Elementwise and broadcasting: the batch becomes a leading dimension."""
        rank = max(t.dim() - (d is not None) for t, d in zip(tensors, dims, strict=True))
        moved = [_batch_first(t, d, rank) for t, d in zip(tensors, dims, strict=True)]
        if any(result.packed for result in self.results):  # each is laid out as what it is of
            moved = [
                t.expand(size, *t.shape) if packed and d is None else t
                for t, d, packed in zip(moved, dims, self.packed, strict=True)
            ]
        made = outputs(self.batched(size, rank), *moved)
        return tuple(
            y if result.shape is None else y.reshape(size, *result.shape)
            for y, result in zip(made, self.results, strict=True)
        )

    # the derivatives

    def backward(
        self, tensors: Sequence[Tensor], used: tuple[int, ...], wanted: tuple[int, ...]
    ) -> Plan:
        """The gradients of the wanted tensors; it takes one of each used result, then the tensors.

        A broadcast tensor's gradient is summed before it is rounded.
        """
        shape = broadcast(self.unpack(self.numbers(tensors)))
        results = []
        for i in wanted:
            tensor, packed = tensors[i], self.packed[i]
            summed = None if packed or tensor.shape == shape else tuple(tensor.shape)
            results.append(Output(tensor.dtype, summed, packed))
        return self._backward(used, wanted, tuple(results))

    @cached_property
    def slope(self) -> Plan:
        """The gradient of the one tensor that the plan takes."""
        if self.native_slope is not None:
            return self._derived(program=self.native_slope, packed=(False, False))
        return self._backward((0,), (0,), (replace(self.results[0], packed=self.packed[0]),))

    @lru_cache(maxsize=2048)  # noqa: B019 - of all plans together
    def _backward(
        self, used: tuple[int, ...], wanted: tuple[int, ...], results: tuple[Output, ...]
    ) -> Plan:
        program = self.program.vjp(
            _places(self.packed, wanted), _places([r.packed for r in self.results], used)
        )
        given = tuple(self.results[k].packed for k in used)
        bits = (0,) * len(used) + self.bits if self.bits else ()
        packed = (*given, *self.packed)
        seeds = self._seeds_after(len(used))
        return self._derived(
            program=program, results=results, packed=packed, bits=bits, seeds=seeds
        )

    def forward(self, moved: tuple[int, ...]) -> Plan:
        """The results' tangents; it takes one of each moved tensor, then the tensors."""
        program = self.program.jvp(_places(self.packed, moved))
        given = tuple(self.packed[i] for i in moved)
        seeds = self._seeds_after(len(moved))
        return self._derived(program=program, packed=(*given, *self.packed), seeds=seeds)

    def _seeds_after(self, count: int) -> tuple[str, ...]:
        """Which tensors are seeds, where so many others are given before them."""
        return ("",) * count + self.seeds if self.seeds else ()

    def batched(self, size: int, rank: int) -> Plan:
        """The same over a leading batch; summed results keep ``rank`` dimensions behind it."""
        results = tuple(
            r if r.shape is None else replace(r, shape=(size, *_aligned(r.shape, rank)))
            for r in self.results
        )
        return self._derived(results=results)


def _aligned(shape: Sequence[int], rank: int) -> tuple[int, ...]:
    """The shape with leading ones, as broadcasting reads it."""
    return (*(1,) * (rank - len(shape)), *shape)


def _batch_first(tensor: Tensor, dim: int | None, rank: int) -> Tensor:
    """The tensor with its batch dimension first and ``rank`` further dimensions behind it."""
    if dim is None:
        return tensor
    moved = tensor.movedim(dim, 0)
    return moved.reshape(moved.shape[0], *_aligned(moved.shape[1:], rank))


def _places(packed: Sequence[bool], chosen: Sequence[int]) -> tuple[int, ...]:
    """Where the chosen tensors stand among the inputs of the program."""
    places: list[tuple[int, ...]] = []
    position = 0
    for two in packed:
        places.append((position, position + 1) if two else (position,))
        position += 1 + two
    return tuple(p for i in chosen for p in places[i])
