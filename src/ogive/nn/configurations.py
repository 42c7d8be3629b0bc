"""The names of activations in what a model was made from, and is made from when it is loaded."""

from __future__ import annotations

import copy
import hashlib
import sys
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from ogive.catalogue import resolve
from ogive.errors import OgiveError
from ogive.nn.modules import ActivationModule
from ogive.nn.places import carry
from ogive.nn.recognise import recognise

#: Attributes in which modules keep what they were made from.
SETTINGS = ("config", "cfg", "hparams", "_hparams", "args", "_internal_dict")
#: What T5 writes before a function's name; and "gelu" behind it is another.
GATED, GATED_NAMES = "gated-", {"gelu": "gelu_new"}
#: What transformers would compile or warn about.
UNKNOWABLE = frozenset({"xielu"})

#: What was changed, or could not be, and how: (where, what).
Note = tuple[str, str]


def title(thing: Any) -> str:
    """The entry that a module or function computes; the class of what is no one entry."""
    try:
        spec = recognise(thing).with_values()
    except OgiveError:  # channels with values of their own
        spec = None
    return spec.name if spec is not None else type(thing).__name__


def rewrite_settings(
    model: nn.Module, old: Collection[str], new: Mapping[str, ActivationModule], left: list[str]
) -> tuple[list[Note], list[Note]]:
    """Names the new modules, by their places, where the entries that stood there are named; what
    was written, and what was not. ``left`` are the places that still compute the old entries.

    transformers, if it is there, is taught the names in any case: a process that is to load such a
    model makes the same swap before, on any other.
    """
    if "transformers.activations" in sys.modules:
        for module in {repr(module): module for module in new.values()}.values():
            _name_for(module, "")
    written, unwritten = _Texts(model).rewrite(old, new, left)
    return written, unwritten or [*_made_otherwise(model, new)]


def _made_otherwise(model: nn.Module, new: Mapping[str, ActivationModule]) -> Iterator[Note]:
    """The places that have another function when a model of transformers is loaded."""
    seen: list[str] = []
    for name, module in model.named_modules():
        prefix = f"{name}." if name else ""
        mine = {n.removeprefix(prefix): m for n, m in new.items() if n.startswith(prefix)}
        inside = any(prefix.startswith(outer) for outer in seen)
        if mine and not inside and hasattr(module, "save_pretrained"):
            seen.append(prefix)
            for place, reason in _differences(module, mine):
                yield f"{prefix}{place}", f"{reason}: swap again what is loaded"


def _differences(module: nn.Module, new: Mapping[str, ActivationModule]) -> Iterator[Note]:
    """Where a module has another function when its configuration makes it again."""
    config = copy.deepcopy(vars(module).get("config"))
    with torch.device("meta"), torch.random.fork_rng([]), warnings.catch_warnings(action="ignore"):
        try:
            again: nn.Module = type(module)(config)
        except Exception:  # whatever its code raises
            yield "config", "no model can be made of it to see what it computes"
            return
    for place, put in new.items():
        found = _at(again, place)
        if repr(found) != repr(put) and not _same(found, put):
            yield place, f"its class makes {title(found)} there, whatever the configuration says"


def _at(model: nn.Module, place: str) -> Any:
    """What stands at a dotted name; None if nothing does."""
    found: Any = model
    for key in place.split("."):
        found = getattr(found, key, None)
    return found


@dataclass
class _Text:
    """A text in a module or in what it was made from: where, and below which modules it counts: if
    none has its holder itself, below those that have what the holder is in."""

    name: str
    holder: Any
    key: str
    text: str
    users: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def of(self, names: Iterable[str]) -> list[str]:
        """Those of the names that stand where it counts."""
        return [name for name in names if name.startswith(tuple(self.users or self.others))]


class _Texts:
    """The texts in a model that may name an activation."""

    def __init__(self, model: nn.Module) -> None:
        self.found: dict[tuple[int, str], _Text] = {}
        for name, module in model.named_modules():
            prefix = f"{name}." if name else ""
            self._read(prefix, module, prefix)
            for key in SETTINGS:
                self._read(f"{prefix}{key}.", vars(module).get(key), prefix)

    def _read(self, name: str, holder: Any, user: str, nested: bool = False) -> None:
        texts = holder if isinstance(holder, Mapping) else getattr(holder, "__dict__", {})
        for key, value in list(texts.items()):
            if isinstance(value, str) and not str(key).startswith("_"):
                text = _Text(name + key, holder, key, value)
                text = self.found.setdefault((id(holder), key), text)
                (text.others if nested else text.users).append(user)
            elif _is_configuration(value) and _is_configuration(holder):
                self._read(f"{name}{key}.", value, user, nested=True)

    def rewrite(
        self, old: Collection[str], modules: Mapping[str, ActivationModule], left: list[str]
    ) -> tuple[list[Note], list[Note]]:
        """Writes the new function where the old one is named, for places that have it all."""
        written, unwritten = list[Note](), list[Note]()
        for text in self.found.values():
            mine = {repr(modules[name]): modules[name] for name in text.of(modules)}
            if not mine or _meaning(text.text) not in old:
                continue
            if reason := _why_not(text, mine, left):
                unwritten.append((text.name, f"it says {text.text}: {reason}"))
            else:
                said = _name_for(next(iter(mine.values())), text.text)
                setattr(text.holder, text.key, said)
                written.append((text.name, said))
        return written, unwritten


def _why_not(text: _Text, mine: Collection[str], left: list[str]) -> str:
    """Why a text cannot say the new function; empty if it can."""
    if still := text.of(left):
        return f"{still[0]} still computes it"
    if len(mine) > 1:
        return "in its places there are different functions now"
    own = _is_configuration(text.holder) or type(text.holder).__module__.startswith("transformers.")
    return "" if own else "what is made from it computes that again"


def _is_configuration(thing: Any) -> bool:
    """Whether it is a configuration of transformers, which nothing here imports."""
    home = sys.modules.get("transformers.configuration_utils")
    return home is not None and isinstance(thing, home.PretrainedConfig)


def _meaning(text: str) -> str:
    """The entry that a text names: to transformers if that has the word, else to the catalogue."""
    called = text.removeprefix(GATED)
    if called != text:
        called = GATED_NAMES.get(called, called)
    home: Any = sys.modules.get("transformers.activations")
    if home is not None and called in home.ACT2FN and called not in UNKNOWABLE:
        return title(home.ACT2FN[called])
    try:
        return resolve(called)[0].name
    except OgiveError:
        return ""


def _name_for(new: ActivationModule, old: str) -> str:
    """What transformers is to call a module: a name that it has, else one that it is taught."""
    home: Any = sys.modules["transformers.activations"]
    before = GATED if old.startswith(GATED) else ""
    unfit = UNKNOWABLE | (GATED_NAMES.keys() if before else set())
    for name in sorted(home.ACT2FN.keys() - unfit, key=lambda n: (n != title(new), n)):
        if _same(home.ACT2FN[name], new):
            return f"{before}{name}"
    digest = hashlib.sha256(repr((new, new.function.formula)).encode()).hexdigest()[:8]
    name, bare = f"ogive_{new.function.name}_{digest}", copy.copy(new)
    carry(nn.Module(), bare)  # a place's hooks stay there
    pattern = copy.deepcopy(bare)
    for known in (home.ACT2FN, home.ACT2CLS):
        known[name] = lambda: copy.deepcopy(pattern)
    return f"{before}{name}"


def _same(known: Any, new: ActivationModule) -> bool:
    """Whether two modules compute one function, which no training changes."""
    if title(known) != title(new) or new.state_dict():
        return False
    one, other = (recognise(module).with_values() for module in (known, new))
    return one is not None and other is not None and one.parameters == other.parameters
