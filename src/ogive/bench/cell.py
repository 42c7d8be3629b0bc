"""One cell of a benchmark: an activation at one dtype, size and direction, against the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

import ogive
from ogive.bench.contenders import NATIVES, TorchOperator, input_shape, inputs
from ogive.bench.measure import Pace, Runner, Spread, Times, difference, interleaved, ratio
from ogive.errors import InputError, OgiveError
from ogive.ops import ActivationFunction
from ogive.torch_private import buffers_kept

#: From how many elements on the call in place is measured: there the memory decides.
LARGE = 1 << 20
#: Who may take part, in the order of their turns.
LABELS = ("ogive", "torch", "eager", "compiled", "copy", "inplace")
#: The ratios that are reported, each the first's time over the second's.
RATIOS = (*(("ogive", other) for other in LABELS[1:5]), ("inplace", "copy"))


_Call = Callable[..., Tensor]
Around = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Cell:
    """What is measured."""

    name: str
    dtype: str
    size: int
    direction: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {self.size:,} {self.direction}"


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes:
        times: seconds for a repetition, contender by contender, round by round.
        engine: which engine served the public call; empty where none did, as for rowwise functions.
    """

    cell: Cell
    times: Times
    engine: str

    def time(self, label: str) -> Spread | None:
        """Seconds; None for who did not take part."""
        return Spread.of(self.times[label]) if label in self.times else None

    def ratio(self, over: str, label: str = "ogive") -> Spread | None:
        """How many times as long it takes as the other, round by round."""
        return ratio(self.times, label, over)

    def difference(self, over: str, label: str = "ogive") -> Spread | None:
        """How many seconds longer it takes than the other, round by round."""
        return difference(self.times, label, over)


@dataclass(frozen=True)
class Contest:
    """An activation with an input, to be measured in every direction.

    Attributes:
        activation: ogive's; None for code, of which ogive has none.
        native: what torch, or the code, computes.
    """

    activation: ActivationFunction | None
    native: TorchOperator | None
    x: Tensor
    gradient: Tensor
    arguments: dict[str, Tensor]

    @classmethod
    def of(cls, activation: ActivationFunction, dtype: str, size: int, seed: int) -> Contest:
        """With normal numbers for inputs and gradient.

        Raises:
            OgiveError: where the activation takes no input of that size.
        """
        generator, kind = torch.Generator().manual_seed(seed), getattr(torch, dtype)
        native = None if activation.preset else NATIVES.get(activation.name)
        x = inputs(input_shape(activation.kind, size), kind, generator)
        arguments = native.arguments(kind) if native else {}
        with torch.no_grad():
            y = activation(x, **arguments)
        return cls(activation, native, x, inputs(tuple(y.shape), kind, generator, 1.0), arguments)

    @classmethod
    def of_code(cls, module: nn.Module, dtype: str, size: int, seed: int) -> Contest:
        """The same of a module that is measured as it is.

        Raises:
            OgiveError: where it takes no input of that size.
        """
        generator, kind = torch.Generator().manual_seed(seed), getattr(torch, dtype)
        module = module.to(kind).eval()
        x = inputs((size,), kind, generator)
        try:
            with torch.no_grad():
                y = module(x)
        except Exception as error:  # whatever somebody's code raises
            raise InputError(f"{type(error).__name__}: {str(error)[:200]}") from error
        gradient = inputs(tuple(y.shape), kind, generator, 1.0)
        return cls(None, TorchOperator(module), x, gradient, {})

    def measured(self, cell: Cell, compiled: bool, pace: Pace) -> Result:
        """The cell's times, and who served."""
        runners = dict(self.runners(cell.direction, compiled))
        engine = serving_engine(runners["ogive"]) if "ogive" in runners else ""
        return Result(cell, interleaved(runners, pace), engine)

    def runners(self, direction: str, compiled: bool) -> Iterator[tuple[str, Runner]]:
        """Who takes part, in the order of their turns."""
        make = {"forward": self._forward, "backward": self._backward, "both": self._both}
        for label, call, around in self._contenders(compiled):
            yield label, make[direction](call, around)
        yield "copy", self._copy()
        if direction == "forward" and self._writes_in_place():
            yield "inplace", self._inplace()

    def _contenders(self, compiled: bool) -> Iterator[tuple[str, _Call, Around]]:
        own = self.activation
        native = self.native.call if self.native else None
        if own is not None:
            yield "ogive", own, nullcontext
        if native is not None:
            yield "torch", native, nullcontext
        if own is not None:
            yield "eager", own, _eagerly
        if compiled and (call := native or own):
            yield "compiled", _compiled(call), buffers_kept

    # the directions

    def _forward(self, call: _Call, around: Around) -> Runner:
        return Runner(partial(call, self.x, **self.arguments), partial(_without_gradients, around))

    def _both(self, call: _Call, around: Around) -> Runner:
        leaves = self._leaves()
        x, arguments = leaves[0], dict(zip(self.arguments, leaves[1:], strict=True))

        def step() -> object:
            return torch.autograd.grad(call(x, **arguments), leaves, self.gradient)

        return Runner(step, around)

    def _backward(self, call: _Call, around: Around) -> Runner:
        leaves = self._leaves()
        with around():
            y = call(leaves[0], **dict(zip(self.arguments, leaves[1:], strict=True)))
        back = partial(torch.autograd.grad, y, leaves, self.gradient, retain_graph=True)
        return Runner(back, around)

    def _leaves(self) -> list[Tensor]:
        """The input and the learned arguments, of which gradients are asked for."""
        return [t.detach().requires_grad_() for t in (self.x, *self.arguments.values())]

    # the memory

    def _copy(self) -> Runner:
        return Runner(partial(torch.empty_like(self.x).copy_, self.x), torch.no_grad)

    def _writes_in_place(self) -> bool:
        kind = self.activation.kind if self.activation is not None else ""
        return kind in ("elementwise", "stochastic") and self.x.numel() >= LARGE

    def _inplace(self) -> Runner:
        """The call over its input, which is filled anew each time: applied again and again, a
        function would soon see only subnormal numbers or infinities."""
        scratch = torch.empty_like(self.x)
        call = partial(cast(_Call, self.activation), scratch, inplace=True, **self.arguments)
        return Runner(call, torch.no_grad, partial(scratch.copy_, self.x))


def serving_engine(runner: Runner) -> str:
    """The engines that a repetition employs."""
    with runner.around(), ogive.served() as calls:
        runner.call()
    return "+".join(dict.fromkeys(call.engine for call in calls))


def _eagerly() -> AbstractContextManager[object]:
    choose: Any = ogive.engine
    context: AbstractContextManager[object] = choose("eager")
    return context


@contextmanager
def _without_gradients(around: Around) -> Iterator[None]:
    with around(), torch.no_grad():
        yield


def _compiled(call: _Call) -> _Call:
    """The call compiled anew, for one shape and one dtype."""
    torch.compiler.reset()
    compiled: _Call = torch.compile(lambda x, **arguments: call(x, **arguments), dynamic=False)
    return compiled


def check_compiler() -> None:
    """Raise where ``torch.compile`` does not work, which shows in the first call only."""
    try:
        _compiled(torch.neg)(torch.ones(2))
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise OgiveError(
            f"torch.compile does not work here ({type(error).__name__}: {first}); "
            f"it needs a C++ compiler; install one, or leave it out"
        ) from error
