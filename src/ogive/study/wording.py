"""Numbers in words: how the table and the report write a score, an interval, a share.

Accuracies are written in percent and their differences in percentage points, R2 as it is.
"""

from __future__ import annotations

from ogive.study.results import ResultRow, Study
from ogive.study.statistics import ConfidenceInterval
from ogive.study.tasks import Task

_NOTHING = "–"  # noqa: RUF001


def score(task: Task, value: float | None, signed: bool = False) -> str:
    """A score or a difference of scores, without a unit."""
    if value is None:
        return _NOTHING
    number, digits = (value, 3) if task.regression else (100 * value, 1)
    rounded = round(number, digits) + 0.0  # adding 0.0 makes -0.0 a plain zero
    return f"{rounded:{'+' if signed and rounded else ''}.{digits}f}"


def interval(task: Task, given: ConfidenceInterval | None, signed: bool = False) -> str:
    """A mean with its interval in brackets, or the mean alone where there is none."""
    if given is None:
        return _NOTHING
    mean = score(task, given.mean, signed)
    if given.low is None:
        return mean
    return f"{mean} [{score(task, given.low, signed)}, {score(task, given.high, signed)}]"


def score_name(task: Task) -> str:
    """The score with its unit."""
    return "R2" if task.regression else "accuracy %"


def ratio_text(value: float | None) -> str:
    """A ratio of times."""
    return _NOTHING if value is None else f"{value:.2f}"


def share_text(value: float | None) -> str:
    """A share in percent."""
    return _NOTHING if value is None else f"{100 * value:.1f}"


def probability(value: float | None) -> str:
    """A p-value with as many digits as mean something."""
    if value is None:
        return _NOTHING
    return f"{value:.3f}" if value >= 0.001 else "<0.001"


def verdicts(study: Study) -> list[str]:
    """What the comparison with the reference shows, one sentence for each swept value."""
    others = [row for row in study.rows if row.activation != study.reference]
    if not others:
        return []
    if study.seeds < 2:
        return ["One seed tells nothing apart: an interval needs at least two."]
    return [_verdict(study, [r for r in others if r.value == v], v) for v in study.values]


def _verdict(study: Study, rows: list[ResultRow], value: int | None) -> str:
    words = {"better": "better", "worse": "worse", "open": "not told apart"}
    groups = {
        said: ", ".join(row.activation for row in rows if row.verdict == verdict)
        for verdict, said in words.items()
    }
    found = "; ".join(f"{said}: {names}" for said, names in groups.items() if names)
    where = f"At {study.sweep.name} {value}, c" if study.sweep else "C"
    test = "paired t-test" + (f", corrected for {len(rows)} comparisons" if len(rows) > 1 else "")
    return (
        f"{where}ompared with {study.reference} over {study.seeds} paired seeds ({test}): {found}."
    )


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
    diverged = sorted({row.activation for row in study.rows if row.not_finite})
    if diverged:
        found.append(f"the loss was not finite in some runs of: {', '.join(diverged)}")
    return found
