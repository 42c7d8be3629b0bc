"""Training: runs of one activation and architecture together, each with its own seed and rate.

A run gives the same numbers in any company, but for rounding: nothing that it computes looks at
another run. One whose loss is no longer finite goes on in its own slice and harms no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

from ogive.study.data.losses import run_losses
from ogive.study.data.tasks import Split, Task
from ogive.study.networks.layers import signals
from ogive.study.networks.network import Run, build_networks
from ogive.study.settings import Settings
from ogive.study.training.batches import StackedRows
from ogive.study.training.outcome import Trained, measured, outcome
from ogive.study.training.stacking import EachAlone, can_be_stacked, stacked_network

#: So many numbers a layer puts out in a step while larger stacks are faster, and so many runs.
#: (on one core, 32 runs of digits and of circles; above, a run's share of a step stays the same)
STACKED_NUMBERS, MOST_TOGETHER, LEAST_TOGETHER = 2**17, 64, 8


def train_together(
    task: Task, runs: Sequence[Run], splits: Mapping[int, Split], *, in_full: bool = True
) -> list[dict[str, Any]]:
    """Train runs, those of one architecture as one network, and return what each gave.

    Args:
        task: says what is predicted, and how it is scored.
        runs: of any activations, seeds and settings.
        splits: the rows of every seed among the runs.
        in_full: whether all is measured that ``measures.py`` lists; else only ``score``, ``loss``
            and ``diverged``, which is what a search for a learning rate needs.

    Returns:
        a dictionary for each run, in their order, of plain numbers, text and lists.

    Example:
        >>> from ogive.nn.named import find_activation
        >>> from ogive.study import Settings, find_task
        >>> task = find_task("circles")
        >>> settings = Settings((8,), 2, 32, "adamw", 0.01)
        >>> runs = [Run(find_activation("tanh"), seed, settings) for seed in (0, 1)]
        >>> found = train_together(task, runs, {seed: task.load(seed) for seed in (0, 1)})
        >>> [result["diverged"] for result in found]
        [False, False]
    """
    results: dict[int, dict[str, Any]] = {}
    for places in stacks(task, runs, splits):
        trained = train_stack(task, [runs[i] for i in places], splits, in_full=in_full)
        for place, one in zip(places, trained, strict=True):
            split = splits[one.run.seed]
            results[place] = measured(one, task, split) if in_full else outcome(one)
    return [results[place] for place in range(len(runs))]


def stacks(
    task: Task, runs: Sequence[Run], splits: Mapping[int, Split], most: int = MOST_TOGETHER
) -> Iterator[list[int]]:
    """The places of runs that can be trained as one, in stacks of the size that is fastest.

    None has more than ``most`` runs.
    """
    alike: dict[object, list[int]] = defaultdict(list)
    for place, run in enumerate(runs):
        alike[_likeness(run, splits[run.seed])].append(place)
    for places in alike.values():
        places.sort(key=lambda place: runs[place].settings.lr)
        size = min(most, _stack_size(task, runs[places[0]], splits[runs[places[0]].seed]))
        for start in range(0, len(places), size):
            yield places[start : start + size]


def _likeness(run: Run, split: Split) -> object:
    shared = replace(run.settings, lr=1.0, init_scale=1.0)
    shapes = tuple(tuple(t.shape) for t in (split.train_x, split.test_x, split.train_y))
    named = run.activation.text or id(run.activation)
    return named, run.activation.label, shared, run.architecture, shapes


def _stack_size(task: Task, run: Run, split: Split) -> int:
    (network,) = build_networks([run], task.outputs, [split.train_x])
    if not can_be_stacked(network.model, network.activations):
        return 1
    widest = max(*run.settings.hidden, split.train_x[0].numel())
    fitting = STACKED_NUMBERS // (widest * run.settings.batch_size)
    return min(MOST_TOGETHER, max(LEAST_TOGETHER, fitting))


def train_stack(
    task: Task, runs: Sequence[Run], splits: Mapping[int, Split], *, in_full: bool = True
) -> list[Trained]:
    """Train runs that differ in seed, learning rate and scale at most, as one network.

    Runs of one learning rate should follow each other: each stretch of them is a step of the
    optimizer of its own.
    """
    settings, seeds = runs[0].settings, [run.seed for run in runs]
    rows = [splits[seed].train_x[: settings.rows] for seed in seeds]
    networks = build_networks(runs, task.outputs, rows)
    together = stacked_network(
        [n.model for n in networks], [n.activations for n in networks], seeds
    )
    trained = [Trained(run, network) for run, network in zip(runs, networks, strict=True)]
    optimizer = make_optimizer(together, [run.settings.lr for run in runs], settings)
    data = StackedRows(seeds, splits, settings.rows)
    looked_at = checkpoints(settings.epochs) if in_full else ()
    falling = falling_rates(optimizer, settings.epochs * data.steps(settings.batch_size))
    for epoch in range(settings.epochs + 1):
        if epoch:
            batches = data.batches(settings.batch_size)
            _epoch(together, optimizer, falling, task, batches, trained)
        if epoch and (in_full or epoch == settings.epochs):
            _score(together, task, data, trained)
        if epoch in looked_at:
            for one in trained:
                signals(one.network, task, splits[one.run.seed], epoch, one.layers)
    return trained


def checkpoints(epochs: int) -> tuple[int, ...]:
    """The epochs after which the layers are looked at: five at most, 0 being the start."""
    return tuple(sorted({0, 1, epochs // 4, epochs // 2, epochs}))


def make_optimizer(
    together: nn.Module, rates: Sequence[float], settings: Settings
) -> torch.optim.Optimizer:
    """AdamW with torch's decay of 0.01, or SGD with momentum 0.9, each run with its own rate.

    The parameters of a group are the parts of stacked ones that belong to runs of one rate, with
    the parts of their gradients.
    """
    groups: list[dict[str, Any]] = []
    first = 0
    for rate, same in groupby(rates):
        end = first + len(list(same))
        groups.append({"params": _parts(together, first, end), "lr": rate})
        first = end
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=0.9, fused=True)
    return torch.optim.AdamW(groups, fused=True)


def falling_rates(
    optimizer: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Rates that fall in a straight line, to end just above 0: at a rate that stays, the last
    steps throw the score about, by several points on digits at the best rate."""
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: 1 - done / steps)


def _parts(together: nn.Module, first: int, end: int) -> list[nn.Parameter]:
    """The parameters of some runs: parts of the stacked ones, and all those of single modules."""
    single = [m for m in together.modules() if isinstance(m, EachAlone)]
    own = {id(p) for m in single for p in m.parameters()}
    parts = [p for m in single for one in m.alone[first:end] for p in one.parameters()]
    return parts + [_part(p, first, end) for p in together.parameters() if id(p) not in own]


def _part(whole: nn.Parameter, first: int, end: int) -> nn.Parameter:
    if whole.grad is None:
        whole.grad = torch.zeros_like(whole)
    part = nn.Parameter(whole.data[first:end], requires_grad=whole.requires_grad)
    part.grad = whole.grad[first:end]
    return part


def _epoch(
    together: nn.Module,
    optimizer: torch.optim.Optimizer,
    falling: torch.optim.lr_scheduler.LRScheduler,
    task: Task,
    batches: Iterator[tuple[Tensor, Tensor]],
    trained: Sequence[Trained],
) -> None:
    together.train()
    losses = []
    for x, y in batches:
        optimizer.zero_grad(set_to_none=False)
        loss = run_losses(task, together(x), y)
        loss.sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        falling.step()
        losses.append(loss.detach())
    means = torch.stack(losses).mean(0).tolist()
    for one, mean in zip(trained, means, strict=True):
        one.losses.append(mean)


@torch.no_grad()
def _score(together: nn.Module, task: Task, data: StackedRows, trained: Sequence[Trained]) -> None:
    predictions = together.eval()(data.test_rows())
    for one, prediction, target in zip(trained, predictions, data.test_y, strict=True):
        finite = bool(prediction.isfinite().all())
        one.scores.append(task.score(prediction, target) if finite else None)
