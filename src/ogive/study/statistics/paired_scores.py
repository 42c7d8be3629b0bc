"""Scores as users have them, as one table: a row a seed, a column an activation.

A run that diverged has no score. It is written as None or as an infinity, and stands as NaN in the
table; a NaN among the scores themselves is a mistake, and is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ogive.errors import among, briefly, nearest
from ogive.study.errors import StudyError
from ogive.study.requirements import as_number
from ogive.study.statistics.flips import Floats
from ogive.study.statistics.power import MOST_SEEDS

_DEFAULT_REFERENCE = "relu"
# Squares of larger ones have no place in float64.
_LARGEST = 1e100


def paired_table(scores: Mapping[str, Iterable[Any]]) -> tuple[list[str], Floats]:
    """The activations and their scores side by side, or an error that names what is wrong."""
    if not hasattr(scores, "items"):
        raise StudyError(
            f"scores are {briefly(scores)}; expected a sequence of numbers for each activation, "
            f"such as {{'relu': [0.91, 0.93], 'gelu': [0.92, 0.93]}}"
        )
    columns = {str(name): _numbers(str(name), column) for name, column in scores.items()}
    if not columns or not all(columns.values()):
        empty = ", ".join(repr(name) for name, column in columns.items() if not column)
        raise StudyError(f"no scores given{' for ' + empty if empty else ''}; give one a seed")
    _check_lengths({name: len(column) for name, column in columns.items()})
    return list(columns), np.array(list(columns.values())).T


def choose_reference(names: Sequence[str], wanted: str | None = None) -> str:
    """What the others are compared with: the one asked for, or relu, or else the first.

    >>> choose_reference(["gelu", "relu"]), choose_reference(["gelu", "silu"])
    ('relu', 'gelu')
    """
    if wanted is None:
        return _DEFAULT_REFERENCE if _DEFAULT_REFERENCE in names else names[0]
    if not among(wanted, names):
        raise StudyError(
            f"the reference {briefly(wanted)} is not among the activations: "
            f"{', '.join(names)}{nearest(wanted, names)}"
        )
    return wanted


def _numbers(name: str, column: Iterable[Any]) -> list[float]:
    refused = StudyError(
        f"the scores of {name!r} are {briefly(column)}; expected a sequence of numbers"
    )
    if isinstance(column, str | bytes) or not isinstance(column, Iterable):
        raise refused
    try:
        listed = list(column)
    except Exception:  # a tensor without dimensions, among others
        raise refused from None
    return [_number(name, place, value) for place, value in enumerate(listed)]


def _number(name: str, place: int, value: Any) -> float:
    """The score, or NaN for a run that diverged."""
    if value is None:
        return math.nan
    number = as_number(value)
    if math.isnan(number) or _LARGEST < abs(number) < math.inf:
        raise StudyError(
            f"score {place} of {name!r} is {briefly(value)}; expected a number up to {_LARGEST:g} "
            f"in size, or None for a run that diverged; leave the seed out for all activations if "
            f"it was never run"
        )
    return number if math.isfinite(number) else math.nan


def _check_lengths(lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} {count}" for name, count in lengths.items())
        raise StudyError(
            f"the activations have different numbers of scores: {counts}; scores are paired by "
            f"position, so each needs one for every seed"
        )
    most = max(lengths.values())
    if most > MOST_SEEDS:
        raise StudyError(f"{most} scores an activation given; at most {MOST_SEEDS} are compared")
