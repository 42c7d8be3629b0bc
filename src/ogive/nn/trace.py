"""What a model does to its signal, as a list of steps: found by torch.fx or by running it once.

Both ways give the same steps. A step is a layer, an activation, a gated unit, a normalisation, an
operation that keeps the scale (shapes, dropout, pooling), a sum, a product, a concatenation, or
something of which nothing is known.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.overrides import TorchFunctionMode

from ogive.catalogue import Spec
from ogive.errors import OgiveError
from ogive.nn.recognise import recognise
from ogive.ops import ActivationFunction, Watcher, watched, watcher
from ogive.torch_private import (
    BATCH_NORM,
    CONVOLUTION,
    DROPOUT,
    POOLING,
    transparent_mode,
    tree_leaves,
)

LAYERS = (nn.Linear, CONVOLUTION)
NORMS = (BATCH_NORM, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
KEEPING = (
    DROPOUT, *POOLING, nn.Flatten, nn.Unflatten, nn.Identity, nn.Upsample, nn.PixelShuffle,
    nn.PixelUnshuffle,
)  # fmt: skip
#: Modules that are one step, of which nothing is known.
OPAQUE = (nn.MultiheadAttention, nn.RNNBase, nn.RNNCellBase, nn.Embedding, nn.EmbeddingBag)
#: Functions and methods by name.
STEP_KINDS = {
    name: kind
    for kind, names in {
        "norm": "layer_norm batch_norm group_norm instance_norm rms_norm",
        "sum": "add iadd radd sub isub rsub",
        "product": "mul imul rmul multiply",
        "concatenation": "cat concat concatenate",
        "keeping": """
            view reshape flatten unflatten permute transpose swapaxes movedim contiguous squeeze
            unsqueeze expand clone detach to type float double half bfloat16 getitem get chunk split
            unbind dropout dropout1d dropout2d dropout3d feature_dropout alpha_dropout avg_pool1d
            avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d adaptive_avg_pool1d
            adaptive_avg_pool2d adaptive_max_pool2d interpolate pad roll flip pixel_shuffle T mT neg
            view_as reshape_as
        """,
    }.items()
    for name in names.split()
}


@dataclass(frozen=True)
class SignalStep:
    """One operation of a model.

    Attributes:
        kind: input, layer, activation, gated, norm, keeping, sum, product, concatenation, unknown.
        inputs: the steps whose results it takes.
        spec: the entry of an activation or a gated unit.
        factor: the number that a product multiplies by, if one side is a number.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    module: nn.Module | None = None
    spec: Spec | None = None
    factor: float = 1.0


def steps_of(model: nn.Module, example: Any = None) -> list[SignalStep]:
    """The model's steps: by running it on an example, else by symbolic tracing.

    The example is a tensor, a tuple of arguments or a mapping of named ones. The run leaves no mark
    on the model: it evaluates, and statistics and random numbers are as before.

    Raises:
        OgiveError: if the model cannot be traced and there is no example.
    """
    return _run(model, example) if example is not None else _symbolic(model)


def module_step(name: str, module: nn.Module, inputs: tuple[int, ...]) -> SignalStep | None:
    """The step a module is; None where its parts are the steps."""
    known = {"layer": LAYERS, "norm": NORMS, "keeping": KEEPING, "unknown": OPAQUE}
    for kind, classes in known.items():
        if isinstance(module, classes):
            return SignalStep(kind, name, inputs, module)
    spec = recognise(module).with_values()
    return None if spec is None else _activation_step(name, inputs, spec, module)


def call_step(
    name: str, function: Any, args: Any, kwargs: Any, inputs: tuple[int, ...]
) -> SignalStep:
    """The step that a call of a function or method is."""
    plain = name.strip("_")
    if plain in STEP_KINDS:
        numbers = [a for a in args if _is_number(a)]
        factor = float(numbers[0]) if STEP_KINDS[plain] == "product" and numbers else 1.0
        return SignalStep(STEP_KINDS[plain], name, inputs, factor=factor)
    if plain in ("div", "truediv") and isinstance(args[-1], (int, float)) and len(inputs) == 1:
        return SignalStep("product", name, inputs, factor=1 / float(args[-1]))
    return _activation_step(name, inputs, _called(function, args, kwargs))


def _called(function: Any, args: Any, kwargs: Any) -> Spec | None:
    """The entry that a call computes, with the call's numbers; None if it is no entry's."""
    found = recognise(function)
    if found.entry is None or found.entry.kind == "rowwise":
        return found.entry
    numbers = [a for a in args if _is_number(a)]
    named = zip((p.name for p in found.entry.parameters), numbers, strict=False)
    given = {name: value for name, value in kwargs.items() if isinstance(value, (str, float, int))}
    return replace(found, values={**found.values, **dict(named), **given}).with_values()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _activation_step(
    name: str, inputs: tuple[int, ...], spec: Spec | None, module: nn.Module | None = None
) -> SignalStep:
    kinds = {"elementwise": "activation", "stochastic": "activation", "gated": "gated"}
    kind = kinds.get(spec.kind if spec else "", "unknown")
    return SignalStep(kind, name, inputs, module, spec)


class _Tracer(fx.Tracer):
    """torch.fx, stopping at what is one step.

    torch.fx replaces how every module of the process is called and gives its parameters: modules
    that other threads call meanwhile are called as ever.
    """

    #: What watches the context that traces.
    watching: Watcher

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_step("", m, ()) is not None

    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        if watcher.get() is not self.watching:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Any) -> Any:
        if watcher.get() is not self.watching:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def activation(self, function: ActivationFunction, inputs: Any, arguments: Any) -> Any:
        if any(isinstance(i, fx.Proxy) for i in inputs):
            return self.create_proxy("call_function", function, inputs, arguments, function.name)
        return function(*inputs, **arguments)


#: What one trace of torch.fx replaces, another that ends later would put back.
_one_at_a_time = threading.RLock()


def _symbolic(model: nn.Module) -> list[SignalStep]:
    tracer = _Tracer()
    try:
        with _one_at_a_time, watched(tracer.activation) as tracer.watching:
            graph = tracer.trace(model)
    except Exception as error:  # whatever a model's code raises when it meets a symbol
        raise OgiveError(
            f"{type(model).__name__} cannot be traced without running it ({error}); "
            f"pass an example input, which is run once: ogive.init_(model, example)"
        ) from error
    place: dict[fx.Node, int] = {}
    steps: list[SignalStep] = []
    for node in graph.nodes:
        if node.op not in ("output", "get_attr"):
            place[node] = len(steps)
            inputs = tuple(place[n] for n in node.all_input_nodes if n in place)
            steps.append(_node_step(model, node, inputs))
    return steps


def _node_step(model: nn.Module, node: fx.Node, inputs: tuple[int, ...]) -> SignalStep:
    if node.op == "placeholder":
        return SignalStep("input", node.name, ())
    if node.op == "call_module":
        name = str(node.target)
        step = module_step(name, model.get_submodule(name), inputs)
        return step or SignalStep("unknown", name, inputs)
    if isinstance(node.target, str):
        method = getattr(Tensor, node.target, node.target)
        return call_step(node.target, method, node.args, node.kwargs, inputs)
    return call_step(_name(node.target), node.target, node.args, node.kwargs, inputs)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", getattr(function, "name", function)))


class _Recorder(TorchFunctionMode):
    """Writes down each step of a run; inside a module that is one step, nothing."""

    #: What watches the context that runs the model.
    watching: Watcher | None = None

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[SignalStep] = []
        # id -> (step, tensor); the tensor is kept, so that its id stays its own
        self._made: dict[int, tuple[int, Tensor]] = {}
        self._inside = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        inputs = self._sources((args, kwargs))
        result = func(*args, **kwargs)
        if not self._inside and inputs and _tensors(result):
            self.add(call_step(_name(func), func, args, kwargs, inputs), result)
        return result

    def activation(self, function: ActivationFunction, inputs: Any, arguments: Any) -> Any:
        sources = self._sources((inputs, arguments))
        self._inside += 1
        try:
            result = function(*inputs, **arguments)
        finally:
            self._inside -= 1
        if not self._inside:
            self.add(call_step(function.name, function, inputs, arguments, sources), result)
        return result

    def watch(self, name: str, module: nn.Module) -> list[Any]:
        """Hooks on a module that is one step; none on others."""
        if module_step(name, module, ()) is None:
            return []
        sources: list[tuple[int, ...]] = []

        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            if watcher.get() is self.watching:  # another thread may run the model as well
                sources.append(self._sources((args, kwargs)))
                self._inside += 1

        def leave(module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
            if watcher.get() is not self.watching:
                return
            self._inside -= 1
            step = module_step(name, module, sources.pop())
            if not self._inside and step is not None:
                self.add(step, result)

        return [
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(leave, with_kwargs=True),
        ]

    def _sources(self, arguments: Any) -> tuple[int, ...]:
        return tuple(self._made[id(t)][0] for t in _tensors(arguments) if id(t) in self._made)

    def add(self, step: SignalStep, result: Any) -> None:
        """A step, and the tensors that it made."""
        for tensor in _tensors(result):
            self._made[id(tensor)] = (len(self.steps), tensor)
        self.steps.append(step)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _run(model: nn.Module, example: Any) -> list[SignalStep]:
    recorder = _Recorder()
    named = example if isinstance(example, dict) else {}
    positional = () if named else example if isinstance(example, tuple) else (example,)
    hooks = [h for name, m in model.named_modules() for h in recorder.watch(name, m)]
    modes = [(m, m.training) for m in model.modules()]
    try:
        model.eval()
        for tensor in _tensors((positional, named)):
            recorder.add(SignalStep("input", "input", ()), tensor)
        with (
            torch.enable_grad(),  # without it layers of torch's take fused paths
            torch.random.fork_rng(devices=[]),
            watched(recorder.activation) as recorder.watching,
            transparent_mode(),  # every call takes the slow path, on which it is watched
            recorder,
        ):
            model(*positional, **named)
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training
    return recorder.steps
