"""Time is a property of a machine and a library, so that both stand beside the verdict. Calls of
sigmoid, tanh and ReLU take turns, and a round gives one ratio, the median of its repetitions;
20 rounds are the repetitions. Two sizes, torch's operators and this library's, without
gradients and with; and last a whole training step of a small network, which is what a user
waits for.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

import ogive
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.measurements import Measurements

_LIBRARIES: dict[str, Callable[[str], Callable[[Tensor], Tensor]]] = {
    "torch": partial(getattr, torch),
    "ogive": ogive.get,
}
_NAMES = ("relu", "sigmoid", "tanh")
_SIZES = (1_024, 1_048_576)
_MORE = 1.1
_ROUNDS = 20


@claim(
    "C27",
    "Sigmoid and tanh cost more time than ReLU.",
    source="seeds 000, 001 and 002",
    criterion="More means 10 % or more, as the geometric mean over rounds in which the "
    "functions take turns in one thread.",
    verdict=generally,
)
def sigmoid_cost(effort: Effort) -> Finding:
    measured = Measurements()
    for library, named in _LIBRARIES.items():
        for size in _SIZES:
            x = torch.randn(size, generator=torch.Generator().manual_seed(0))
            for way, call in {"forward": _forward, "with gradient": _with_gradient}.items():
                calls = {name: partial(call, named(name), x) for name in _NAMES}
                where = {"what": library, "elements": f"{size:,}", "pass": way}
                _compare(measured, calls, where, effort)
    steps = {name: partial(_step, *_network(name)) for name in _NAMES}
    _compare(measured, steps, {"what": "training step"}, effort)
    return Finding(measured.checks(), seeds=_ROUNDS)


def _compare(
    measured: Measurements,
    calls: Mapping[str, Callable[[], object]],
    where: dict[str, str],
    effort: Effort,
) -> None:
    """Add the ratios of the others' times to relu's, which go first and last alike."""
    ratios: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(_ROUNDS):
        order = [*calls] if number % 2 else [*calls][::-1]
        seconds = {name: _seconds(calls[name], effort) for name in order}
        for name in calls:
            ratios[name].append(seconds[name] / seconds["relu"])
    for name in ("sigmoid", "tanh"):
        measured.ratio(f"time of {name} over relu", ratios[name], where=where, at_least=_MORE)


def _seconds(call: Callable[[], object], effort: Effort) -> float:
    call()
    times = []
    for _ in range(effort.pick(2, 9, 30)):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _forward(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return function(x)


def _with_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> None:
    seen = x.detach().requires_grad_()
    torch.autograd.grad(function(seen), seen, x)


def _network(name: str) -> tuple[nn.Module, torch.optim.Optimizer, Tensor]:
    """A network of two hidden layers of 64 units, its optimizer and a batch of 64 rows."""
    make = ogive.get(name).module
    network = nn.Sequential(nn.Linear(64, 64), make(), nn.Linear(64, 64), make(), nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    return network, optimizer, torch.randn(64, 64, generator=torch.Generator().manual_seed(0))


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor) -> None:
    optimizer.zero_grad()
    network(x).square().mean().backward()
    optimizer.step()
