"""A few steps of training on one batch, watched: what a look before training cannot show."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from ogive.errors import OgiveError
from ogive.monitor.checkup import loss_on
from ogive.monitor.health import HealthReport
from ogive.monitor.monitor import Monitor
from ogive.nn.places import check_module
from ogive.ops import check_truth, whole

#: Of Adam, by which the copy is trained.
BATCH_RATE = 1e-3


def rehearse(
    model: nn.Module,
    batch: Any,
    *,
    loss: Callable[..., Any] | None = None,
    steps: int = 100,
    live: bool = False,
) -> HealthReport:
    """Trains a copy of the model on the batch with Adam, and reports on every step.

    The model itself stays as it is.

    Args:
        model, batch, loss: as ``checkup`` takes them.
        steps: how many.
        live: whether the places are drawn in the terminal meanwhile.

    Raises:
        OgiveError: as ``checkup``, and without a loss, unless the batch is a mapping and the model
            gives its own.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> report = rehearse(model, torch.randn(16, 4), loss=lambda y: y.square().mean(), steps=5)
        >>> report.step, list(report.places)
        (4, ['1'])
    """
    check_module(model)
    whole("steps", steps, 1)
    check_truth("live", live)
    if loss is None and not isinstance(batch, Mapping):
        raise OgiveError("to train on the batch takes a loss; give loss=, a function of the output")
    twin = copy.deepcopy(model).train()
    optimizer = torch.optim.Adam(twin.parameters(), BATCH_RATE)
    with Monitor(twin, optimizer=optimizer, every=1, live=live) as watch:
        for _ in range(steps):
            optimizer.zero_grad()
            loss_on(twin, batch, loss).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return watch.report()
