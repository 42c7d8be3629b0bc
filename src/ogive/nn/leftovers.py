"""What still says the old function when a model's activations have been swapped.

A module may keep more of an activation than the place where it stands: a flag for a fast path that
computes it, its name in a configuration from which the model is made again, or a default for when
it is unpickled. What is known is set right; what only reads like the old function is reported.
"""

from __future__ import annotations

import copy
import hashlib
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch.nn.functional as F  # noqa: N812
from torch import nn

from ogive.catalogue import resolve
from ogive.errors import OgiveError
from ogive.nn.modules import ActivationModule
from ogive.nn.places import Place, is_scripted, places
from ogive.nn.recognise import recognise, torch_functions

#: torch's flag of an encoder layer for its fast path in evaluation (1 is relu, 2 is gelu), and of
#: an encoder that it hands nested tensors to such layers.
FAST_PATH, NESTED = "activation_relu_or_gelu", "use_nested_tensor"
#: Attributes in which modules keep what they were made from.
SETTINGS = ("config", "cfg", "hparams", "_hparams", "args")
#: What T5 writes before a function's name; and "gelu" behind it is another.
GATED, GATED_NAMES = "gated-", {"gelu": "gelu_new"}
#: What transformers would compile or warn about.
UNSAID = frozenset({"xielu"})

#: What was changed, or could not be, and how: (where, what).
Note = tuple[str, str]


def title(thing: Any) -> str:
    """The entry that a module or function computes; the class of what is no one entry."""
    try:
        spec = recognise(thing).with_values()
    except OgiveError:  # channels with values of their own
        spec = None
    return spec.name if spec is not None else type(thing).__name__


def exchanged(
    model: nn.Module, new: Mapping[Place, ActivationModule]
) -> tuple[list[Note], list[Note]]:
    """Puts modules at places; what else was set right, and what could not be."""
    old = {title(place.thing) for place in new}
    for place, module in new.items():
        _put_for_good(place, module)
    ours = {id(module) for module in new.values()}
    left = [p.name for p in places(model) if title(p.thing) in old and id(p.thing) not in ours]
    written, unwritten = _Texts(model).rewrite(old, new, left)
    return [*_close_fast_paths(model, [place.parent for place in new]), *written], unwritten


def kept_elsewhere(model: nn.Module, old: str) -> Iterator[Note]:
    """The modules that compute an entry in their own code, in a kernel, or by what stands in no
    place of theirs."""
    for place in places(model):
        unknown = isinstance(place.thing, nn.Module) and recognise(place.thing).entry is None
        if unknown and (reason := _why_kept(place.thing, title(old))):
            yield place.name or type(model).__name__, f"{reason}, and is left as it is"


def _why_kept(module: nn.Module, old: str) -> str:
    if is_scripted(module):
        return "it is a program of torch.jit's own"
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        inside = getattr(module, "nonlinearity", "sigmoid tanh").split()
        return f"{old} is inside torch's recurrent kernel" if old in inside else ""
    code: Any = getattr(type(module).forward, "__code__", None)
    for name in torch_functions().intersection(getattr(code, "co_names", ())):
        if title(getattr(F, name)) == old and not hasattr(module, name):
            return f"its code calls {name}"
    for key, value in vars(module).items():
        held = tuple(value.values()) if isinstance(value, dict) else value
        listed = not key.startswith("_") and isinstance(held, (list, tuple, set, frozenset))
        if listed and any(callable(thing) and title(thing) == old for thing in held):
            return f"it is in {key}, a {type(value).__name__}"
    return ""


def _put_for_good(place: Place, new: nn.Module) -> None:
    """Puts a module at a place so that copies of its parent have it too.

    A class with a ``__setstate__`` of its own, as torch's decoder layer, may look for it among its
    attributes, and put in a default where there is none.
    """
    place.put(new)
    parent: Any = type(place.parent)
    if parent.__setstate__ is not nn.Module.__setstate__:
        vars(place.parent)[place.key] = new


def _close_fast_paths(model: nn.Module, parents: list[nn.Module | None]) -> Iterator[Note]:
    """Switches off what computes relu or gelu without asking an encoder layer for its own."""
    for name, module in model.named_modules():
        if vars(module).get(FAST_PATH) and any(module is parent for parent in parents):
            setattr(module, FAST_PATH, 0)
            yield f"{name}.{FAST_PATH}".lstrip("."), "0"
    for name, module in model.named_modules():
        parts = [m for part in module.children() for m in (part, *part.children())]
        if vars(module).get(NESTED) and any(vars(m).get(FAST_PATH) == 0 for m in parts):
            setattr(module, NESTED, False)
            yield f"{name}.{NESTED}".lstrip("."), "False"


@dataclass
class _Text:
    """A text in a module or in what it was made from: where, and below which modules it counts."""

    name: str
    holder: Any
    key: str
    text: str
    users: list[str] = field(default_factory=list)

    def of(self, names: Iterable[str]) -> list[str]:
        """Those of the names that stand where it counts."""
        return [name for name in names if name.startswith(tuple(self.users))]


class _Texts:
    """The texts in a model that may name an activation."""

    def __init__(self, model: nn.Module) -> None:
        self.found: dict[tuple[int, str], _Text] = {}
        self.configured = False
        for name, module in model.named_modules():
            prefix = f"{name}." if name else ""
            self._read(prefix, module, prefix)
            for key in SETTINGS:
                self._read(f"{prefix}{key}.", vars(module).get(key), prefix)

    def _read(self, name: str, holder: Any, user: str) -> None:
        self.configured |= _is_configuration(holder)
        texts = holder if isinstance(holder, Mapping) else getattr(holder, "__dict__", {})
        for key, value in list(texts.items()):
            if isinstance(value, str) and not str(key).startswith("_"):
                text = _Text(name + key, holder, key, value)
                self.found.setdefault((id(holder), key), text).users.append(user)
            elif _is_configuration(value) and _is_configuration(holder):
                self._read(f"{name}{key}.", value, user)

    def rewrite(
        self, old: Collection[str], new: Mapping[Place, ActivationModule], left: list[str]
    ) -> tuple[list[Note], list[Note]]:
        """Writes the new function where the old one is named, for places that have it all."""
        modules = {place.name: module for place, module in new.items()}
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
        if modules and self.configured and not written and not unwritten:
            names = " or ".join(sorted(old))
            unwritten.append(("config", f"no text in it says {names}: swap again what it makes"))
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
    if home is not None and called in home.ACT2FN and called not in UNSAID:
        return title(home.ACT2FN[called])
    try:
        return resolve(called)[0].name
    except OgiveError:
        return ""


def _name_for(new: ActivationModule, old: str) -> str:
    """What transformers is to call a module: a name that it has, else one that it is taught."""
    home: Any = sys.modules["transformers.activations"]
    before = GATED if old.startswith(GATED) else ""
    unfit = UNSAID | (GATED_NAMES.keys() if before else set())
    for name in sorted(home.ACT2FN.keys() - unfit, key=lambda n: (n != title(new), n)):
        if _same(home.ACT2FN[name], new):
            return f"{before}{name}"
    digest = hashlib.sha256(repr((new, new.function.formula)).encode()).hexdigest()[:8]
    name, pattern = f"ogive_{new.function.name}_{digest}", copy.deepcopy(new)
    for known in (home.ACT2FN, home.ACT2CLS):
        known[name] = lambda: copy.deepcopy(pattern)
    return f"{before}{name}"


def _same(known: Any, new: ActivationModule) -> bool:
    """Whether two modules compute one function, which no training changes."""
    if title(known) != title(new) or new.state_dict():
        return False
    one, other = (recognise(module).with_values() for module in (known, new))
    return one is not None and other is not None and one.parameters == other.parameters
