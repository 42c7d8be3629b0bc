"""The search for each activation's learning rate: the same number of trials for all.

Seven rates a factor of about three apart are tried; then two more: outside, where the best lies at
an end, else on both sides of the best. Each is trained with the tuning seeds on a part of their
training rows and scored on the rest of those; test rows are not touched.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ogive.study.data.tasks import Split
from ogive.study.errors import StudyError
from ogive.study.networks.network import Run
from ogive.study.requirements import require_above_zero
from ogive.study.results import Tuned
from ogive.study.running.runs import Done, Execution
from ogive.study.sweeps import SweptValue

TUNE = "tune"
#: The middle of the rates tried first, by optimizer.
MIDDLE_RATES = {"adamw": 3.2e-3, "sgd": 1e-1}
#: How many are tried first, the factor from one to the next, and how many follow.
FIRST_RATES, FACTOR, MORE_RATES = 7, math.sqrt(10), 2
#: The seeds whose training rows are used.
TUNING_SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Rates:
    """What is tried for a learning rate: ``first``, and two others if ``more``."""

    first: tuple[float, ...]
    more: bool = False

    @property
    def fixed(self) -> float | None:
        """The one rate of all, if there is no choice."""
        return self.first[0] if len(self.first) == 1 and not self.more else None

    @property
    def trials(self) -> int:
        """How many rates each activation is tried with."""
        return len(self.first) + (MORE_RATES if self.more else 0)


def rates_of(lr: float | str | Sequence[float], optimizer: str, swept: bool = False) -> Rates:
    """The rates that ``lr`` asks for: ``"tune"``, a number, or a list to choose from.

    >>> rates_of("tune", "adamw").first
    (0.0001, 0.00032, 0.001, 0.0032, 0.01, 0.032, 0.1)
    """
    if swept:
        return Rates((MIDDLE_RATES[optimizer],))
    if isinstance(lr, str):
        if lr != TUNE:
            raise StudyError(
                f"lr {lr!r} not understood; give a number such as 0.003, a list, or {TUNE!r}"
            )
        middle, half = MIDDLE_RATES[optimizer], FIRST_RATES // 2
        return Rates(
            tuple(_rounded(middle * FACTOR**step) for step in range(-half, half + 1)), more=True
        )
    listed = [lr] if isinstance(lr, int | float) else list(lr)
    if not listed:
        raise StudyError("no learning rate given; give at least one, such as 0.003")
    for rate in listed:
        require_above_zero("learning rate", rate, 0.003)
    return Rates(tuple(sorted(set(map(float, listed)))))


def further_rates(tuning: Tuned) -> list[float]:
    """Two more: beyond the end at which the best lies, else on both sides of the best."""
    rates = [rate for rate, _ in tuning.curve]
    if tuning.lr == rates[0]:
        return [_rounded(tuning.lr / FACTOR**step) for step in (1, 2)]
    if tuning.lr == rates[-1]:
        return [_rounded(tuning.lr * FACTOR**step) for step in (1, 2)]
    return [_rounded(tuning.lr * math.sqrt(FACTOR) ** side) for side in (-1, 1)]


def _rounded(rate: float) -> float:
    """Two digits, as one would write it."""
    return float(f"{rate:.1e}")


def best_of(trials: Mapping[float, Sequence[Done]]) -> Tuned:
    """The best rate from what the trials at each gave: the highest mean score, and among equal
    ones the lowest mean loss; where all have diverged, the lowest rate."""
    curve = tuple((rate, _mean(trials[rate], "score")) for rate in sorted(trials))
    known = [
        (score, -(_mean(trials[rate], "loss") or 0.0), rate)
        for rate, score in curve
        if score is not None
    ]
    return Tuned(max(known)[2] if known else curve[0][0], curve)


def _mean(done: Sequence[Done], name: str) -> float | None:
    """The mean over the seeds; None where one diverged."""
    if any(one.result["diverged"] for one in done):
        return None
    return statistics.fmean(one.result[name] for one in done)


def tune(
    execution: Execution, runs: Iterable[Run], splits: Mapping[int, Split], rates: Rates
) -> dict[tuple[str, SweptValue | None], Tuned]:
    """The tuning of each activation and swept value among the runs, whose rates do not matter.

    Args:
        execution: carries out the trials.
        runs: of the study.
        splits: those of the tuning seeds, of training and validation rows.
        rates: what is tried.
    """
    kinds = {(run.activation.label, run.value): run for run in runs}
    wanted = {kind: list(rates.first) for kind in kinds}
    trials: dict[tuple[str, SweptValue | None], dict[float, list[Done]]] = {
        kind: {} for kind in kinds
    }
    for _ in range(2 if rates.more else 1):
        new = [
            (kind, _trial(run, seed, rate))
            for kind, run in kinds.items()
            for rate in wanted[kind]
            for seed in splits
        ]
        done = execution.results([trial for _, trial in new], splits, in_full=False)
        for (kind, trial), finished in zip(new, done, strict=True):
            trials[kind].setdefault(trial.settings.lr, []).append(finished)
        tuned = {kind: best_of(found) for kind, found in trials.items()}
        wanted = {kind: further_rates(found) for kind, found in tuned.items()}
    return tuned


def _trial(run: Run, seed: int, rate: float) -> Run:
    return replace(run, seed=seed, settings=replace(run.settings, lr=rate))
