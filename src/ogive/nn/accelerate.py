"""``ogive.accelerate``: a model's activations computed by ogive, in place, and ``restore``.

Values are those of the untouched model to rounding. What is saved for backward, and so how exact
the gradients are, is a choice: see ``ogive.get(name).saving()``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from ogive.engine.selection import check as check_engine
from ogive.errors import OgiveError, ParameterError
from ogive.nn import calls, fused, known
from ogive.nn.equivalent import closed, equivalent, why_unknown
from ogive.nn.gated import GatedMLP
from ogive.nn.modules import ActivationModule, Softmax2d
from ogive.nn.replace import carry, join, places, replaced, stand_in
from ogive.ops import check_save
from ogive.table import table

if TYPE_CHECKING:
    from ogive.certify.saving.mode import Mode

#: Modules that are ogive's already.
OWN = (ActivationModule, Softmax2d, GatedMLP)
#: Entries that are left to torch: it keeps their output for backward, the very tensor that the next
#: layer keeps anyway, and ogive would keep the input besides.
OUTPUT_KEPT = ("relu", "sigmoid", "tanh")
KEPT = "torch keeps its output, as the next layer does; ogive would keep its input besides"
#: What torch computes as fast as memory allows, keeping the input: nothing is gained where ogive
#: would keep the input too, and a call of ogive's takes torch a little longer to record.
AS_FAST = (nn.Hardswish, F.hardswish)
GAINLESS = "torch is as fast, and keeps as much as ogive would"


@dataclass(frozen=True)
class Replacement:
    """One activation that ogive computes now.

    Attributes:
        name: where it stands in the model.
        old, new: what stood there, and what does now.
        kind: ``module``, ``function`` (held as an attribute) or ``gated`` (a block's forward).
        keeps: what of each element it keeps for backward, at the model's dtype.
        bits: how many bits that is besides the result, which the next layer keeps anyway.
    """

    name: str
    old: str
    new: str
    kind: str
    keeps: str
    bits: int


@dataclass(frozen=True)
class Left:
    """One activation that stayed as it was, with the reason."""

    name: str
    old: str
    reason: str


@dataclass(frozen=True)
class AccelerateReport:
    """What ``accelerate`` did: a row for each replacement, and what was left.

    Attributes:
        engine: what runs the replacements whatever is set; None leaves that to the setting.
    """

    rows: tuple[Replacement, ...]
    left: tuple[Left, ...]
    engine: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types."""
        return asdict(self)

    def __str__(self) -> str:
        rows = ([r.name, r.old, r.new, r.kind, r.keeps] for r in self.rows)
        left = [f"left: {x.name or 'the model'}: {x.old}: {x.reason}" for x in self.left]
        engine = [] if self.engine is None else [f"engine: {self.engine}, whatever is set"]
        return table(("name", "from", "to", "kind", "keeps"), rows, engine + left)


def accelerate(
    model: nn.Module, save: str = "exact", engine: str | None = None
) -> AccelerateReport:
    """Puts ogive's activations in the places of torch's, timm's and transformers', in place.

    Known are the activation modules of torch.nn, timm.layers and transformers, functions held as
    attributes (``self.act = F.gelu``), and the gated blocks of Llama, Mistral, Qwen, Gemma and
    timm, which become one fused operator. relu, sigmoid and tanh stay torch's, which keeps their
    output for backward where ogive would keep the input. Parameters, hooks, training flags, names,
    state dict keys and ``inplace`` stay as they are; an instance that stands in several places
    stays one. What only sounds like an activation is left and listed with the reason; a function
    that a model's code calls is not seen here but by ``ogive.intercept``. A second call changes
    nothing.

    Args:
        model: any module; one that is to be compiled is accelerated before.
        save: what activations keep for backward: ``exact`` the least that gives the gradients of
            the input, ``lean`` the least that gives them to bfloat16's rounding (for one
            backward), or a mode by name where an activation has it, see
            ``ogive.get(name).saving()``. A gated block keeps its gate and value.
        engine: what runs the activations put in, forward and backward, whatever ``ogive.engine``
            is set to: ``cpu``, ``eager`` or ``auto``. None follows the setting.

    Raises:
        ParameterError: for another ``save``.
        OgiveError: for another ``engine``.
        EngineError: for ``engine="cpu"`` where kernels cannot be compiled.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.GELU("tanh"), nn.PReLU(8), nn.RReLU())
        >>> print(ogive.accelerate(model, save="lean"))
        name  from   to        kind    keeps
        1     GELU   GELUTanh  module  the result and 1 bit
        2     PReLU  PReLU     module  the input
        left: 3: RReLU: ogive draws other random numbers than torch
    """
    check_save(save)
    if engine is not None:
        check_engine(engine)
    work = _Work(save, engine, _dtype(model))
    work.visit("", model, None)
    return AccelerateReport(tuple(work.rows), tuple(work.left), engine)


def _dtype(model: nn.Module) -> torch.dtype:
    """That of the first floating parameter."""
    found = (p.dtype for p in model.parameters() if p.is_floating_point())
    return next(found, torch.get_default_dtype())


def title(module: nn.Module) -> str:
    """The name of a module's class."""
    return type(module).__name__


def restore(model: nn.Module) -> tuple[str, ...]:
    """Undoes ``accelerate``: the names of the places where the original is back.

    The original modules and functions return, with the parameters, hooks and training flags that
    the model has now.

    Raises:
        OgiveError: if a gated block has been given another class since, as by ``fully_shard``.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.GELU())
        >>> _ = ogive.accelerate(model)
        >>> ogive.restore(model), model[1]
        (('1',), GELU(approximate='none'))
    """
    done: list[str] = []
    for prefix, parent in [*places(model)]:
        if isinstance(parent, fused.Fused):
            fused.unfuse(parent)
            done.append(prefix)
        for name, child in parent._modules.items():
            if child is not None and (original := replaced(child)) is not None:
                carry(child, original)
                parent._modules[name] = original
                done.append(join(prefix, name))
        for name, value in vars(parent).items():
            if isinstance(value, calls.HeldFunction):
                vars(parent)[name] = value.original
                done.append(join(prefix, name))
    return tuple(done)


Put = Callable[[nn.Module], None]


@dataclass
class _Work:
    """A walk through a model in its order: what was done, and what was left."""

    save: str
    engine: str | None
    dtype: torch.dtype
    rows: list[Replacement] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    made: dict[int, nn.Module] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def visit(self, name: str, module: nn.Module, put: Put | None) -> None:
        """One module at one place; the root has no place to put another in."""
        if id(module) in self.made and put is not None:
            self._put(name, module, put)
        elif id(module) not in self.seen:
            self.seen.add(id(module))
            if self._look(name, module, put):
                self._inside(name, module)

    def _look(self, name: str, module: nn.Module, put: Put | None) -> bool:
        """What is done about a module itself; whether to look inside of it."""
        if isinstance(module, OWN):
            return False
        if reason := closed(module):
            return self._leave(name, module, reason)
        if (pattern := fused.pattern_of(module)) is not None:
            return self._fuse(name, module, pattern)
        if known.known_class(module) is not None or type(module) is nn.Softmax2d:
            return self._replace(name, module, put)
        if reason := why_unknown(module):
            return self._leave(name, module, reason)
        if called := calls.called_by(module):
            self._leave(name, module, f"its code names {called}: use ogive.intercept()")
        return True

    def _replace(self, name: str, module: nn.Module, put: Put | None) -> bool:
        if put is None:
            return self._leave(name, module, "it is the whole model, and stands in no place")
        found = known.known_entry(module)
        if found is not None and found[0] in OUTPUT_KEPT:
            return self._leave(name, module, KEPT)
        try:
            new = self._equivalent(module)
            if type(module) in AS_FAST and self._mode(new) is None:
                return self._leave(name, module, GAINLESS)
            self.made[id(module)] = stand_in(module, new)
        except OgiveError as error:
            return self._leave(name, module, str(error))
        self._put(name, module, put)
        return False

    def _equivalent(self, module: nn.Module) -> nn.Module:
        """What stands in; a mode that the activation does not have leaves it its input."""
        try:
            return equivalent(module, self.save, self.engine)
        except ParameterError:
            return equivalent(module, engine=self.engine)

    def _put(self, name: str, module: nn.Module, put: Put) -> None:
        new = self.made[id(module)]
        put(new)
        self._done(name, title(module), title(new), "module", self._mode(new))

    def _mode(self, new: nn.Module) -> Mode | None:
        """What the module keeps for backward; None is the input."""
        return new.saved(self.dtype) if isinstance(new, ActivationModule) else None

    def _done(self, name: str, old: str, new: str, kind: str, mode: Mode | None) -> None:
        bits = 8 * self.dtype.itemsize if mode is None else mode.bits
        if kind == "gated":
            keeps, bits = "gate and value", 2 * bits
        else:
            keeps = "the input" if mode is None else mode.keeps
        self.rows.append(Replacement(name, old, new, kind, keeps, bits))

    def _fuse(self, name: str, module: nn.Module, pattern: fused.Pattern) -> bool:
        if reason := fused.why_not_fused(module, pattern):
            self._leave(name, module, reason)
            return True
        old = title(module)
        activation = getattr(module, pattern.activation, None)
        function = fused.fuse(module, pattern, self.engine)
        if activation is not None:
            old = f"{old} with {title(activation)}"
        kind = "gated" if activation is not None else "module"
        self._done(name, old, function.title, kind, None)
        return True

    def _inside(self, prefix: str, parent: nn.Module) -> None:
        unused = fused.activation_of(parent)
        for name, child in [*parent._modules.items()]:
            if child is not None and child is not unused:
                self.visit(join(prefix, name), child, partial(parent._modules.__setitem__, name))
        for name, value in [*vars(parent).items()]:
            if not name.startswith("_") and callable(value):
                self._function(join(prefix, name), parent, name, value)

    def _function(self, full: str, parent: nn.Module, name: str, value: Any) -> None:
        if isinstance(value, (type, nn.Module, calls.HeldFunction)):
            return
        held = self._held(value)
        entry = "" if held.signature is None else held.signature.entry
        if entry in OUTPUT_KEPT:
            self.left.append(Left(full, calls.called(value), KEPT))
        elif value in AS_FAST and held.mode(self.dtype) is None:
            self.left.append(Left(full, calls.called(value), GAINLESS))
        elif entry:
            vars(parent)[name] = held
            self._done(full, calls.called(value), entry, "function", held.mode(self.dtype))
        elif known.sounds_like(calls.called(value)):
            self.left.append(Left(full, calls.called(value), "a function that is not known"))

    def _held(self, value: Any) -> calls.HeldFunction:
        """The function held; a mode that it does not have leaves it its input."""
        held = calls.HeldFunction(value, self.save, self.engine)
        try:
            held.mode(self.dtype)
        except ParameterError:
            return calls.HeldFunction(value, engine=self.engine)
        return held

    def _leave(self, name: str, module: nn.Module, reason: str) -> bool:
        self.left.append(Left(name, title(module), reason))
        return False
