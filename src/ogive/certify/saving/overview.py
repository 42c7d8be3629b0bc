"""The saving modes of a function as a table: what each keeps, how far off it is, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ogive.certify.proof.budget import limited
from ogive.certify.saving.error import Error
from ogive.certify.saving.mode import NotLegal
from ogive.certify.saving.saving import MODES, Saving
from ogive.table import table

#: The dtypes that the table shows.
_DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class ModeRow:
    """One saving mode.

    Attributes:
        name: of the mode.
        keeps: what of each element, in words.
        bits: of the code for each element; None for the input, which has those of its dtype.
        errors: of f', by dtype.
        reason: why it cannot be had; empty if it can.
    """

    name: str
    keeps: str = "the input"
    bits: int | None = None
    errors: Mapping[str, Error] | None = None
    reason: str = ""


@dataclass(frozen=True)
class SavingModes:
    """Every saving mode, and which ones ``exact`` and ``lean`` are, by dtype."""

    rows: tuple[ModeRow, ...]
    chosen: Mapping[str, Mapping[str, str]]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        heads = ["mode", "keeps", *(f"{dtype} most, rms" for dtype in _DTYPES)]
        cells = [[row.name, row.keeps, *_errors(row)] for row in self.rows if not row.reason]
        notes = [f"no {row.name}: {row.reason}" for row in self.rows if row.reason]
        for save, found in self.chosen.items():
            notes.append(f"{save}: {', '.join(f'{m} ({d})' for d, m in found.items())}")
        return table(heads, cells, notes)


def _errors(row: ModeRow) -> list[str]:
    if row.errors is None:
        return ["exact"] * len(_DTYPES)
    found = [row.errors[dtype] for dtype in _DTYPES]
    parts = " of f'" * found[0].relative
    return ["exact" if e.exact else f"{e.most:.1e}, {e.rms:.1e}{parts}" for e in found]


@limited()
def mode_table(of: Saving) -> SavingModes:
    found = {s: {d: of.choose(s, d) for d in _DTYPES} for s in ("exact", "lean")}
    chosen = {s: {d: m.name if m else "input" for d, m in by.items()} for s, by in found.items()}
    return SavingModes((*(_row(of, name) for name in MODES), ModeRow("input")), chosen)


def only_input(reason: str) -> SavingModes:
    chosen = {save: dict.fromkeys(_DTYPES, "input") for save in ("exact", "lean")}
    return SavingModes(
        (*(ModeRow(name, reason=reason) for name in MODES), ModeRow("input")), chosen
    )


def _row(of: Saving, name: str) -> ModeRow:
    try:
        mode = of.mode(name)
    except NotLegal as reason:
        return ModeRow(name, reason=str(reason))
    errors = {dtype: of.error(name, dtype) for dtype in _DTYPES}
    return ModeRow(name, mode.keeps, mode.bits, errors)
