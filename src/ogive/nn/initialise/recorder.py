"""A model's steps in their order: it is run on an example, or on symbols, and each call is noted.

The run is in training mode without gradients, and leaves no mark on the model: buffers, flags and
random numbers are as before. Every run of a model draws the same random numbers. What the recorder
puts in the place of a module's forward serves the context of the run; other threads get the
module's own.
"""

from __future__ import annotations

import inspect
import random
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.fx.proxy import TracerBase
from torch.overrides import TorchFunctionMode

from ogive.errors import OgiveError
from ogive.nn.initialise.signal_step import SHAPE_NAMES, SignalStep, call_step, module_step
from ogive.nn.places import is_scripted
from ogive.ops import ActivationFunction, Watcher, watched, watcher
from ogive.torch_private import transparent_mode, tree_leaves


class Listener:
    """Is told of each step of a run, and may change tensors in place; this one does nothing."""

    def before(self, steps: list[SignalStep], step: SignalStep, call: ModelCall) -> None:
        """Before a step that will be the next of the list."""

    def after(self, steps: list[SignalStep], step: SignalStep, result: Any) -> None:
        """After a step that is the last of the list."""


@dataclass(frozen=True)
class ModelCall:
    """What a step of a run calls, and with what; ``inputs`` are those that other steps made."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[Tensor]

    def again(self, *inputs: Tensor) -> Any:
        """The result for other tensors in the places of the inputs."""
        new = {id(old): tensor for old, tensor in zip(self.inputs, inputs, strict=True)}
        kwargs = {name: new.get(id(a), a) for name, a in self.kwargs.items()}
        return self.function(*(new.get(id(a), a) for a in self.args), **kwargs)


class _Recorder(TorchFunctionMode):
    """Notes each step of a run; inside a module that is one step, nothing."""

    def __init__(self, model: nn.Module, listener: Listener) -> None:
        super().__init__()
        self.steps: list[SignalStep] = []
        self._listener = listener
        named = ((n, p) for n, p in model.named_parameters() if not nn.parameter.is_lazy(p))
        self._parameters = {_memory(p): (name, p.numel()) for name, p in named}
        self._made: dict[int, tuple[int, weakref.ref[Any]]] = {}  # by the id of what lives
        self._inside = 0
        self._places: list[str] = []  # the modules whose code runs
        self.watching: Watcher | None = None  # what watches the context that runs the model

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", str(func))
        if name == "__get__":  # of a property
            name = func.__self__.__name__
        return self.called(name, func, args, kwargs or {})

    def activation(self, function: ActivationFunction, inputs: Any, arguments: Any) -> Any:
        """A call of ogive's."""
        return self.called(function.name, function, inputs, arguments)

    def called(self, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        """A call of a function or method."""
        made = {} if self._inside else self._made_in((args, kwargs))
        if not made or name in SHAPE_NAMES:
            return self._result(function, args, kwargs)
        place = self._places[-1] if self._places else ""
        inputs = tuple(index for _, index in made.values())
        step = call_step(name, function, args, kwargs, inputs, self._owned, place)
        return self._step(step, function, args, kwargs)

    def stand_ins(self, name: str, module: nn.Module) -> dict[str, Any]:
        """Attributes of a module during a run: its forward is one step, or that of its parts."""
        own, kind = module.forward, module_step(name, module, ())

        @wraps(own)
        def forward(*args: Any, **kwargs: Any) -> Any:
            if watcher.get() is not self.watching or self._inside:  # another thread may call it too
                return own(*args, **kwargs)
            if kind is not None:
                inputs = tuple(index for _, index in self._made_in((args, kwargs)).values())
                return self._step(replace(kind, inputs=inputs), own, args, kwargs)
            self._places.append(name)
            try:
                return own(*args, **kwargs)
            finally:
                self._places.pop()

        return {"forward": forward}

    def given(self, arguments: Any) -> None:
        """The tensors a run begins with."""
        for signal in signals_in(arguments):
            self._add(SignalStep("input", "input", ()), signal)

    def _step(self, step: SignalStep, function: Any, args: Any, kwargs: Any) -> Any:
        inputs = [signal for signal, _ in self._made_in((args, kwargs)).values()]
        self._inside += 1  # what is called here is no step
        try:
            self._listener.before(self.steps, step, ModelCall(function, args, kwargs, inputs))
            result = self._result(function, args, kwargs)
            if signals_in(result):
                self._add(step, result)
        finally:
            self._inside -= 1
        return result

    def _result(self, function: Any, args: Any, kwargs: Any) -> Any:
        return function(*args, **kwargs)

    def _owned(self, argument: Any) -> tuple[str, Tensor] | None:
        """The parameter that an argument is, or is another shape of."""
        plain = isinstance(argument, Tensor) and not nn.parameter.is_lazy(argument)
        name, numbers = self._parameters.get(_memory(argument), ("", 0)) if plain else ("", 0)
        return (name, argument) if name and numbers == argument.numel() else None

    def _made_in(self, arguments: Any) -> dict[int, tuple[Any, int]]:
        """The signals among arguments that steps have made, and which steps, by their ids; masks
        and indices only where there is nothing else."""
        found = ((s, self._made.get(id(_lasting(s)))) for s in signals_in(arguments))
        made = {id(s): (s, m[0]) for s, m in found if m is not None and m[1]() is _lasting(s)}
        return {k: m for k, m in made.items() if _is_real(m[0])} or made

    def _add(self, step: SignalStep, result: Any) -> None:
        for signal in signals_in(result):
            self._made[id(_lasting(signal))] = len(self.steps), weakref.ref(_lasting(signal))
        self.steps.append(step)
        self._listener.after(self.steps, step, result)


class _SymbolRecorder(_Recorder, TracerBase):
    """Runs a model on symbols of torch.fx, of which no call is made."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model, Listener())
        self.graph = fx.Graph()

    def symbol(self) -> fx.Proxy:
        """A signal of which nothing is known."""
        return fx.Proxy(self.graph.placeholder("signal"), self)

    def create_proxy(
        self, kind: str, target: Any, args: Any, kwargs: Any, *_: Any, **__: Any
    ) -> Any:
        """An operator, a method or an attribute of a symbol."""
        if target is getattr:
            args, target = args[:1], args[1]
        if isinstance(target, str):
            return self.called(target, getattr(Tensor, target, None), args, kwargs)
        return self.called(target.__name__, target, args, kwargs)

    def stand_ins(self, name: str, module: nn.Module) -> dict[str, Any]:
        """What is one step has no hooks either, such as a lazy layer's, which reads sizes."""
        hooks = ("_forward_pre_hooks", "_forward_hooks") if module_step(name, module, ()) else ()
        return super().stand_ins(name, module) | {key: {} for key in hooks}

    def _result(self, function: Any, args: Any, kwargs: Any) -> Any:
        symbols = any(isinstance(s, fx.Proxy) for s in signals_in((args, kwargs)))
        return self.symbol() if symbols else super()._result(function, args, kwargs)


def signals_in(tree: Any) -> list[Any]:
    """The tensors, and symbols of such, in nested containers."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, (Tensor, fx.Proxy))]


def _memory(tensor: Tensor) -> object:
    """Where a tensor's numbers lie; one that has none is itself."""
    return tensor.data_ptr() if tensor.numel() and not tensor.is_meta else id(tensor)


def _is_real(signal: Any) -> bool:
    return isinstance(signal, fx.Proxy) or signal.is_floating_point()


def _lasting(signal: Any) -> Any:
    """What is there as long as a signal is: a symbol's attribute is another one whenever read."""
    return signal.node if isinstance(signal, fx.Proxy) else signal


def steps_of(model: nn.Module, example: Any = None) -> list[SignalStep]:
    """The model's steps: by running it on an example, else on symbols.

    Raises:
        OgiveError: if it does not run on the example, or on symbols where there is none.
    """
    if example is not None:
        if any(nn.parameter.is_lazy(p) for p in model.parameters()):
            record_run(model, example, Listener())  # gives lazy modules their shapes
        return record_run(model, example, Listener())
    recorder, positional, named = _SymbolRecorder(model), [], {}
    for p in inspect.signature(model.forward).parameters.values():
        if p.default is p.empty and p.kind is p.KEYWORD_ONLY:
            named[p.name] = recorder.symbol()
        elif p.default is p.empty and p.kind is not p.VAR_KEYWORD:
            positional.append(recorder.symbol())
    try:
        return _run(recorder, model, positional, named)
    except Exception as error:  # whatever a model's code raises when it meets a symbol
        raise OgiveError(
            f"{type(model).__name__} cannot be traced without running it "
            f"({_shortened(error)}); pass an example input, on which it is run: "
            f"ogive.init_(model, example)"
        ) from error


def record_run(model: nn.Module, example: Any, listener: Listener) -> list[SignalStep]:
    """The steps of one run on an example: a tensor, a tuple of arguments, a mapping of named ones.

    Raises:
        OgiveError: if the model does not run on the example.
    """
    named = _copied(dict(example)) if isinstance(example, Mapping) else {}
    positional = () if named else _copied(example if isinstance(example, tuple) else (example,))
    try:
        with transparent_mode():  # calls of ogive's take the slow path, which is watched
            return _run(_Recorder(model, listener), model, positional, named)
    except Exception as error:  # whatever a model's code raises
        raise OgiveError(
            f"{type(model).__name__} does not run on the example in training mode "
            f"({_shortened(error)}); pass a batch as it is trained with"
        ) from error


def _run(recorder: _Recorder, model: nn.Module, positional: Any, named: Any) -> list[SignalStep]:
    recorder.given((positional, named))
    with (
        unmarked(model),
        _stand_ins(model, recorder),
        warnings.catch_warnings(action="ignore"),
        torch.no_grad(),
        watched(recorder.activation) as recorder.watching,
        recorder,
    ):
        model(*positional, **named)
    return recorder.steps


def _copied(value: Any) -> Any:
    """Containers with copies of their tensors, over which a model may write."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (tuple, list):
        return type(value)(map(_copied, value))
    return {k: _copied(v) for k, v in value.items()} if type(value) is dict else value


@contextmanager
def _stand_ins(model: nn.Module, recorder: _Recorder) -> Iterator[None]:
    """In the block the modules' forwards are the recorder's."""
    modules = [(name, m) for name, m in model.named_modules() if not is_scripted(m)]
    new = [(vars(module), recorder.stand_ins(name, module)) for name, module in modules]
    own = [{key: held[key] for key in there if key in held} for held, there in new]
    try:
        for held, there in new:
            held.update(there)
        yield
    finally:
        for (held, there), before in zip(new, own, strict=True):
            for key in there:
                held.pop(key, None)
            held.update(before)


@contextmanager
def unmarked(model: nn.Module) -> Iterator[None]:
    """In the block every module is in training mode, and the same random numbers are drawn each
    time; after it flags, buffers and their numbers, and random numbers are as they were."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module._buffers, name, buffer, buffer.clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if not (buffer is None or nn.parameter.is_lazy(buffer))
    ]
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng({p.device for p in model.parameters() if p.is_cuda}):
            torch.default_generator.manual_seed(0)
            random.seed(0)
            np.random.seed(0)
            model.train()
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        for held, name, buffer, numbers in buffers:
            held[name] = buffer.copy_(numbers)
        for module, training in modes:
            module.training = training


def _shortened(error: Exception) -> str:
    """What an error says, as far as a sentence has room for it."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]} ..."
