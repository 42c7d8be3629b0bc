"""What experiments say of claims: the verdicts of the ledger, as the package carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ogive.study.claims import find_claims

FILE = "verdicts.json"


@dataclass(frozen=True)
class KnownVerdict:
    """A claim with its verdict; ``word`` and ``on`` are empty where it is not decided yet."""

    id: str
    statement: str
    source: str
    word: str = ""
    on: str = ""


@cache
def known_verdicts() -> Mapping[str, KnownVerdict]:
    """Every claim by id, in the ledger's order.

    A verdict belongs to the statement that it was found for: where a claim says something else by
    now, it is open again.
    """
    decided = _decided()
    found = {}
    for claim in find_claims():
        row = decided.get(claim.id, {})
        held = row if row.get("claim") == claim.statement else {}
        found[claim.id] = KnownVerdict(
            claim.id, claim.statement, claim.source, held.get("verdict", ""), held.get("on", "")
        )
    return found


def _decided() -> Mapping[str, Mapping[str, str]]:
    file = files("ogive.explorer") / FILE
    rows = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return {row["id"]: row for row in rows}
