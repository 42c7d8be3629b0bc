"""What a differentiable call computes, apart from the tensors it is given.

A plan is a call of a program; its backward and its forward mode are plans again. The gradient of a
packed tensor is one tensor too, written in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from torch import Tensor

from ogive.engine import Call, Result, run
from ogive.engine.call import broadcast
from ogive.engine.cpu import kernels
from ogive.engine.shortcuts import Shortcut, Way, nowhere
from ogive.expr import symbol


class Plan(Call):
    """A call with its derivatives."""

    def run(self, tensors: Sequence[Tensor], inplace: bool = False) -> tuple[Tensor, ...]:
        """The results, computed by the engine that is chosen for these tensors."""
        return run(self, tensors, inplace)

    @cached_property
    def short(self) -> Way:
        """The short way to the only result, for contiguous tensors of one shape."""
        plain = self.results == (Result(self.results[0].dtype),) and not any(self.packed)
        if not plain or self.codes or self.engine == "eager":
            return nowhere
        return Shortcut(self._mapped, any_size=True).way

    def _mapped(self, *tensors: Tensor) -> Way:
        dtypes = [t.dtype for t in tensors]
        if dtypes[0] != self.results[0].dtype or not _alike(tensors):
            return nowhere
        flat = kernels.mapped(self.program, dtypes)
        return lambda *tensors: flat(*tensors) if _alike(tensors) else None

    @cached_property
    def keeping(self) -> Plan:
        """The same with a copy of the first tensor as a further result, made in the same pass."""
        outputs = (*self.program.outputs, symbol(self.program.inputs[0]))
        program = replace(self.program, name=f"{self.program.name}_keeping", outputs=outputs)
        return replace(self, program=program, results=(*self.results, self.results[0]))

    def backward(
        self, tensors: Sequence[Tensor], used: tuple[int, ...], wanted: tuple[int, ...]
    ) -> Plan:
        """The gradients of the wanted tensors; it takes one of each used result, then the tensors.

        A broadcast tensor's gradient is summed before it is rounded.
        """
        if len(tensors) == 1:  # most calls
            return self._backward(used, wanted, (Result(tensors[0].dtype, None, self.packed[0]),))
        shape = broadcast(self.unpack(self.numbers(tensors)))
        results = []
        for i in wanted:
            tensor, packed = tensors[i], self.packed[i]
            summed = None if packed or tensor.shape == shape else tuple(tensor.shape)
            results.append(Result(tensor.dtype, summed, packed))
        return self._backward(used, wanted, tuple(results))

    @cached_property
    def slope(self) -> Plan:
        """The gradient of the one tensor that the plan takes."""
        return self._backward((0,), (0,), (replace(self.results[0], packed=self.packed[0]),))

    @lru_cache(maxsize=8192)  # noqa: B019 - plans are few and live as long as the process
    def _backward(
        self, used: tuple[int, ...], wanted: tuple[int, ...], results: tuple[Result, ...]
    ) -> Plan:
        program = self.program.vjp(
            _places(self.packed, wanted), _places([r.packed for r in self.results], used)
        )
        given = tuple(self.results[k].packed for k in used)
        codes = (0,) * len(used) + self.codes if self.codes else ()
        packed = (*given, *self.packed)
        return replace(self, program=program, results=results, packed=packed, codes=codes)

    def forward(self, moved: tuple[int, ...]) -> Plan:
        """The results' tangents; it takes one of each moved tensor, then the tensors."""
        program = self.program.jvp(_places(self.packed, moved))
        given = tuple(self.packed[i] for i in moved)
        return replace(self, program=program, packed=(*given, *self.packed))

    def batched(self, size: int, rank: int) -> Plan:
        """The same over a leading batch; summed results keep ``rank`` dimensions behind it."""
        results = tuple(
            r if r.shape is None else replace(r, shape=(size, *aligned(r.shape, rank)))
            for r in self.results
        )
        return replace(self, results=results)


def aligned(shape: Sequence[int], rank: int) -> tuple[int, ...]:
    """The shape with leading ones, as broadcasting reads it."""
    return (*(1,) * (rank - len(shape)), *shape)


def _alike(tensors: Sequence[Tensor]) -> bool:
    """Whether all have one shape and lie in one stretch of memory."""
    shape = tensors[0].shape
    for t in tensors:  # noqa: SIM110 - all() takes 0.4 us longer
        if not t.is_contiguous() or t.shape != shape:
            return False
    return True


def _places(packed: Sequence[bool], chosen: Sequence[int]) -> tuple[int, ...]:
    """Where the chosen tensors stand among the inputs of the program."""
    places: list[tuple[int, ...]] = []
    position = 0
    for two in packed:
        places.append((position, position + 1) if two else (position,))
        position += 1 + two
    return tuple(p for i in chosen for p in places[i])
