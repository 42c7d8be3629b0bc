"""How tables, figures, the report and the command line write a number.

Accuracies are written in percent and their differences in percentage points, other scores as they
are.
"""

from __future__ import annotations

from ogive.study.statistics.intervals import ConfidenceInterval

_NOTHING = "–"  # noqa: RUF001
_WITHOUT_END = "∞"


def score(metric: str | None, value: float | None, signed: bool = False) -> str:
    """A score or a difference of scores, without a unit.

    >>> score("accuracy", 0.9734), score("R2", -0.5, signed=True), score(None, 12.3456)
    ('97.3', '-0.500', '12.35')
    """
    if value is None:
        return _NOTHING
    sign = "+" if signed and value > 0 else ""
    if metric is None:
        return f"{value + 0.0:{sign}.4g}"
    number, digits = (100 * value, 1) if metric == "accuracy" else (value, 3)
    rounded = round(number, digits) + 0.0  # adding 0.0 makes -0.0 a plain zero
    return f"{rounded:{sign if rounded else ''}.{digits}f}"


def interval(metric: str | None, given: ConfidenceInterval | None, signed: bool = False) -> str:
    """A mean with its interval in brackets, or the mean alone where there is none."""
    if given is None:
        return _NOTHING
    mean = score(metric, given.mean, signed)
    if given.low is None and given.high is None:
        return mean
    low = f"-{_WITHOUT_END}" if given.low is None else score(metric, given.low, signed)
    high = _WITHOUT_END if given.high is None else score(metric, given.high, signed)
    return f"{mean} [{low}, {high}]"


def bounds(metric: str | None, given: ConfidenceInterval | None) -> str:
    """The interval without its mean."""
    if given is None or given.low is None or given.high is None:
        return _NOTHING
    return f"[{score(metric, given.low, signed=True)}, {score(metric, given.high, signed=True)}]"


def amount(metric: str | None, size: float) -> str:
    """The size of a difference with its unit.

    >>> amount("accuracy", 0.01), amount("accuracy", 0.023), amount("R2", 0.02)
    ('1 point', '2.3 points', '0.02')
    """
    if metric != "accuracy":
        return f"{size:.3g}"
    points = f"{100 * size:.2g}" if size < 0.1 else f"{100 * size:.0f}"
    return f"{points} point{'' if points == '1' else 's'}"


def score_name(metric: str | None) -> str:
    """The score with its unit."""
    return {"accuracy": "accuracy %", None: "score"}.get(metric, metric or "")


def ratio_text(value: float | None) -> str:
    """A ratio of times, or an effect in standard deviations."""
    return _NOTHING if value is None else f"{value:.2f}"


def share_text(value: float | None) -> str:
    """A share in percent."""
    return _NOTHING if value is None else f"{100 * value:.1f}"


def probability(value: float | None) -> str:
    """A p-value with as many digits as mean something."""
    if value is None:
        return _NOTHING
    return f"{value:.3f}" if value >= 0.001 else "<0.001"
