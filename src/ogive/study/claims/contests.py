"""Trained networks for claims: each side with a learning rate of its own, tuned alike.

Apart from the claims because fairness is the same for all of them: the same splits, draws and
batches for every side, rates chosen on validation rows that no test sees, two sizes of networks and
two budgets.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ogive.nn.named import find_activation
from ogive.study.claims.claim import Effort
from ogive.study.claims.measurements import Measurements
from ogive.study.data.datasets import find_task
from ogive.study.data.splitting import DataArray
from ogive.study.data.tasks import Split
from ogive.study.networks.network import Run
from ogive.study.settings import Settings
from ogive.study.training.outcome import Trained
from ogive.study.training.together import stacks, train_stack

#: The rates that every side chooses from, by optimizer; with each the best of sigmoid, tanh, relu
#: and their shifted forms lies inside (digits and spirals, two and four layers).
RATE_GRIDS = {
    "adamw": (0.001, 0.003, 0.01, 0.03, 0.1),
    "sgd": (0.01, 0.03, 0.1, 0.3, 1.0),
}
#: How many seeds a rate is chosen with.
RATE_SEEDS = 3
#: What counts as a difference: a point of accuracy.
POINT = 0.01


@dataclass(frozen=True)
class Arena:
    """A task, a network and a budget, in which activations meet.

    Attributes:
        where: these in words, for the checks.
    """

    task: str
    settings: Settings
    where: Mapping[str, str]


def arenas(
    effort: Effort, depths: Sequence[int] = (2, 6), width: int = 32, **settings: str
) -> list[Arena]:
    """Two tasks, networks of the given depths, and a short and a long training of each."""
    budgets = {"digits": effort.pick((2,), (4, 24), (4, 60)), "spirals": (20, 100)}
    tasks = effort.pick(("digits",), ("digits", "spirals"), ("digits", "spirals"))
    depths = effort.pick(depths[:1], depths, depths)
    return [
        arena(task, (width,) * depth, epochs, **settings)
        for task in tasks
        for depth in depths
        for epochs in budgets[task]
    ]


def arena(task: str, hidden: tuple[int, ...], epochs: int, **settings: str) -> Arena:
    """One arena; ``settings`` are those of :class:`ogive.study.Settings`."""
    optimizer = settings.pop("optimizer", "adamw")
    where = {"task": task, "layers": str(len(hidden)), "epochs": str(epochs), **settings}
    built = Settings(hidden, epochs, 64, optimizer, 1.0, **settings)  # type: ignore[arg-type]
    return Arena(task, built, where)


def tuned_scores(activation: str, within: Arena, effort: Effort, seeds: int = 10) -> DataArray:
    """The test scores by seed, at the learning rate that is best on validation rows.

    A network that diverged scores as one that guesses.
    """
    chosen = effort.seeds(seeds)
    found = _scores(activation, within.task, within.settings, chosen.start, chosen.stop)
    return np.array(found)


@lru_cache(maxsize=1024)
def _scores(
    activation: str, task: str, settings: Settings, first: int, last: int
) -> tuple[float, ...]:
    trained = tuned_networks(activation, task, settings, range(first, last))
    return tuple(score_of(one, task) for one in trained)


def score_of(one: Trained, task: str) -> float:
    """The score at the end; of a network that diverged, that of guessing."""
    guess = 0.0 if find_task(task).regression else 1 / find_task(task).outputs
    return guess if one.scores[-1] is None else one.scores[-1]


def tuned_networks(
    activation: str, task: str, settings: Settings, seeds: Sequence[int]
) -> list[Trained]:
    """Networks of all seeds, trained at the best rate."""
    rate = best_rate(activation, task, settings, seeds[:RATE_SEEDS])
    return networks(activation, task, replace(settings, lr=rate), seeds)


def best_rate(activation: str, task: str, settings: Settings, seeds: Sequence[int]) -> float:
    """The rate with the best mean score on validation rows."""
    rates = RATE_GRIDS[settings.optimizer]
    found = networks_by_rate(activation, Arena(task, settings, {}), rates, seeds, tuning=True)
    means = {rate: np.mean([score_of(one, task) for one in of]) for rate, of in found.items()}
    return max(means, key=means.__getitem__)


def networks(
    activation: str, task: str, settings: Settings, seeds: Sequence[int], every_epoch: bool = False
) -> list[Trained]:
    """Networks of all seeds at the settings' own rate; their last scores, or all of them."""
    place = Arena(task, settings, {})
    return networks_by_rate(activation, place, [settings.lr], seeds, every_epoch)[settings.lr]


def networks_by_rate(
    activation: str,
    within: Arena,
    rates: Sequence[float],
    seeds: Sequence[int],
    every_epoch: bool = False,
    tuning: bool = False,
) -> dict[float, list[Trained]]:
    """Networks of all seeds at each rate, all trained together.

    ``tuning`` scores them on validation rows, that is on a part of the training rows.
    """
    splits = splits_of(within.task, seeds)
    if tuning:
        splits = {seed: split.for_tuning() for seed, split in splits.items()}
    named, settings = find_activation(activation), within.settings
    runs = [Run(named, seed, replace(settings, lr=rate)) for rate in rates for seed in seeds]
    trained = _trained(within.task, runs, splits, every_epoch)
    count = len(seeds)
    return {rate: trained[n * count : (n + 1) * count] for n, rate in enumerate(rates)}


def _trained(
    task: str, runs: Sequence[Run], splits: Mapping[int, Split], every_epoch: bool
) -> list[Trained]:
    """The runs, trained together where they are alike, in their order."""
    known = find_task(task)
    found: dict[int, Trained] = {}
    for places in stacks(known, runs, splits):
        stack = train_stack(known, [runs[i] for i in places], splits, in_full=every_epoch)
        found |= dict(zip(places, stack, strict=True))
    return [found[place] for place in range(len(runs))]


def splits_of(task: str, seeds: Sequence[int]) -> dict[int, Split]:
    """The splits of a task by seed."""
    return {seed: split_of(task, seed) for seed in seeds}


@lru_cache(maxsize=256)
def split_of(task: str, seed: int) -> Split:
    """The split of one seed, loaded once."""
    return find_task(task).load(seed)


def compare_scores(
    measured: Measurements,
    pairs: Sequence[tuple[str, str]],
    within: Sequence[Arena],
    effort: Effort,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> None:
    """Add what the first of each pair scores above the second, arena by arena."""
    for place, (one, other) in _meetings(within, pairs):
        difference = tuned_scores(one, place, effort) - tuned_scores(other, place, effort)
        measured.mean(
            f"{one} minus {other}",
            difference,
            where=place.where,
            at_least=at_least,
            at_most=at_most,
        )


def _meetings(
    within: Sequence[Arena], pairs: Sequence[tuple[str, str]]
) -> Iterator[tuple[Arena, tuple[str, str]]]:
    return ((place, pair) for place in within for pair in pairs)
