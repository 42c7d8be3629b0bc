"""What a model does to its signal, as a list of steps: found by torch.fx or by running it once.

Both ways give the same steps. A step is a layer, an activation, a gated unit, a normalisation, an
operation that keeps the scale (shapes, dropout, pooling), a sum, a product, a concatenation, or
something of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.overrides import TorchFunctionMode

from ogive.catalogue import Spec
from ogive.errors import OgiveError
from ogive.nn.identify import entry_of, entry_of_call
from ogive.ops import ActivationFunction
from ogive.torch_private import BATCH_NORM, DROPOUT, POOLING, tree_leaves

LAYERS = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)  # fmt: skip
NORMS = (
    BATCH_NORM, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm,
)  # fmt: skip
KEEPING = (
    DROPOUT, *POOLING, nn.Flatten, nn.Unflatten, nn.Identity, nn.Upsample, nn.PixelShuffle,
    nn.PixelUnshuffle,
)  # fmt: skip
#: Modules that are one step, of which nothing is known.
OPAQUE = (nn.MultiheadAttention, nn.RNNBase, nn.RNNCellBase, nn.Embedding, nn.EmbeddingBag)
#: Functions and methods by name.
KINDS = {
    **dict.fromkeys(("layer_norm", "batch_norm", "group_norm"), "norm"),
    **dict.fromkeys(("instance_norm", "rms_norm"), "norm"),
    **dict.fromkeys(("add", "iadd", "radd", "sub", "isub", "rsub"), "sum"),
    **dict.fromkeys(("mul", "imul", "rmul", "multiply"), "product"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "concatenation"),
    **dict.fromkeys(
        (
            "view", "reshape", "flatten", "unflatten", "permute", "transpose", "swapaxes",
            "movedim", "contiguous", "squeeze", "unsqueeze", "expand", "clone", "detach", "to",
            "type", "float", "double", "half", "bfloat16", "getitem", "get", "chunk", "split",
            "unbind", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout",
            "alpha_dropout", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d",
            "max_pool2d", "max_pool3d",
            "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate",
            "pad", "roll", "flip", "pixel_shuffle", "T", "mT", "neg", "view_as", "reshape_as",
        ),
        "keeping",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One operation of a model.

    Attributes:
        kind: input, layer, activation, gated, norm, keeping, sum, product, concatenation, unknown.
        name: of the module, or what the function is called.
        inputs: the steps whose results it takes.
        module: the module, if it is one.
        spec: the entry of an activation or a gated unit.
        factor: the number that a product multiplies by, if one side is a number.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    module: nn.Module | None = None
    spec: Spec | None = None
    factor: float = 1.0


def steps_of(model: nn.Module, example: Any = None) -> list[Step]:
    """The model's steps: by running it on an example, else by symbolic tracing.

    The example is a tensor, a tuple of arguments or a mapping of named ones. The run leaves no mark
    on the model: it evaluates, and statistics and random numbers are as before.

    Raises:
        OgiveError: if the model cannot be traced and there is no example.
    """
    return _run(model, example) if example is not None else _symbolic(model)


def module_step(name: str, module: nn.Module, inputs: tuple[int, ...]) -> Step | None:
    """The step a module is; None where its parts are the steps."""
    for kind, classes in (("layer", LAYERS), ("norm", NORMS), ("keeping", KEEPING)):
        if isinstance(module, classes):
            return Step(kind, name, inputs, module)
    if isinstance(module, OPAQUE):
        return Step("unknown", name, inputs, module)
    return _activation_step(name, inputs, entry_of(module), module)


def call_step(name: str, function: Any, args: Any, kwargs: Any, inputs: tuple[int, ...]) -> Step:
    """The step that a call of a function or method is."""
    plain = name.strip("_")
    if plain in KINDS:
        numbers = [a for a in args if isinstance(a, (int, float)) and not isinstance(a, bool)]
        factor = float(numbers[0]) if KINDS[plain] == "product" and numbers else 1.0
        return Step(KINDS[plain], name, inputs, factor=factor)
    if plain in ("div", "truediv") and isinstance(args[-1], (int, float)) and len(inputs) == 1:
        return Step("product", name, inputs, factor=1 / float(args[-1]))
    found = _activation_step(plain, inputs, entry_of_call(function, args, kwargs), None)
    return found or Step("unknown", name, inputs)


def _activation_step(
    name: str, inputs: tuple[int, ...], spec: Spec | None, module: nn.Module | None
) -> Step | None:
    if spec is None:
        return None
    kinds = {"elementwise": "activation", "stochastic": "activation", "gated": "gated"}
    return Step(kinds.get(spec.kind, "unknown"), name, inputs, module, spec)


@contextmanager
def _activations_call(handler: Callable[..., Any]) -> Iterator[None]:
    """Calls of ogive's functions go to the handler, with the ordinary call as first argument.

    They are no torch functions, so neither torch.fx nor a torch function mode would see them.
    """
    ordinary = ActivationFunction.__call__

    def observed(self: ActivationFunction, *inputs: Any, **arguments: Any) -> Any:
        return handler(ordinary, self, inputs, arguments)

    ActivationFunction.__call__ = observed  # type: ignore[method-assign]
    try:
        yield
    finally:
        ActivationFunction.__call__ = ordinary  # type: ignore[method-assign]


class _Tracer(fx.Tracer):
    """torch.fx, stopping at what is one step."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_step("", m, ()) is not None

    def call_activation(
        self, ordinary: Any, function: ActivationFunction, inputs: Any, arguments: Any
    ) -> Any:
        if any(isinstance(i, fx.Proxy) for i in inputs):
            return self.create_proxy("call_function", function, inputs, arguments, function.name)
        return ordinary(function, *inputs, **arguments)


def _symbolic(model: nn.Module) -> list[Step]:
    tracer = _Tracer()
    try:
        with _activations_call(tracer.call_activation):
            graph = tracer.trace(model)
    except Exception as error:  # whatever a model's code raises when it meets a symbol
        raise OgiveError(
            f"{type(model).__name__} cannot be traced without running it ({error}); "
            f"pass an example input, which is run once: ogive.init_(model, example)"
        ) from error
    place: dict[fx.Node, int] = {}
    steps: list[Step] = []
    for node in graph.nodes:
        if node.op not in ("output", "get_attr"):
            place[node] = len(steps)
            inputs = tuple(place[n] for n in node.all_input_nodes if n in place)
            steps.append(_node_step(model, node, inputs))
    return steps


def _node_step(model: nn.Module, node: fx.Node, inputs: tuple[int, ...]) -> Step:
    if node.op == "placeholder":
        return Step("input", node.name, ())
    if node.op == "call_module":
        name = str(node.target)
        return module_step(name, model.get_submodule(name), inputs) or Step("unknown", name, inputs)
    if isinstance(node.target, str):
        method = getattr(Tensor, node.target, node.target)
        return call_step(node.target, method, node.args, node.kwargs, inputs)
    name = getattr(node.target, "__name__", getattr(node.target, "name", str(node.target)))
    return call_step(name, node.target, node.args, node.kwargs, inputs)


class _Recorder(TorchFunctionMode):
    """Writes down each step of a run; inside a module that is one step, nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        # id -> (step, tensor); the tensor is kept, so that its id stays its own
        self._made: dict[int, tuple[int, Tensor]] = {}
        self._inside = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        inputs = self._sources((args, kwargs))
        result = func(*args, **kwargs)
        if not self._inside and inputs and _tensors(result):
            name = getattr(func, "__name__", str(func))
            self._add(call_step(name, func, args, kwargs, inputs), result)
        return result

    def call_activation(
        self, ordinary: Any, function: ActivationFunction, inputs: Any, arguments: Any
    ) -> Any:
        sources = self._sources((inputs, arguments))
        with self._quiet():
            result = ordinary(function, *inputs, **arguments)
        if not self._inside:
            self._add(call_step(function.name, function, inputs, arguments, sources), result)
        return result

    def watch(self, name: str, module: nn.Module) -> list[Any]:
        """Hooks on a module that is one step; none on others."""
        if module_step(name, module, ()) is None:
            return []
        sources: list[tuple[int, ...]] = []

        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            sources.append(self._sources((args, kwargs)))
            self._inside += 1

        def leave(module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
            self._inside -= 1
            step = module_step(name, module, sources.pop())
            if not self._inside and step is not None:
                self._add(step, result)

        return [
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(leave, with_kwargs=True),
        ]

    def given(self, arguments: Any) -> None:
        """The tensors a run begins with."""
        for tensor in _tensors(arguments):
            self._add(Step("input", "input", ()), tensor)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def _sources(self, arguments: Any) -> tuple[int, ...]:
        found = [self._made[id(t)][0] for t in _tensors(arguments) if id(t) in self._made]
        return tuple(found)

    def _add(self, step: Step, result: Any) -> None:
        for tensor in _tensors(result):
            self._made[id(tensor)] = (len(self.steps), tensor)
        self.steps.append(step)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _run(model: nn.Module, example: Any) -> list[Step]:
    """The steps of one run in evaluation, with gradients on so that no fused path is taken."""
    recorder = _Recorder()
    named = example if isinstance(example, dict) else {}
    positional = () if named else example if isinstance(example, tuple) else (example,)
    hooks = [h for name, m in model.named_modules() for h in recorder.watch(name, m)]
    modes = [(m, m.training) for m in model.modules()]
    try:
        model.eval()
        recorder.given((positional, named))
        observed = _activations_call(recorder.call_activation)
        with torch.enable_grad(), torch.random.fork_rng(devices=[]), recorder, observed:
            model(*positional, **named)
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training
    return recorder.steps
