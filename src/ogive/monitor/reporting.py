"""From what was measured to a report: a row for each place, findings, and what is to be said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch

from ogive.catalogue import Parameter
from ogive.monitor.course import Course, LearnedValues, learned_values
from ogive.monitor.course_windows import CourseWindows, health_of, shown_windows
from ogive.monitor.diagnosis import diagnose
from ogive.monitor.health import HealthReport
from ogive.monitor.observer import Observer
from ogive.monitor.records import ActivationRecord, WatchRecord
from ogive.monitor.windows import PlaceWindow, unit_statistics


def report_of(
    measured: CourseWindows, window: int, records: Sequence[WatchRecord], observer: Observer
) -> HealthReport:
    """The report of what was measured, with windows of so many steps."""
    windows = shown_windows(measured.recent)
    evaluated = shown_windows(measured.evaluation)
    return HealthReport(
        step=measured.steps[-1] if measured.steps else -1,
        places={name: health_of(w) for name, w in windows.items()},
        findings=diagnose(_course(measured, window, records, observer), _parameters(records)),
        history=measured.history,
        evaluation={name: health_of(w) for name, w in evaluated.items()},
        units={name: unit_statistics(w) for name, w in windows.items()},
        values={
            name: w.values.reshape(-1).to("cpu", torch.float64).numpy()
            for name, w in windows.items()
            if w.values is not None
        },
        notes=tuple(_notes(measured, observer)),
    )


def _course(
    measured: CourseWindows, window: int, records: Sequence[WatchRecord], observer: Observer
) -> Course:
    windows = measured.recent
    return Course(
        windows=windows,
        history=measured.history,
        thresholds=measured.thresholds,
        window=window,
        learned=learned_of(records),
        stuck=measured.stuck,
        output=_output(windows, list(observer.parameters.values())),
    )


def learned_of(records: Sequence[WatchRecord]) -> dict[tuple[str, str], LearnedValues]:
    """By place and parameter, what learned parameters are now."""
    return {
        (record.place, p.name): LearnedValues(
            learned_values(record.module, attribute), p.defaults[0], p.domain.low, p.domain.high
        )
        for record, p, attribute in _learned(records)
    }


def _output(windows: Mapping[str, PlaceWindow], parameters: Sequence[str]) -> str | None:
    """The last place, if it is a gate behind the model's last layer."""
    if not windows or not parameters:
        return None
    place, window = list(windows.items())[-1]
    layer = parameters[-1].rpartition(".")[0]
    behind = any(name.rpartition(".")[0] == layer for name in window.weights)
    return place if behind and window.judge is not None and window.judge.gate else None


def _learned(records: Iterable[WatchRecord]) -> Iterator[tuple[ActivationRecord, Parameter, str]]:
    """The learned parameters of activations, and under what name modules have them."""
    for record in records:
        if isinstance(record, ActivationRecord):
            attributes = dict(record.learned)
            for p in record.spec.parameters:
                if p.name in attributes and not isinstance(p.default, tuple):
                    yield record, p, attributes[p.name]


def _parameters(records: Iterable[WatchRecord]) -> dict[tuple[str, str], str]:
    """The learned parameters' names in the model."""
    return {(r.place, p.name): f"{r.place}.{a}".lstrip(".") for r, p, a in _learned(records)}


def _notes(measured: CourseWindows, observer: Observer) -> Iterator[str]:
    places = shown_windows(measured.recent)
    if not places and measured.evaluation:
        yield (
            "the model was called in evaluation mode only: model.train() before a training has it "
            "watched as one"
        )
    elif not places:
        yield (
            "no activation was met: the model has none that is known, or was not called in "
            "training mode with gradients since it is watched; functions that its code calls are "
            "met where their input has a gradient"
        )
    for name, window in places.items():
        if window.note:
            yield f"{name}: {window.note}"
        if window.one_in > 1:
            yield f"{name}: one number in {window.one_in:.3g} was looked at"
    yield from (f"{n}: {why}" for n, why in observer.notes.items())
