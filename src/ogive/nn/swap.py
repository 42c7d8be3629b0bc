"""``ogive.swap``: one activation for another, with the length of the signal kept.

With ``rescale`` the new activation is multiplied by gain(new) / gain(old), so that its output has
the second moment the old one had at N(0, 1). The factor is a parameter of the new formula: it costs
no second pass over the data, nothing more is saved for backward, and the keys of the state dict are
those of the activation without it. It is not folded into the weights of the layer that follows,
which may have other consumers, and whose weights the user may compare with a checkpoint's.
"""

from __future__ import annotations

import copy
import fnmatch
import math
import re
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from ogive.catalogue import Domain, Parameter, Spec, resolve
from ogive.catalogue._spec import FixedFormula
from ogive.errors import OgiveError, briefly
from ogive.expr import symbol
from ogive.nn.accelerated import Accelerated
from ogive.nn.configurations import title
from ogive.nn.gain import gain
from ogive.nn.gated_blocks import activation_of
from ogive.nn.leftovers import exchanged, kept_elsewhere
from ogive.nn.modules import LEARNING, ActivationModule, module_class
from ogive.nn.places import Place, carry, check_module
from ogive.nn.recognise import outer_places, recognise
from ogive.nn.translate import equivalent
from ogive.ops import ActivationFunction
from ogive.table import table

ELEMENTWISE = ("elementwise", "stochastic")


@dataclass(frozen=True)
class Swap:
    """One place: its name, what stood there, what does now, and the factor of its output."""

    name: str
    old: str
    new: str
    factor: float


@dataclass(frozen=True)
class SwapReport:
    """What ``swap`` did.

    Attributes:
        rows: one for each place.
        skipped: what was left, with the reason.
        also: what else said the old function, and what it says now.
    """

    rows: tuple[Swap, ...]
    skipped: tuple[tuple[str, str], ...]
    also: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types."""
        skipped = [{"name": name, "reason": reason} for name, reason in self.skipped]
        also = [{"name": name, "now": now} for name, now in self.also]
        return {"rows": [asdict(row) for row in self.rows], "skipped": skipped, "also": also}

    def __str__(self) -> str:
        rows = ([r.name, r.old, r.new, f"{r.factor:.6g}"] for r in self.rows)
        notes = [f"also: {name} is {now} now" for name, now in self.also]
        notes += [f"skipped: {name}: {reason}" for name, reason in self.skipped]
        return table(("name", "from", "to", "factor"), rows, notes)


def swap(
    model: nn.Module,
    old: Any,
    new: Any,
    *,
    where: str | re.Pattern[str] | None = None,
    rescale: bool = True,
) -> SwapReport:
    """Exchanges one elementwise activation of a model for another, in place.

    Args:
        model: any module.
        old: a name (``"relu"``, ``"timm:swish"``), or a class, a user's own too.
        new: a name, an activation of ogive's, or a module that ogive knows, with its parameters.
        where: only modules whose dotted name this matches: a glob such as ``"layers.*"``, or a
            compiled regular expression that matches the whole name.
        rescale: whether the output is multiplied so that it keeps its second moment at N(0, 1).

    Hooks and training flags stay; a function held as an attribute becomes a module. What else says
    the old function is set right: the fast paths of torch's encoder layers, and the configuration
    of a model of transformers, so that it computes the new one when it is saved and loaded.
    ``ogive.restore`` does not undo it: swap back.

    Raises:
        OgiveError: for an activation that is not elementwise, and a ``new`` that is not known.
        UnknownName: for a name that no entry has.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU())
        >>> print(swap(model, "relu", "gelu", where="1"))
        name  from  to          factor
        1     relu  ScaledGELU  1.08437
        >>> model[1]
        ScaledGELU(scale=1.0843697741253615)
    """
    check_module(model)
    if not isinstance(rescale, bool):
        raise OgiveError(f"rescale is True or False, not {briefly(rescale)}")
    wanted, skipped = _module(new), list[tuple[str, str]]()
    made: dict[int, tuple[ActivationModule, float]] = {}  # one module for each instance
    done: list[tuple[Place, ActivationModule, float]] = []
    for place in _chosen(model, old, where):
        try:
            if id(place.thing) not in made:
                made[id(place.thing)] = _made(wanted, model, place, rescale)
        except OgiveError as error:
            skipped.append((place.name or type(model).__name__, str(error)))
        else:
            done.append((place, *made[id(place.thing)]))
    rows = [Swap(p.name, title(p.thing), type(module).__name__, f) for p, module, f in done]
    also, left = exchanged(model, {place: module for place, module, _ in done})
    if isinstance(old, str):
        left += [note for note in kept_elsewhere(model, old) if _pattern(where).fullmatch(note[0])]
    return SwapReport(tuple(rows), (*skipped, *left), tuple(also))


def _chosen(model: nn.Module, old: Any, where: str | re.Pattern[str] | None) -> list[Place]:
    """The places where the old activation stands, and whose name is one of those asked for."""
    names = _pattern(where)
    entry = resolve(old)[0] if isinstance(old, str) else None
    if entry is None and not isinstance(old, type):
        raise OgiveError(f"the old activation is a name or a class, not {briefly(old)}")
    if entry is not None and entry.kind not in ELEMENTWISE:
        raise OgiveError(f"{entry.name} is {entry.kind}; swap exchanges elementwise activations")

    def is_old(thing: Any) -> bool:
        if entry is None:
            return (thing.original if isinstance(thing, Accelerated) else type(thing)) is old
        replaceable = isinstance(thing, nn.Module) or not recognise(thing).reason
        return replaceable and title(thing) == entry.name

    return [p for p in outer_places(model) if names.fullmatch(p.name) and is_old(p.thing)]


def _pattern(where: Any) -> re.Pattern[str]:
    if isinstance(where, re.Pattern):
        return where
    if not isinstance(where, (str, type(None))):
        raise OgiveError(f"where is a glob or a compiled regular expression, not {briefly(where)}")
    return re.compile(fnmatch.translate("*" if where is None else where))


def _module(new: Any) -> ActivationModule:
    """One module of the new activation, which is copied to every place."""
    if isinstance(new, str):
        new = ActivationFunction(*resolve(new))
    if isinstance(new, ActivationFunction):
        new = module_class(new)
    if isinstance(new, type):
        try:
            new = new()
        except TypeError as error:
            raise OgiveError(f"{new.__name__} needs arguments; pass a module: {error}") from error
    made = copy.deepcopy(new) if isinstance(new, ActivationModule) else equivalent(new)
    if made.function.kind not in ELEMENTWISE:
        raise OgiveError(f"{type(made).__name__} is not elementwise, as what swap puts in must be")
    return made


def _made(
    wanted: ActivationModule, model: nn.Module, place: Place, rescale: bool
) -> tuple[ActivationModule, float]:
    """The module for a place, and its factor: with what belongs to the place, and its parameters
    where the model's are."""
    if place.parent is None:
        raise OgiveError("it is the whole model, and stands in no place")
    if place.thing is activation_of(place.parent):
        raise OgiveError("it is part of a fused block: ogive.restore(model) before")
    factor = _factor(place.thing, wanted) if rescale else 1.0
    new = _scaled(wanted, factor)
    if isinstance(place.thing, nn.Module):
        carry(place.thing, new)
    first = next((p for p in model.parameters() if p.is_floating_point()), None)
    return (new if first is None else new.to(device=first.device, dtype=first.dtype)), factor


def _factor(found: Any, wanted: ActivationModule) -> float:
    """gain(new) / gain(old) of exact second moments."""
    before, after = gain(found).second_moment, gain(wanted).second_moment
    factor = after.value / before.value
    if not math.isfinite(factor):
        raise OgiveError("a second moment is not proved: pass rescale=False")
    return factor


def _scaled(wanted: ActivationModule, factor: float) -> ActivationModule:
    """A copy of the module whose formula is multiplied by the factor."""
    if factor == 1.0:
        return copy.deepcopy(wanted)
    if wanted.function.kind != "elementwise":
        raise OgiveError(f"{wanted.function.name} cannot be rescaled: pass rescale=False")
    options = {n: v for n, v in wanted._options.items() if n not in wanted.function.spec.variants}
    spec = wanted.function.variant(dict(wanted._options))
    values = {p.name: getattr(wanted, p.name) for p in spec.parameters}
    made = module_class(ActivationFunction(rescaled(spec)))(
        **options,
        **{n: v for n, v in values.items() if not isinstance(v, torch.Tensor)},
        scale=factor,
        **{name: getattr(wanted, name) for name in LEARNING if hasattr(wanted, name)},
    )
    made.load_state_dict(wanted.state_dict())  # values that are learned
    return made


@lru_cache(maxsize=256)
def rescaled(spec: Spec) -> Spec:
    """An elementwise entry times a number: its formula with one more parameter, ``scale``."""
    scale = Parameter("scale", 1.0, Domain("any number"), False)
    if any(p.name == scale.name for p in spec.parameters):
        raise OgiveError(f"{spec.name} has a parameter named scale already: pass rescale=False")
    return replace(
        spec,
        name=f"scaled_{spec.name}",
        title=f"Scaled{spec.title}",
        family="user",
        body=FixedFormula(symbol("scale") * spec.expression, (*spec.parameters, scale)),
        doc=f"{spec.doc} Multiplied by a number.",
        aliases=(),
        presets={},
        variants={},
    )
