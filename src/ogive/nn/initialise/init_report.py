"""What ``init_`` did to a model, and what its signal is then."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ogive.table import table


@dataclass(frozen=True)
class LayerRow:
    """What was done to one layer.

    Attributes:
        layer: its name in the model.
        activation: what follows it; empty if nothing does.
        square: the second moment of what it is fed; None where that is not known.
        gain: std * sqrt(fan).
        mode, fan: fan_in, and the number of inputs that are added up.
        std: of its weights.
        found: how ``square`` was found, "derived" or "measured".
        note: what else there is to know.
    """

    layer: str
    activation: str
    square: float | None
    gain: float
    mode: str
    fan: float
    std: float
    found: str
    note: str = ""


@dataclass(frozen=True)
class ActivationRow:
    """What one call of an activation is fed, and what it makes of it.

    Attributes:
        name: of the module, or of the function behind that of the module whose code calls it.
        call: which of its calls it is, from 1 on.
        activation: the entry.
        before, after: second moments in training; None where they are not known.
        error: another batch of the example's size gives them to within this part of them, 19 times
            in 20, by how the example's items scatter; the larger of the two; None where they are
            derived, or there is one item.
        found: how, "derived" or "measured".
        weights: the parameters that were set for it.
        note: why ``after`` is not 1, or not known; empty if it is 1 to within 5 %.
    """

    name: str
    call: int
    activation: str
    before: float | None
    after: float | None
    error: float | None
    found: str
    weights: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class InitReport:
    """What ``init_`` did: a row for each layer, and for each call of an activation, and what was
    skipped, with the reason."""

    rows: tuple[LayerRow, ...]
    activations: tuple[ActivationRow, ...]
    skipped: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "activations": [asdict(row) for row in self.activations],
            "skipped": [{"module": name, "reason": reason} for name, reason in self.skipped],
        }

    def __str__(self) -> str:
        notes = [f"skipped: {name}: {why}" for name, why in self.skipped]
        layers = (
            [r.layer, r.activation or "-", _shown(r.square), f"{r.gain:.5g}", r.mode,
             f"{r.fan:g}", f"{r.std:.5g}", r.found, r.note]
            for r in self.rows
        )  # fmt: skip
        heads = ("layer", "activation", "E x^2", "gain", "mode", "fan", "std", "found", "note")
        calls = (
            [r.name, str(r.call), r.activation, _shown(r.before), _shown(r.after),
             "" if r.error is None else f"{r.error:.1%}", r.found, r.note]
            for r in self.activations
        )  # fmt: skip
        around = ("name", "call", "activation", "before", "after", "+-", "found", "note")
        return "\n".join(filter(None, [table(heads, layers), table(around, calls, notes)]))


def _shown(square: float | None) -> str:
    return "?" if square is None else f"{square:.5g}"
