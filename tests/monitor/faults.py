"""Small trainings with a fault that was planted, and their healthy twins.

``tools/monitor_faults.py`` runs all of them over twenty seeds, the tests a few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import ogive
from ogive.monitor import HealthFinding, HealthReport, Monitor

FEATURES, CLASSES, ROWS, WIDTH = 20, 4, 256, 64
TEST_ROWS = 1024


@dataclass
class Training:
    """A model, its optimizer, and what gives the loss of a step."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[], Tensor]
    accuracy: Callable[[], float] = field(default=lambda: math.nan)

    def step(self) -> float:
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return loss.item()


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong in a training.

    Attributes:
        make: a training by seed, with the fault or without.
        kinds, causes: what a finding may be called; one of them has to be found.
        places: a part of the name of a place that it has to be found at.
        steps: of the training.
        healthy: a training by seed that several faults have as their twin.
    """

    make: Callable[[int, bool], Training]
    kinds: frozenset[str]
    causes: frozenset[str]
    places: str = ""
    steps: int = 60
    healthy: Callable[[int], Training] | None = None

    def found(self, findings: Iterable[HealthFinding]) -> list[HealthFinding]:
        """The findings above a note that name the fault and its cause."""
        return [
            f
            for f in alarms(findings)
            if f.kind in self.kinds and f.cause in self.causes and self.places in f.place
        ]


def alarms(findings: Iterable[HealthFinding]) -> list[HealthFinding]:
    return [f for f in findings if f.severity != "note"]


def watched(training: Training, steps: int, every: int = 5) -> Monitor:
    """The monitor of a training that has run."""
    with Monitor(training.model, optimizer=training.optimizer, every=every) as watch:
        for _ in range(steps):
            training.step()
    return watch


def fitted_by(model: nn.Module, lr: float, loss: Callable[[], Tensor], steps: int) -> Monitor:
    """The monitor of a model that Adam has fitted by a loss, every other step of it measured."""
    return watched(Training(model, torch.optim.Adam(model.parameters(), lr), loss), steps, 2)


def report_of(training: Training, steps: int, every: int = 5) -> HealthReport:
    return watched(training, steps, every).report()


# data and networks


def data(seed: int, more: int = 0) -> tuple[Tensor, Tensor]:
    """Rows of the standard normal distribution in classes that a random network has drawn; of more
    rows than those of the training, these alone."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (
        torch.randn(*shape, generator=generator) for shape in ((FEATURES, 16), (16, CLASSES))
    )
    x = torch.randn(ROWS + more, FEATURES, generator=generator)
    y = (torch.tanh(x @ first / 2) @ second).argmax(1)
    return (x[ROWS:], y[ROWS:]) if more else (x, y)


def mlp(make: Callable[[], nn.Module], depth: int = 3, gain: float = math.sqrt(2)) -> nn.Sequential:
    """Layers of one width with an activation after each, drawn by a gain, and a last layer."""
    layers: list[nn.Module] = []
    for number in range(depth):
        linear = nn.Linear(WIDTH if number else FEATURES, WIDTH)
        nn.init.normal_(linear.weight, 0.0, gain / math.sqrt(linear.in_features))
        nn.init.zeros_(linear.bias)
        layers += [linear, make()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))


def classified(
    model: nn.Module, seed: int, lr: float = 1e-3, change: Callable[[Tensor], Tensor] = lambda x: x
) -> Training:
    """Adam on all rows of the data at once; its accuracy is that on others."""
    x, y = data(seed)
    x = change(x)

    def accuracy() -> float:
        others, theirs = data(seed, TEST_ROWS)
        with torch.no_grad():
            model.eval()
            share = (model(change(others)).argmax(1) == theirs).float().mean().item()
            model.train()
        return share

    optimizer = torch.optim.Adam(model.parameters(), lr)
    return Training(model, optimizer, lambda: F.cross_entropy(model(x), y), accuracy)


# faults

DEAD_SHARES = (0.25, 0.5)


def dead_by_bias(seed: int, planted: bool) -> Training:
    """A share of the units of the second layer gets a bias that nothing outweighs."""
    torch.manual_seed(seed)
    model = mlp(nn.ReLU)
    if planted:
        many = int(DEAD_SHARES[seed % len(DEAD_SHARES)] * WIDTH)
        with torch.no_grad():
            model[2].bias[torch.randperm(WIDTH)[:many]] = -100.0
    return classified(model, seed)


def rate_too_high(seed: int, planted: bool) -> Training:
    torch.manual_seed(seed)
    return classified(mlp(nn.ReLU), seed, lr=3e-3 * (30 if planted else 1))


def eight_sigmoids(seed: int, planted: bool) -> Training:
    """As torch draws the layers; the twin has tanh, drawn by its gain."""
    torch.manual_seed(seed)
    if not planted:
        return classified(mlp(nn.Tanh, 8, ogive.gain("tanh")), seed)
    model = mlp(nn.Sigmoid, 8)
    for layer in model[::2]:
        layer.reset_parameters()
    return classified(model, seed)


def input_not_normalised(seed: int, planted: bool) -> Training:
    torch.manual_seed(seed)
    change = (lambda x: 100 + 25 * x) if planted else (lambda x: x)
    return classified(mlp(nn.Tanh, 3, ogive.gain("tanh")), seed, change=change)


def weights_four_times(seed: int, planted: bool) -> Training:
    torch.manual_seed(seed)
    return classified(mlp(nn.Tanh, 6, ogive.gain("tanh") * (4 if planted else 1)), seed)


def weights_a_quarter(seed: int, planted: bool) -> Training:
    """At a low rate: Adam, which takes no notice of a gradient's size, would soon mend it."""
    torch.manual_seed(seed)
    return classified(mlp(nn.ReLU, 6, math.sqrt(2) / (4 if planted else 1)), seed, lr=1e-4)


class Sequences(nn.Module):
    """An LSTM over rows cut into steps of four, and a layer on its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 16, batch_first=True)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x.view(len(x), -1, 4))[0][:, -1])


def saturating_gates(seed: int, planted: bool) -> Training:
    torch.manual_seed(seed)
    model = Sequences()
    if planted:
        with torch.no_grad():
            model.lstm.weight_ih_l0 *= 60
    return classified(model, seed)


class Attention(nn.Module):
    """One head over five tokens, with a softmax that can be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.queries, self.keys, self.values = (nn.Linear(4, 16) for _ in range(3))
        self.softmax = nn.Softmax(-1)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.view(len(x), -1, 4)
        logits = self.queries(tokens) @ self.keys(tokens).mT / 4
        return self.head((self.softmax(logits) @ self.values(tokens)).mean(1))


def exploding_logits(seed: int, planted: bool) -> Training:
    torch.manual_seed(seed)
    model = Attention()
    if planted:
        with torch.no_grad():
            for layer in (model.queries, model.keys):
                layer.weight *= 40
    return classified(model, seed)


def float16_underflow(seed: int, planted: bool) -> Training:
    """Means over many numbers in float16: without a scale of the loss their gradients are 0."""
    torch.manual_seed(seed)
    model = mlp(nn.GELU).to(torch.float16 if planted else torch.float32)
    x, _ = data(seed)
    x = x.to(next(model.parameters()).dtype)
    optimizer = torch.optim.SGD(model.parameters(), 1e-2)
    scale = 1e-6 if planted else 1.0
    return Training(model, optimizer, lambda: model(x).float().square().mean() * scale)


def slope_gone(seed: int, planted: bool) -> Training:
    """The learned slope of a PReLU, drawn to 0 by a penalty."""
    torch.manual_seed(seed)
    training = classified(mlp(nn.PReLU), seed)
    if planted:
        slopes = [m.weight for m in training.model if isinstance(m, nn.PReLU)]
        with torch.no_grad():
            slopes[1].zero_()
        slopes[1].requires_grad_(True)
        slopes[1].register_hook(torch.zeros_like)
    return training


FAULTS: dict[str, Fault] = {
    "dead by bias": Fault(dead_by_bias, frozenset({"dead"}), frozenset({"initialisation"}), "3"),
    "learning rate": Fault(
        rate_too_high,
        frozenset({"dead", "exploding", "drift", "overflow", "saturated_left", "off_centre"}),
        frozenset({"learning_rate"}),
    ),
    "eight sigmoids": Fault(
        eight_sigmoids, frozenset({"vanishing"}), frozenset({"depth", "function"})
    ),
    "input": Fault(
        input_not_normalised,
        frozenset({"off_centre", "saturated_left", "saturated_right"}),
        frozenset({"data"}),
    ),
    "gain x 4": Fault(
        weights_four_times,
        frozenset({"saturated_left", "saturated_right", "exploding"}),
        frozenset({"initialisation"}),
    ),
    "gain / 4": Fault(
        weights_a_quarter, frozenset({"vanishing"}), frozenset({"initialisation"}), steps=20
    ),
    "LSTM gates": Fault(
        saturating_gates,
        frozenset({"saturated_left", "saturated_right"}),
        frozenset({"initialisation"}),
        "lstm",
    ),
    "softmax logits": Fault(
        exploding_logits, frozenset({"collapsed"}), frozenset({"initialisation"}), "softmax"
    ),
    "float16": Fault(float16_underflow, frozenset({"underflow"}), frozenset({"precision"})),
    "learned slope": Fault(
        slope_gone,
        frozenset({"frozen_parameter"}),
        frozenset({"function", "learning_rate", "initialisation", "unknown"}),
        "3",
    ),
}


# healthy trainings that other monitors take for sick ones


def quiet(name: str) -> Callable[[int], Training]:
    """An activation whose negative side is quiet, and biases that favour that side."""

    def make(seed: int) -> Training:
        torch.manual_seed(seed)
        model = mlp(lambda: ogive.get(name).module(), 3, ogive.gain(name))
        with torch.no_grad():
            for layer in model[:-1:2]:
                layer.bias -= 1.0
        return classified(model, seed)

    return make


class SquaredRelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x).square()


def squared_relu(seed: int) -> Training:
    torch.manual_seed(seed)
    return classified(mlp(SquaredRelu, 2, 1.0), seed)


def half_sparse(seed: int) -> Training:
    torch.manual_seed(seed)
    return classified(mlp(nn.ReLU), seed)


class Gated(nn.Module):
    """Hard gates that a row's first feature opens or closes, as it is meant to be."""

    def __init__(self) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(FEATURES, WIDTH), nn.Linear(FEATURES, WIDTH)
        self.act, self.head = nn.Hardsigmoid(), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.value(x) * self.act(self.gate(x)))


def hard_gates(seed: int) -> Training:
    torch.manual_seed(seed)
    model = Gated()
    with torch.no_grad():
        model.gate.weight[:, 0] += 12.0
    return classified(model, seed)


def converged(seed: int) -> Training:
    """So long after its end that the gradients are tiny everywhere."""
    training = half_sparse(seed)
    for _ in range(400):
        training.step()
    return training


def dropout(seed: int) -> Training:
    torch.manual_seed(seed)
    return classified(mlp(lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.5))), seed)


class Experts(nn.Module):
    """Four experts, of which a router takes one for each row; in small batches some get none."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(FEATURES, 4)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(FEATURES, 16), nn.GELU(), nn.Linear(16, CLASSES))
            for _ in range(4)
        )

    def forward(self, x: Tensor) -> Tensor:
        chosen = self.router(x).argmax(1)
        output = x.new_zeros(len(x), CLASSES)
        for number, expert in enumerate(self.experts):
            rows = chosen == number
            output[rows] = expert(x[rows])
        return output


def experts(seed: int) -> Training:
    torch.manual_seed(seed)
    model = Experts()
    x, y = data(seed)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    batches = iter(range(10**9))

    def loss() -> Tensor:
        start = 4 * next(batches) % ROWS
        return F.cross_entropy(model(x[start : start + 4]), y[start : start + 4])

    return Training(model, optimizer, loss)


HEALTHY: dict[str, Callable[[int], Training]] = {
    "gelu": quiet("gelu"),
    "silu": quiet("silu"),
    "mish": quiet("mish"),
    "leaky_relu": quiet("leaky_relu"),
    "relu at 50 %": half_sparse,
    "squared relu": squared_relu,
    "hard gates": hard_gates,
    "converged": converged,
    "dropout": dropout,
    "experts": experts,
}


# remedies


def nearly_all_dead(seed: int, planted: bool) -> Training:
    """So many units dead that what is left learns little."""
    torch.manual_seed(seed)
    model = mlp(nn.ReLU)
    if planted:
        with torch.no_grad():
            model[2].bias[torch.randperm(WIDTH)[: WIDTH - 3]] = -100.0
    return classified(model, seed)


@dataclass(frozen=True)
class Course:
    """A training with a fault whose remedies are carried out after some steps.

    Attributes:
        make: as of a fault.
        before, after: the steps until then, and from then on.
    """

    make: Callable[[int, bool], Training]
    before: int = 30
    after: int = 100


REMEDIED: dict[str, Course] = {
    "nearly all dead": Course(nearly_all_dead),
    "learning rate": Course(rate_too_high, before=60),
    "eight sigmoids": Course(eight_sigmoids),
    "input": Course(input_not_normalised),
    "gain x 4": Course(weights_four_times),
}


def outcomes(name: str, seed: int) -> tuple[float, float]:
    """The accuracy of a training with a fault that is left alone, and of one that is remedied."""
    return _outcome(REMEDIED[name], seed, False), _outcome(REMEDIED[name], seed, True)


def _outcome(course: Course, seed: int, apply: bool) -> float:
    training = course.make(seed, True)
    with Monitor(training.model, optimizer=training.optimizer, every=5) as watch:
        for _ in range(course.before):
            training.step()
        if apply:
            watch.advise(apply=True)
        for _ in range(course.after):
            training.step()
    return training.accuracy()
