"""Weights scaled on an example: every kind of place before an activation, and what is stuck."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.nn.initialise.measured import COVERING


class RootMeanSquare(nn.Module):
    """A normalisation of somebody's own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((width,), 3.0))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class Affine(nn.Module):
    """A layer of somebody's own, with a bias that init_ does not know as one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(width, width))
        self.shift = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix + self.shift


class Sum(nn.Module):
    """Something, and what is added to it."""

    def __init__(self, first: nn.Module, second: nn.Module, inplace: bool = False) -> None:
        super().__init__()
        self.first, self.second, self.inplace = first, second, inplace

    def forward(self, x: Tensor) -> Tensor:
        y, z = self.first(x), self.second(x)
        if not self.inplace:
            return z - y
        y += z
        return y


def linear() -> nn.Module:
    return nn.Linear(64, 64)


def constant(x: Tensor) -> Tensor:
    return x


#: What stands before a gelu.
BEFORE: dict[str, Callable[[], nn.Module]] = {
    "a layer": linear,
    "a layer and dropout": lambda: nn.Sequential(linear(), nn.Dropout(0.3)),
    "a layer and pooling": lambda: nn.Sequential(linear(), nn.MaxPool1d(2)),
    "averages": lambda: nn.Sequential(linear(), nn.AdaptiveAvgPool1d(16)),
    "batch normalisation": lambda: nn.Sequential(linear(), nn.BatchNorm1d(64)),
    "layer normalisation": lambda: nn.Sequential(linear(), nn.LayerNorm(64)),
    "one of somebody's own before": lambda: nn.Sequential(RootMeanSquare(64), linear()),
    "a layer of somebody's own": lambda: Affine(64),
    "two branches": lambda: Sum(linear(), nn.Sequential(linear(), nn.BatchNorm1d(64))),
    "a branch and little": lambda: Sum(linear(), nn.Hardtanh(-0.1, 0.1)),
    "a branch and little, in place": lambda: Sum(linear(), nn.Hardtanh(-0.1, 0.1), inplace=True),
    "little and a branch": lambda: Sum(nn.Hardtanh(-0.1, 0.1), linear(), inplace=True),
    "a shape": lambda: nn.Sequential(linear(), nn.Unflatten(1, (8, 8))),
}
#: What no weights can bring to 1, with a part of the reason.
STUCK: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "nothing": (nn.Identity, "input stands before it"),
    "softmax": (lambda: nn.Softmax(-1), "0 stands before it"),
    "no weight": (lambda: nn.BatchNorm1d(64, affine=False), "0 has no weight to set"),
    "its own": (lambda: nn.Sequential(linear(), RootMeanSquare(64)), "0.1.mul stands before it"),
    "crowded": (lambda: Sum(linear(), nn.Identity()), "is added to what the weights"),
}


def batch(seed: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(2048, 64, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def at_gelu(model: nn.Sequential, x: Tensor) -> tuple[float, float]:
    fed = model.train()[0](x)
    return fed.square().mean().item(), model[1](fed).square().mean().item()


@pytest.mark.parametrize("name", BEFORE)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_target_is_reached(name: str, scale: float) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(BEFORE[name](), nn.GELU(), nn.Flatten(), nn.LazyLinear(3))
    model(batch(0))
    report = ogive.init_(model, batch(1, scale))
    row = report.activations[-1]
    assert (row.activation, row.found, row.note) == ("gelu", "measured", "")
    assert row.after == pytest.approx(1, abs=0.001)
    assert at_gelu(model, batch(2, scale)) == pytest.approx((row.before, row.after), rel=0.05)


@pytest.mark.parametrize("name", STUCK)
def test_what_cannot_be_reached_says_why_and_what_is_there(name: str) -> None:
    torch.manual_seed(0)
    make, reason = STUCK[name]
    model = nn.Sequential(make(), nn.GELU(), nn.Linear(64, 3))
    row = ogive.init_(model, batch(1, 2.0)).activations[-1]
    assert reason in row.note
    assert row.after != pytest.approx(1, abs=0.05)
    assert at_gelu(model, batch(2, 2.0)) == pytest.approx((row.before, row.after), rel=0.05)


def test_a_draw_on_the_wrong_side_is_turned() -> None:
    """All of a small layer's outputs may be negative, where relu is 0 whatever the scale."""
    turned = 0
    for seed in range(40):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(8, 2, bias=False), nn.ReLU(), nn.Linear(2, 2))
        row = ogive.init_(model, torch.ones(4, 8)).activations[0]
        assert row.after == pytest.approx(1, abs=0.001)
        turned += row.before == pytest.approx(1, abs=0.01)
    assert turned > 5  # both outputs positive, half of them by being turned


def test_zeros_are_left() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    report = ogive.init_(model, torch.zeros(3, 4))
    assert report.activations[0].note == "the weights before it make 0, or nothing finite"
    assert all(p.isfinite().all() for p in model.parameters())
    assert report.rows[0].gain == 1


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_dtypes(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 64), nn.ReLU()).to(dtype)
    rows = ogive.init_(model, batch(1)[:200].to(dtype)).activations
    assert [row.after for row in rows] == pytest.approx([1, 1], rel=0.01)
    assert {p.dtype for p in model.parameters()} == {dtype}


def test_the_error_says_how_a_batch_scatters() -> None:
    """Relative errors of the second moment of fresh batches, against what is stated."""
    model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 4))
    torch.manual_seed(0)
    row = ogive.init_(model, batch(0)[:100, :4]).activations[0]
    assert row.error is not None and 0.1 < row.error < 0.8
    found = [at_gelu(model, batch(seed)[:100, :4])[1] for seed in range(30)]
    assert torch.tensor(found).std().item() == pytest.approx(row.error / COVERING, rel=0.5)
    assert ogive.init_(model, batch(0)[:1, :4]).activations[0].error is None
