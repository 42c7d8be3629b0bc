"""One run: one activation, one seed, one set of settings; everything it measured.

Two runs with the same inputs give the same numbers, times excepted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import ogive
from ogive.study.measures import boundary_field, bytes_saved, dead_share
from ogive.study.network import Network, build_network
from ogive.study.settings import Settings
from ogive.study.tasks import Split, Task

WARM_UP_STEPS = 10


@dataclass(frozen=True)
class Run:
    """What is to be trained."""

    activation: str
    seed: int
    settings: Settings
    value: int | None = None

    @property
    def label(self) -> str:
        """The run in words, for progress."""
        swept = "" if self.value is None else f" at {self.value}"
        return f"{self.activation}{swept}, seed {self.seed}"


@dataclass(frozen=True)
class Trained:
    """A trained network and what its training showed."""

    network: Network
    losses: list[float]
    scores: list[float | None]
    step_seconds: list[float]


def perform(run: Run, task: Task, split: Split) -> dict[str, Any]:
    """Train once and return everything measured, as plain data.

    ``field`` holds the decision boundary of the first seed of a plane task.
    """
    trained = train(run, task, split)
    network, settings = trained.network, run.settings
    first = next(network.layers())
    kind = ogive.get(run.activation).kind
    rows = min(settings.batch_size, len(split.train_x))
    drawn = task.planar and run.seed == 0
    return {
        "score": trained.scores[-1],
        "diverged": not all(map(_is_finite, trained.losses)),
        "loss_curve": [loss if _is_finite(loss) else None for loss in trained.losses],
        "score_curve": trained.scores,
        "step_ms": 1e3 * statistics.median(trained.step_seconds),
        "dead_share": dead_share(network, split.train_x, kind),
        "bytes_saved": bytes_saved(first.activation, rows, first.linear.out_features),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "field": boundary_field(network, split) if drawn else None,
    }


def train(run: Run, task: Task, split: Split) -> Trained:
    """Train a network for all epochs; the last one counts, none is picked afterwards."""
    settings = run.settings
    features = split.train_x.shape[1]
    network = build_network(run.activation, features, settings.hidden, task.outputs, run.seed)
    optimizer = make_optimizer(network, settings)
    torch.manual_seed(run.seed)  # the noise of stochastic activations
    order = torch.Generator().manual_seed(run.seed)  # of its own: noise cannot shift the batches
    losses: list[float] = []
    scores: list[float | None] = []
    seconds: list[float] = []
    for _ in range(settings.epochs):
        losses.append(_epoch(network, optimizer, task, _batches(split, settings, order), seconds))
        scores.append(measure_split(network, task, split))
    return Trained(network, losses, scores, seconds[WARM_UP_STEPS:] or seconds)


def measure_split(network: Network, task: Task, split: Split) -> float | None:
    """The score on the test rows."""
    with torch.no_grad():
        return task.score(network.eval()(split.test_x), split.test_y)


def make_optimizer(network: Network, settings: Settings) -> torch.optim.Optimizer:
    """AdamW with torch's decay of 0.01, or SGD with momentum 0.9."""
    if settings.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), settings.lr, momentum=0.9, fused=True)
    return torch.optim.AdamW(network.parameters(), settings.lr, fused=True)


def _epoch(
    network: Network,
    optimizer: torch.optim.Optimizer,
    task: Task,
    batches: Iterator[tuple[Tensor, Tensor]],
    seconds: list[float],
) -> float:
    network.train()
    losses = []
    for x, y in batches:
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = task.loss(network(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def _batches(
    split: Split, settings: Settings, order: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    shuffled = torch.randperm(len(split.train_x), generator=order)
    for rows in torch.split(shuffled, settings.batch_size):
        yield split.train_x[rows], split.train_y[rows]


def _is_finite(loss: float) -> bool:
    return loss - loss == 0
