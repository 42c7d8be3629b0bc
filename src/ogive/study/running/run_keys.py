"""What a run is known by: a hash of everything that determines it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache

import torch
from torch import Tensor

from ogive.nn.named import NamedActivation
from ogive.study.data.tasks import Split, Task
from ogive.study.networks.network import Run, build_networks

#: To be raised whenever the same settings would train or measure differently than before.
_PROCEDURE = 2


def run_key(run: Run, task: Task, split: Split, digest: str, in_full: bool) -> str:
    """The key of a run on a split with this digest."""
    parts = {
        "procedure": _PROCEDURE,
        "torch": torch.__version__,
        "data": digest,
        "regression": task.regression,
        "activation": run.activation.label,
        "function": function_digest(run.activation),
        "seed": run.seed,
        "settings": asdict(run.settings),
        "start": _start_digest(run, task, split),
        "in_full": in_full,
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


@lru_cache(maxsize=1024)
def function_digest(activation: NamedActivation) -> str:
    """A hash of what the activation does: its values on a grid, not its name.

    A definition that has changed gives another digest, so results of the old one are not reused.
    """
    module = activation.module()
    grid = torch.linspace(-8, 8, 64).repeat(2, 1)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        values = [module.train()(grid), module.eval()(grid), *module.parameters()]
    return _hash(values)


def _start_digest(run: Run, task: Task, split: Split) -> str | None:
    """A hash of the network at its start, where a user's code makes it or sets its weights."""
    if ":" not in f"{run.settings.model}{run.settings.init}":
        return None
    (network,) = build_networks([run], task.outputs, [split.train_x])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        answers = network.model(split.train_x[:8])
    return _hash([*network.model.state_dict().values(), answers]) + repr(network.model)


def _hash(tensors: list[Tensor]) -> str:
    numbers = torch.cat([t.detach().flatten().double() for t in tensors]).numpy()
    return hashlib.blake2b(numbers.tobytes(), digest_size=8).hexdigest()
