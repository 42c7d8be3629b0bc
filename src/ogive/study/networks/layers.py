"""What goes through the layers of a network while it learns: seen, not guessed.

At a few epochs the first training rows go through the network and back. Each list has a number for
every activation, first to last; one that is called several times, as in a recurrent cell, counts
once, with all that it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ogive.study.data.losses import run_losses
from ogive.study.data.tasks import Split, Task
from ogive.study.networks.network import Network

#: How many training rows are looked at.
PROBED_ROWS = 256
#: A derivative below which an input saturates the activation, and one below which it is as if zero.
SATURATED_BELOW, DEAD_BELOW = 0.01, 1e-6
#: What is kept of every layer and epoch.
SIGNALS = ("gradient_norm", "second_moment", "saturated", "dead")


def signals(
    network: Network, task: Task, split: Split, epoch: int, kept: dict[str, list[Any]]
) -> None:
    """Add what an epoch shows to ``kept``.

    ``epochs`` lists the epochs. The others are lists of lists, by epoch and layer:
    ``gradient_norm``: the norm of the gradient of one row's loss by what the activation is given,
    as a root mean square over the rows; ``second_moment``: the mean of z squared, z being what it
    is given; ``saturated``: the share of all z where the derivative is below 0.01 in size;
    ``dead``: the share of units where it is below 1e-6 for every row. What cannot be said is None:
    a norm or moment that is not finite, and derivatives of a rowwise activation, where one unit's
    output depends on the others.
    """
    x, y = split.train_x[:PROBED_ROWS], split.train_y[:PROBED_ROWS]
    given, gradients = _through(network, task, x, y)
    found = [
        _of_layer(network.kind, module, inputs, slopes, len(x))
        for module, inputs, slopes in zip(network.activations, given, gradients, strict=True)
    ]
    kept.setdefault("epochs", []).append(epoch)
    for name, column in zip(SIGNALS, zip(*found, strict=True), strict=True):
        kept.setdefault(name, []).append(list(column))


def _through(
    network: Network, task: Task, x: Tensor, y: Tensor
) -> tuple[list[list[Tensor]], list[list[Tensor]]]:
    """What each activation is given, and the gradient of the loss by it."""
    model = network.model.train()
    # of their own, so that looking changes no running mean
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with (
        recorded_inputs(network.activations) as given,
        torch.random.fork_rng(devices=[]),
        torch.enable_grad(),
    ):
        torch.manual_seed(0)
        answers = functional_call(model, buffers, (x,))
        loss = run_losses(task, answers.unsqueeze(0), y.unsqueeze(0)).sum()
    wanted = [z for calls in given for z in calls]
    slopes = iter(torch.autograd.grad(loss, wanted, materialize_grads=True, allow_unused=True))
    return given, [[next(slopes) for _ in calls] for calls in given]


@contextmanager
def recorded_inputs(modules: Sequence[nn.Module]) -> Iterator[list[list[Tensor]]]:
    """Within the block, what each module is given is added to its list."""
    given: list[list[Tensor]] = [[] for _ in modules]
    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, calls=calls: calls.append(inputs[0]))
        for module, calls in zip(modules, given, strict=True)
    ]
    try:
        yield given
    finally:
        for hook in hooks:
            hook.remove()


def _of_layer(
    kind: str, module: nn.Module, given: Sequence[Tensor], slopes: Sequence[Tensor], rows: int
) -> tuple[float | None, ...]:
    squares = sum(float(slope.double().square().sum()) for slope in slopes)
    moments = [float(z.detach().double().square().mean()) for z in given]
    smallest = [slope_sizes(kind, module, z) for z in given]
    # the loss is a mean over the rows: a row's own gradient is that many times larger
    return (
        _finite(math.sqrt(rows * squares)),
        _finite(sum(moments) / len(moments)) if moments else None,
        share(smallest, saturated_values),
        share(smallest, dead_units),
    )


def slope_sizes(kind: str, module: nn.Module, z: Tensor) -> Tensor | None:
    """The size of the derivative at every number that the activation is given, in evaluation.

    Of a gated activation it is the larger of the two by which a unit is reached; None for a
    rowwise one, where one unit's output depends on the others.
    """
    if kind == "rowwise":
        return None
    training = module.training
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        y = module.eval()(z)
        (slope,) = (
            torch.autograd.grad(y.sum(), z, materialize_grads=True, allow_unused=True)
            if y.requires_grad
            else (torch.zeros_like(z),)
        )
    module.train(training)
    if kind != "gated":
        return slope.abs()
    halves = slope.abs().chunk(2, getattr(module, "_options", {}).get("dim", -1))
    return torch.maximum(*halves)


def saturated_values(slopes: Tensor) -> Tensor:
    """Which numbers saturate the activation."""
    return slopes < SATURATED_BELOW


def dead_units(slopes: Tensor) -> Tensor:
    """Which units are dead: the derivative is as if zero at every row."""
    return slopes.amax(0) < DEAD_BELOW


def share(slopes: Sequence[Tensor | None], which: Callable[[Tensor], Tensor]) -> float | None:
    """The share that ``which`` finds among all; None where there are no derivatives."""
    known = [which(s).flatten() for s in slopes if s is not None]
    return float(torch.cat(known).double().mean()) if known else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
