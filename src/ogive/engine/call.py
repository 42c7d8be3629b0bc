"""What an engine is asked to run: a program or a function of rows, what becomes of its outputs, how
its inputs lie in the tensors that are given. The same for every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ogive.engine import bit_packing, philox
from ogive.engine.packed_layout import PackedLayout
from ogive.errors import EngineError, OgiveError
from ogive.expr import Program
from ogive.torch_private import transforms_active

#: The tensors that kernels and their guards know; those of other classes run themselves.
PLAIN = (Tensor, torch.nn.Parameter)
#: The devices whose tensors lie in a storage, and nowhere else.
MEMORIES = ("cpu", "cuda", "xpu", "mps", "meta")
#: Of a tensor its storage, and of that the bytes: asked in every call.
storage, nbytes = Tensor.untyped_storage, torch.UntypedStorage.nbytes


class NoMemory(OgiveError, RuntimeError):
    """A tensor's storage does not hold its elements: it was freed or shrunk.

    Kernels, and torch's operators, would read memory that is not the tensor's.
    """

    def __init__(self) -> None:
        super().__init__(
            "the storage of a tensor is smaller than the tensor: it was freed or shrunk with "
            "untyped_storage().resize_(), by hand or by a library such as FSDP; give it its memory "
            "back, or a clone from before, and call again"
        )


class TooLong(EngineError):
    """A program of so many operations that to compile it would take minutes."""


class KernelRunner(NamedTuple):
    """A call made ready by an engine.

    Attributes:
        run: from tensors to the result, or to a tuple of several.
        contiguous: whether it serves all contiguous tensors of one shape and as many dimensions as
            those it was made for; else it serves tensors of the same shapes and strides.
    """

    run: Callable[..., Tensor | tuple[Tensor, ...]]
    contiguous: bool = False


@dataclass(frozen=True)
class Output:
    """A tensor that a call returns.

    Attributes:
        dtype: its dtype.
        shape: what the output is summed to, where it is the gradient of a broadcast input.
        packed: whether it holds two outputs of the program, as the gradient of value and gate does.
        bits: of a small number for each element of the other tensors, packed into bytes.
    """

    dtype: torch.dtype
    shape: tuple[int, ...] | None = None
    packed: bool = False
    bits: int = 0

    def reduced(self, output: Tensor) -> Tensor:
        """An output of full shape, summed and then rounded."""
        summed = output if self.shape is None else output.sum_to_size(self.shape)
        return summed.to(self.dtype)


@dataclass(frozen=True)
class Call:
    """A program, the tensors it returns, which of those it takes are packed, and how they divide.

    A tensor that holds value and gate of a gated unit side by side counts as one tensor, though the
    program has two inputs for it. Bytes of packed bits that are returned are in the order in which
    the elements of the one tensor given lie, which is dense; those that are given are in that of
    the last tensor of numbers. ``bits`` has theirs, 0 for other tensors; it is empty where there
    are none. ``seeds`` says of which noise a tensor is the seed (philox.py), in the place of the
    noise, and is alike. ``inplace`` writes the first result over the first tensor. ``stacked``
    results, all of them sums to one shape, are the rows of one tensor. ``engine`` is the one that
    is to run it whatever is set; None leaves that to the setting.
    """

    program: Program
    results: tuple[Output, ...]
    packed: tuple[bool, ...]
    layout: PackedLayout | None = None
    bits: tuple[int, ...] = ()
    seeds: tuple[str, ...] = ()
    inplace: bool = False
    engine: str | None = None
    stacked: bool = False

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        lies = self.packed, self.layout, self.bits, self.seeds, self.inplace, self.stacked
        return hash((self.program, self.results, *lies, self.engine))

    @property
    def label(self) -> str:
        """What it is listed as."""
        return self.program.name

    @cached_property
    def pointwise(self) -> bool:
        """Whether it is one new tensor from tensors that all lie alike."""
        return (
            self.results == (Output(self.results[0].dtype),)
            and not any(self.packed)
            and not (self.bits or self.seeds or self.inplace or self.stacked)
        )

    def numbers(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """The tensors without the packed bits and the seeds among them."""
        if self.seeds:
            return [t for t, seed in zip(tensors, self.seeds, strict=True) if not seed]
        if not self.bits:
            return tensors
        return [t for t, bits in zip(tensors, self.bits, strict=True) if not bits]

    def alike(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """The tensors; those that packed bits go along with all in the same order of memory."""
        if not self.bits:
            return tensors
        like = self.numbers(tensors)[-1].stride()
        pairs = zip(tensors, self.bits, strict=True)
        return [t.contiguous() if bits else laid(t, like) for t, bits in pairs]

    @property
    def seeded(self) -> bool:
        """Whether it takes seeds in the place of noise."""
        return bool(self.seeds)

    def with_noise(self, tensors: Sequence[Tensor]) -> tuple[Call, list[Tensor]]:
        """The same call of noise in the place of seeds."""
        shape = broadcast(self.numbers(tensors))
        pairs = zip(tensors, self.seeds, strict=True)
        drawn = [philox.noise_of(kind, t, shape) if kind else t for t, kind in pairs]
        return replace(self, seeds=()), drawn

    def unpack(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The inputs of the program: views of the packed tensors."""
        if self.layout is None:
            return list(tensors)
        inputs: list[Tensor] = []
        for tensor, packed in zip(tensors, self.packed, strict=True):
            inputs += self.layout.split(tensor) if packed else (tensor,)
        return inputs

    def _two_of(self, x: Tensor, dtype: torch.dtype, device: str | torch.device) -> Tensor:
        """A packed tensor whose halves are like x, its dimensions in the same order of memory."""
        assert self.layout is not None
        shape, steps = list(x.shape), x.stride()
        shape[self.layout.dim] *= 2
        order = sorted(range(x.dim()), key=lambda d: -steps[d])
        return torch.empty_permuted(shape, order, dtype=dtype, device=device)

    def empty(
        self, result: Output, tensors: Sequence[Tensor], device: str | torch.device
    ) -> Tensor:
        """A tensor for a result, laid out as a packed one or the first input of full shape is."""
        if result.packed:
            pairs = zip(tensors, self.packed, strict=True)
            like = next((t for t, packed in pairs if packed), None)
            if like is None:
                return self._two_of(tensors[0], result.dtype, device)
            return torch.empty_like(like, dtype=result.dtype, device=device, requires_grad=False)
        inputs = self.unpack(self.numbers(tensors))
        shape = broadcast(inputs)
        if result.bits:
            size = bit_packing.packed_length(shape.numel(), result.bits)
            return torch.empty(size, dtype=result.dtype, device=device)
        if result.shape is None or result.shape == shape:
            for t in inputs:
                if t.shape == shape:
                    return torch.empty_like(
                        t, dtype=result.dtype, device=device, requires_grad=False
                    )
        given = shape if result.shape is None else result.shape
        return torch.empty(given, dtype=result.dtype, device=device)


class RowFunction(NamedTuple):
    """What is computed along each row.

    Attributes:
        name: softmax, sparsemax, l2_normalize and so on, or the gradient of one.
        negated: of -x instead of x.
        tempered: of x times a number that is given, or a gradient times it.
        noise: the law of noise that kernels add to x, made from a seed that is given beside it.

    L2 normalisation and others are given eps as that number, logmeanexp the length of the rows.
    """

    name: str
    negated: bool = False
    tempered: bool = False
    noise: str = ""


@dataclass(frozen=True)
class RowCall:
    """A function of the rows along a dimension, counted from 0.

    Attributes:
        label: what it is listed as.
        function: what kernels compute.
        dim: the dimension of the rows.
        dtype: of x, and of its gradient; ``result``, of the result and its gradient.
        factor: the number that kernels are given.
        engine: the one that is to run it whatever is set; None leaves that to the setting.
    """

    label: str
    function: RowFunction
    dim: int
    dtype: torch.dtype
    result: torch.dtype
    factor: float | Fraction = 1
    engine: str | None = None

    def numbers(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """The tensors without the seed; none holds packed bits."""
        return tensors[:1] if self.seeded else tensors

    def alike(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """The tensors."""
        return tensors

    @property
    def seeded(self) -> bool:
        """Whether it takes a seed in the place of noise."""
        return bool(self.function.noise)

    def with_noise(self, tensors: Sequence[Tensor]) -> tuple[RowCall, list[Tensor]]:
        """The same call of x and noise together."""
        x, seed = tensors
        kind = philox.kind_of(self.function.noise, x.dtype)
        noise = philox.noise_of_rows(kind, seed, x.shape, self.dim)
        function = self.function._replace(noise="")
        return replace(self, function=function, dtype=noise.dtype), [x + noise]

    @property
    def made(self) -> torch.dtype:
        """The dtype of what it gives."""
        return self.result

    def composed(self, *tensors: Tensor) -> Tensor:
        """The same as torch operators."""
        raise NotImplementedError


def extent(tensor: Tensor) -> int:
    """How many elements of its storage a tensor spans."""
    if tensor.is_contiguous():
        return tensor.numel()
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    return 1 + sum((size - 1) * stride for size, stride in steps) if tensor.numel() else 0


def in_storage(tensor: Tensor) -> bool:
    """Whether its storage holds the elements of a tensor."""
    last = tensor.storage_offset() + extent(tensor)
    return tensor.untyped_storage().nbytes() >= last * tensor.itemsize or not tensor.numel()


def check_memory(tensors: Iterable[Any]) -> None:
    """Raises NoMemory where torch's operators would read what is not there. What is no tensor of
    torch's own with a storage knows itself where its numbers are, and so does a device that is not
    torch's own."""
    for t in tensors:
        with suppress(NotImplementedError):
            plain = type(t) in PLAIN and t.layout is torch.strided and not t._is_zerotensor()
            known = plain and t.device.type in MEMORIES
            if known and not (t.is_nested or transforms_active() or in_storage(t)):
                raise NoMemory


def dense(tensor: Tensor) -> bool:
    """Whether the elements fill one stretch of memory, in whatever order of dimensions."""
    if tensor.is_contiguous():
        return True
    expected = 1
    for size, stride in sorted(
        zip(tensor.shape, tensor.stride(), strict=True), key=lambda pair: (pair[1], pair[0])
    ):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def laid(tensor: Tensor, strides: tuple[int, ...]) -> Tensor:
    """The tensor, or a copy of it, with these strides."""
    if tensor.stride() == strides:
        return tensor
    made = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device=tensor.device)
    return made.copy_(tensor)


def summed_afterwards(
    call: Call, dtype: torch.dtype, start: Callable[[Call], Callable[..., Any]]
) -> Callable[..., Tensor | tuple[Tensor, ...]]:
    """Sums that a kernel cannot make, made by torch from outputs of full shape in a dtype.

    Args:
        start: from a call without sums to what runs it.
    """
    whole = tuple(r if r.shape is None else Output(dtype) for r in call.results)
    run = start(replace(call, results=whole, stacked=False))

    def summing(*tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        made = run(*tensors)
        outputs = made if isinstance(made, tuple) else (made,)
        reduced = tuple([r.reduced(o) for r, o in zip(call.results, outputs, strict=True)])
        return reduced if len(reduced) > 1 else reduced[0]

    return stacking(summing) if call.stacked else summing


def stacking(run: Callable[..., Any]) -> Callable[..., Tensor]:
    """The results of a run as rows of one tensor."""

    def stacked(*tensors: Tensor) -> Tensor:
        made = run(*tensors)
        return torch.stack(made if isinstance(made, tuple) else (made,))

    return stacked


def compute_dtype(inputs: Sequence[Tensor]) -> torch.dtype:
    """float32, or float64 where an input has it; float16 and bfloat16 are rounded once from it."""
    return torch.float64 if any(t.dtype == torch.float64 for t in inputs) else torch.float32


def broadcast(tensors: Sequence[Tensor]) -> torch.Size:
    """The shape of all tensors together."""
    first = tensors[0].shape
    rank = len(first)  # first, as comparing sizes binds an exporter to how they compare
    if all(t.dim() == rank and t.shape == first for t in tensors):  # nearly always, and fast
        return first
    shape: torch.Size = torch.broadcast_shapes(*(t.shape for t in tensors))  # type: ignore[no-untyped-call]
    return shape
