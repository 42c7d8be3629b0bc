"""Fan-in keeps signals and fan-out keeps gradients; they differ where layers change their width.
So the networks here alternate between 8 and 64 units, 20 and 30 hidden layers deep, and are
started with weights of variance 2 / fan-in or 2 / fan-out, as the sources did for convolutions.
Each has its own learning rate, and a short and a long training.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from ogive.study.claims.checks import always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arena, tuned_scores
from ogive.study.claims.measurements import Measurements

_CONVERGED, _SEEDS = 0.8, 12
_WIDTHS = (64, 8)


@torch.no_grad()
def start_by_fan_in(model: nn.Module) -> None:
    """Weights of variance 2 / fan-in, no biases."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0.0, math.sqrt(2 / module.in_features))
            module.bias.zero_()


@torch.no_grad()
def start_by_fan_out(model: nn.Module) -> None:
    """Weights of variance 2 / fan-out, no biases."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0.0, math.sqrt(2 / module.out_features))
            module.bias.zero_()


@claim(
    "C12",
    "Deep PReLU networks diverge under fan-in initialisation; ELU networks converge under "
    "fan-in and under fan-out.",
    source="seed 002",
    criterion="A network converges if it gets 80 % of the test digits right. Networks converge "
    "if more than half of the seeds do, and diverge if less than half do; in every case.",
    verdict=always,
)
def prelu_fan_in(effort: Effort) -> Finding:
    measured = Measurements()
    for depth in effort.pick((12,), (20, 30), (20, 50)):
        for epochs in effort.pick((2,), (12, 36), (12, 60)):
            for init, names in {"fan_in": ("prelu", "elu"), "fan_out": ("elu",)}.items():
                hidden = (_WIDTHS * depth)[:depth]
                place = arena("digits", hidden, epochs, init=f"{__name__}:start_by_{init}")
                for name in names:
                    converged = tuned_scores(name, place, effort, _SEEDS) >= _CONVERGED
                    bound = {"at_most": 0.5} if name == "prelu" else {"at_least": 0.5}
                    where = dict(place.where) | {"init": init}
                    measured.share(f"{name} converges", converged, where=where, **bound)
    return Finding(measured.checks(), seeds=len(effort.seeds(_SEEDS)))
