"""The certificates that come with the package, found by what they were proved of.

The key is a hash of the formula with its parameters' values and its domain, so that an entry whose
formula was changed is proved anew, and a user's function that is a built-in one is known already.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ogive.catalogue import Spec

#: Part of every key; a change of what a certificate says changes it.
EDITION = "5"
FILE = "certificates.json.gz"


def key(spec: Spec, values: Mapping[str, Any] | None = None) -> str:
    """The name of what a certificate is about: formula, parameters, domain."""
    parameters = {p.name: (values or {}).get(p.name, p.default) for p in spec.parameters}
    learned = [p.name for p in spec.parameters if p.learnable]
    told = [EDITION, spec.kind, _formulas(spec), parameters, learned, spec.domain]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:24]


def _formulas(spec: Spec) -> tuple[str, ...]:
    if spec.kind == "rowwise":
        return spec.name, spec.formula_text
    if spec.noise:
        return str(spec.expression), str(spec.training_expression)
    return (str(spec.expression),)


def shipped(name: str) -> dict[str, Any] | None:
    """The sections of a certificate by key, in plain JSON types; None where there is none."""
    return _all().get(name)


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, Any]]:
    found = files("ogive.certify").joinpath("data", FILE)
    return json.loads(gzip.decompress(found.read_bytes())) if found.is_file() else {}
