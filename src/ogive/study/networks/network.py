"""Networks of a study, built and initialised.

Apart from the training because of what pairing means: with the same seed, every activation
starts from the same drawn weights, whatever else differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.nn.named import NamedActivation
from ogive.study.errors import StudyError
from ogive.study.networks.architectures import (
    ActivationFactory,
    Architecture,
    Inputs,
    find_architecture,
)
from ogive.study.networks.initial import initialise, scale_weights
from ogive.study.settings import Settings


@dataclass(frozen=True)
class Network:
    """A network and the activations in it, first to last, which are all of one kind."""

    model: nn.Module
    activations: list[nn.Module]
    kind: str

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.model.parameters())


@dataclass(frozen=True)
class Run:
    """What is to be trained.

    Attributes:
        activation: as :func:`ogive.nn.named.find_activation` gives it.
        seed: of the split, the weights, the order of the batches and the noise.
        settings: everything else.
        value: that of a swept setting, for the tables.
        architecture: that of a model of the user's that has no name.
    """

    activation: NamedActivation
    seed: int
    settings: Settings
    value: int | float | None = None
    architecture: Architecture | None = None

    @property
    def built_by(self) -> Architecture:
        """What builds its network."""
        return self.architecture or find_architecture(self.settings.model)

    @property
    def label(self) -> str:
        """The run in words, for progress."""
        swept = "" if self.value is None else f" at {self.value}"
        return f"{self.activation.label}{swept}, seed {self.seed}"


def build_networks(runs: Sequence[Run], outputs: int, rows: Sequence[Tensor]) -> list[Network]:
    """The networks of runs that differ in seed, learning rate and scale at most.

    Args:
        runs: of one activation and architecture.
        outputs: how many numbers a network predicts for a row.
        rows: the training rows of each run.
    """
    networks = [_built(run, outputs, own) for run, own in zip(runs, rows, strict=True)]
    blocks = 2 if runs[0].activation.kind == "gated" else 1
    models = [network.model for network in networks]
    initialise(models, [run.seed for run in runs], runs[0].settings.init, rows, blocks)
    for run, model in zip(runs, models, strict=True):
        if run.settings.init_scale != 1:
            scale_weights(model, run.settings.init_scale)
    return networks


def _built(run: Run, outputs: int, rows: Tensor) -> Network:
    factory = ActivationFactory(run.activation)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        inputs = Inputs.of(rows, outputs)
        model = run.built_by.build(factory, inputs, outputs, run.settings)
    return Network(model, factory.made, run.activation.kind)


def check_fit(runs: Sequence[Run], outputs: int, rows: Tensor) -> None:
    """Raise before any training if an activation does not fit into the network of its run.

    Seeds, rates and scales make no difference; each activation and shape is tried once.
    """
    tried = {(run.activation.label, run.settings.hidden): run for run in runs}
    for run in tried.values():
        _check_fit(run, outputs, rows)


def _check_fit(run: Run, outputs: int, rows: Tensor) -> None:
    settings, label = run.settings, run.activation.label
    try:
        (network,) = build_networks([run], outputs, [rows[: 2 * settings.batch_size]])
        with torch.no_grad():
            predicted = network.model(rows[:3])
    except StudyError:
        raise
    except (OgiveError, RuntimeError, TypeError, ValueError, IndexError) as error:
        raise StudyError(
            f"{label} does not fit into the {settings.model} with layers of width "
            f"{settings.hidden}: {error}"
        ) from error
    if predicted.shape[:2] != (len(rows[:3]), outputs):
        raise StudyError(
            f"the model gave a tensor of shape {tuple(predicted.shape)} for {len(rows[:3])} rows; "
            f"expected ({len(rows[:3])}, {outputs})"
        )
    if not network.activations:
        raise StudyError("the model does not call its first argument, which makes the activations")
