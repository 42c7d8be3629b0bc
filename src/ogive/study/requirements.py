"""What the arguments of a study are held to; each failure is one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ogive.errors import among, briefly, unknown
from ogive.study.errors import StudyError


def require_whole(what: str, value: Any, least: int) -> None:
    """Raise unless ``value`` is a whole number of at least ``least``."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        given = briefly(value)
        raise StudyError(f"{what} is {given}; it must be a whole number of at least {least}")
    if value < least:
        raise StudyError(f"{what} is {briefly(value)}; it must be at least {least}")


def require_positive(what: str, value: Any) -> None:
    """Raise unless ``value`` is a whole number of at least 1."""
    require_whole(what, value, 1)


def require_number(what: str, value: Any) -> float:
    """The finite number that a value is, or an error."""
    number = as_number(value)
    if not math.isfinite(number):
        raise StudyError(f"the {what} is {briefly(value)}; expected a finite number")
    return number


def require_not_negative(what: str, value: Any) -> float:
    """The number from 0 on that a value is, or an error."""
    number = as_number(value)
    if not 0 <= number < math.inf:
        raise StudyError(f"the {what} is {briefly(value)}; expected a number that is 0 or more")
    return number


def require_numbers(what: str, values: Any) -> list[float]:
    """The finite numbers of a sequence, or an error."""
    try:
        listed = list(values)
    except Exception:  # what cannot be walked through
        raise StudyError(f"{what} are {briefly(values)}; expected a sequence of numbers") from None
    return [require_number(f"value {place} of {what}", v) for place, v in enumerate(listed)]


def as_number(value: Any) -> float:
    """The number that something stands for; NaN where it is none."""
    try:
        return float(value)
    except Exception:  # classes of somebody's own refuse in words of their own
        return math.nan


def require_above_zero(what: str, value: Any, such_as: float) -> None:
    """Raise unless ``value`` is a finite number above 0."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < as_number(value) < math.inf:
        raise StudyError(f"{what} {briefly(value)} given; it must be positive, such as {such_as}")


def require_one_of(what: str, value: Any, known: Sequence[str], *also: str) -> None:
    """Raise unless ``value`` is among ``known``; the error names the nearest, and what else there
    could be."""
    if not among(value, known):
        raise StudyError(unknown(what, value, (*known, *also)))


def require_text(what: str, value: Any) -> None:
    """Raise unless ``value`` is a text."""
    if not isinstance(value, str):
        raise StudyError(f"{what} is {briefly(value)}; it must be a text")
