"""``ogive.Monitor``: what happens at a model's activations while it trains.

A step ends when the optimizer has made one, whichever optimizer it is that holds the model's
parameters; where none ever does, when the model is called again. A step that is not measured finds
the model untouched.
"""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from ogive.catalogue import Parameter
from ogive.errors import MonitorWarning
from ogive.monitor import ranks
from ogive.monitor.diagnosis import diagnose
from ogive.monitor.expected import expected_at
from ogive.monitor.finding import HealthFinding
from ogive.monitor.followup import FollowUp, carry_out, distinct
from ogive.monitor.health import HealthReport, PlaceHealth
from ogive.monitor.history import History
from ogive.monitor.live_view import LiveView
from ogive.monitor.loggers import Loggers
from ogive.monitor.observer import INPUT, Observer, elsewhere
from ogive.monitor.records import ActivationRecord, WatchRecord, install, uninstall
from ogive.monitor.sampling import MOST_LOOKED_AT
from ogive.monitor.snapshots import everything
from ogive.monitor.symptoms import Course, LearnedValues, learned_values
from ogive.monitor.tallies import SIXTEEN_BITS, Tally
from ogive.monitor.thresholds import USUAL, Thresholds
from ogive.monitor.watching import unwrapped, watch_records
from ogive.monitor.windows import PlaceWindow, place_statistics, unit_statistics, window_of
from ogive.nn.places import check_module
from ogive.ops import check_truth, whole

#: Who watches a model.
_WATCHED: weakref.WeakKeyDictionary[nn.Module, Monitor] = weakref.WeakKeyDictionary()


class Monitor:
    """Watches a model's activations while it trains.

    What a model computes does not change by a bit. Watched are activations that are modules of
    torch, timm, transformers or ogive, gated units by their gate, the gates of recurrent modules,
    softmax, also the one inside of attention, and functions that the model's code calls.

    A place is the module's name in ``named_modules()``; ``name#2`` its second use in one forward;
    ``name.gate`` the gate of a block; ``function@caller`` a function that a module's code calls.
    Names are the same when the model is compiled or accelerated.

    Args:
        model: any module; what ``torch.compile`` wraps is watched inside.
        optimizer: that of the training; its ``step`` ends a step, and remedies care for its state.
        every: one step in so many is measured, from the first on.
        window: measured steps that findings look back on.
        thresholds: from where on something is a finding.
        loggers: objects with ``log`` or ``add_scalar``, and short names, see ``Loggers``.
        live: whether the places are drawn in the terminal while training goes on.
        sample: of a tensor with more numbers so many are looked at, and 64 of each unit at least; a
            share p that n numbers of a unit say has the standard error sqrt(p (1 - p) / n).

    Attributes:
        history: see ``History``.
        step: the number of steps that have ended.

    Raises:
        OgiveError: for what is no model, and numbers below 1.

    Example:
        >>> import torch, ogive
        >>> model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        ...     for _ in range(3):
        ...         model(torch.randn(32, 8)).square().mean().backward()
        ...         optimizer.step()
        >>> watch.report().places["1"].entry
        'relu'
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Any = None,
        every: int = 10,
        window: int = 10,
        thresholds: Thresholds = USUAL,
        loggers: Sequence[object] = (),
        live: bool = False,
        sample: int = MOST_LOOKED_AT,
    ) -> None:
        check_module(model)
        self.model, self.optimizer = unwrapped(model), optimizer
        self.every, self.window = whole("every", every, 1), whole("window", window, 1)
        self.thresholds, self.sample = thresholds, whole("sample", sample, 1)
        self.history = History()
        self.step = 0
        self.windows: dict[str, PlaceWindow] = {}
        self.measured: list[int] = []
        self._observer: Observer | None = None
        self._records: list[WatchRecord] = []
        self._modules: list[tuple[int, type]] = []
        check_truth("live", live)
        self._loggers = Loggers(loggers, *([LiveView()] if live else []))
        self._stepper: weakref.ref[Any] | None = None
        self._handle: Any = None
        self._attached = False
        #: for which kind of step the records were installed last
        self._ready: tuple[bool, bool] | None = None
        self.attach()

    # --- coming and going ---------------------------------------------------------------------

    def attach(self) -> Self:
        """Begins to watch; what is attached already stays so."""
        if self._attached:
            return self
        if (other := _WATCHED.get(self.model)) is not None and other is not self:
            _warn(
                "the model was watched by another monitor, which is detached now; detach() the "
                "old one, or use `with ogive.Monitor(...)`, before a new one is made"
            )
            other.detach()
        _WATCHED[self.model] = self
        if self._observer is None:
            self._observer = Observer(self.model, self.thresholds, self.sample, self._begins)
            self._rebuild()
        self._attached = True
        self._handle = _on_step(self)
        self._look()
        return self

    def detach(self) -> None:
        """Ends watching: nothing of it is left in the model. What was measured stays."""
        if not self._attached:
            return
        self._attached = False
        self._flush()
        self._handle.remove()
        self._withdraw()
        if _WATCHED.get(self.model) is self:
            del _WATCHED[self.model]
        self._loggers.close()

    def __enter__(self) -> Self:
        return self.attach()

    def __exit__(self, *error: object) -> None:
        self.detach()

    # --- steps --------------------------------------------------------------------------------

    @property
    def _measuring(self) -> bool:
        return self.step % self.every == 0

    def _look(self) -> None:
        """Makes the model ready for the step that begins."""
        if not self._attached:
            return
        assert self._observer is not None
        if self._measuring and self._modules != _modules_of(self.model):
            self._rebuild()
        ready = self._measuring, self._stepper is None
        if ready == self._ready:
            return
        for record in self._records:
            if self._measuring or (not record.place and self._stepper is None):
                install(record)
            else:
                uninstall(record)
        self._ready = ready

    def _begins(self) -> bool:
        """A forward begins, in training; whether it is measured."""
        assert self._observer is not None
        if self._stepper is None and self.optimizer is None and self._observer.forwards:
            self.end_step()
        self._observer.forwards += 1
        return self._measuring

    def stepped(self, optimizer: Any) -> None:
        """An optimizer has made a step."""
        if self._stepper is None and self._holds(optimizer):
            self._stepper = weakref.ref(optimizer)
        if self._stepper is not None and self._stepper() is optimizer:
            self.end_step()

    def _holds(self, optimizer: Any) -> bool:
        """Whether an optimizer is that of the model."""
        whose = self.optimizer
        own = (
            {id(p) for p in self.model.parameters()}
            if whose is None
            else {id(p) for group in whose.param_groups for p in group["params"]}
        )
        return any(id(p) in own for group in optimizer.param_groups for p in group["params"])

    def end_step(self) -> None:
        """Ends a step, where no optimizer of torch's says that it has ended."""
        if not self._attached:
            return
        self._flush(everywhere=True)
        self.step += 1
        assert self._observer is not None
        self._observer.forwards = 0
        self._look()

    def _flush(self, everywhere: bool = False) -> None:
        """Takes what the open step has measured."""
        observer = self._observer
        if observer is None or not self._measuring:
            return
        if not everywhere and (ranks.together() or not observer.tallies):
            return
        taken = observer.take()
        if taken or ranks.together():
            self._add(taken)

    def _add(self, taken: dict[str, Tally]) -> None:
        arrays = ranks.fetched(taken, self.thresholds.entropy)
        if self.measured[-1:] != [self.step]:
            self.measured.append(self.step)
        half = max(1, math.ceil(self.window / 2))
        for name, (sums, gradients, values, entry) in arrays.items():
            tally = taken.get(name)
            window = self.windows.get(name)
            if window is None:
                met = tally or elsewhere(name, entry, self.thresholds)
                window = self.windows[name] = window_of(met, met.units or sums.shape[1])
            window.add(sums, gradients, half)
            window.values = values
            if tally is not None:
                window.one_in = max(window.one_in, tally.one_in)
                window.note, window.temperature = tally.place.note, tally.temperature
                window.sixteen = tally.dtype in SIXTEEN_BITS
                window.largest = torch.finfo(tally.dtype).max
            self.history.add(self.step, name, place_statistics(window, sums, gradients, 1))
        if len(self._loggers):
            self._loggers.write(self._report().to_dict())

    # --- answers ------------------------------------------------------------------------------

    def report(self) -> HealthReport:
        """What was measured in the last window, and what follows from it."""
        if self._attached:
            self._flush()
        return self._report()

    def _report(self) -> HealthReport:
        places = {n: _health(w) for n, w in self.windows.items() if n != INPUT and w.halves}
        shown = {n: self.windows[n] for n in places}
        return HealthReport(
            step=self.measured[-1] if self.measured else -1,
            places=places,
            findings=diagnose(self._course(), self._parameters()),
            history=self.history,
            units={n: unit_statistics(w) for n, w in shown.items()},
            values={
                n: w.values.reshape(-1).to("cpu", torch.float64).numpy()
                for n, w in shown.items()
                if w.values is not None
            },
            notes=tuple(self._notes(places)),
        )

    @property
    def findings(self) -> tuple[HealthFinding, ...]:
        """What is wrong, the most serious first."""
        return self.report().findings

    def _course(self) -> Course:
        """All that was measured, for the diagnosis."""
        learned = {
            (record.place, p.name): LearnedValues(
                learned_values(record.module, attribute), p.defaults[0], p.domain.low, p.domain.high
            )
            for record, p, attribute in self._learned()
        }
        return Course(self.windows, self.history, self.thresholds, self.window, learned)

    def _learned(self) -> Iterator[tuple[ActivationRecord, Parameter, str]]:
        """The learned parameters of activations, and under what name modules have them."""
        for record in self._records:
            if isinstance(record, ActivationRecord):
                attributes = dict(record.learned)
                for p in record.spec.parameters:
                    if p.name in attributes and not isinstance(p.default, tuple):
                        yield record, p, attributes[p.name]

    def _parameters(self) -> dict[tuple[str, str], str]:
        """The learned parameters' names in the model."""
        return {(r.place, p.name): f"{r.place}.{a}".lstrip(".") for r, p, a in self._learned()}

    def advise(self, apply: bool = False) -> FollowUp:
        """The remedies of the findings, each once.

        Args:
            apply: whether those that need no change of the code are carried out now; the next
                windows are measured and say whether each has helped.

        Example:
            >>> import torch, ogive
            >>> model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
            >>> _ = model[0].bias.data[:8].fill_(-100.0)  # half of the units are dead
            >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            >>> with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
            ...     def train():
            ...         for _ in range(5):
            ...             model(torch.randn(64, 8)).square().mean().backward()
            ...             optimizer.step()
            ...     train()
            ...     advised = watch.advise(apply=True)
            ...     train()
            ...     print(advised.helped(advised.treatments[0]))
            True
        """
        check_truth("apply", apply)
        findings = self.report().findings
        treatments = distinct(findings)
        if not apply:
            return FollowUp(treatments, self.step, self)
        self._withdraw()
        before = everything(self.model, self.optimizer)
        carry_out(treatments, lambda remedy: remedy.apply(self.model, self.optimizer))
        self.refresh()
        return FollowUp(treatments, self.step, self, before)

    def refresh(self) -> None:
        """Looks at the model anew, whose modules or numbers were changed from outside: what was
        measured before is no longer compared with."""
        for window in self.windows.values():
            window.restart()
        self._rebuild()
        self._look()

    def _rebuild(self) -> None:
        """Records for the modules that there are now."""
        self._withdraw()
        assert self._observer is not None
        self._observer.restart()
        self._records = list(watch_records(self.model, self._observer))
        self._modules = _modules_of(self.model)

    def _withdraw(self) -> None:
        """Leaves nothing in the model."""
        for record in self._records:
            uninstall(record)
        self._ready = None

    def _notes(self, places: Mapping[str, PlaceHealth]) -> Iterable[str]:
        if not places:
            yield (
                "no activation was met: the model has none that is known, or was not called in "
                "training mode with gradients since it is watched"
            )
        for name, window in self.windows.items():
            if name in places and window.note:
                yield f"{name}: {window.note}"
            if name in places and window.one_in > 1:
                yield f"{name}: one number in {window.one_in:.3g} was looked at"
        if self._observer is not None:
            yield from (f"{n}: {why}" for n, why in self._observer.notes.items())


def _health(window: PlaceWindow) -> PlaceHealth:
    statistics = place_statistics(window)
    judge, count = window.judge, window.sums[0].max() if window.sums.size else 0
    found = {n: v for n, v in statistics.items() if n in PlaceHealth.__dataclass_fields__}
    if judge is not None:
        mean, std = statistics["mean_z"], statistics["std_z"]
        predicted = expected_at(judge.field, mean or 0.0, std or 0.0)
        if math.isfinite(predicted.gain):
            found |= {"gain_expected": predicted.gain, "chi_expected": predicted.chi}
    return PlaceHealth(window.entry, window.units, int(count), **found)


def _modules_of(model: nn.Module) -> list[tuple[int, type]]:
    """By which it is told that modules were exchanged."""
    found = [model]
    for module in found:  # it grows meanwhile
        found.extend(module.children())
    return [(id(module), type(module)) for module in found]


def _warn(message: str) -> None:
    warnings.warn(message, MonitorWarning, stacklevel=3)


def _on_step(monitor: Monitor) -> Any:
    """Has a monitor told of every optimizer's steps, as long as it lives."""
    told = weakref.ref(monitor)

    def stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
        if (living := told()) is not None:
            living.stepped(optimizer)

    return register_optimizer_step_post_hook(stepped)
