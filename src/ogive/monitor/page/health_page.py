"""The report of a monitor as one HTML page that needs nothing else, neither network nor scripts."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from pathlib import Path

from ogive.errors import OgiveError, require
from ogive.monitor.health import HealthReport
from ogive.monitor.page import finding_words
from ogive.monitor.page.heat_maps import heat_maps
from ogive.monitor.page.unit_strips import UnitStrip, unit_strips
from ogive.monitor.page.z_pictures import ZPicture, across, panels_of, z_pictures
from ogive.plot.curve import Array

#: Shades that a strip has.
SHADES = 20
#: Pictures of so many places stand open; those with findings come first.
OPEN = 6


def health_page(report: HealthReport, title: str = "Health of the activations") -> str:
    """The page as text.

    Args:
        report: what ``Monitor.report`` or ``checkup`` gives.
        title: what stands on top.

    Raises:
        MissingExtra: without jinja2.
    """
    jinja2 = require("jinja2", "study")
    template = resources.files("ogive.monitor.page").joinpath("templates/health.html.j2")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page: str = environment.from_string(template.read_text(encoding="utf-8")).render(
        title=title,
        report=report,
        verdict=finding_words.health_verdict(report.findings, len(report.places)),
        groups=finding_words.groups(report.findings),
        maps=heat_maps(report),
        pictures=_pictures(report),
        opened=OPEN,
        evidence_of=finding_words.evidence_of,
        percent=finding_words.percent,
        short=finding_words.short,
        paths=paths,
        panels_of=panels_of,
        across=across,
    )
    return page


def write_health_page(report: HealthReport, path: str | os.PathLike[str]) -> None:
    """Write the page to a file, in one step: no reader meets half of it.

    Raises:
        OgiveError: where the file cannot be written.
    """
    target, text = Path(path), health_page(report)
    draft = target.with_name(target.name + ".part")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, target)
    except OSError as error:
        raise OgiveError(
            f"cannot write the page to {str(target)!r}: {error.strerror}; "
            f"name a file in a folder that is there"
        ) from error


@dataclass(frozen=True)
class _Shown:
    """What is shown of a place."""

    place: str
    picture: ZPicture | None
    strips: list[UnitStrip]


def _pictures(report: HealthReport) -> list[_Shown]:
    """For each place its picture and its strips; those with findings first."""
    pictures = {picture.place: picture for picture in z_pictures(report)}
    found = {finding.place for finding in report.findings}
    places = sorted(report.places, key=lambda place: place not in found)
    rows = [_Shown(p, pictures.get(p), unit_strips(report, p)) for p in places]
    return [row for row in rows if row.picture or row.strips]


def paths(levels: Array) -> list[tuple[str, float, str]]:
    """A row of levels as shapes of one shade each: class, opacity, and the path of an SVG.

    >>> import numpy as np
    >>> paths(np.array([0.5, 0.5, -1.0, 0.0, 0.5]))
    [('up', 0.5, 'M0 0h2v1h-2zM4 0h1v1h-1z'), ('down', 1.0, 'M2 0h1v1h-1z')]
    """
    shapes: dict[tuple[str, float], str] = {}
    at = 0
    for (kind, opacity), cells in groupby(map(_shade, levels.tolist())):
        width = sum(1 for _ in cells)
        if opacity:
            path = f"M{at} 0h{width}v1h-{width}z"
            shapes[kind, opacity] = shapes.get((kind, opacity), "") + path
        at += width
    return [(kind, opacity, path) for (kind, opacity), path in shapes.items()]


def _shade(level: float) -> tuple[str, float]:
    """Class and opacity, to the next of the shades; what is not 0 is seen."""
    if math.isnan(level):
        return "none", 1.0
    opacity = max(1, round(abs(level) * SHADES)) / SHADES if level else 0.0
    return ("up" if level >= 0 else "down"), opacity
