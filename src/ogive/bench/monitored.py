"""What a monitor costs: steps of models untouched, watched, and under plain hooks.

A step that is measured and one that only could be are timed apart: with ``every=n`` a step costs a
measured one and n - 1 others over n. All are steps of one model, since copies of it, whose memory
lies elsewhere, differ by more than watching costs; the control is the untouched model once more.
Where noise hides the cost, operators, bytes and Python's time are counted.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from time import perf_counter, thread_time
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ogive.bench.bench import Progress
from ogive.bench.measure import Pace, Runner, Spread, Times, difference, interleaved, ratio
from ogive.bench.models import Scale, build_model, checked
from ogive.bench.plain_hooks import PlainHooks
from ogive.bench.processor import Machine
from ogive.bench.settings import ModelSettings
from ogive.bench.training_steps import UNTOUCHED, ModelStep
from ogive.engine.cpu.threads import limited_to
from ogive.errors import OgiveError
from ogive.monitor import Monitor
from ogive.torch_private import DispatchMode

#: The models that a monitor is measured on: a convolutional one, and two kinds of transformer.
MONITORED_MODELS = ("resnet18", "vit_tiny_patch16_224", "gpt2")
#: At their published sizes: images of 224 pixels, and GPT-2 small, but for its words.
PUBLISHED = Scale(batch=4, pixels=224, tokens=128, width=768, layers=12, heads=12)
#: Measured at the first step and never again.
IDLE = 10**9
CONTROL = "control"
#: One step in so many is measured.
EVERY = (1, 10)
#: Activations of the chain on which Python's time is counted, and its turns.
CHAIN, CHAIN_ROUNDS = 64, 30


@dataclass(frozen=True)
class MonitorCost:
    """A model's step under one watcher, ``monitor`` or ``hooks``, beside the untouched one.

    Attributes:
        every: one step in so many is measured.
        seconds: of a step, in the mean over measured and other ones; with one thread, those that
            the processor worked.
        ratio: that over the untouched one's time, round by round.
        control: the same of untouched steps timed once more, which is noise.
        operators: how many more a measured step runs than an untouched one, views aside.
        bytes_read: how many bytes more its operators are given.
        peak_share: the most bytes alive at once in a measured step over the untouched one's.
    """

    model: str
    watcher: str
    every: int
    seconds: Spread
    ratio: Spread
    control: Spread
    operators: int
    bytes_read: int
    peak_share: float


@dataclass(frozen=True)
class MonitorBench:
    """Finished measurements: where, how, and what was found.

    Attributes:
        python_microseconds: of Python and dispatch for each watched tensor of a measured step, by
            watcher: on a chain of activations of a few numbers each.
        idle_microseconds: the same of a step that is not measured.
    """

    machine: Machine
    settings: ModelSettings
    results: tuple[MonitorCost, ...]
    python_microseconds: dict[str, float]
    idle_microseconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return asdict(self)


def run_monitor_bench(
    names: Sequence[str] = (),
    settings: ModelSettings | None = None,
    *,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> MonitorBench:
    """Measure what watching costs; ``names`` are those of ``MODELS``; without any, three of them.

    Raises:
        UnknownName: for a model that is not in the table.
        MissingExtra: without timm or transformers, for their models.
    """
    settings = settings or ModelSettings(dtypes=("float32",), scale=PUBLISHED)
    chosen = [checked(name) for name in names or MONITORED_MODELS]
    results: list[MonitorCost] = []
    with limited_to(settings.threads):
        machine = Machine.here()
        for done, name in enumerate(chosen):
            notify(Progress(done, len(chosen) + 1, name))
            results += _costs(name, settings)
        notify(Progress(len(chosen), len(chosen) + 1, "Python"))
        python = {w: _python_microseconds(w, 1) for w in WATCHERS}
        idle = {w: _python_microseconds(w, IDLE) for w in WATCHERS}
    notify(Progress(len(chosen) + 1, len(chosen) + 1, "done"))
    return MonitorBench(machine, settings, tuple(results), python, idle)


class StepWatcher(Protocol):
    """What watches a model between these two."""

    def attach(self) -> object: ...

    def detach(self) -> None: ...


def _hooked(step: ModelStep, every: int) -> StepWatcher:
    return PlainHooks(step.model, every)


def _monitored(step: ModelStep, every: int) -> StepWatcher:
    watch = Monitor(step.model, optimizer=step.optimiser, every=every)
    watch.detach()
    return watch


#: What watches the model of a step, one forward in so many.
WATCHERS: dict[str, Callable[[ModelStep, int], StepWatcher]] = {
    "hooks": _hooked,
    "monitor": _monitored,
}


def _costs(name: str, settings: ModelSettings) -> Iterator[MonitorCost]:
    torch.compiler.reset()  # of each kind of model a process compiles a few only
    contest = _Contest(name, settings)
    times = contest.times()
    control = ratio(times, CONTROL, UNTOUCHED) or Spread(1.0, 0.0)
    for watcher in WATCHERS:
        operators, bytes_read = contest.counted(watcher)
        peak_share = contest.peak_share(watcher)
        for every in EVERY:
            seconds = _mixed(times[f"{watcher} 1"], times[f"{watcher} {IDLE}"], every)
            both = {UNTOUCHED: times[UNTOUCHED], watcher: seconds}
            yield MonitorCost(
                model=name,
                watcher=watcher,
                every=every,
                seconds=Spread.of(seconds),
                ratio=ratio(both, watcher, UNTOUCHED) or Spread(1.0, 0.0),
                control=control,
                operators=operators,
                bytes_read=bytes_read,
                peak_share=peak_share,
            )


class _Contest:
    """Steps of a model, untouched and under each watcher, at every step and at none."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.settings = settings
        self.step = ModelStep(*build_model(name, settings.scale), settings.compiled)

    def times(self) -> Times:
        turns = _Turns(self.step)
        watchers: dict[str, StepWatcher | None] = {UNTOUCHED: None, CONTROL: None}
        for watcher, watch in WATCHERS.items():
            watchers |= {f"{watcher} {n}": watch(self.step, n) for n in (1, IDLE)}
        clock = thread_time if self.settings.threads == 1 else perf_counter
        runners = {
            label: Runner(self.step, before=partial(turns.take, watcher), clock=clock)
            for label, watcher in watchers.items()
        }
        found = interleaved(runners, self.settings.pace)
        turns.end()
        return found

    def counted(self, watcher: str) -> tuple[int, int]:
        """Operators and bytes that a measured step has more; not compiled, since in compiled
        programs they are hidden in kernels."""
        eager = ModelStep(self.step.model, self.step.example)
        bare = _counts(eager)
        with _watched(eager, watcher):
            eager()
            operators, bytes_read = _counts(eager)
        return operators - bare[0], bytes_read - bare[1]

    def peak_share(self, watcher: str) -> float:
        bare = self.step.peak()
        with _watched(self.step, watcher):
            self.step()
            return self.step.peak() / bare


@contextmanager
def _watched(step: ModelStep, watcher: str, every: int = 1) -> Iterator[None]:
    """The model of a step is watched in the block."""
    watching = WATCHERS[watcher](step, every)
    watching.attach()
    try:
        yield
    finally:
        watching.detach()


class _Turns:
    """Watchers that take turns at one model. Each step that is timed follows one of its kind, in
    which what is done only once was done."""

    def __init__(self, step: ModelStep) -> None:
        self.step = step
        self._now: StepWatcher | None = None

    def take(self, watcher: StepWatcher | None) -> None:
        """It is the turn of a watcher, or of none."""
        self.end()
        if watcher is not None:
            watcher.attach()
        self._now = watcher
        self.step()

    def end(self) -> None:
        """Nobody watches any more."""
        if self._now is not None:
            self._now.detach()
        self._now = None


def _mixed(measured: Sequence[float], idle: Sequence[float], every: int) -> tuple[float, ...]:
    """The mean seconds of a step, round by round, if one in so many is measured."""
    return tuple((a + (every - 1) * b) / every for a, b in zip(measured, idle, strict=True))


class _Counting(DispatchMode or object):  # type: ignore[misc]
    """Counts the operators that run, and the bytes of the tensors that they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.operators = self.bytes_read = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not func.is_view:
            self.operators += 1
            self.bytes_read += sum(tensor.nbytes for tensor in _tensors((args, kwargs)))
        return func(*args, **(kwargs or {}))


def _tensors(given: Any) -> Iterator[Tensor]:
    """The tensors among arguments, in lists and dictionaries too."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, (list, tuple, dict)):
        for part in given.values() if isinstance(given, dict) else given:
            yield from _tensors(part)


def _counts(step: ModelStep) -> tuple[int, int]:
    """Operators of a step and the bytes that they are given, views aside."""
    if DispatchMode is None:
        raise OgiveError("this release of torch has no modes of its dispatcher to count operators")
    with _Counting() as counting:
        step()
    return counting.operators, counting.bytes_read


def _python_microseconds(watcher: str, every: int) -> float:
    """What a step of a chain of tiny activations takes longer, for each of them."""
    chain = nn.Sequential(*(layer for _ in range(CHAIN) for layer in (nn.Linear(2, 2), nn.ReLU())))
    bare = ModelStep(chain, torch.ones(1, 2))
    watched = ModelStep(copy.deepcopy(chain), torch.ones(1, 2))
    pace = Pace(rounds=CHAIN_ROUNDS, sample=1e-2)
    with _watched(watched, watcher, every):
        times = interleaved({"bare": Runner(bare), "watched": Runner(watched)}, pace)
    longer = difference(times, "watched", "bare")
    return 1e6 * longer.median / CHAIN if longer else 0.0
