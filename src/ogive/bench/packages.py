"""timm and transformers, imported where they are used, or an error that says how to get them."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import Any

import torch

from ogive.errors import require

#: Operators that torchvision's Python code asks for when it is imported.
_OPERATORS = ("nms", "qnms")
_declared: Any = None  # gone when it is, and the operators with it


def package(name: str) -> ModuleType:
    """A package whose models are measured.

    Raises:
        MissingExtra: where it is not installed.
    """
    if importlib.util.find_spec("torchvision") is not None:
        _make_importable()
    return require(name, "models")


def _make_importable() -> None:
    """Makes torchvision importable, which timm and transformers import and nobody here uses.

    Built for CUDA, its library does not load beside a torch without CUDA, and its Python code then
    asks for operators that nobody has declared.
    """
    global _declared
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        declared: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in _OPERATORS:
            declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared = declared
