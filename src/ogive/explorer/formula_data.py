"""Formulas as data for the page, and the names by which formulas there call entries."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from ogive.catalogue import Spec, plain, resolve
from ogive.errors import AmbiguousName
from ogive.expr import Node


def tree(node: Node) -> str:
    """A formula as data: a number, a symbol's name, or an operation with its arguments."""
    if node.op == "const":
        value = float(node.value)  # type: ignore[arg-type]
        return repr(value) if math.isfinite(value) else f"{'-' * (value < 0)}Infinity"
    if node.op == "symbol":
        return json.dumps(node.value)
    return "[" + ", ".join([json.dumps(node.op), *map(tree, node.args)]) + "]"


def called_names(specs: Iterable[Spec]) -> dict[str, Any]:
    """What formulas may call besides canonical names, as ``ogive.define`` understands it.

    ``meanings``: a plain name -> the entry and the values that the name implies; ``ambiguous``: a
    plain name -> the entries it may mean; ``variants``: entry -> argument -> value -> entry.
    """
    specs = tuple(specs)
    known = {plain(spec.name) for spec in specs}
    aliases = {plain(bare) for spec in specs for bare in _bare_names(spec)} - known
    meanings: dict[str, Any] = {}
    ambiguous: dict[str, list[str]] = {}
    for name in sorted(aliases):
        try:
            spec, preset = resolve(name)
        except AmbiguousName:
            ambiguous[name] = [s.name for s in specs if name in map(plain, _bare_names(s))]
        else:
            values = {p.name: preset[p.name] for p in spec.parameters if p.name in preset}
            meanings[name] = [spec.name, values]
    variants = {spec.name: spec.variants for spec in specs if spec.variants}
    return {"meanings": meanings, "ambiguous": ambiguous, "variants": variants}


def _bare_names(spec: Spec) -> list[str]:
    """The name of its class, and its aliases without their frameworks."""
    return [spec.title, *(alias.partition(":")[2] for alias in spec.aliases)]
