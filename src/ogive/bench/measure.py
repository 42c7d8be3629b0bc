"""Taking times: interleaved rounds, and what is read off them.

A machine's speed drifts: other work, heat, the frequency of the cores. So the contenders are timed
in turns and compared within a round, in which the machine was nearly the same. Whoever comes after
one that reads and writes much finds less in the cache than the next: every round has an order of
its own.
"""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import repeat
from statistics import median
from time import perf_counter

Times = Mapping[str, tuple[float, ...]]
#: A sample is lengthened at most by this factor at once: the first calls may be slow ones.
GROWTH = 16


@dataclass(frozen=True)
class Runner:
    """Something to time.

    Attributes:
        call: one repetition.
        around: makes the surroundings in which it is called, such as an engine; not timed.
        before: what has to be done anew before every repetition; not timed.
        clock: tells the seconds, if not ``perf_counter``: ``thread_time`` where one thread does all
            the work, which does not count what other processes take.
    """

    call: Callable[[], object]
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    before: Callable[[], object] | None = None
    clock: Callable[[], float] | None = None


@dataclass(frozen=True)
class Pace:
    """How long is measured.

    Attributes:
        rounds: how often each contender has its turn.
        least_rounds: how often at least, whatever it takes.
        sample: the seconds that one turn lasts at least.
        budget: the seconds after which no further round begins.
    """

    rounds: int = 15
    least_rounds: int = 5
    sample: float = 1e-3
    budget: float = 3.0


@dataclass(frozen=True)
class Spread:
    """A median, and the median distance from it."""

    median: float
    mad: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of the values.

        >>> Spread.of([1.0, 2.0, 4.0])
        Spread(median=2.0, mad=1.0)
        """
        middle = median(values)
        return cls(middle, median(abs(value - middle) for value in values))


def interleaved(runners: Mapping[str, Runner], pace: Pace) -> dict[str, tuple[float, ...]]:
    """The seconds that a repetition took, runner by runner, round by round.

    Each is called before, until its calls fill a sample; so nothing is timed that happens once.
    """
    counts = {label: repetitions(runner, pace.sample) for label, runner in runners.items()}
    rounds: list[dict[str, float]] = []
    order, shuffle = list(runners), random.Random(0).shuffle
    end = perf_counter() + pace.budget
    while len(rounds) < pace.rounds and (len(rounds) < pace.least_rounds or perf_counter() < end):
        shuffle(order)
        rounds.append({label: elapsed(runners[label], counts[label]) for label in order})
    return {label: tuple(r[label] / count for r in rounds) for label, count in counts.items()}


def repetitions(runner: Runner, least: float) -> int:
    """How many repetitions last at least that many seconds, after a first one for warming up."""
    elapsed(runner, 1)
    count = 1
    while (taken := elapsed(runner, count)) < least:
        wanted = count * 1.1 * least / taken if taken > 0 else math.inf
        count = min(count * GROWTH, max(count + 1, math.ceil(min(wanted, 1e9))))
    return count


def elapsed(runner: Runner, count: int) -> float:
    """The seconds that so many repetitions take, in their surroundings, without collections."""
    with runner.around(), _no_collection():
        if runner.before is not None:
            return sum(_prepared(runner, runner.before) for _ in range(count))
        call, clock = runner.call, runner.clock or perf_counter
        start = clock()
        for _ in repeat(None, count):
            call()
        return clock() - start


def _prepared(runner: Runner, before: Callable[[], object]) -> float:
    clock = runner.clock or perf_counter
    before()
    start = clock()
    runner.call()
    return clock() - start


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection falls into the time of whoever happens to be measured."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def ratio(times: Times, label: str, over: str) -> Spread | None:
    """How many times as long one takes as the other, round by round; None if one is missing.

    >>> ratio({"a": (2.0, 6.0, 3.0), "b": (1.0, 2.0, 1.0)}, "a", "b")
    Spread(median=3.0, mad=0.0)
    """
    return _paired(times, label, over, lambda a, b: a / b)


def difference(times: Times, label: str, over: str) -> Spread | None:
    """How many seconds longer one takes than the other, round by round; None if one is missing."""
    return _paired(times, label, over, lambda a, b: a - b)


def _paired(
    times: Times, label: str, over: str, compare: Callable[[float, float], float]
) -> Spread | None:
    if label not in times or over not in times:
        return None
    return Spread.of([compare(a, b) for a, b in zip(times[label], times[over], strict=True)])


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of factors.

    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    return math.exp(sum(map(math.log, values)) / len(values))
