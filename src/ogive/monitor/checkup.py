"""``ogive.checkup``: one look at a model before training."""

from __future__ import annotations

from typing import Any

from torch import nn

from ogive.monitor.health import HealthReport


def checkup(model: nn.Module, batch: Any, *, loss: Any = None) -> HealthReport:
    """One forward and backward on a batch; the same findings as ``Monitor`` gives.

    The model, its buffers, gradients and random numbers are as before.

    Args:
        model: any module.
        batch: an input, a tuple ``(x, y)``, or a mapping of named arguments.
        loss: ``loss(output, y)``, or ``loss(output)`` where the batch has no y.
    """
    raise NotImplementedError
