"""What is recorded of a trained network, as plain data."""

from __future__ import annotations

import copy
import math
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from ogive.study.data.losses import run_losses
from ogive.study.data.tasks import Split, Task
from ogive.study.networks.fields import boundary_field
from ogive.study.networks.measures import bytes_saved, dead_share
from ogive.study.networks.network import Network, Run

WARM_UP_STEPS, TIMED_STEPS = 3, 9


@dataclass
class Trained:
    """A trained network and what its training showed.

    Attributes:
        run, network: what was trained.
        losses: the mean training loss of each epoch.
        scores: on the test rows, after each epoch; the last alone where the rest was not asked for.
        layers: the signals in the layers at a few epochs; ``layers.py`` says which.
    """

    run: Run
    network: Network
    losses: list[float] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    layers: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def diverged(self) -> bool:
        """Whether a loss was not finite, or an answer in the end."""
        return not all(map(math.isfinite, self.losses)) or self.scores[-1] is None


def outcome(one: Trained) -> dict[str, Any]:
    """How it ended: what a search for a learning rate needs."""
    return {"score": one.scores[-1], "loss": _finite(one.losses[-1]), "diverged": one.diverged}


def measured(one: Trained, task: Task, split: Split) -> dict[str, Any]:
    """Everything measured.

    ``step_ms`` is the time of a step of this network alone; ``field`` holds the decision boundary
    of the first seed of a plane task.
    """
    network, settings = one.network, one.run.settings
    drawn = task.planar and one.run.seed == 0
    return outcome(one) | {
        "lr": settings.lr,
        "loss_curve": [_finite(loss) for loss in one.losses],
        "score_curve": one.scores,
        "layers": one.layers,
        "step_ms": 1e3 * step_seconds(network, task, split, settings.batch_size),
        "dead_share": dead_share(network, split.train_x),
        "bytes_saved": bytes_saved(network, split.train_x[: settings.batch_size]),
        "parameters": network.parameters,
        "field": boundary_field(network.model, split) if drawn else None,
    }


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def step_seconds(network: Network, task: Task, split: Split, batch_size: int) -> float:
    """The median time of a training step of a copy of the network: forward, backward, update."""
    model = copy.deepcopy(network.model).train()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    x, y = split.train_x[:batch_size], split.train_y[:batch_size].unsqueeze(0)
    seconds = []
    with torch.random.fork_rng(devices=[]):
        for _ in range(WARM_UP_STEPS + TIMED_STEPS):
            start = time.perf_counter()
            optimizer.zero_grad()
            run_losses(task, model(x).unsqueeze(0), y).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[WARM_UP_STEPS:])
