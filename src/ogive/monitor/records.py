"""What is kept of each module that is watched, and what is told when it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ogive.catalogue import Spec
from ogive.monitor import watch_operators as operators
from ogive.monitor.gate_gradients import GradientPart, divided, gate_parts
from ogive.monitor.observer import GATE, Observer
from ogive.monitor.tallies import Tally
from ogive.nn.recognise import Recognised
from ogive.torch_private import unobserved

#: Modules that are one operator in evaluation, if nobody looks at torch's functions.
ONE_OPERATOR = nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention


class WatchRecord:
    """A module that is watched: the code of a caller, of which nothing but the name is asked.

    Attributes:
        place: its name in the model.
        caller: what calls inside of it are said to come from.
        merges: whether all uses in one forward are one place.
        slot, label: stand for it in compiled programs.
        uses: how often it was called in this forward.
        calls: by function, for each of its calls in this forward whether it was an activation's.
        pattern: the same of the last forward of the training; ``evaluated``, whether this one is
            another.
        own: the forward it had as an attribute.
    """

    merges = False

    def __init__(self, observer: Observer, module: nn.Module, name: str) -> None:
        self.observer: Observer | None = observer
        self.module, self.place = module, name
        self.caller = name or type(module).__name__
        self.uses = 0
        self.calls: dict[str, list[bool]] = {}
        self.pattern: dict[str, list[bool]] = {}
        self.evaluated = False
        self.slot = torch.tensor([observer.number, len(observer.records)], device="cpu")
        self.label = self.slot.clone()
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
            if observer.evaluating and isinstance(module, ONE_OPERATOR):
                observer.notes[self.caller] = (
                    "in evaluation torch may compute it as one operator, so that functions that "
                    "its code calls are not met there"
                )
                with unobserved():  # or torch would take another way, with other roundings
                    return self.run(module, args, kwargs)
            return self.run(module, args, kwargs)
        finally:
            observer.current = before

    def begin(self, evaluating: bool) -> None:
        """A forward begins."""
        if not torch.compiler.is_compiling():  # whose programs ask for what they read here
            if not self.evaluated:
                self.pattern = self.calls
            self.evaluated = evaluating
        self.uses, self.calls = 0, {}

    def use_of(self, function: str, z: Tensor) -> int | None:
        """Which use of an activation a call of a function is; None if it is none: what no parameter
        stands behind, such as the angles of positions, is no pre-activation. Evaluation, where
        nothing has a gradient, goes by what training has shown."""
        assert self.observer is not None
        met = self.calls.setdefault(function, [])
        counts = z.requires_grad
        if not counts and self.observer.evaluating:
            shown = self.pattern.get(function, [])
            counts = shown[len(met)] if len(met) < len(shown) else not self.pattern
        use = sum(met)
        met.append(counts)
        return use if counts else None

    def name(self, use: int) -> str:
        """The place of a use."""
        assert self.observer is not None
        return self.observer.place(self, "", use)

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        """Adds up what the module is given."""
        return None

    def installed(self) -> None:
        """Its module's forward is observed from now on."""

    def removed(self) -> None:
        """Its module's forward is no longer observed."""

    def hidden(self, given: Sequence[Tensor | None], causal: bool) -> None:
        """Adds up what the kernel of a module hides, by what the module is given."""

    def __deepcopy__(self, memo: Any) -> _Idle:
        return _IDLE

    def __reduce__(self) -> Any:
        return type(None), ()  # so that what is saved can be read without ogive


class _Idle:
    """The record of a copy, which nobody watches."""

    observer = None
    own = None

    def run(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        return type(module).forward(module, *args, **kwargs)


_IDLE = _Idle()


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
                passed = operators.told_before(z, self, call, use)
                # a module that writes over its input is given that very tensor
                args = args if getattr(module, "inplace", False) else self.again(passed, args)
                result = self.run(module, args, kwargs)
                return operators.told_after(result, self, call, use, self.value(args))
            with unobserved():
                tally = observer.safely(self.observed, use, z.detach(), z.grad_fn, call)
                at, behind = self.parts(args)
                observer.hook(tally, z, False, at)
            result = self.run(module, args, kwargs)
            with unobserved():
                observer.hook(tally, result, True, behind)
            return result
        finally:
            observer.busy = False

    def given(self, args: Any, kwargs: Any) -> Any:
        """The pre-activation."""
        z = args[-1] if args else next(iter(kwargs.values()), None)
        return z if isinstance(z, Tensor) else None

    def parts(self, args: Any) -> tuple[GradientPart | None, GradientPart | None]:
        """What of the gradients at the pre-activation, and at the result, is told."""
        return None, None

    def value(self, args: Any) -> Tensor | None:
        """What a gate lets through."""
        return None

    @property
    def computed(self) -> tuple[Spec, dict[str, Any]]:
        """The entry, and the options of its calls."""
        return self.spec, dict(self.found.values)

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

    def parts(self, args: Any) -> tuple[GradientPart | None, GradientPart | None]:
        return gate_parts(self.spec, args, self.found.values) if args else (None, None)

    def value(self, args: Any) -> Tensor | None:
        return divided(self.spec, args, self.found.values)[0] if args else None

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        observer = self.observer
        if observer is None:
            return None
        if call != GATE:
            z = divided(self.spec, (z,), self.found.values)[1]
        return observer.elementwise(self.name(use), self.spec, z, self, None, grad_fn)
