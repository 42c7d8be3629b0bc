"""What a study will be able to see, told before most of it is run."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.study.paired_scores import choose_reference
from ogive.study.power import detectable, pooled_deviation
from ogive.study.question import Question
from ogive.study.runs import Done
from ogive.study.wording import score

#: The first seeds of a study, from which it learns how much scores scatter.
PILOT_SEEDS = 3


def announcement(question: Question, pilot: Sequence[Done], looks: int = 1) -> str | None:
    """The difference that the study finds four times out of five, in a sentence.

    None with one activation, or where the pilot's runs diverged.
    """
    labels = [activation.label for activation in question.activations]
    reference = choose_reference(labels)
    found = {
        (d.run.activation.label, d.run.value, d.run.seed): d.result["score"]
        for d in pilot
        if not d.result["diverged"]
    }
    differences: dict[tuple[str, object], list[float]] = {}
    for (label, value, seed), own in found.items():
        other = found.get((reference, value, seed))
        if label != reference and other is not None:
            differences.setdefault((label, value), []).append(own - other)
    known = [one for one in differences.values() if len(one) > 1]
    if not known:
        return None
    deviation, overlap = pooled_deviation(known), question.task.overlap
    visible = detectable(deviation, question.seeds, len(labels) - 1, overlap, looks)
    metric = question.task.metric
    return (
        f"{question.seeds} seeds find a difference of {score(metric, visible)} in four studies "
        f"out of five, by a pilot of {PILOT_SEEDS} seeds"
    )
