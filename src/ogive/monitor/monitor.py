"""``ogive.Monitor``: what happens at a model's activations while it trains.

A step ends when the optimizer has made one, whichever optimizer it is that holds the model's
parameters; where none ever does, when the model is called again. A step that is not measured finds
the model untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from torch import nn

from ogive.errors import OgiveError, briefly
from ogive.monitor import ranks
from ogive.monitor.attachment import as_made, keep, let_go
from ogive.monitor.course_windows import CourseWindows
from ogive.monitor.finding import HealthFinding
from ogive.monitor.followup import FollowUp, carry_out, distinct
from ogive.monitor.health import HealthReport
from ogive.monitor.history import History
from ogive.monitor.live_view import LiveView
from ogive.monitor.loggers import Loggers
from ogive.monitor.observer import Observer
from ogive.monitor.records import WatchRecord
from ogive.monitor.reporting import learned_of, report_of
from ogive.monitor.sampling import MOST_LOOKED_AT
from ogive.monitor.snapshots import everything
from ogive.monitor.stepping import OptimizerSteps
from ogive.monitor.tallies import Tally
from ogive.monitor.thresholds import USUAL, Thresholds
from ogive.monitor.watched_forward import clear_copy, install, uninstall
from ogive.monitor.watching import check_not_copied, unwrapped, watch_records
from ogive.monitor.windows import PlaceWindow
from ogive.nn.places import check_module
from ogive.ops import check_truth, whole


class Monitor:
    """Watches a model's activations while it trains.

    What a model computes does not change by a bit. Watched are activations that are modules of
    torch, timm, transformers or ogive, gated units by their gate, the gates of recurrent modules,
    softmax, also the one inside of attention, and functions that the model's code calls.

    A place is the module's name in ``named_modules()``; ``name#2`` its second use in one forward;
    ``name.gate`` the gate of a block; ``function@caller`` a function that a module's code calls.
    Names are the same when the model is compiled or accelerated.

    What is measured in evaluation mode (``model.eval()``) stands apart, in ``report().evaluation``;
    a forward in training mode without gradients is neither.

    Args:
        model: any module; what ``torch.compile`` wraps is watched inside.
        optimizer: that of the training; its ``step`` ends a step, and remedies care for its state.
        every: one step in so many is measured, from the first on, and of an evaluation one batch
            in so many.
        window: measured steps that findings look back on.
        thresholds: from where on something is a finding.
        loggers: objects with ``log`` or ``add_scalar``, and short names, see ``Loggers``.
        live: whether the places are drawn in the terminal while training goes on.
        sample: of a tensor with more numbers so many are looked at, and 32 of each unit at least; a
            share p that n numbers of a unit say has the standard error sqrt(p (1 - p) / n).

    Attributes:
        step: the number of steps that have ended.

    Raises:
        OgiveError: for what is no model, one in DataParallel on several devices, what is no
            optimizer and no ``Thresholds``, and numbers below 1.

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
        check_not_copied(model)
        _check_optimizer(optimizer)
        self.model, self.optimizer = unwrapped(model), optimizer
        self.every, self.window = whole("every", every, 1), whole("window", window, 1)
        self.thresholds, self.sample = _checked(thresholds), whole("sample", sample, 1)
        self.step = 0
        self._windows = CourseWindows(thresholds, self.window)
        self._observer: Observer | None = None
        self._records: list[WatchRecord] = []
        self._modules: list[tuple[int, type]] = []
        check_truth("live", live)
        self._loggers = Loggers(loggers, *([LiveView()] if live else []))
        self._steps = OptimizerSteps(self.model, optimizer, self.end_step)
        self._attached = False
        self._training, self._passes = True, 0
        self._open_step: dict[str, Tally] = {}
        self._forwards = 0
        #: for which kind of step the records were installed last
        self._ready: tuple[bool, bool] | None = None
        self.attach()

    @property
    def history(self) -> History:
        """How the training went."""
        return self._windows.history

    @property
    def windows(self) -> dict[str, PlaceWindow]:
        """What was measured in training, by place."""
        return self._windows.training

    @property
    def measured(self) -> list[int]:
        """The measured steps."""
        return self._windows.steps

    # --- coming and going ---------------------------------------------------------------------

    def attach(self) -> Self:
        """Begins to watch; what is attached already stays so."""
        if self._attached:
            return self
        keep(self)
        if self._observer is None:
            self._observer = Observer(self.model, self.thresholds, self.sample, self._begins)
            self._rebuild()
        self._attached = True
        self._steps.listen()
        self._look()
        self.turned()
        return self

    def detach(self) -> None:
        """Ends watching: nothing of it is left in the model. What was measured stays."""
        if not self._attached:
            return
        self._flush()
        if not self._training:
            self._log_evaluation()
        self.pause()
        self._attached = False
        self._steps.stop()
        self._loggers.close()

    def pause(self) -> None:
        """Nothing of it is left in the model until ``resume``."""
        self._withdraw()
        let_go(self)

    def resume(self) -> None:
        """Watches again after a pause."""
        keep(self)
        self._look()
        self.turned()

    def __enter__(self) -> Self:
        return self.attach()

    def __exit__(self, *error: object) -> None:
        self.detach()

    # --- steps --------------------------------------------------------------------------------

    @property
    def _measuring(self) -> bool:
        return (self.step if self._training else self._passes) % self.every == 0

    def _look(self) -> None:
        """Makes the model ready for the step that begins, or for a pass of an evaluation."""
        if not self._attached:
            return
        assert self._observer is not None
        if self._measuring and self._modules != _modules_of(self.model):
            self._rebuild()
        counted = not (self._steps.seen and self._training)
        if self._ready == (self._measuring, counted):
            return
        for record in self._records:
            if self._measuring or (counted and not record.place):
                install(record)
            else:
                uninstall(record)
        self._ready = self._measuring, counted

    def _begins(self) -> bool:
        """A forward begins; whether it is measured."""
        assert self._observer is not None
        self.turned()
        if not self._training:
            before, self._passes = self._measuring, self._observer.forwards
            if before != self._measuring:
                self._look()
        elif not self._steps.expected and self._observer.forwards:
            self.end_step()
        self._observer.forwards += 1
        return self._measuring

    def turned(self) -> None:
        """The model may have turned to training or to evaluation, whose numbers are kept apart."""
        observer, training = self._observer, self.model.training
        if observer is None or not self._attached or self._training == training:
            return
        if training:
            self._windows.add_evaluation(observer.take())
            self._log_evaluation()
            observer.tallies, observer.forwards = self._open_step, self._forwards
        else:
            self._open_step, self._forwards = observer.tallies, observer.forwards
            observer.tallies, observer.forwards = {}, 0
            self._windows.evaluation = {}
        self._passes, self._training, observer.evaluating = 0, training, not training
        self._look()

    def end_step(self) -> None:
        """Ends a step, where no optimizer of torch's says that it has ended."""
        if not self._attached:
            return
        self._flush(everywhere=True)
        self.step += 1
        assert self._observer is not None
        if self._training:
            self._observer.forwards = 0
        self._look()

    def _flush(self, everywhere: bool = False) -> None:
        """Takes what the open step, or evaluation, has measured."""
        observer, together = self._observer, ranks.together()
        if observer is None:
            return
        if not self._training:
            self._windows.add_evaluation(observer.take())
        told = observer.tallies if self._training else self._open_step
        # only where all processes end a step together can their sums be reduced
        if self.step % self.every or not (everywhere if together else told):
            return
        if self._training:
            taken = observer.take()
        else:
            taken, self._open_step = self._open_step, {}
        self._windows.add(self.step, taken)
        self._windows.add_learned(self.step, learned_of(self._records))
        if len(self._loggers):
            self._loggers.write(self._report().to_dict())

    def _log_evaluation(self) -> None:
        """Tells the loggers of the evaluation that has ended."""
        if len(self._loggers) and self._windows.evaluation:
            self._loggers.write_evaluation(self.step, self._report().to_dict()["evaluation"])

    # --- answers ------------------------------------------------------------------------------

    def report(self) -> HealthReport:
        """What was measured in the last window, and what follows from it."""
        if self._attached:
            self._flush()
        return self._report()

    def _report(self) -> HealthReport:
        assert self._observer is not None
        return report_of(self._windows, self.window, self._records, self._observer)

    @property
    def findings(self) -> tuple[HealthFinding, ...]:
        """What is wrong, the most serious first."""
        return self.report().findings

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
        self._windows.restart()
        self._rebuild()
        self._look()

    def _rebuild(self) -> None:
        """Records for the modules that there are now."""
        self._withdraw()
        assert self._observer is not None
        self._observer.restart()
        clear_copy(self.model)
        with as_made(self.model):
            self._records = list(watch_records(self.model, self._observer))
        self._modules = _modules_of(self.model)

    def _withdraw(self) -> None:
        """Leaves no forward of its own in the model."""
        for record in self._records:
            uninstall(record)
        self._ready = None


def _checked(thresholds: object) -> Thresholds:
    if not isinstance(thresholds, Thresholds):
        raise OgiveError(
            f"thresholds= takes ogive.monitor.Thresholds(...), not {briefly(thresholds)}"
        )
    return thresholds


def _check_optimizer(optimizer: Any) -> None:
    if optimizer is not None and not hasattr(optimizer, "param_groups"):
        raise OgiveError(
            f"optimizer= takes an optimizer of torch's, such as torch.optim.Adam(...), not "
            f"{briefly(optimizer)}"
        )


def _modules_of(model: nn.Module) -> list[tuple[int, type]]:
    """By which it is told that modules were exchanged."""
    found = [model]
    for module in found:  # it grows meanwhile; children() would take four times as long
        found.extend(child for child in module._modules.values() if child is not None)
    return [(id(module), type(module)) for module in found]
