"""What is derived without an example is what wide layers do; what does not follow is not stated."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import ogive

WIDE = 2000


def wide() -> nn.Linear:
    return nn.Linear(WIDE, WIDE)


class Branches(nn.Module):
    """Sums and products of what is independent, and of what is not."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.a, self.b, self.how = wide(), wide(), how
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "independent":
            return self.act(self.a(x) + self.b(x))
        if self.how == "product":
            return self.b(torch.sigmoid(self.a(x)) * self.b(x))
        if self.how == "residual":
            return self.act(x + self.a(x))
        if self.how == "same":
            y = self.a(x)
            return self.act(y + y.flip(-1))
        if self.how == "off centre":
            return self.act(torch.relu(self.a(x)) + torch.relu(self.b(x)))
        return self.act(torch.cat([self.a(x), self.b(x)], -1))


#: Models whose moments are all derived.
KNOWN: dict[str, nn.Module] = {
    "chain": nn.Sequential(wide(), nn.SiLU(), wide(), nn.ReLU(), wide(), nn.ELU()),
    "dropout": nn.Sequential(wide(), nn.ReLU(), nn.Dropout(0.4), wide(), nn.GELU()),
    "dropout before": nn.Sequential(wide(), nn.Dropout(0.4), nn.SiLU(), wide()),
    "dropout before softplus": nn.Sequential(wide(), nn.Dropout(0.4), nn.Softplus(), wide()),
    "norm": nn.Sequential(wide(), nn.BatchNorm1d(WIDE), nn.GELU(), wide(), nn.LayerNorm(WIDE)),
    "norm with weights": nn.Sequential(wide(), nn.LayerNorm(WIDE), wide(), nn.Mish()),
    "gated": nn.Sequential(wide(), nn.GLU(), nn.Linear(WIDE // 2, WIDE), ogive.nn.SwiGLU()),
    "below one": nn.Sequential(wide(), nn.Tanh(), wide(), nn.Sigmoid(), wide()),
    "numbers": nn.Sequential(wide(), nn.ReLU(), nn.Identity(), wide(), nn.LeakyReLU(0.2)),
    **{how: Branches(how) for how in ("independent", "residual", "concatenated")},
}
torch.nn.init.uniform_(KNOWN["norm with weights"][1].weight, 0.5, 2)

#: Models with something of which nothing follows.
UNKNOWN: dict[str, nn.Module] = {
    "pooling": nn.Sequential(wide(), nn.AvgPool1d(2), nn.Flatten(), nn.ReLU()),
    "maximum": nn.Sequential(
        wide(), nn.ReLU(), nn.MaxPool1d(2), nn.Linear(WIDE // 2, 9), nn.ReLU()
    ),
    "padding": nn.Sequential(nn.Conv1d(3, 99, 3, padding=1), nn.ReLU()),
    "transposed": nn.Sequential(nn.ConvTranspose1d(3, 99, 3), nn.ReLU()),
    "twice": nn.Sequential(wide(), nn.Tanh(), nn.ReLU()),
    "softmax": nn.Sequential(wide(), nn.Softmax(-1), nn.ReLU()),
    "same": Branches("same"),
    "off centre": Branches("off centre"),
}


#: Modules that are no activations.
QUIET = (
    nn.Sequential, Branches, nn.Linear, nn.Dropout, nn.BatchNorm1d, nn.LayerNorm, nn.Identity,
)  # fmt: skip


@torch.no_grad()
def measured(model: nn.Module) -> list[tuple[float, float]]:
    """Second moments at activations and gated units, in training, for an input from N(0, 1)."""
    found: list[tuple[float, float]] = []

    def leave(module: nn.Module, args: tuple[Tensor], result: Tensor) -> None:
        found.append((before.pop(), result.square().mean().item()))

    def enter(module: nn.Module, args: tuple[Tensor]) -> None:
        before.append(args[0].square().mean().item())

    before: list[float] = []
    for module in model.modules():
        if not isinstance(module, QUIET):
            module.register_forward_pre_hook(enter)
            module.register_forward_hook(leave)
    model.train()(torch.randn(400, WIDE, generator=torch.Generator().manual_seed(1)))
    return found


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_derived_is_measured(name: str) -> None:
    model = KNOWN[name]
    torch.manual_seed(0)
    rows = ogive.init_(model).activations
    assert rows and {row.found for row in rows} == {"derived"}
    stated = [(row.before, row.after) for row in rows]
    for (before, after), (b, a) in zip(stated, measured(model), strict=True):
        assert before is not None and after is not None
        assert (b, a) == pytest.approx((before, after), rel=0.05)
    for row in rows:
        assert row.note or row.after == pytest.approx(1)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_does_not_follow_is_not_stated(name: str) -> None:
    row = ogive.init_(UNKNOWN[name]).activations[-1]
    assert row.after is None
    assert row.note.endswith("; pass an example to have it measured")


def test_a_layer_that_is_fed_what_is_not_known_says_so() -> None:
    report = ogive.init_(nn.Sequential(nn.Softmax(-1), nn.Linear(4, 4)))
    assert report.rows[0].square is None
    assert report.rows[0].std == pytest.approx(0.5)
    assert report.rows[0].note.startswith("what it is fed is not known")
    assert report.to_dict()["rows"][0]["square"] is None


def test_functions_of_a_gate() -> None:
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate, self.up, self.down = wide(), wide(), nn.Linear(WIDE, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.down(F.silu(self.gate(x)) * self.up(x))

    report = ogive.init_(Gate())
    assert [row.square for row in report.rows] == pytest.approx([1, 1, 1])
    assert report.activations[0].after == pytest.approx(1)
