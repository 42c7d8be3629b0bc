"""Training steps of models, untouched and accelerated: their bytes and their time.

A step is a forward, the backward of the mean square of the output, and SGD's update.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

import ogive
from ogive.bench.bench import Progress
from ogive.bench.measure import Runner, Spread, interleaved, ratio
from ogive.bench.memory import held, peak
from ogive.bench.models import MODELS, Example, build_model, call_model, checked
from ogive.bench.processor import Machine
from ogive.bench.settings import ModelSettings
from ogive.engine.cpu.threads import limited_to

UNTOUCHED = "untouched"
#: What is saved for backward by an accelerated model.
SAVE_MODES = ("exact", "lean")
#: Small, so that a model that is stepped hundreds of times stays one of ordinary numbers.
RATE = 1e-5


@dataclass(frozen=True)
class Measured:
    """A model in one mode.

    Attributes:
        held: bytes kept for backward, each storage once, parameters left out.
        peak: the most bytes alive at once of those that a step allocates, gradients included.
        seconds: for a step.
        ratio: the untouched model's time over this one's, round by round: above 1 this one is the
            faster one.
        held_share, peak_share: of the untouched model's.
    """

    model: str
    dtype: str
    mode: str
    held: int
    peak: int
    seconds: Spread
    ratio: Spread
    held_share: float
    peak_share: float


@dataclass(frozen=True)
class ModelBench:
    """Finished measurements of models: where, how, and what was found."""

    machine: Machine
    settings: ModelSettings
    results: tuple[Measured, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data: bytes, seconds, ratios with their spread."""
        return asdict(self)


def accelerated(model: nn.Module, mode: str) -> nn.Module:
    """A copy of a model as it is in a mode."""
    twin = copy.deepcopy(model)
    if mode != UNTOUCHED:
        ogive.accelerate(twin, save=mode)
    return twin


def run_models(
    names: Sequence[str] = (),
    settings: ModelSettings | None = None,
    *,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> ModelBench:
    """Measures steps of models, each beside its accelerated copies in one process.

    ``names`` are those of the table in ``ogive.bench.models``; without any, all of it.

    Raises:
        UnknownName: for a model that is not in the table.
        MissingExtra: without timm or transformers, for their models.
    """
    settings = settings or ModelSettings()
    cells = [(checked(n), dtype) for n in names or MODELS for dtype in settings.dtypes]
    results: list[Measured] = []
    with limited_to(settings.threads):
        machine = Machine.here()
        for done, (name, dtype) in enumerate(cells):
            notify(Progress(done, len(cells), f"{name} {dtype}"))
            results += _measured(name, dtype, settings)
    notify(Progress(len(cells), len(cells), "done"))
    return ModelBench(machine, settings, tuple(results))


def _measured(name: str, dtype: str, settings: ModelSettings) -> Iterator[Measured]:
    model, example = build_model(name, settings.scale)
    model, example = model.to(getattr(torch, dtype)), _converted(example, getattr(torch, dtype))
    torch.compiler.reset()  # of each kind of model a process compiles a few only
    steps = {
        m: ModelStep(accelerated(model, m), example, settings.compiled)
        for m in (UNTOUCHED, *SAVE_MODES)
    }
    times = interleaved({m: Runner(step) for m, step in steps.items()}, settings.pace)
    bytes_held = {m: step.held() for m, step in steps.items()}
    peaks = {m: step.peak() for m, step in steps.items()}
    for mode in steps:
        yield Measured(
            name,
            dtype,
            mode,
            bytes_held[mode],
            peaks[mode],
            Spread.of(times[mode]),
            ratio(times, UNTOUCHED, mode) or Spread(1.0, 0.0),
            bytes_held[mode] / bytes_held[UNTOUCHED],
            peaks[mode] / peaks[UNTOUCHED],
        )


def _converted(example: Example, dtype: torch.dtype) -> Example:
    """An image in a dtype; tokens are what they are."""
    return example.to(dtype) if isinstance(example, Tensor) else example


class ModelStep:
    """A training step of a model, to be called again and again."""

    def __init__(self, model: nn.Module, example: Example, compiled: bool = False) -> None:
        self.model, self.example = model, example
        # a graph for every model's own shapes
        called = torch.compile(model, dynamic=False) if compiled else model
        self.forward = partial(call_model, called, example)
        self.optimiser = torch.optim.SGD(model.parameters(), RATE)

    def __call__(self) -> None:
        loss = self.forward().float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.optimiser.zero_grad()

    def held(self) -> int:
        """Bytes that the forward keeps."""
        return held(self.forward, self.model.parameters())

    def peak(self) -> int:
        """The most bytes alive at once."""
        return peak(self)
