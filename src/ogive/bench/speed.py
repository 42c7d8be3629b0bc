"""The time of an activation over that of relu, as a certificate states it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from statistics import median

import torch

import ogive
from ogive.bench.cell import Contest, serving_engine
from ogive.bench.measure import Pace, Runner, interleaved
from ogive.bench.processor import Machine
from ogive.certify.quantity import Quantity
from ogive.certify.report.certificate import Certificate, Speed
from ogive.ops import ActivationFunction

#: Elements of the input: so few that they stay in the caches, so many that the call costs little.
_SIZE = 65_536
#: The most that a confidence interval may miss the true median by chance.
DOUBT = 0.05


def timed(
    activation: ActivationFunction,
    dtype: str = "float32",
    size: int = _SIZE,
    pace: Pace | None = None,
) -> Certificate:
    """The activation's certificate with its time over relu's, measured here and now.

    Both are called in turns in this process, with torch's threads as they are set; ``pace`` says
    how long.

    Raises:
        OgiveError: for a size that an activation of rows or gates does not take.

    Example:
        >>> import ogive
        >>> from ogive.bench import timed
        >>> timed(ogive.get("mish")).speed.forward.method
        'sampled'
    """
    speed = _speed(activation, dtype, size, pace or Pace())
    return replace(activation.certificate(), speed=speed)


def _speed(activation: ActivationFunction, dtype: str, size: int, pace: Pace) -> Speed:
    one, relu = (Contest.of(a, dtype, size, 0) for a in (activation, ogive.get("relu")))
    return Speed(
        forward=_ratio(one, relu, "forward", pace),
        both=_ratio(one, relu, "both", pace),
        dtype=dtype,
        size=size,
        threads=torch.get_num_threads(),
        engine=serving_engine(_runner(one, "forward")),
        machine=str(Machine.here()),
    )


def _ratio(one: Contest, relu: Contest, direction: str, pace: Pace) -> Quantity:
    runners = {"one": _runner(one, direction), "relu": _runner(relu, direction)}
    times = interleaved(runners, pace)
    return _middle([a / b for a, b in zip(times["one"], times["relu"], strict=True)])


def _runner(contest: Contest, direction: str) -> Runner:
    return dict(contest.runners(direction, compiled=False))["ogive"]


def _middle(ratios: Sequence[float]) -> Quantity:
    """The median with the farther end of its confidence interval.

    The interval reaches from the k-th smallest to the k-th largest ratio: the true median lies
    outside with the probability that fewer than k of n fair coins show heads, twice.
    """
    ordered, count = sorted(ratios), len(ratios)
    chances = accumulate(2 * math.comb(count, i) / 2**count for i in range(count // 2))
    k = max(1, sum(chance <= DOUBT for chance in chances))
    middle = median(ordered)
    return Quantity(middle, max(middle - ordered[k - 1], ordered[-k] - middle), "sampled")
