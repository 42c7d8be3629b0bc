"""The names of activations in what a model was made from, and is made from when it is loaded."""

from __future__ import annotations

import copy
import hashlib
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from ogive.catalogue import resolve
from ogive.errors import OgiveError
from ogive.nn.modules import ActivationModule
from ogive.nn.places import carry
from ogive.nn.recognise import outer_places, recognise

#: Attributes in which modules keep what they were made from.
SETTINGS = ("config", "cfg", "hparams", "_hparams", "args", "_internal_dict")
#: What T5 writes before a function's name; and "gelu" behind it is another.
GATED, GATED_NAMES = "gated-", {"gelu": "gelu_new"}
#: What transformers would compile or warn about.
UNKNOWABLE = frozenset({"xielu"})
NO_MODEL = "no model can be made of it to see what it computes"

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
    model: nn.Module, old: Collection[str], new: Mapping[str, ActivationModule]
) -> tuple[list[Note], list[Note]]:
    """Names the new modules, by their places, where the entries that stood there are named; what
    was written, and what was not.

    transformers, if it is there, is taught the names in any case: a process that is to load such a
    model makes the same swap before, on any other.
    """
    if "transformers.activations" in sys.modules:
        for module in {repr(module): module for module in new.values()}.values():
            _name_for(module, "")
    written, unwritten = list[Note](), list[Note]()
    inside = "\n"  # what no name begins with
    for name, module in model.named_modules():
        prefix = f"{name}." if name else ""
        mine = {n.removeprefix(prefix): m for n, m in new.items() if n.startswith(prefix)}
        if not mine:
            continue
        if not name.startswith(inside) and hasattr(module, "save_pretrained"):
            inside = prefix
            done, missed = _rewritten(prefix, module, old, mine)
            written, unwritten = written + done, unwritten + missed
        unwritten += [(f"{prefix}{n}", said) for n, said in _said_elsewhere(module, old)]
    return written, unwritten


def _said_elsewhere(module: nn.Module, old: Collection[str]) -> Iterator[Note]:
    """The texts of a module, and in what it was made from, that only others read."""
    for key in ("", *SETTINGS):
        held = vars(module).get(key) if key else module
        texts = held if isinstance(held, Mapping) else getattr(held, "__dict__", {})
        for name, text in _naming(texts, old).items():
            if not _is_configuration(held):
                why = f"it says {text}: what is made from it computes that again"
                yield f"{key}.{name}".lstrip("."), why


def _naming(texts: Mapping[str, Any], entries: Collection[str]) -> dict[str, str]:
    """Those of the values that are texts and name one of some entries."""
    named = {k: v for k, v in texts.items() if isinstance(v, str) and not str(k).startswith("_")}
    return {k: v for k, v in named.items() if _meaning(v) in entries}


def _rewritten(
    prefix: str, model: nn.Module, old: Collection[str], new: Mapping[str, ActivationModule]
) -> tuple[list[Note], list[Note]]:
    """The same for a model that its configuration makes again: a text stays rewritten if that makes
    more of what stands there now, and nothing else."""
    written, unwritten = list[Note](), list[Note]()
    if (wrong := _made_otherwise(model)) is None:
        return written, [(f"{prefix}config", NO_MODEL)]
    for name, config in _configurations(f"{prefix}config", vars(model).get("config")):
        texts = _naming(vars(config), old)
        said = {key: _name_for(next(iter(new.values())), text) for key, text in texts.items()}
        vars(config).update(said)
        then = _made_otherwise(model) if texts else wrong
        if then is not None and then.keys() < wrong.keys():
            wrong = then
            written += [(f"{name}.{key}", text) for key, text in said.items()]
            continue
        vars(config).update(texts)
        if then and wrong.keys() - then.keys():  # other places still have what it says
            still = next(place for place in then if place not in wrong)
            reason = f"{prefix}{still} still computes it"
            unwritten += [(f"{name}.{k}", f"it says {t}: {reason}") for k, t in texts.items()]
    reason = "its class makes {} there, whatever the configuration says: swap again what is loaded"
    missed = [(f"{prefix}{p}", reason.format(made)) for p, made in wrong.items() if p in new]
    return written, unwritten or missed


def _configurations(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """A configuration and those inside of it."""
    if _is_configuration(thing):
        yield name, thing
        for key, value in list(vars(thing).items()):
            yield from _configurations(f"{name}.{key}", value)


def _made_otherwise(model: nn.Module) -> dict[str, str] | None:
    """The places where a model has another activation when its configuration makes it again, and
    which it is; None where that cannot be."""
    config = copy.deepcopy(vars(model).get("config"))
    with torch.device("meta"), torch.random.fork_rng([]), warnings.catch_warnings(action="ignore"):
        try:
            again: Any = type(model)(config)
        except Exception:  # whatever its code raises
            return None
    made = {place.name: place.thing for place in outer_places(again)}
    known = [p for p in outer_places(model) if recognise(p.thing).entry is not None]
    others = ((p.name, made.get(p.name)) for p in known if not _same(made.get(p.name), p.thing))
    return {name: title(thing) for name, thing in others}


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


def _same(known: Any, new: Any) -> bool:
    """Whether two modules compute one function, and the new one what no training changes unless
    both begin alike."""
    if repr(known) == repr(new):
        return True
    if title(known) != title(new) or (isinstance(new, nn.Module) and new.state_dict()):
        return False
    one, other = (recognise(module).with_values() for module in (known, new))
    return one is not None and other is not None and one.parameters == other.parameters
