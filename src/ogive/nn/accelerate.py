"""``ogive.accelerate``: a model's activations computed by ogive, in place, and ``restore``.

Values are those of the untouched model to rounding. What is saved for backward, and so how exact
the gradients are, is a choice: see ``ogive.get(name).saving()``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from ogive.catalogue import Spec
from ogive.engine.selection import check_name as check_engine
from ogive.engine.selection import without_kernels
from ogive.errors import OgiveError
from ogive.nn import gated_blocks
from ogive.nn.accelerated import Accelerated, give_back, give_forward
from ogive.nn.gated_mlp import GatedMLP
from ogive.nn.model_code import (
    asks_type,
    classes_in,
    held_elsewhere,
    named_by,
    named_in,
    only_calls,
    overwriting_in,
)
from ogive.nn.modules import ActivationModule
from ogive.nn.places import Place, check_module, is_scripted, places
from ogive.nn.recognise import KEPT, OUTPUT_KEPT, OVERWRITES, recognise, sounds_like
from ogive.nn.translate import HeldFunction, SameActivation, called
from ogive.ops import check_save
from ogive.table import html_table, table
from ogive.torch_private import is_compiled

if TYPE_CHECKING:
    from ogive.certify.saving.mode import Mode

#: Modules that are ogive's already.
OWN_MODULES = (ActivationModule, GatedMLP, Accelerated)
#: What torch computes as fast as memory allows, keeping the input: nothing is gained where ogive
#: would keep the input too, and a call of ogive's takes torch a little longer to record.
AS_FAST = (nn.Hardswish, F.hardswish)
#: It cannot be told apart from torch's by a call, but by ``is``.
COMPARED = "the model's code does more with it than call it, or cannot be read"
#: The columns of a report.
HEADS = ("name", "from", "to", "kind", "keeps")
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
class Skipped:
    """One activation that stayed as it was, with the reason."""

    name: str
    old: str
    reason: str


@dataclass(frozen=True)
class AccelerateReport:
    """What ``accelerate`` did: a row for each replacement, and what was skipped.

    Attributes:
        engine: what runs the replacements whatever is set; None leaves that to the setting.
    """

    rows: tuple[Replacement, ...]
    skipped: tuple[Skipped, ...]
    engine: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types."""
        return asdict(self)

    def _repr_html_(self) -> str:
        from ogive.certify.report.notebook import pictured

        rows = [[*self._cells(row), *pictured(row.new)] for row in self.rows]
        shown = html_table((*HEADS, "formula", "curve"), rows, raw=(5, 6)) if rows else ""
        return f"<div>{shown}{''.join(f'<p>{escape(note)}</p>' for note in self._notes)}</div>"

    def __str__(self) -> str:
        return table(HEADS, map(self._cells, self.rows), self._notes)

    def _cells(self, row: Replacement) -> list[str]:
        return [row.name, row.old, row.new, row.kind, row.keeps]

    @property
    def _notes(self) -> list[str]:
        notes = [f"skipped: {x.name or 'the model'}: {x.old}: {x.reason}" for x in self.skipped]
        engine = [] if self.engine is None else [f"engine: {self.engine}, whatever is set"]
        return engine + notes


def accelerate(
    model: nn.Module, save: str = "exact", engine: str | None = None
) -> AccelerateReport:
    """Puts ogive's activations in the places of torch's, timm's and transformers', in place.

    Known are the activation modules of torch.nn, timm.layers and transformers, functions held as
    attributes (``self.act = F.gelu``), and the gated blocks of Llama, Mistral, Qwen, Gemma and
    timm, which become one fused operator. relu, sigmoid and tanh stay torch's, which keeps their
    output for backward where ogive would keep the input. The modules stay the objects they are,
    with their attributes, which are read in every call. What only sounds like an activation, or
    does something of its own, is skipped, with the reason; calls in a model's code are for
    ``ogive.intercept``. A second call changes nothing. On a device without kernels nothing is
    replaced, and a model that is moved to one runs torch's operators there.

    Args:
        model: any module; one that is to be compiled is accelerated before.
        save: what activations keep for backward: ``exact`` the least that gives the gradients of
            the input, though the result be overwritten; ``lean`` the least that gives them to
            bfloat16's rounding (for one backward); or a mode by name where an activation has it,
            see ``ogive.get(name).saving()``. A gated block keeps its gate and value.
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
        skipped: 3: RReLU: ogive draws other random numbers than torch
    """
    check_module(model)
    check_save(save)
    if engine is not None:
        check_engine(engine)
    floating = (p.dtype for p in model.parameters() if p.is_floating_point())
    there = (p for p in model.parameters() if not p.is_meta)
    bare = (p.device.type for p in there if without_kernels(p, engine))
    dtype = next(floating, torch.get_default_dtype())
    work = _Work(classes_in(model), save, engine, dtype, next(bare, ""))
    for place in places(model, _is_closed):
        work.look(place)
    return AccelerateReport(tuple(work.rows), tuple(work.skipped), engine)


def _is_closed(module: nn.Module) -> bool:
    """Whether nothing inside of a module is to be looked at."""
    return is_scripted(module) or is_compiled(module) or recognise(module).entry is not None


def restore(model: nn.Module) -> tuple[str, ...]:
    """Undoes ``accelerate``: the names of the places where the original is back.

    Attributes, parameters, hooks and training flags are those that the model has now.

    Raises:
        OgiveError: if a module has been given another class since, as by ``fully_shard``.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.GELU())
        >>> _ = ogive.accelerate(model)
        >>> ogive.restore(model), model[1]
        (('1',), GELU(approximate='none'))
    """
    check_module(model)
    found = [p for p in places(model) if isinstance(p.thing, (Accelerated, HeldFunction))]
    for place in found:
        if isinstance(place.thing, HeldFunction):
            place.put(place.thing.original)
        elif isinstance(place.thing, Accelerated):  # no more, if it stands in several places
            give_back(place.thing)
    return tuple(place.name for place in found)


@dataclass
class _Work:
    """A walk through a model in its order: what was done, and what was skipped."""

    classes: set[Any]
    save: str
    engine: str | None
    dtype: torch.dtype
    #: the type of the model's device, if that has no kernels
    bare: str
    rows: list[Replacement] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    #: modules that were looked at, by identity, with what was done
    seen: dict[int, Replacement | None] = field(default_factory=dict)

    def look(self, place: Place) -> None:
        """Does what is to be done at one place, or notes why not."""
        thing, parent = place.thing, place.parent
        try:
            if not isinstance(thing, nn.Module):
                self._function(place, thing)
            elif id(thing) in self.seen:
                if (row := self.seen[id(thing)]) is not None:
                    self.rows.append(replace(row, name=place.name))
            elif parent is None or thing is not gated_blocks.activation_of(parent):
                self.seen[id(thing)] = None
                self._module(place, thing)
        except OgiveError as reason:
            self.skipped.append(Skipped(place.name, called(thing), str(reason)))

    def _module(self, place: Place, module: nn.Module) -> None:
        for state, closed in (("scripted", is_scripted), ("compiled", is_compiled)):
            if closed(module):
                raise OgiveError(f"it is {state}: accelerate the model before it is")
        found, why = recognise(module), ""
        computes_nothing = found.entry is not None and found.entry.name == "identity"
        if isinstance(module, OWN_MODULES) or computes_nothing:
            return
        if (pattern := gated_blocks.pattern_of(module)) is not None:
            self._fuse(place, module, pattern)
        elif found.entry is not None:
            if asks_type(self.classes, place.key, module):
                raise OgiveError("the model's code asks for its type")
            new = SameActivation(module, found, self.save, self.engine)
            mode, title = self._gain(found.entry, module, new), called(module)
            if mode is not None and mode.result and (follower := _overwriting(place)):
                new = SameActivation(module, found, "exact", self.engine)
                mode, why = new.saved(self.dtype), f", as {follower} writes over the result"
            give_forward(module, new)
            self._done(place, title, (found.variant() or found.entry).title, "module", mode, why)
        elif found.reason:
            raise OgiveError(found.reason)
        else:
            self._held_elsewhere(place, module)
            if names := named_in(module):
                raise OgiveError(f"its code names {names}: use ogive.intercept()")
            if names := overwriting_in(module):
                raise OgiveError(f"its code names {names}: {OVERWRITES}")

    def _held_elsewhere(self, place: Place, module: nn.Module) -> None:
        """Notes what a module holds where it cannot be replaced."""
        for key, thing, holder in held_elsewhere(module):
            if callable(thing) and recognise(thing).entry is not None:
                name = ".".join(filter(None, (place.name, key)))
                reason = f"it is held in {holder}: use ogive.intercept()"
                self.skipped.append(Skipped(name, called(thing), reason))

    def _function(self, place: Place, function: Any) -> None:
        found = recognise(function)
        if isinstance(function, HeldFunction):
            return
        if found.entry is not None and not found.reason:
            if not only_calls(self.classes, place.parent, place.key):
                raise OgiveError(COMPARED)
            new = HeldFunction(function, found, self.save, self.engine)
            mode = self._gain(found.entry, function, new)
            place.put(new)
            self._done(place, called(function), found.entry.name, "function", mode)
        elif sounds_like(called(function)):
            raise OgiveError(found.reason or "a function that is not known")
        elif names := named_by(function):
            raise OgiveError(f"its code names {names}: use ogive.intercept()")

    def _gain(self, entry: Spec, thing: Any, new: SameActivation | HeldFunction) -> Mode | None:
        """What is kept for backward; raises an OgiveError where nothing is gained."""
        self._check_device()
        mode = new.saved(self.dtype)
        if entry.name in OUTPUT_KEPT:
            raise OgiveError(KEPT)
        if mode is None and (thing in AS_FAST or type(thing) in AS_FAST):
            raise OgiveError(GAINLESS)
        return mode

    def _check_device(self) -> None:
        if self.bare:
            raise OgiveError(f"there are no kernels for {self.bare}: torch is best there")

    def _fuse(self, place: Place, module: nn.Module, pattern: gated_blocks.Pattern) -> None:
        self._check_device()
        if reason := gated_blocks.why_not_fused(module, pattern):
            raise OgiveError(reason)
        old, kind = called(module), "module"
        if pattern.activation:
            activation = getattr(module, pattern.activation)
            old, kind = f"{old} with {type(activation).__name__}", "gated"
        function = gated_blocks.fuse(module, pattern, self.engine)
        self._done(place, old, function.title, kind, None)

    def _done(
        self, place: Place, old: str, new: str, kind: str, mode: Mode | None, why: str = ""
    ) -> None:
        bits = 8 * self.dtype.itemsize if mode is None else mode.bits
        keeps = ("the input" if mode is None else mode.keeps) + why
        if kind == "gated":
            keeps, bits = "gate and value", 2 * bits
        row = Replacement(place.name, old, new, kind, keeps, bits)
        self.rows.append(row)
        self.seen[id(place.thing)] = row


def _overwriting(place: Place) -> str:
    """The name of the module that writes over a module's result, where nn.Sequential tells."""
    parent = place.parent
    if not isinstance(parent, nn.Sequential) or type(parent).forward is not nn.Sequential.forward:
        return ""
    modules = iter(parent._modules.items())
    followers = [next(modules, ("", None)) for name, _ in modules if name == place.key]
    return "".join(name for name, module in followers if getattr(module, "inplace", False))
