"""A model's steps in their order: found by torch.fx, or by running it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, fx, nn

from ogive.errors import OgiveError
from ogive.nn.recorder import Listener, in_training, record_run, shortened
from ogive.nn.signal_step import SignalStep, call_step, module_step
from ogive.ops import ActivationFunction, Watcher, watched, watcher


def steps_of(model: nn.Module, example: Any = None) -> list[SignalStep]:
    """The model's steps: by running it on an example, else by symbolic tracing.

    Raises:
        OgiveError: if the model cannot be traced and there is no example.
    """
    if example is None:
        return _symbolic(model)
    if any(nn.parameter.is_lazy(p) for p in model.parameters()):
        record_run(model, example, Listener())  # gives lazy modules their shapes
    return record_run(model, example, Listener())


class _Tracer(fx.Tracer):
    """torch.fx, stopping at what is one step.

    torch.fx replaces how every module of the process is called and gives its parameters: modules
    that other threads call meanwhile are called as ever.
    """

    #: What watches the context that traces.
    watching: Watcher

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        # asked before: while torch.fx traces, parameters are symbols
        found = ((name, module_step(name, m, ())) for name, m in model.named_modules())
        self.leaves = {name: step for name, step in found if step is not None}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name in self.leaves

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
    tracer = _Tracer(model)
    try:
        with (
            _one_at_a_time,
            in_training(model),
            watched(tracer.activation) as tracer.watching,
        ):
            graph = tracer.trace(model)
    except Exception as error:  # whatever a model's code raises when it meets a symbol
        raise OgiveError(
            f"{type(model).__name__} cannot be traced without running it "
            f"({shortened(error)}); pass an example input, on which it is run: "
            f"ogive.init_(model, example)"
        ) from error
    place: dict[fx.Node, int] = {}
    steps: list[SignalStep] = []
    for node in graph.nodes:
        if node.op not in ("output", "get_attr"):
            place[node] = len(steps)
            inputs = tuple(place[n] for n in node.all_input_nodes if n in place)
            steps.append(_node_step(model, tracer.leaves, node, inputs))
    return steps


def _node_step(
    model: nn.Module, leaves: Mapping[str, SignalStep], node: fx.Node, inputs: tuple[int, ...]
) -> SignalStep:
    if node.op == "placeholder":
        return SignalStep("input", node.name, ())
    if node.op == "call_module":
        return replace(leaves[str(node.target)], inputs=inputs)

    def owned(argument: Any) -> tuple[str, Tensor] | None:
        is_attribute = isinstance(argument, fx.Node) and argument.op == "get_attr"
        found = dict(model.named_parameters()).get(str(argument.target)) if is_attribute else None
        return None if found is None else (str(argument.target), found)

    place = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
    if isinstance(node.target, str):
        name, function = node.target, getattr(Tensor, node.target, node.target)
    else:
        function = node.target
        name = getattr(function, "__name__", getattr(function, "name", str(function)))
    return call_step(
        name, function, node.args, node.kwargs, inputs, owned, place[-1] if place else ""
    )
