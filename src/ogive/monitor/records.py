"""What stands in the place of modules' forwards while a step is observed.

A module gets a ``forward`` of its own that tells the observer, and then runs the one it had. It is
a method of the module, made once for each class: so copies of a model are whole, signatures are
what they were, and torch.compile guards it: programs that were compiled before are not used while
it is there, and are used again when it is gone. Layers of one class share a compiled program,
because what tells them apart is a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from ogive.catalogue import Spec
from ogive.monitor import watch_operators as operators
from ogive.monitor.calls import CallMode
from ogive.monitor.observer import GATE, INPUT, Observer
from ogive.monitor.tallies import Tally
from ogive.nn.recognise import Recognised
from ogive.ops.gates import packed_layout
from ogive.torch_private import unobserved

#: Under this name a module keeps its record.
KEPT_AS = "_ogive_watch"


class WatchRecord:
    """A module that is watched: the code of a caller, of which nothing but the name is asked.

    Attributes:
        place: its name in the model.
        caller: what calls inside of it are said to come from.
        merges: whether all uses in one forward are one place.
        slot: stands for it in compiled programs.
        uses: how often it was called in this forward; ``calls``, how often it called a function.
        own: the forward it had as an attribute.
    """

    merges = False

    def __init__(self, observer: Observer, module: nn.Module, name: str) -> None:
        self.observer: Observer | None = observer
        self.module, self.place = module, name
        self.caller = name or type(module).__name__
        self.uses = 0
        self.calls: dict[str, int] = {}
        self.slot = torch.tensor([observer.number, len(observer.records)], device="cpu")
        self.own: Callable[..., Any] | None = None
        observer.records.append(self)

    def run(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """The forward the module had."""
        if self.own is not None:
            return self.own(*args, **kwargs)
        return type(module).forward(module, *args, **kwargs)

    def call(self, observer: Observer, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """The module's forward, observed."""
        before, observer.current = observer.current, self
        try:
            return self.run(module, args, kwargs)
        finally:
            observer.current = before

    def name(self, use: int) -> str:
        """The place of a use."""
        assert self.observer is not None
        return self.observer.place(self, "", use)

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        """Adds up what the module is given."""
        return None

    def __deepcopy__(self, memo: Any) -> _Idle:
        return _IDLE

    def __reduce__(self) -> Any:
        return _idle, ()


class _Idle:
    """The record of a copy, which nobody watches."""

    observer = None
    own = None

    def run(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        return type(module).forward(module, *args, **kwargs)


_IDLE = _Idle()


def _idle() -> _Idle:
    return _IDLE


class ActivationRecord(WatchRecord):
    """An activation that is a module of its own."""

    def __init__(
        self, observer: Observer, module: nn.Module, name: str, found: Recognised, spec: Spec
    ) -> None:
        super().__init__(observer, module, name)
        self.spec, self.found = spec, found
        self.learned = tuple(
            (p.name, found.attributes.get(p.name, p.name))
            for p in spec.parameters
            if isinstance(found.values.get(p.name), Tensor)
        )

    def call(self, observer: Observer, module: nn.Module, args: Any, kwargs: Any) -> Any:
        z = self.given(args, kwargs)
        if observer.busy or z is None:
            return self.run(module, args, kwargs)
        use, call = self.uses, GATE if len(args) > 1 else ""
        self.uses = use + 1
        observer.busy = True
        try:
            if torch.compiler.is_compiling():
                passed = operators.told_before(z, self.slot, call, use)
                # a module that writes over its input is given that very tensor
                args = args if getattr(module, "inplace", False) else self.again(passed, args)
                result = self.run(module, args, kwargs)
                return operators.told_after(result, self.slot, call, use)
            with unobserved():
                tally = observer.safely(self.observed, use, z.detach(), z.grad_fn, call)
                observer.hook(tally, z, False)
            result = self.run(module, args, kwargs)
            with unobserved():
                observer.hook(tally, result, True)
            return result
        finally:
            observer.busy = False

    def given(self, args: Any, kwargs: Any) -> Any:
        """The pre-activation."""
        z = args[-1] if args else next(iter(kwargs.values()), None)
        return z if isinstance(z, Tensor) else None

    def again(self, z: Tensor, args: Any) -> Any:
        """The arguments, with what is told in the place of the pre-activation."""
        return (*args[:-1], z) if args else args

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        observer = self.observer
        if observer is None:
            return None
        name = self.name(use)
        if self.spec.kind == "rowwise":
            dim = self.found.values.get("dim", -1)
            dim = -1 if not isinstance(dim, int) else dim
            return observer.rowwise(name, self.spec, z, dim, dict(self.found.values))
        values = {n: getattr(self.module, attribute) for n, attribute in self.learned}
        return observer.elementwise(name, self.spec, z, self, values, grad_fn)


class GatedRecord(ActivationRecord):
    """A gated unit that is a module: its gate is half of a tensor, or the second of two."""

    def name(self, use: int) -> str:
        return f"{super().name(use)}.gate".lstrip(".")

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        observer = self.observer
        if observer is None:
            return None
        name = self.name(use)
        if call == GATE:
            return observer.elementwise(name, self.spec, z, self, None, grad_fn)
        options = {"dim": -1, "gate": "second", "interleave": False, **self.spec.layout}
        options |= {n: v for n, v in self.found.values.items() if n in options}
        layout = packed_layout(self.spec.name, z, options["dim"], options["gate"],
                               options["interleave"])  # fmt: skip
        _, gate = layout.split(z)
        return observer.elementwise(name, self.spec, gate, self, None, grad_fn)


class OutputRecord(WatchRecord):
    """A layer whose result is what opens a gate in a fused block."""

    def __init__(
        self, observer: Observer, module: nn.Module, name: str, spec: Spec, place: str
    ) -> None:
        super().__init__(observer, module, name)
        self.spec, self.place = spec, place

    def call(self, observer: Observer, module: nn.Module, args: Any, kwargs: Any) -> Any:
        z = self.run(module, args, kwargs)
        use, self.uses = self.uses, self.uses + 1
        if observer.busy or not isinstance(z, Tensor):
            return z
        if torch.compiler.is_compiling():
            return operators.told_before(z, self.slot, "", use)
        tally = observer.safely(self.observed, use, z.detach(), z.grad_fn)
        observer.hook(tally, z, False)
        return z

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        observer = self.observer
        if observer is None:
            return None
        name = self.name(use)
        return observer.elementwise(name, self.spec, z, self, None, grad_fn)


class RecurrentRecord(WatchRecord):
    """A recurrent module, or a cell, whose kernel hides its gates; a cell's steps are one place."""

    merges = True

    def call(self, observer: Observer, module: nn.Module, args: Any, kwargs: Any) -> Any:
        if not torch.compiler.is_compiling() and not observer.busy:
            given = (*args, *kwargs.values(), None)
            observer.safely(observer.recurrent, self, given[0], given[1])
        return super().call(observer, module, args, kwargs)


class AttentionRecord(WatchRecord):
    """torch's attention, whose softmax is inside of one operator."""

    def call(self, observer: Observer, module: nn.Module, args: Any, kwargs: Any) -> Any:
        if not torch.compiler.is_compiling() and not observer.busy:
            given = dict(zip(("query", "key", "value"), args, strict=False)) | kwargs
            observer.safely(self._softmax, observer, module, given)
        return super().call(observer, module, args, kwargs)

    def _softmax(self, observer: Observer, module: Any, given: Any) -> None:
        query, key, mask = given.get("query"), given.get("key"), given.get("attn_mask")
        name = f"{self.place}.softmax".lstrip(".")
        simple = isinstance(query, Tensor) and module.in_proj_weight is not None
        if not simple or not isinstance(key, Tensor) or (mask is not None and mask.dim() != 2):
            observer.notes[name] = "its softmax is hidden in torch's attention"
            return
        q, k = (self._heads(module, t, part) for part, t in enumerate((query, key)))
        observer.attention(name, q, k, mask_of_torch(mask), bool(given.get("is_causal")), None)

    def _heads(self, module: Any, x: Tensor, part: int) -> Tensor:
        size, bias = module.embed_dim, module.in_proj_bias
        rows = slice(part * size, (part + 1) * size)
        weight = module.in_proj_weight[rows]
        made = nn.functional.linear(
            x.detach().to(weight.dtype), weight, None if bias is None else bias[rows]
        )
        if made.dim() == 2:
            made = made[:, None]
        elif module.batch_first:
            made = made.transpose(0, 1)
        length, batch = made.shape[:2]
        return made.reshape(length, batch, module.num_heads, -1).permute(1, 2, 0, 3)


def mask_of_torch(mask: Tensor | None) -> Tensor | None:
    """A mask in which True is what counts; in torch's attention it is what is hidden."""
    return ~mask if mask is not None and mask.dtype is torch.bool else mask


# --- in the place of forward ----------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _watching(cls: Any) -> Any:
    """The forward that modules of a class get."""

    @wraps(cls.forward)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = self._ogive_watch
        observer = record.observer
        if observer is None:
            return record.run(self, args, kwargs)
        if observer.inside:
            return record.call(observer, self, args, kwargs)
        return _outermost(observer, record, self, args, kwargs)

    return forward


def _forward_of(module: nn.Module) -> Any:
    cls: Any = type(module)
    return _watching(cls)


def _outermost(observer: Any, record: Any, module: Any, args: Any, kwargs: Any) -> Any:
    """A call from outside of the model: a forward begins."""
    if not torch.is_grad_enabled() or not module.training:
        return record.run(module, args, kwargs)
    compiling = torch.compiler.is_compiling()
    if not compiling and (observer.cannot() or not (record.place or observer.begins())):
        return record.run(module, args, kwargs)
    observer.fresh_uses()
    observer.inside = True
    try:
        _told_input(observer, record, args)
        with CallMode(observer):
            if compiling:
                return record.call(observer, module, args, kwargs)
            with observer.own_functions():
                return record.call(observer, module, args, kwargs)
    finally:
        observer.inside = observer.busy = False


def _told_input(observer: Any, record: Any, args: Any) -> None:
    if record.place or not args or not isinstance(args[0], Tensor):
        return
    if torch.compiler.is_compiling():
        if args[0].is_floating_point():
            torch.ops.ogive.observe(args[0].detach(), record.slot, INPUT, 0, None)
        return
    observer.safely(observer.given, record, args[0].detach())


def install(record: WatchRecord) -> None:
    """Puts the observed forward into a module."""
    held = vars(record.module)
    if held.get(KEPT_AS) is record:
        return
    record.own = held.get("forward")
    held[KEPT_AS] = record
    held["forward"] = MethodType(_forward_of(record.module), record.module)


def uninstall(record: WatchRecord) -> None:
    """Takes it out again; where somebody has put another one around it, it only stays silent."""
    held = vars(record.module)
    if held.get(KEPT_AS) is not record:
        return
    ours = _forward_of(record.module)
    if getattr(held.get("forward"), "__func__", None) is not ours:
        record.observer = None
        return
    del held[KEPT_AS]
    if record.own is None:
        del held["forward"]
    else:
        held["forward"] = record.own
