"""A model is run on an example, and every step of it is written down, and told to a listener.

The run is in training mode without gradients, and leaves no mark on the model: buffers, flags and
random numbers are as before. Every run of a model draws the same random numbers.
"""

from __future__ import annotations

import random
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ogive.errors import OgiveError
from ogive.nn.places import is_scripted
from ogive.nn.signal_step import SignalStep, call_step, module_step
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
    """Writes down each step of a run; inside a module that is one step, nothing."""

    def __init__(self, model: nn.Module, listener: Listener) -> None:
        super().__init__()
        self.steps: list[SignalStep] = []
        self._listener = listener
        self._parameters = {id(p): (name, p) for name, p in model.named_parameters()}
        self._made: dict[int, tuple[int, weakref.ref[Tensor]]] = {}  # by the id of what lives
        self._inside = 0
        self._places: list[str] = []  # the modules whose code runs
        self.watching: Watcher | None = None  # what watches the context that runs the model

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._inside or not self._made_in((args, kwargs)):
            return func(*args, **kwargs)
        name = getattr(func, "__name__", str(func))
        if name == "__get__":  # of a property
            name = func.__self__.__name__
        return self._step(name, func, args, kwargs)

    def activation(self, function: ActivationFunction, inputs: Any, arguments: Any) -> Any:
        if self._inside:
            return function(*inputs, **arguments)
        return self._step(function.name, function, inputs, arguments)

    def _step(self, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        made = self._made_in((args, kwargs))
        place = self._places[-1] if self._places else ""
        step = call_step(name, function, args, kwargs, tuple(made.values()), self._owned, place)
        with self._unheard():
            call = ModelCall(function, tuple(args), kwargs, [*made])
            self._listener.before(self.steps, step, call)
            result = function(*args, **kwargs)
            if tensors_in(result):
                self._add(step, result)
        return result

    def watch(self, name: str, module: nn.Module) -> list[Any]:
        """Hooks on a module: on one that is one step for the step, on others for their place."""
        if is_scripted(module):
            return []
        kind, pending = module_step(name, module, ()), list[SignalStep]()

        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            if watcher.get() is not self.watching:  # another thread may run the model as well
                return
            self._places.append(name)
            if kind is not None:
                made = self._made_in((args, kwargs))
                pending.append(replace(kind, inputs=tuple(made.values())))
                if not self._inside:
                    with self._unheard():
                        call = ModelCall(module.forward, tuple(args), kwargs, [*made])
                        self._listener.before(self.steps, pending[-1], call)
                self._inside += 1

        def leave(module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
            if watcher.get() is not self.watching:
                return
            self._places.pop()
            if kind is not None:
                self._inside -= 1
                if not self._inside:
                    with self._unheard():
                        self._add(pending[-1], result)
                pending.pop()

        return [
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(leave, with_kwargs=True),
        ]

    def given(self, arguments: Any) -> None:
        """The tensors a run begins with."""
        for tensor in tensors_in(arguments):
            self._add(SignalStep("input", "input", ()), tensor)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """What is called in the block is no step."""
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def _owned(self, argument: Any) -> tuple[str, Tensor] | None:
        return self._parameters.get(id(argument))

    def _made_in(self, arguments: Any) -> dict[Tensor, int]:
        """The tensors among arguments that steps have made, and which steps."""
        found = ((t, self._made.get(id(t))) for t in tensors_in(arguments))
        return {t: made[0] for t, made in found if made is not None and made[1]() is t}

    def _add(self, step: SignalStep, result: Any) -> None:
        for tensor in tensors_in(result):
            self._made[id(tensor)] = (len(self.steps), weakref.ref(tensor))
        self.steps.append(step)
        self._listener.after(self.steps, step, result)


def tensors_in(tree: Any) -> list[Tensor]:
    """The tensors in nested containers."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def record_run(model: nn.Module, example: Any, listener: Listener) -> list[SignalStep]:
    """The steps of one run on an example: a tensor, a tuple of arguments, a mapping of named ones.

    Raises:
        OgiveError: if the model does not run on the example.
    """
    recorder = _Recorder(model, listener)
    named = _copied(dict(example)) if isinstance(example, Mapping) else {}
    positional = () if named else _copied(example if isinstance(example, tuple) else (example,))
    hooks = [h for name, m in model.named_modules() for h in recorder.watch(name, m)]
    recorder.given((positional, named))
    try:
        with (
            in_training(model),
            _buffers_kept(model),
            _random_numbers_kept(model),
            warnings.catch_warnings(action="ignore"),
            torch.no_grad(),
            watched(recorder.activation) as recorder.watching,
            transparent_mode(),  # every call takes the slow path, on which it is watched
            recorder,
        ):
            model(*positional, **named)
    except Exception as error:  # whatever a model's code raises
        raise OgiveError(
            f"{type(model).__name__} does not run on the example in training mode "
            f"({shortened(error)}); pass a batch as it is trained with"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    return recorder.steps


def _copied(value: Any) -> Any:
    """Containers with copies of their tensors, over which a model may write."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (tuple, list):
        return type(value)(map(_copied, value))
    return {k: _copied(v) for k, v in value.items()} if type(value) is dict else value


@contextmanager
def in_training(model: nn.Module) -> Iterator[None]:
    """In the block every module is in training mode."""
    modes = [(m, m.training) for m in model.modules()]
    try:
        model.train()
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """After the block every buffer is the tensor that it was, with the numbers that it had."""
    buffers = [
        (module, name, buffer, buffer.clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if not (buffer is None or nn.parameter.is_lazy(buffer))
    ]
    try:
        yield
    finally:
        for module, name, buffer, numbers in buffers:
            module._buffers[name] = buffer.copy_(numbers)


@contextmanager
def _random_numbers_kept(model: nn.Module) -> Iterator[None]:
    """The same random numbers in every such block, and afterwards as if there had been none."""
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng({p.device for p in model.parameters() if p.is_cuda}):
            torch.default_generator.manual_seed(0)
            random.seed(0)
            np.random.seed(0)
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def shortened(error: Exception) -> str:
    """What an error says, as far as a sentence has room for it."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]} ..."
