"""Which step a module or a call is: layers are products with a parameter, whoever writes them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from others import transformers
from torch import Tensor, nn

import ogive
from ogive.catalogue import entries
from ogive.nn.initialise.recorder import steps_of
from ogive.nn.initialise.signal_step import fan_in, module_step


def test_fans() -> None:
    assert fan_in(nn.Linear(7, 3)) == 7
    assert fan_in(nn.Conv2d(8, 4, (3, 5), groups=2)) == 4 * 15
    assert fan_in(nn.ConvTranspose1d(6, 4, 4, stride=2)) == 12


class Own(nn.Module):
    """A parameter of somebody's, and what is done with it."""

    def __init__(self, shape: tuple[int, ...], call: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))
        self.call = call

    def forward(self, x: Tensor) -> Tensor:
        return self.call(x, self.weight)


class Mixed(nn.Linear):
    """A subclass with a forward of its own, as timm's layers for mixed precision."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * 2 if self.bias is None else self.weight)


#: A module of somebody's -> the fan of the layer that it is; NaN if it is none.
LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], float]] = {
    "F.linear": (lambda: Own((5, 4), F.linear), (2, 4), 4),
    "F.conv1d": (lambda: Own((5, 4, 3), F.conv1d), (2, 4, 8), 12),
    "x @ w": (lambda: Own((4, 5), lambda x, w: x @ w), (2, 4), 4),
    "w @ x": (lambda: Own((5, 4), lambda x, w: w @ x), (4, 2), 4),
    "experts": (lambda: Own((3, 4, 5), torch.bmm), (3, 2, 4), 4),
    "x @ w.T": (lambda: Own((5, 4), lambda x, w: x @ w.T), (2, 4), 4),
    "transposed": (lambda: Own((4, 5), lambda x, w: F.linear(x, w.t().to(x.dtype))), (2, 4), 4),
    "a part": (lambda: Own((8, 4), lambda x, w: F.linear(x, w[:5])), (2, 4), math.nan),
    "named": (lambda: Own((5, 4), lambda x, w: F.linear(x, weight=w)), (2, 4), 4),
    "addmm": (
        lambda: Own((4, 5), lambda x, w: torch.addmm(torch.zeros(5), x, w)), (2, 4), 4,
    ),
    "transformers' Conv1D": (lambda: transformers.pytorch_utils.Conv1D(5, 4), (2, 4), 4),
    "a subclass": (lambda: Mixed(4, 5), (2, 4), 4),
    "a computed weight": (lambda: Mixed(4, 5, bias=False), (2, 4), math.nan),
    "a square": (lambda: Own((4, 4), lambda x, w: x @ x.T), (2, 4), math.nan),
    "a scale": (lambda: Own((4,), torch.mul), (2, 4), math.nan),
}  # fmt: skip


#: Only a run shows these: their code asks for sizes, or a weight is no parameter to torch.fx.
ONLY_RUN = ("transformers' Conv1D", "a computed weight", "transposed")
SHOWN = [(name, traced) for name in LAYERS for traced in (True, False)]


@pytest.mark.parametrize(
    ("name", "traced"), [case for case in SHOWN if not (case[1] and case[0] in ONLY_RUN)]
)
def test_layers_that_somebody_else_has_written(name: str, traced: bool) -> None:
    make, shape, fan = LAYERS[name]
    model = nn.Sequential(nn.Identity(), make())
    steps = [s for s in steps_of(model, None if traced else torch.ones(shape)) if s.kind == "layer"]
    if math.isnan(fan):
        assert not steps
    else:
        (step,) = steps
        assert (step.name, step.weight, step.fan) == ("1", "1.weight", fan)


@pytest.mark.parametrize("example", [None, torch.ones(2, 4)], ids=["traced", "run"])
@pytest.mark.parametrize(
    ("call", "kind", "factor"),
    [
        (lambda x: x * 3, "product", 3.0),
        (lambda x: x / 4, "product", 0.25),
        (lambda x: x * x, "product", math.nan),
        (lambda x: x + 1, "sum", 1.0),
        (lambda x: F.dropout(x, 0.2), "dropout", 1.25),
        (lambda x: F.dropout(x, p=0.2, training=False), "dropout", 1.0),
        (lambda x: F.dropout(x, 1.0), "dropout", math.nan),
        (lambda x: x.mean(-1), "pooling", 1.0),
        (lambda x: F.pad(x, (1, 1)), "pooling", 1.0),
        (lambda x: x.transpose(0, 1), "keeping", 1.0),
        (lambda x: F.layer_norm(x, (4,)), "norm", 1.0),
        (lambda x: torch.softmax(x, -1), "unknown", 1.0),
        (lambda x: x / x, "product", math.nan),
        (lambda x: torch.cumsum(x, -1), "unknown", 1.0),
    ],
)
def test_calls(call: Callable[[Tensor], Tensor], kind: str, factor: float, example: object) -> None:
    class Calls(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return call(x)

    step = steps_of(nn.Sequential(Calls()), example)[-1]
    assert step.kind == kind
    assert step.factor == pytest.approx(factor, nan_ok=True)
    assert step.name.startswith("0.")
    assert step.inputs == (0,)


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.Dropout(0.5), "dropout"), (nn.AlphaDropout(0.5), "unknown"),
        (nn.MaxPool1d(2), "pooling"), (nn.Upsample(scale_factor=2), "pooling"),
        (nn.Identity(), "keeping"), (nn.BatchNorm1d(3), "norm"), (nn.PReLU(3), "activation"),
    ],
)  # fmt: skip
def test_modules(module: nn.Module, kind: str) -> None:
    for example in (None, torch.ones(2, 3, 4)):
        assert steps_of(nn.Sequential(module), example)[-1].kind == kind


ROWWISE = sorted(name for name, spec in entries().items() if spec.kind == "rowwise")


@pytest.mark.parametrize("name", ROWWISE)
def test_what_works_on_rows_is_a_step_whatever_its_parameters(name: str) -> None:
    step = module_step("0", ogive.get(name).module(dim=-1), (0,))
    assert step is not None
    assert (step.kind, step.spec) == ("unknown", entries()[name])


def test_an_activation_inside_of_a_normalisation_is_seen() -> None:
    """As timm's BatchNormAct2d has it."""

    class NormAct(nn.BatchNorm1d):
        def __init__(self, channels: int) -> None:
            super().__init__(channels)
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            x = F.batch_norm(x, None, None, self.weight, self.bias, True)
            return self.act(x)

    for example in (None, torch.randn(4, 3)):
        norm, act = steps_of(nn.Sequential(NormAct(3)), example)[-2:]
        assert (norm.kind, norm.weight) == ("norm", "0.weight")
        assert (act.kind, act.name) == ("activation", "0.act")
