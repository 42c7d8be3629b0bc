"""Faults that come about in training, and trainings that only look sick."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from faults import alarms, data, fitted_by, mlp
from torch import nn

import ogive


def probabilities() -> nn.Module:
    """An autoencoder of bits, whose last sigmoid may be as certain as it likes."""
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 20), nn.Sigmoid())


def certain_outputs():
    model, bits = probabilities(), (data(0)[0] > 0).float()
    return fitted_by(model, 3e-2, lambda: F.binary_cross_entropy(model(bits), bits), 100)


def converged():
    """Of whose samples all but a few have no gradient any more."""
    model, (x, y) = mlp(nn.SiLU), data(0)
    return fitted_by(model, 1e-2, lambda: F.cross_entropy(model(x[:32]), y[:32]), 120)


def classes(make, lr=1e-3, steps=40):
    model, (x, y) = make(), data(0)
    return fitted_by(model, lr, lambda: F.cross_entropy(model(x), y), steps)


def default_layers():
    """As most people write it; one unit in five of the last is dead by chance."""
    sizes = 20, 64, 64, 64, 64
    layers = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(64, 4))


WELL = {
    "probabilities": certain_outputs,
    "converged": converged,
    "default layers": lambda: classes(default_layers),
    "hardshrink": lambda: classes(lambda: mlp(nn.Hardshrink)),
    "softshrink": lambda: classes(lambda: mlp(nn.Softshrink)),
    "hardtanh": lambda: classes(lambda: mlp(nn.Hardtanh, 3, ogive.gain("hardtanh"))),
}


@pytest.mark.parametrize("name", WELL)
def test_what_only_looks_sick_raises_no_alarm(name):
    torch.manual_seed(0)
    assert [str(finding) for finding in alarms(WELL[name]().findings)] == []


@pytest.mark.parametrize("act", [nn.SiLU, nn.LeakyReLU, nn.GELU, nn.Tanh], ids=lambda a: a.__name__)
def test_a_rate_thirty_times_too_high_is_found_whatever_the_function(act):
    torch.manual_seed(0)
    found = alarms(classes(lambda: mlp(act), 9e-2).findings)
    assert found and {finding.cause for finding in found} == {"learning_rate"}


def test_small_signals_that_grow_do_not_drift():
    """Of weights a quarter as large as they should be the start is to blame, and nothing later."""
    torch.manual_seed(0)
    found = alarms(classes(lambda: mlp(nn.ReLU, 8, 2**0.5 / 4), 1e-4, 20).findings)
    causes = {finding.kind: finding.cause for finding in found}
    assert causes["vanishing"] == "initialisation" and "drift" not in causes


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_of_dead_channels_is_that_which_was_planted(share):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 20, 3), nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 20, 3, stride=2),
        nn.BatchNorm2d(20), nn.ReLU(), nn.Flatten(), nn.LazyLinear(4),
    )  # fmt: skip
    x = torch.randn(16, 3, 10, 10)
    model(x)
    with torch.no_grad():
        model[4].bias[: int(20 * share)] = -20.0
    watch = fitted_by(model, 1e-3, lambda: model(x).square().mean(), 6)
    (found,) = [f for f in watch.findings if f.kind == "dead"]
    assert (found.place, found.cause) == ("5", "initialisation") and found.severity != "note"
    assert found.share == pytest.approx(share)


def test_a_slope_that_training_brings_to_zero_is_not_the_starts_fault():
    torch.manual_seed(0)
    model, (x, y) = mlp(nn.PReLU), data(0)
    shrinks = iter([1.0] * 12 + [0.0] * 100)

    def loss():
        with torch.no_grad():
            model[3].weight.mul_(next(shrinks))
        return F.cross_entropy(model(x), y)

    (found,) = alarms(fitted_by(model, 1e-5, loss, 20).findings)
    assert (found.kind, found.place) == ("frozen_parameter", "3")
    assert (found.cause, found.since) == ("learning_rate", 12)
