"""What a study leaves behind: figures, results.json and a report that needs nothing else.

The report is one file with its figures inside, so that it can be sent and kept.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from html import escape
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import ogive
from ogive.certify.report.notebook import mathematics
from ogive.errors import require
from ogive.study.report import sentences, wording
from ogive.study.report.boundaries import boundaries
from ogive.study.report.canvas import inline_svg, styled, write_png
from ogive.study.report.figures import cost_figure, curves, rank_diagram, scores, tuning
from ogive.study.report.layer_figures import layers, layers_caption
from ogive.study.report.methods import methods
from ogive.study.report.sweep_figures import sweep, sweep_differences, sweep_rates
from ogive.study.results import Study
from ogive.study.statistics.power import ERROR_RATE
from ogive.table import html_table

PACKAGES = ("torch", "numpy", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Illustration:
    """A figure of the report: its file, what stands above it, what draws it, how to read it."""

    name: str
    title: str
    draw: Callable[[Study], Any]
    caption: str | Callable[[Study], str]

    def caption_of(self, study: Study) -> str:
        """How to read it in this study."""
        return self.caption if isinstance(self.caption, str) else self.caption(study)


ILLUSTRATIONS = (
    Illustration(
        "scores",
        "Scores and differences",
        scores,
        "A dot is a seed, the upright bar the mean, the line its 95 % interval (on the right the "
        "one that holds for all activations at once). Differences within the grey band are too "
        "small to matter. Best mean on top.",
    ),
    Illustration(
        "ranks",
        "Ranks",
        rank_diagram,
        "The mean rank over the seeds, 1 being the best of a seed. A thick bar joins activations "
        "whose ranks cannot be told apart (Nemenyi's test at 5 %). A rank ignores by how much an "
        "activation leads.",
    ),
    Illustration(
        "sweep",
        "Score over the swept setting",
        sweep,
        "The line is the mean over the seeds, the band its 95 % interval; grey: the others.",
    ),
    Illustration(
        "differences",
        "Difference to the reference over the swept setting",
        sweep_differences,
        "The band is the 95 % interval that holds for all activations at one value. Marks: up for "
        "better, down for worse, a square for equivalent, a dot for undecided; differences within "
        "the grey band are too small to matter.",
    ),
    Illustration(
        "boundaries",
        "Decision boundaries",
        boundaries,
        "Networks of seed 0 with its test rows and the accuracy on them. The background is the "
        "probability of the orange class, the line where it is one half.",
    ),
    Illustration(
        "curves",
        "Learning curves",
        curves,
        "After each epoch: the mean over the seeds and its 95 % interval.",
    ),
    Illustration(
        "tuning",
        "Learning rates",
        tuning,
        "The score on rows of the training part that were kept aside for this; the test rows had "
        "no part in it. The circle is the rate that was taken; it is hollow where that is the "
        "lowest or the highest tried, so that a better one may lie beyond. A cross at the foot: "
        "a run diverged at that rate.",
    ),
    Illustration(
        "rates",
        "Learning rates over the swept setting",
        sweep_rates,
        "The rate that was taken at each value, by the score on rows of the training part that "
        "were kept aside for this; hollow where it is the lowest or the highest tried.",
    ),
    Illustration(
        "layers",
        "What goes through the layers",
        layers,
        layers_caption,
    ),
    Illustration("cost", "Cost", cost_figure, "How both were measured stands below."),
)


def write_results(study: Study) -> None:
    """Write the figures, results.json and report.html into the study's folder."""
    study.folder.mkdir(parents=True, exist_ok=True)
    _write(study.folder / "results.json", json.dumps(as_data(study), indent=1, allow_nan=False))
    _write(study.report, render(study, _draw(study)))


def as_data(study: Study) -> dict[str, Any]:
    """Everything about a study as plain data, every single run included."""
    return {
        **overview(study),
        "runs": [
            {
                "activation": done.run.activation.label,
                "value": done.run.value,
                "seed": done.run.seed,
                **{name: value for name, value in done.result.items() if name != "field"},
            }
            for done in study.runs
        ],
    }


def overview(study: Study) -> dict[str, Any]:
    """What was asked and what was found, without the single runs."""
    return {
        "study": study.name,
        "task": study.task.title,
        "metric": study.task.metric,
        "activations": study.activations,
        "reference": study.reference,
        "seeds": study.seeds,
        "overlap": study.task.overlap,
        "looks": study.looks,
        "settings": asdict(study.settings),
        "sweep": asdict(study.sweep) if study.sweep else None,
        "versions": versions(),
        "verdicts": sentences.verdicts(study),
        "notes": sentences.notices(study),
        "rows": study.summary(),
        "tuning": {name: asdict(tuned) for name, tuned in study.tuning.items()},
    }


def versions() -> dict[str, str]:
    """The versions and the machine that the numbers depend on."""
    found = {name: metadata.version(name) for name in PACKAGES}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    own = {"ogive": ogive.__version__, "python": platform.python_version()}
    return own | found | {"machine": machine}


def render(study: Study, images: list[tuple[Illustration, str]]) -> str:
    """The report as HTML; ``images`` are its figures with their SVG text."""
    jinja2 = require("jinja2", "study")
    template = (
        resources.files("ogive.study.report").joinpath("templates/report.html.j2").read_text()
    )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    safe = require("markupsafe", "study").Markup
    figures = [(image, safe(svg)) for image, svg in images]
    page: str = environment.from_string(template).render(
        study=study,
        figures=figures,
        words=wording,
        sentences=sentences,
        methods=methods,
        error_rate=ERROR_RATE,
        versions=versions(),
    )
    return page


def notebook_page(study: Study) -> str:
    """A study in a notebook: what was found, in a sentence each, a table and its first figure."""
    heads = ("activation", wording.score_name(study.task.metric), f"minus {study.reference}")
    told = [html_table((*heads, "verdict", "formula"), _found(study), raw=(4,))]
    with styled():
        drawn = ((i, i.draw(study)) for i in ILLUSTRATIONS)
        first = next(((i, figure) for i, figure in drawn if figure is not None), None)
    told += [inline_svg(first[1], f"{study.folder.name}-{first[0].name}")] if first else []
    words = [*sentences.verdicts(study), *sentences.notices(study), f"report: {study.report}"]
    told += [f"<p>{escape(line)}</p>" for line in words]
    return f"<div><b>{escape(study.task.title)}</b>{''.join(told)}</div>"


def _found(study: Study) -> list[list[str]]:
    """A row for each activation, and swept value, with its formula as HTML where there is one."""
    formulas = {done.run.activation.label: done.run.activation for done in study.runs}
    rows = []
    for row in study.rows:
        swept = "" if study.sweep is None else f" ({study.sweep.name} {row.value})"
        score, difference = (
            wording.interval(study.task.metric, i, signed=signed)
            for i, signed in ((row.score, False), (row.difference, True))
        )
        known = formulas[row.activation].function
        formula = "" if known is None else mathematics(known.spec)
        verdict = sentences.verdict_text(row)
        rows.append([f"{row.activation}{swept}", score, difference, verdict, formula])
    return rows


def _draw(study: Study) -> list[tuple[Illustration, str]]:
    images = []
    with styled():
        for illustration in ILLUSTRATIONS:
            figure = illustration.draw(study)
            if figure is not None:
                write_png(figure, study.folder / f"{illustration.name}.png")
                images.append((illustration, inline_svg(figure, illustration.name)))
    return images


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, so that no reader meets half of it."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
