"""What the studies hand to the explorer: claims with their verdicts, and the notes' sweeps.

They come from a file that ``make fresh`` writes, so that the explorer is built without torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_FILE = "experiments.json"


@dataclass(frozen=True)
class KnownClaim:
    """A claim of the ledger.

    Attributes:
        id: C and a number.
        claim: what is said.
        verdict: what the experiment gave; empty where it is not decided.
        on: what the verdict rests on.
    """

    id: str
    claim: str
    verdict: str
    on: str


@cache
def known_claims() -> Mapping[str, KnownClaim]:
    """Every claim by id, in the ledger's order."""
    return {row["id"]: KnownClaim(**row) for row in _told()["claims"]}


def notes_sweeps() -> Mapping[str, list[dict[str, Any]]]:
    """The settings of the notes' experiments on the circles, by what is swept."""
    sweeps: Mapping[str, list[dict[str, Any]]] = _told()["sweeps"]
    return sweeps


@cache
def _told() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((files("ogive.explorer") / _FILE).read_text("utf-8"))
    return found
