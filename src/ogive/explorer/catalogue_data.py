"""The catalogue as pages search, filter and compare it: one script of plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ogive.catalogue import Spec
from ogive.explorer.bundle import script_value
from ogive.explorer.facts import certificate_of, compared_facts, edge, marks, zones
from ogive.explorer.strings import LANGUAGES, Texts


def catalogue_script(specs: Iterable[Spec], language: str) -> str:
    """The script that sets ``ogive.catalogue``: an object for each entry, in order."""
    rows = ",\n".join(script_value(_record(spec, language)) for spec in specs)
    return f'"use strict";\nogive.catalogue = [\n{rows}\n];\n'


def _record(spec: Spec, language: str) -> dict[str, Any]:
    found = certificate_of(spec)
    told: dict[str, Any] = {
        "name": spec.name,
        "title": spec.title,
        "kind": spec.kind,
        "family": spec.family,
        "year": spec.year,
        "doc": Texts(language).sentence(" ".join(spec.doc.split("\n\n")[0].split())),
        "words": _words(spec, language),
        "frameworks": sorted({a.partition(":")[0] for a in spec.aliases}),
        "learnable": any(p.learnable for p in spec.parameters),
    }
    if found:
        told["marks"] = marks(found)
        told["facts"] = compared_facts(found)
        told["edge"] = edge(found)
        told["zones"] = [[z.kind, z.low, z.high] for z in zones(found)]
    return told


def _words(spec: Spec, language: str) -> str:
    """What a search looks through besides names: other names, paper, the text in every language."""
    names = {a.partition(":")[2] for a in spec.aliases}
    texts = {Texts(code).sentence(spec.doc) for code in LANGUAGES}
    return " ".join([*sorted(names), spec.paper, *sorted(texts)])
