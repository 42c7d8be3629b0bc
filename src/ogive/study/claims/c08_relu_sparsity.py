"""Before training, a ReLU unit behind zero-mean weights is 0 for half of all inputs, whatever they
are: z and -z are equally likely. The certificate has it for normal inputs, and random networks
of two widths show it layer by layer. Training may change it, so trained networks are looked at
too, on two tasks and after two budgets.
"""

from __future__ import annotations

import numpy as np
import torch

from ogive.study.claims.checks import Check, generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arenas, split_of, tuned_networks
from ogive.study.claims.estimates import proved
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import signal_of
from ogive.study.claims.signals import passage
from ogive.study.networks.measures import inputs_of
from ogive.study.networks.network import Network

_HALF = (0.4, 0.6)


@claim(
    "C8",
    "ReLU makes activations sparse: about half of them are 0.",
    source="seeds 000, 002 and 003",
    criterion="About half means between 40 % and 60 % of the outputs of hidden units.",
    verdict=generally,
)
def relu_sparsity(effort: Effort) -> Finding:
    expected = proved(signal_of("relu").moments.sparsity)
    checks = [Check("probability of 0", expected, *_HALF, {"when": "normal inputs"})]
    measured = Measurements()
    low, high = _HALF
    for width in effort.pick((32,), (32, 128), (32, 128)):
        zeros = passage("relu", 10, 1.0, effort.seeds(), width=width).zeros
        for layer in (0, 9):
            where = {"when": "start", "layer": str(layer + 1), "width": str(width)}
            measured.mean("zeros", zeros[:, layer], where=where, at_least=low, at_most=high)
    for place in arenas(effort):
        trained = tuned_networks("relu", place.task, place.settings, effort.seeds())
        rows = [split_of(place.task, one.run.seed).train_x for one in trained]
        shares = [_zeros(one.network, x) for one, x in zip(trained, rows, strict=True)]
        where = {"when": "trained"} | dict(place.where)
        measured.mean("zeros", shares, where=where, at_least=low, at_most=high)
    return Finding([*checks, *measured.checks()], seeds=len(effort.seeds()))


def _zeros(network: Network, x: torch.Tensor) -> float:
    given = [z for calls in inputs_of(network, x) for z in calls]
    return float(np.mean([float((z <= 0).double().mean()) for z in given]))
