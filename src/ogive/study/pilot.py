"""What a study will be able to see, told before most of it is run."""

from __future__ import annotations

from ogive.study.report.wording import score
from ogive.study.results import Study

#: The first seeds of a study, from which it learns how much scores scatter.
PILOT_SEEDS = 3


def announcement(pilot: Study, seeds: int) -> str | None:
    """The difference that so many seeds find four times out of five, in a sentence.

    None where the pilot shows no scatter, as with one activation.
    """
    visible = pilot.detectable_with(seeds)
    if visible is None:
        return None
    unit = " points" if pilot.task.metric == "accuracy" else ""
    return (
        f"{seeds} seeds find a difference of {score(pilot.task.metric, visible)}{unit} four times "
        f"out of five, by a pilot of {PILOT_SEEDS}"
    )
