"""Modules: ``ogive.nn.<Class>`` for every entry, with torch.nn's arguments where torch has it."""

from __future__ import annotations

from ogive.catalogue import entries
from ogive.errors import nearest
from ogive.nn.gated_mlp import GatedMLP
from ogive.nn.modules import ActivationModule, Softmax2d, module_class
from ogive.ops import ActivationFunction


def _titles() -> dict[str, str]:
    return {spec.title: name for name, spec in entries().items()}


def __getattr__(name: str) -> type[ActivationModule]:
    titles = {} if name.startswith("__") else _titles()
    if name not in titles:
        raise AttributeError(f"ogive.nn has no class {name!r}{nearest(name, titles)}")
    return module_class(ActivationFunction(entries()[titles[name]]))


def __dir__() -> list[str]:
    return sorted([*__all__, *_titles()])


__all__ = ["ActivationModule", "GatedMLP", "Softmax2d", "module_class"]
