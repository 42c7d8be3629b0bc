"""What was found, in sentences: verdicts for whoever reads no tables, and what to beware of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ogive.study.report.wording import amount
from ogive.study.results import ResultRow, Study
from ogive.study.statistics.comparison import Comparison
from ogive.study.statistics.power import ERROR_RATE, MOST_SEEDS, fewest_seeds


def verdict_text(row: Comparison) -> str:
    """The verdict as a table has it, with the seeds that an undecided one needs.

    >>> verdict_text(Comparison("a", None, 0, 0.01, verdict="undecided", seeds_needed=40))
    'undecided (40 seeds)'
    """
    if row.verdict is None:
        return "reference"
    if row.verdict == "equivalent" and row.told_apart:
        return f"equivalent, slightly {_direction(row)}"
    if row.verdict == "undecided" and row.seeds_needed:
        return f"undecided ({row.seeds_needed} seeds)"
    return row.verdict


def explained(rows: Sequence[Comparison], metric: str | None, reference: str) -> list[str]:
    """What a comparison shows, in a sentence for each verdict, for whoever reads no tables."""
    judged = [row for row in rows if row.verdict is not None]
    sentences = [_told_apart(row, metric, reference) for row in judged if _is_sure(row)]
    same = [row for row in judged if row.verdict == "equivalent"]
    if same:
        margin = amount(metric, same[0].margin)
        be = "is" if len(same) == 1 else "are"
        sentences.append(
            f"{_listed(map(_named_equivalent, same))} {be} as good as {reference}: the "
            f"difference is less than {margin}."
        )
    return sentences + _undecided([row for row in judged if row.verdict == "undecided"], metric)


def _is_sure(row: Comparison) -> bool:
    return row.verdict in ("better", "worse")


def _told_apart(row: Comparison, metric: str | None, reference: str) -> str:
    found = row.difference
    if found is None:
        why = f"{row.diverged} of its runs diverged" if row.verdict == "worse" else "its runs train"
        return f"{row.activation} is {row.verdict} than {reference}: {why}."
    size = amount(metric, abs(found.mean))
    ends = [abs(end) for end in (found.low, found.high) if end is not None]
    near = amount(metric, min(ends))
    far = f"and {amount(metric, max(ends))}" if len(ends) == 2 else "and more"
    return f"{row.activation} is {row.verdict} than {reference} by {size} (between {near} {far})."


def _named_equivalent(row: Comparison) -> str:
    return f"{row.activation} (slightly {_direction(row)})" if row.told_apart else row.activation


def _direction(row: Comparison) -> str:
    return "better" if row.difference and row.difference.mean > 0 else "worse"


def _undecided(rows: Sequence[Comparison], metric: str | None) -> list[str]:
    """One sentence for those without a verdict, and what would decide."""
    if not rows:
        return []
    needs = [f"{row.activation}{_needs(row)}" for row in rows]
    margin = amount(metric, rows[0].margin)
    return [
        f"Undecided: {_listed(needs)}. Nothing says that there is a difference, nor that it is "
        f"less than {margin}."
    ]


def _needs(row: Comparison) -> str:
    if row.seeds_needed:
        return f" (about {row.seeds_needed} seeds would decide)"
    whole = row.difference and None not in (row.difference.low, row.difference.high)
    return " (more seeds would not decide)" if whole else " (runs diverged)"


def _listed(names: Iterable[str]) -> str:
    """Names as a sentence has them.

    >>> _listed(["a"]), _listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def verdicts(study: Study) -> list[str]:
    """What a study shows, for each swept value, and what it could not have seen."""
    if len(study.activations) < 2:
        return []
    few = too_few(study.seeds, study.looks)
    if few:
        return few
    found = [_said(study, value) for value in study.values]
    return [*(sentence for sentences in found for sentence in sentences), *sensitivity(study)]


def _said(study: Study, value: int | float | None) -> list[str]:
    sentences = explained(study.at(value), study.task.metric, study.reference)
    if study.sweep is None:
        return sentences
    said = " ".join(sentences).replace("Undecided:", "undecided:", 1)
    return [f"At {study.sweep.name} {value:g}: {said}"] if sentences else []


def sensitivity(study: Study) -> list[str]:
    """The difference that these seeds can find, and the one that no number of seeds can."""
    size = study.detectable_with(study.seeds)
    if size is None or not math.isfinite(size):
        return []
    metric = study.task.metric
    found = f"With {study.seeds} seeds a true difference of {amount(metric, size)} is found four "
    least = study.detectable_with(MOST_SEEDS)
    if not study.task.overlap or least is None:
        return [f"{found}times out of five."]
    return [
        f"{found}times out of five; a smaller one than {amount(metric, least)} by no number of "
        f"seeds, as all of them split the same rows."
    ]


def too_few(seeds: int, looks: int = 1) -> list[str]:
    """Why so few seeds give no verdict, if they are too few."""
    fewest = fewest_seeds(looks)
    if seeds >= fewest:
        return []
    given = "1 seed gives" if seeds == 1 else f"{seeds} seeds give"
    least = 2 * looks / 2**seeds
    return [
        f"{given} no verdict: whatever the scores, chance alone explains them with p = "
        f"{min(1.0, least):.2g}, and a verdict needs {ERROR_RATE:g}; take {fewest} or more."
    ]


def notices(study: Study) -> list[str]:
    """What the reader must know besides the numbers: data handling, reuse, trouble."""
    found = list(study.task.notes)
    if study.reused:
        found.append(
            f"{study.reused} of {len(study.runs)} runs were known from before and reused "
            f"(their times are from then, and compared only within one session; "
            f"--fresh runs them again)"
        )
    if study.damaged:
        found.append(f"{study.damaged} damaged lines of runs.jsonl were skipped and run again")
    return [*found, *_diverged(study.rows), *_rates_at_an_end(study)]


def _diverged(rows: Sequence[ResultRow]) -> list[str]:
    """Which activations have runs without a score."""
    names = list(dict.fromkeys(row.activation for row in rows if row.diverged))
    if not names:
        return []
    return [
        f"some runs diverged (their loss was not finite) with {_listed(names)}; they have no score "
        f"and count as worse than any"
    ]


def _rates_at_an_end(study: Study) -> list[str]:
    """Which learning rates might be better beyond what was tried."""
    names = [name for name, tuned in study.tuning.items() if tuned.at_end]
    if not names:
        return []
    return [
        f"the best learning rate is at an end of what was tried for {_listed(names)}; "
        f"a better one may lie beyond"
    ]
