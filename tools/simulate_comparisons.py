"""Holds ogive.study.compare to what it promises, on simulated families (``make comparisons``).

Of families without differences, at most 5 % may have any verdict better or worse; verdict and
interval must agree in all; a difference of exactly the margin may be called equivalent in 5 %; one
of the announced size must be found in 80 %; and looking five times must not err more than once.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ogive.study import run_study
from ogive.study.statistics.comparison import Comparison, compare
from ogive.study.statistics.power import ERROR_RATE, SOUGHT_POWER, detectable, look_schedule

ACTIVATIONS = 6
TEST_ROWS = 450

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]

#: What scores may vary like, in units of about 0.01.
NOISES: dict[str, Draw] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "skewed": lambda random, shape: -random.exponential(size=shape),
    "heavy tails": lambda random, shape: random.standard_t(3, size=shape),
    "accuracies": lambda random, shape: 100 * random.binomial(TEST_ROWS, 0.97, shape) / TEST_ROWS,
    "one unlucky seed": lambda random, shape: (
        random.normal(size=shape) * np.where(random.uniform(size=(shape[0], 1)) < 0.1, 8, 1)
    ),
}
#: So many networks of one activation are trained for scores as they are.
TRAINED = 240
_DEVIATIONS = {"normal": 1.0, "accuracies": 100 * math.sqrt(0.97 * 0.03 / TEST_ROWS)}


@dataclass(frozen=True)
class Outcome:
    """A share of families beside what it may be at most (or, for power, at least)."""

    what: str
    share: float
    bound: float
    families: int
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Within what the number of families lets a true share of ``bound`` stray (3.3 sigma)."""
        stray = 3.3 * math.sqrt(self.bound * (1 - self.bound) / self.families)
        if self.at_least:
            return self.share >= self.bound - stray
        return self.share <= self.bound + stray

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return (
            f"{'ok ' if self.holds else 'NOT'} {self.share:6.3f} {sign} {self.bound:g}  {self.what}"
        )


def families(
    noise: str, seeds: int, count: int, shift: float = 0.0
) -> Iterator[dict[str, list[float]]]:
    """Scores of activations that do not differ, but that the second is shifted."""
    random = np.random.default_rng([seeds, count, len(noise)])
    for _ in range(count):
        table = 0.9 + 0.01 * NOISES[noise](random, (seeds, ACTIVATIONS))
        table[:, 1] += shift
        yield {f"a{place}": column.tolist() for place, column in enumerate(table.T)}


def disagreements(rows: list[Comparison]) -> int:
    """Rows whose verdict, interval and adjusted p-value do not say the same."""
    return sum(not _agrees(row) for row in rows if row.difference is not None)


def _agrees(row: Comparison) -> bool:
    low, high = row.difference.low, row.difference.high
    inside = -row.margin <= low and high <= row.margin
    if row.verdict == "equivalent":
        return inside
    if inside or (low > 0) != (row.verdict == "better") or (high < 0) != (row.verdict == "worse"):
        return False
    return row.verdict == "undecided" or row.p_adjusted <= ERROR_RATE


def false_verdicts(noise: str, seeds: int, count: int) -> list[Outcome]:
    """How often activations that do not differ are told apart, and whether all is consistent."""
    found = [compare(family, "a0") for family in families(noise, seeds, count)]
    told = np.mean([any(row.verdict in ("better", "worse") for row in rows) for rows in found])
    torn = np.mean([disagreements(rows) > 0 for rows in found])
    where = f"{seeds} seeds, {noise}"
    return [
        Outcome(f"families with a false verdict: {where}", float(told), ERROR_RATE, count),
        Outcome(f"families that contradict themselves: {where}", float(torn), 0.0, count),
    ]


def false_equivalence(seeds: int, count: int) -> Outcome:
    """How often a difference as large as the margin is called equivalent."""
    margin = 0.02
    found = [
        compare(family, "a0", margin=margin)[1].verdict == "equivalent"
        for family in families("normal", seeds, count, shift=margin)
    ]
    what = f"a difference of the margin called equivalent: {seeds} seeds"
    return Outcome(what, float(np.mean(found)), ERROR_RATE, count)


def power(noise: str, seeds: int, count: int) -> Outcome:
    """How often a difference of the announced size is found."""
    deviation = 0.01 * math.sqrt(2) * _DEVIATIONS[noise]
    size = detectable(deviation, seeds, ACTIVATIONS - 1)
    found = [
        compare(family, "a0")[1].verdict == "better"
        for family in families(noise, seeds, count, shift=size)
    ]
    what = f"an announced difference of {size:.4f} found: {seeds} seeds, {noise}"
    return Outcome(what, float(np.mean(found)), SOUGHT_POWER, count, at_least=True)


def many_looks(count: int) -> Outcome:
    """How often looking at growing scores finds a difference that is not there, at any look."""
    looks = look_schedule(50)
    wrong = 0
    for family in families("normal", looks[-1], count):
        for seeds in looks:
            rows = compare({n: c[:seeds] for n, c in family.items()}, "a0", looks=len(looks))
            if any(row.verdict in ("better", "worse") for row in rows):
                wrong += 1
                break
    what = f"families with a false verdict at any of the looks {looks}"
    return Outcome(what, wrong / count, ERROR_RATE, count)


def trained_scores() -> Draw:
    """Draws from test scores of one activation on data of their own, each taken once a family."""
    with tempfile.TemporaryDirectory() as folder:
        study = run_study("moons", ["tanh"], seeds=TRAINED, epochs=6, lr=0.01, out=folder)
        scores = 100 * np.array(study.scores("tanh"), dtype=float)
    return lambda random, shape: random.permutation(scores)[: math.prod(shape)].reshape(shape)


def outcomes(count: int) -> Iterator[Outcome]:
    """Everything, with so many families each; looks and power with a quarter of them."""
    NOISES["trained networks"] = trained_scores()
    for seeds in (6, 8, 10, 20):
        for noise in NOISES:
            yield from false_verdicts(noise, seeds, count)
        yield false_equivalence(seeds, count)
        for noise in _DEVIATIONS:
            yield power(noise, seeds, count // 4)
    yield many_looks(count // 4)


def main() -> int:
    """Print every outcome; 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=2000, help="simulated families each")
    count = parser.parse_args().families
    failed = 0
    for outcome in outcomes(count):
        print(outcome, flush=True)
        failed += not outcome.holds
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
