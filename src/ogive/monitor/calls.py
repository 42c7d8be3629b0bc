"""Activation functions that the code of a model calls by itself."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ogive.monitor import watch_operators as operators
from ogive.monitor.gate_gradients import gate_parts
from ogive.monitor.watched_calls import ATTENTION, call_text, called_entry


class CallMode(TorchFunctionMode):
    """Sees every call of torch's in a forward; what is an activation is told to the observer."""

    def __init__(self, observer: Any) -> None:
        super().__init__()
        self.observer = observer

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.observer.busy:
            return func(*args, **kwargs)
        if func is ATTENTION:
            return _attention(self.observer, args, kwargs)
        known = self.observer.functions.get(func)
        if known is None:
            return func(*args, **kwargs)
        return _activation(self.observer, func, known, args, kwargs)


def _activation(observer: Any, func: Any, known: Any, args: Any, kwargs: Any) -> Any:
    name, arguments, overwrites = known
    z = args[0] if args else kwargs.get("input")
    record = observer.current
    if not isinstance(z, Tensor) or record is None or (use := record.use_of(name, z)) is None:
        return func(*args, **kwargs)
    text = call_text(name, arguments, args, kwargs)
    parameter = args[1] if name == "prelu" and len(args) > 1 else None
    if torch.compiler.is_compiling():
        passed = operators.told_before(z, record, text, use, parameter)
        if args and not (overwrites or kwargs.get("inplace")):
            args = (passed, *args[1:])
        # torch has one gated function, whose value is the first half
        dim = args[1] if len(args) > 1 else kwargs.get("dim", -1)
        value = z.chunk(2, dim)[0] if name == "glu" else None
        return operators.told_after(func(*args, **kwargs), record, text, use, value)
    observer.busy = True
    try:
        told = record, text, use, z.detach(), parameter, z.grad_fn
        tally = observer.safely(observer.functional, *told)
        spec, values = called_entry(text)
        at, behind = (None, None) if spec is None else gate_parts(spec, (z,), values)
    finally:
        observer.busy = False
    observer.hook(tally, z, False, at)
    result = func(*args, **kwargs)
    observer.hook(tally, result, True, behind)
    return result


def _attention(observer: Any, args: Any, kwargs: Any) -> Any:
    record = observer.current
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    given = dict(zip(names, args, strict=False)) | kwargs
    q, k, mask = given["query"], given["key"], given.get("attn_mask")
    if record is None or (use := record.use_of("attention", q)) is None:
        return ATTENTION(*args, **kwargs)
    causal, scale = bool(given.get("is_causal", False)), given.get("scale")
    if torch.compiler.is_compiling():
        operators.told_attention(q, k, mask, record, causal, scale, use)
        return ATTENTION(*args, **kwargs)
    observer.busy = True
    try:
        name = observer.place(record, "scaled_dot_product_attention", use)
        observer.safely(observer.attention, name, q, k, mask, causal, scale)
    finally:
        observer.busy = False
    return ATTENTION(*args, **kwargs)
