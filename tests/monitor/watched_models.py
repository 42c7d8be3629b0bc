"""Models that call their activations in all the ways there are, and where they are met."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import ogive


class Code(nn.Module):
    """A model whose code is a function of itself and its input."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = [run]
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.run[0](self, x)


class Inner(nn.Module):
    """A part with code of its own."""

    def __init__(self, run):
        super().__init__()
        self.layer, self.run = nn.Linear(8, 8), [run]

    def forward(self, x):
        return self.run[0](self.layer(x))


@dataclass(frozen=True)
class Situation:
    """A model, its input, and the places that are to be met, with their entries and units.

    Attributes:
        compiled: whether ``torch.compile(fullgraph=True)`` takes it.
    """

    make: Callable[[], nn.Module]
    places: dict[str, tuple[str, int]]
    shape: tuple[int, ...] = (16, 8)
    compiled: bool = True
    options: dict[str, object] = field(default_factory=dict)


def chained(*modules):
    return lambda: nn.Sequential(*(m() for m in modules))


def linear(a=8, b=8):
    return lambda: nn.Linear(a, b)


def code(run, **parts):
    return lambda: Code(run, **{name: make() for name, make in parts.items()})


def _checkpointed(reentrant):
    part = chained(linear(), nn.GELU, linear())

    def run(self, x):
        return checkpoint(self.part, self.first(x), use_reentrant=reentrant).sum(-1)

    return code(run, first=linear(), part=part)


def _convolutions():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Conv2d(4, 6, 3), nn.SiLU()
    )


def _tanh_gelu(x):
    return F.gelu(x, approximate="tanh")


def _learned_swish():
    return ogive.nn.Swish(learnable=["beta"])


def _gated_tuple(self, x):
    return self.unit(self.value(x), self.gate(x))


SITUATIONS = {
    "modules": Situation(
        chained(linear(), nn.ReLU, linear(8, 5), nn.GELU, linear(5, 2)),
        {"1": ("relu", 8), "3": ("gelu", 5)},
    ),
    "in place": Situation(
        chained(linear(), lambda: nn.ReLU(inplace=True), linear(), lambda: nn.SiLU(inplace=True)),
        {"1": ("relu", 8), "3": ("silu", 8)},
    ),
    "channels": Situation(
        _convolutions, {"2": ("relu", 4), "4": ("silu", 6)}, shape=(2, 3, 8, 8)
    ),
    "sequences": Situation(
        chained(linear(), nn.LeakyReLU, lambda: nn.LayerNorm(8), nn.Tanh),
        {"1": ("leaky_relu", 8), "3": ("tanh", 8)},
        shape=(4, 6, 8),
    ),
    "shared": Situation(
        code(lambda s, x: s.act(s.b(s.act(s.a(x)))), a=linear(), b=linear(8, 5), act=nn.ReLU),
        {"act": ("relu", 8), "act#2": ("relu", 5)},
    ),
    "functions": Situation(
        code(
            lambda s, x: torch.tanh(s.b(F.leaky_relu(s.b(_tanh_gelu(s.a(x))), 0.2))),
            a=linear(), b=linear(),
        ),
        {"gelu@Code": ("gelu_tanh", 8), "leaky_relu@Code": ("leaky_relu", 8),
         "tanh@Code": ("tanh", 8)},
    ),
    "methods": Situation(
        code(lambda s, x: s.b(s.a(x).sigmoid()).relu(), a=linear(), b=linear()),
        {"sigmoid@Code": ("sigmoid", 8), "relu@Code": ("relu", 8)},
    ),
    "functions in place": Situation(
        code(lambda s, x: F.relu(s.b(F.relu(s.a(x), inplace=True))), a=linear(), b=linear()),
        {"relu@Code": ("relu", 8), "relu@Code#2": ("relu", 8)},
    ),
    "functions that end in _": Situation(
        code(lambda s, x: F.relu_(s.b(s.a(x).tanh_())), a=linear(), b=linear()),
        {"tanh@Code": ("tanh", 8), "relu@Code": ("relu", 8)},
        compiled=False,
    ),
    "inner callers": Situation(
        code(lambda s, x: s.b(s.a(x)), a=lambda: Inner(F.relu), b=lambda: Inner(torch.sigmoid)),
        {"relu@a": ("relu", 8), "sigmoid@b": ("sigmoid", 8)},
    ),
    "angles": Situation(
        code(lambda s, x: F.relu(s.a(x + torch.tanh(x.detach()))), a=linear()),
        {"relu@Code": ("relu", 8)},
    ),
    "learned": Situation(
        chained(linear(), lambda: nn.PReLU(8), linear(), _learned_swish),
        {"1": ("prelu", 8), "3": ("swish", 8)},
    ),
    "halves": Situation(
        chained(linear(8, 12), nn.GLU, linear(6, 8), lambda: ogive.nn.SwiGLU()),
        {"1.gate": ("glu", 6), "3.gate": ("swiglu", 4)},
    ),
    "value and gate": Situation(
        code(_gated_tuple, unit=lambda: ogive.nn.SwiGLU(), value=linear(), gate=linear()),
        {"unit.gate": ("swiglu", 8)},
    ),
    "blocks": Situation(
        code(
            lambda s, x: s.mish(s.block(s.a(x))), a=linear(),
            block=lambda: ogive.nn.GatedMLP(8, 12), mish=lambda: ogive.get("mish"),
        ),
        {"block.gate": ("swiglu", 12), "mish@Code": ("mish", 8)}, compiled=False,
    ),
    "rows": Situation(
        chained(linear(), lambda: nn.Softmax(-1), linear(), lambda: nn.Softmax(1)),
        {"1": ("softmax", 8), "3": ("softmax", 8)},
    ),
    "softmax called": Situation(
        code(lambda s, x: torch.softmax(s.b(F.softmax(s.a(x), dim=-1)), 1), a=linear(), b=linear()),
        {"softmax@Code": ("softmax", 8), "softmax@Code#2": ("softmax", 8)},
    ),
    "attention": Situation(
        code(
            lambda s, x: F.scaled_dot_product_attention(*[s.a(x)[:, None]] * 3, is_causal=True),
            a=linear(),
        ),
        {"scaled_dot_product_attention@Code": ("softmax", 6)}, shape=(3, 6, 8),
    ),
    "torch's attention": Situation(
        code(
            lambda s, x: s.attention(s.a(x), s.a(x), s.a(x), need_weights=False)[0],
            a=linear(), attention=lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        ),
        {"attention.softmax": ("softmax", 6)}, shape=(3, 6, 8),
    ),
    "lstm": Situation(
        code(
            lambda s, x: s.lstm(s.a(x))[0],
            a=linear(), lstm=lambda: nn.LSTM(8, 5, batch_first=True),
        ),
        {f"lstm.{gate}_l0": (entry, 5) for gate, entry in (
            ("input_gate", "sigmoid"), ("forget_gate", "sigmoid"), ("cell_gate", "tanh"),
            ("output_gate", "sigmoid"))},
        shape=(3, 6, 8), compiled=False,
    ),
    "gru cells": Situation(
        code(
            lambda s, x: s.cell(x[:, 1], s.cell(s.a(x[:, 0]))),
            a=linear(), cell=lambda: nn.GRUCell(8, 8),
        ),
        {f"cell.{gate}": (entry, 8) for gate, entry in (
            ("reset_gate", "sigmoid"), ("update_gate", "sigmoid"), ("new_gate", "tanh"))},
        shape=(3, 2, 8),
    ),
    "checkpoint": Situation(
        _checkpointed(False), {"part.1": ("gelu", 8)}, compiled=False,
    ),
    "reentrant checkpoint": Situation(
        _checkpointed(True), {"part.1": ("gelu", 8)}, compiled=False,
    ),
    "functions of ogive": Situation(
        code(
            lambda s, x: s.scaled(s.b(s.mish(s.a(x)))), a=linear(), b=linear(),
            mish=lambda: ogive.get("mish"), scaled=lambda: ogive.get("leaky_relu"),
        ),
        {"mish@Code": ("mish", 8), "leaky_relu@Code": ("leaky_relu", 8)}, compiled=False,
    ),
    "accelerated": Situation(
        lambda: _accelerated(nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8), nn.Mish())),
        {"1": ("gelu", 8), "3": ("mish", 8)},
    ),
    "noise and dropout": Situation(
        chained(linear(), nn.RReLU, nn.Dropout, linear(), nn.SELU),
        {"1": ("rrelu", 8), "4": ("selu", 8)}, compiled=False,
    ),
}  # fmt: skip


def _accelerated(model):
    ogive.accelerate(model)
    return model


def train(model, situation, steps=3, watch=None, called=None):
    """Trains with random numbers that are always the same; the parameters afterwards."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    called = model if called is None else called
    torch.manual_seed(1)
    for _ in range(steps):
        x = torch.randn(situation.shape)
        optimizer.zero_grad()
        called(x).square().mean().backward()
        optimizer.step()
    return [p.detach().clone() for p in model.parameters()]


def made(situation) -> nn.Module:
    torch.manual_seed(0)
    return situation.make()


def left_behind(model) -> list[str]:
    """What a monitor has left in a model."""
    return [
        f"{name}.{key}"
        for name, module in model.named_modules()
        for key in vars(module)
        if key == "forward" or "ogive_watch" in key or ("hook" in key and vars(module)[key])
    ]


__all__ = ["SITUATIONS", "Code", "Situation", "Tensor", "left_behind", "made", "train"]
