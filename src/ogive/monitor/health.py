"""What is known of a model's activations at one time: a row for each place, and the findings."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ogive.monitor.finding import HealthFinding
from ogive.monitor.history import History
from ogive.table import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PlaceHealth:
    """What was measured at a place in the last window, beside what theory predicts.

    z is the pre-activation, f the activation, E the mean over samples and units; a unit is a
    channel or feature, a sample one of its numbers. What does not apply is None.

    Attributes:
        entry: the name of the activation.
        units: how many there are.
        samples: how many numbers of each unit were looked at.
        dead: share of units with abs(f') < t on every sample; t is ``Thresholds.slope`` times
            sup abs(f').
        saturated_left, saturated_right: share of samples with abs(f') < t to the left, to the right
            of the middle of the function.
        linear: share of samples with abs(f') >= t and abs(f'') < ``Thresholds.bend`` sup abs(f').
        sparsity: share of samples with f(z) = 0.
        mean_z, std_z: E z, and sqrt(E z**2 - (E z)**2).
        mean_f, second_f: E f(z) and E f(z)**2.
        gain: sqrt(E f(z)**2 / E z**2), by how much the activation scales its signal.
        gain_expected: the same for z from the normal distribution of this mean and deviation.
        chi: E f'(z)**2, by how much it scales the square of a gradient.
        chi_expected: the same for z from that normal distribution.
        gradient_in: sqrt of the sum of squares of the loss's gradient with respect to z.
        gradient_out: the same with respect to f(z).
    """

    entry: str
    units: int
    samples: int
    dead: float | None = None
    saturated_left: float | None = None
    saturated_right: float | None = None
    linear: float | None = None
    sparsity: float | None = None
    mean_z: float | None = None
    std_z: float | None = None
    mean_f: float | None = None
    second_f: float | None = None
    gain: float | None = None
    gain_expected: float | None = None
    chi: float | None = None
    chi_expected: float | None = None
    gradient_in: float | None = None
    gradient_out: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row in JSON's own types."""
        return asdict(self)


@dataclass(frozen=True)
class HealthReport:
    """The health of a model's activations.

    Attributes:
        step: the last step that was measured; -1 before the first.
        places: by name, in the order of their first use.
        findings: the most serious first.
        history: how each statistic went in training, see ``History``.
        units: statistic -> a number for each unit, by place: ``dead`` (0 or 1), ``saturated_left``,
            ``saturated_right``, ``linear``, ``sparsity``, ``mean_z``, ``std_z``, ``mean_f``,
            ``second_f``, ``chi``; over the last window.
        values: some of the pre-activations of the last step, by place, for pictures.
        notes: what could not be measured, and why.
        evaluation: what was measured the last time that the model was in evaluation mode, by place.
    """

    step: int
    places: Mapping[str, PlaceHealth]
    findings: tuple[HealthFinding, ...]
    history: History = field(repr=False)
    units: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(repr=False, default_factory=dict)
    values: Mapping[str, NDArray[np.float64]] = field(repr=False, default_factory=dict)
    notes: tuple[str, ...] = ()
    evaluation: Mapping[str, PlaceHealth] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """``{"step", "places": {place: {...}}, "findings": [...]}`` in JSON's own types; with
        ``"evaluation": {place: {...}}`` where the model was evaluated. ``"inf"``, ``"-inf"`` and
        ``"nan"`` stand for what is no finite number."""
        found: dict[str, Any] = {
            "step": self.step,
            "places": {name: _plain(place.to_dict()) for name, place in self.places.items()},
            "findings": [_plain(finding.to_dict()) for finding in self.findings],
        }
        if self.evaluation:
            found["evaluation"] = {n: _plain(p.to_dict()) for n, p in self.evaluation.items()}
        return found

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON that strict readers take: what is no finite number is text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Writes the report as one page that needs nothing else, neither network nor scripts:
        findings with evidence and remedy, each statistic by layer and time, and where the
        pre-activations lie over the function and its derivative.

        Raises:
            OgiveError: where the file cannot be written.
            MissingExtra: without jinja2.
        """
        from ogive.monitor.page import write_health_page

        write_health_page(self, path)

    def figures(self) -> dict[str, Figure]:
        """The same pictures as matplotlib figures: ``dead``, ``saturated``, ``gradient`` and
        ``second_moment`` by layer and time, and ``z <place>`` for each activation.

        Raises:
            MissingExtra: without matplotlib.
        """
        from ogive.monitor.page import health_figures

        return health_figures(self)

    def __str__(self) -> str:
        rows = [[name, *_cells(place)] for name, place in self.places.items()]
        rows += [[f"{name} (evaluation)", *_cells(p)] for name, p in self.evaluation.items()]
        notes = [*map(str, self.findings), *(f"note: {note}" for note in self.notes)]
        return table(_HEADS, rows, notes or ["no findings"])


_HEADS = (
    "place", "entry", "units", "dead", "left", "right", "linear", "zero", "mean z", "std z",
    "gain", "expected", "chi", "expected", "gradient in", "out",
)  # fmt: skip


def _cells(place: PlaceHealth) -> list[str]:
    shares = place.dead, place.saturated_left, place.saturated_right, place.linear, place.sparsity
    numbers = (
        place.mean_z, place.std_z, place.gain, place.gain_expected, place.chi, place.chi_expected,
        place.gradient_in, place.gradient_out,
    )  # fmt: skip
    cells = ["-" if s is None else f"{s:.0%}" for s in shares]
    return [place.entry, str(place.units), *cells, *map(_shown, numbers)]


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:.3g}"


def _plain(value: Any) -> Any:
    """With 'inf', '-inf' and 'nan' for what JSON lacks."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
