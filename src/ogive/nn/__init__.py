"""Modules: ``ogive.nn.<Class>`` for every entry, with torch.nn's arguments where torch has it."""

from __future__ import annotations

from ogive.catalogue import entries
from ogive.errors import nearest
from ogive.nn.gated_mlp import GatedMLP
from ogive.nn.modules import ActivationModule, Softmax2d, module_class
from ogive.ops import ActivationFunction


def __getattr__(name: str) -> type[ActivationModule]:
    specs = {} if name.startswith("__") else {spec.title: spec for spec in entries().values()}
    if name not in specs:
        raise AttributeError(f"ogive.nn has no class {name!r}{nearest(name, specs)}")
    return module_class(ActivationFunction(specs[name]))


def __dir__() -> list[str]:
    return sorted([*__all__, *(spec.title for spec in entries().values())])


__all__ = ["ActivationModule", "GatedMLP", "Softmax2d", "module_class"]
