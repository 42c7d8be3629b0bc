"""``ogive.checkup``: one look at a model before training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.monitor.attachment import set_aside
from ogive.monitor.health import HealthReport
from ogive.monitor.monitor import Monitor
from ogive.monitor.sampling import MOST_LOOKED_AT
from ogive.monitor.thresholds import USUAL, Thresholds
from ogive.monitor.watching import unwrapped
from ogive.nn.initialise.recorder import signals_in, unmarked
from ogive.nn.places import check_module


def checkup(
    model: nn.Module,
    batch: Any,
    *,
    loss: Callable[..., Any] | None = None,
    thresholds: Thresholds = USUAL,
    sample: int = MOST_LOOKED_AT,
) -> HealthReport:
    """One forward and backward on a batch in training mode; findings are those of ``Monitor``.

    The model, its buffers, flags and gradients, and random numbers are as before; a monitor that
    watches it goes on afterwards and sees nothing of this.

    Args:
        model: any module.
        batch: an input, a tuple ``(x, y)``, or a mapping of named arguments.
        loss: ``loss(output, y)``, or ``loss(output)`` where the batch has no y. Without it the
            gradient comes from a random direction behind the last layer, which says as much of how
            gradients travel.
        thresholds: from where on something is a finding.
        sample: of a tensor with more numbers so many are looked at.

    Raises:
        OgiveError: if the model does not run on the batch, has no activation that is known, or has
            parameters on the meta device.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(16, 32), nn.Sigmoid(), nn.Linear(32, 1))
        >>> report = ogive.checkup(model, torch.randn(64, 16))
        >>> report.places["1"].entry, [f.kind for f in report.findings if f.severity != "note"]
        ('sigmoid', [])
    """
    check_module(model)
    if any(p.is_meta for p in model.parameters()):
        raise OgiveError(
            "the model's parameters are on the meta device and have no numbers; give it some, as "
            "with model.to_empty(device='cpu') and an initialisation, and call checkup again"
        )
    gradients = [(p, p.grad) for p in model.parameters()]
    try:
        for p, _ in gradients:
            p.grad = None
        with (
            set_aside(unwrapped(model)),
            unmarked(model),
            Monitor(model, every=1, window=1, thresholds=thresholds, sample=sample) as watch,
            torch.enable_grad(),
        ):
            _backward(loss_on(model, batch, loss))
            report = watch.report()
    finally:
        for p, gradient in gradients:
            p.grad = gradient
    if not report.places:
        raise OgiveError(
            f"{type(model).__name__} has no activation that is known, so there is nothing to look "
            f"at; ogive.names() lists those that are"
        )
    return report


def loss_on(model: nn.Module, batch: Any, loss: Callable[..., Any] | None) -> Tensor:
    """What is differentiated."""
    args, y = _parts(batch)
    try:
        output = model(**args) if isinstance(args, Mapping) else model(*args)
    except Exception as error:  # whatever a model's code raises
        raise OgiveError(
            f"{type(model).__name__} does not run on the batch in training mode "
            f"({_short(error)}); pass an input, (x, y), or a mapping of named arguments"
        ) from error
    if loss is None:
        own = getattr(output, "loss", None)
        return own if isinstance(own, Tensor) else _anyhow(output)
    try:
        found = loss(output) if y is None else loss(output, y)
    except Exception as error:
        raise OgiveError(
            f"loss(output{'' if y is None else ', y'}) raised {_short(error)}; pass a function of "
            f"what the model gives{'' if y is None else ' and of y'}"
        ) from error
    if not isinstance(found, Tensor) or found.numel() != 1:
        raise OgiveError(f"loss gives one number as a tensor, not {type(found).__name__}")
    return found


def _parts(batch: Any) -> tuple[Any, Any]:
    """The model's arguments, and y."""
    if isinstance(batch, Mapping):
        return dict(batch), None
    if isinstance(batch, (tuple, list)):
        if len(batch) == 2:
            x, y = batch
            return (x,) if not isinstance(x, (tuple, list)) else tuple(x), y
        return tuple(batch), None
    return (batch,), None


def _anyhow(output: Any) -> Tensor:
    """A number whose gradient at the output is a random direction."""
    signals = [s for s in signals_in(output) if s.is_floating_point() and s.requires_grad]
    if not signals and hasattr(output, "logits"):
        signals = [output.logits]
    if not signals:
        raise OgiveError(
            "nothing that the model gives has a gradient; pass loss=, or give its parameters "
            "requires_grad"
        )
    direction = torch.randn_like(signals[0])
    found: Tensor = (signals[0] * direction).sum()
    return found


def _backward(loss: Tensor) -> None:
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or "nothing said"
    return f"{type(error).__name__}: {text[:200]}"
