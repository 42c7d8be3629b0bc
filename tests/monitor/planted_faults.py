"""Small trainings, healthy and with one fault each, and what is to be found."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import ogive

STEPS, BATCH = 12, 64


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batches(scale=1.0, shift=0.0):
    x = scale * torch.randn(STEPS, BATCH, 20, generator=generator()) + shift
    return x, (x[..., 0] * x[..., 1] + x[..., 2] > 0).long()


def network(act, depth=4, gain=1.0, width=48):
    """Layers of He et al., times a gain."""
    torch.manual_seed(0)
    layers, size = [], 20
    for _ in range(depth):
        layer = nn.Linear(size, width)
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
        with torch.no_grad():
            layer.weight.mul_(gain)
        layers += [layer, act()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, 2))


def train(model, lr=0.05, data=None, scale=1.0, every=1, optimizer=torch.optim.SGD, **options):
    """The monitor of a short training."""
    chosen = optimizer(model.parameters(), lr=lr)
    xs, ys = batches() if data is None else data
    dtype = next(model.parameters()).dtype
    with ogive.Monitor(model, optimizer=chosen, every=every, **options) as watch:
        for x, y in zip(xs, ys, strict=True):
            chosen.zero_grad()
            (scale * F.cross_entropy(model(x.to(dtype)).float(), y)).backward()
            chosen.step()
    return watch


@torch.no_grad()
def dead_by_bias(share=0.25):
    model = network(nn.ReLU, 2)
    for k in (0, 2):
        model[k].bias[: int(share * 48)] = -30.0
    return model


class Attention(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Linear(1, 16)
        self.query, self.key, self.value = (nn.Linear(16, 16) for _ in range(3))
        self.out = nn.Linear(16, 2)
        with torch.no_grad():
            self.query.weight.mul_(scale)
            self.key.weight.mul_(scale)

    def forward(self, x):
        h = self.embed(x[..., None])
        weights = torch.softmax(self.query(h) @ self.key(h).mT / 4, -1)
        return self.out((weights @ self.value(h)).mean(1))


class Recurrent(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        torch.manual_seed(0)
        self.lstm, self.out = nn.LSTM(1, 12, batch_first=True), nn.Linear(12, 2)
        with torch.no_grad():
            for name, p in self.lstm.named_parameters():
                if "weight" in name:
                    p.mul_(scale)

    def forward(self, x):
        return self.out(self.lstm(x[..., None])[0][:, -1])


@torch.no_grad()
def slope_at_zero():
    model = network(nn.PReLU, 2)
    model[1].weight.zero_()
    return model


@dataclass(frozen=True)
class Fault:
    """A training with a fault, its healthy twin, and the kind and cause that are to be found at one
    of the places; the others may be found besides."""

    broken: Callable[[], ogive.Monitor]
    twin: Callable[[], ogive.Monitor]
    kinds: tuple[str, ...]
    cause: str
    place: str


def _usual(act=nn.ReLU, depth=4):
    return lambda: train(network(act, depth))


FAULTS = {
    "dead by bias": Fault(
        lambda: train(dead_by_bias()), _usual(depth=2), ("dead",), "initialisation", "1"
    ),
    "learning rate": Fault(
        lambda: train(network(nn.ReLU), lr=0.1, optimizer=torch.optim.Adam), _usual(), ("dead",),
        "learning_rate", "7",
    ),
    "eight sigmoids": Fault(
        lambda: train(network(nn.Sigmoid, 8, 0.7)), _usual(depth=8), ("vanishing",), "function", "1"
    ),
    "input not centred": Fault(
        lambda: train(network(nn.Tanh), data=batches(1.0, 50.0)), _usual(nn.Tanh),
        ("off_centre",), "data", "input",
    ),
    "input not scaled": Fault(
        lambda: train(network(nn.Tanh), data=batches(100.0)), _usual(nn.Tanh),
        ("saturated_left", "saturated_right"), "data", "1",
    ),
    "weights too large": Fault(
        lambda: train(network(nn.ReLU, 6, 4.0), lr=1e-5), _usual(depth=6), ("exploding",),
        "initialisation", "1",
    ),
    "weights too small": Fault(
        lambda: train(network(nn.ReLU, 6, 0.25)), _usual(depth=6), ("vanishing",),
        "initialisation", "1",
    ),
    "weights too large for tanh": Fault(
        lambda: train(network(nn.Tanh, 4, 4.0), lr=1e-3), _usual(nn.Tanh),
        ("saturated_left", "saturated_right"), "initialisation", "3",
    ),
    "gates of an lstm": Fault(
        lambda: train(Recurrent(40.0), lr=1e-4), lambda: train(Recurrent()),
        ("saturated_left", "saturated_right"), "initialisation", "lstm.output_gate_l0",
    ),
    "logits": Fault(
        lambda: train(Attention(40.0), lr=1e-6), lambda: train(Attention()), ("collapsed",),
        "initialisation", "softmax@Attention",
    ),
    "gradients in float16": Fault(
        lambda: train(network(nn.ReLU).half(), scale=1e-7), lambda: train(network(nn.ReLU).half()),
        ("underflow",), "precision", "5",
    ),
    "slope at zero": Fault(
        lambda: train(slope_at_zero(), lr=1e-9), lambda: train(network(nn.PReLU, 2)),
        ("frozen_parameter",), "initialisation", "1",
    ),
}  # fmt: skip
