"""Where studies are kept, and how their reports are found again.

``<out>/<task>/runs.jsonl`` is the journal of all studies of a task;
``<out>/<task>/<model and sweep>-<id>/`` has the report of one of them, the id being a hash of all
that it asked: no study writes over another's report. ``study.json`` there says what was asked and
which runs answer it, so that the report can be made again without the data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ogive.errors import nearest
from ogive.nn.named import NamedActivation
from ogive.study.data.tasks import Split, Task
from ogive.study.errors import StudyError
from ogive.study.networks.network import Run
from ogive.study.question import Question
from ogive.study.results import Study, Tuned
from ogive.study.running.journal import Journal
from ogive.study.running.runs import Done
from ogive.study.settings import Defaults, Settings
from ogive.study.sweeps import Sweep

JOURNAL, ASKED, POINTS = "runs.jsonl", "study.json", "points.npz"
_PARTS = ("train_x", "train_y", "test_x", "test_y")


@dataclass(frozen=True)
class KeptStudy:
    """A study in a folder.

    Attributes:
        folder: that of its report.
        asked: what ``study.json`` says.
    """

    folder: Path
    asked: dict[str, Any]

    @property
    def id(self) -> str:
        """By which it is called."""
        return self.folder.name.rpartition("-")[2]

    @property
    def finished(self) -> bool:
        """Whether it has been carried out to the end."""
        return self.asked["finished"] is not None


def study_folder(out: Path, question: Question, split: Split) -> Path:
    """The folder of a study's report; ``split`` is that of seed 0."""
    model = question.settings.model.rpartition(":")[2]
    what = model if question.sweep is None else f"{model}-{question.sweep.name}"
    return out / question.task.name / f"{what}-{question.digest(split)}"


def keep_question(folder: Path, question: Question, split: Split) -> None:
    """Write what is asked, before it is answered; ``split`` is that of seed 0."""
    folder.mkdir(parents=True, exist_ok=True)
    task = question.task
    if task.planar:  # boundaries are drawn with the points
        np.savez_compressed(
            folder / POINTS, **{name: getattr(split, name).numpy() for name in _PARTS}
        )
    _write(
        folder,
        {
            "task": _task_data(task),
            "activations": [activation.label for activation in question.activations],
            "settings": asdict(question.settings),
            "sweep": asdict(question.sweep) if question.sweep else None,
            "seeds": question.seeds,
            "started": _now(),
            "finished": None,
        },
    )


def keep_answer(study: Study) -> None:
    """Write which runs answer it."""
    asked = _read(study.folder / ASKED) or {}
    answers = [
        {"key": d.key, "activation": d.run.activation.label, "seed": d.run.seed}
        | {"value": d.run.value, "lr": d.run.settings.lr}
        for d in study.runs
    ]
    tuning = {name: {"lr": tuned.lr, "curve": tuned.curve} for name, tuned in study.tuning.items()}
    told = {"seeds": study.seeds, "looks": study.looks, "tuning": tuning, "runs": answers}
    _write(study.folder, {**asked, **told, "finished": _now()})


def _task_data(task: Task) -> dict[str, Any]:
    own = [part.name for part in fields(task) if part.name not in ("load", "defaults")]
    data = {name: getattr(task, name) for name in own}
    return {**data, "defaults": asdict(task.defaults), "overlap": task.overlap}


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _write(folder: Path, asked: dict[str, Any]) -> None:
    draft = folder / f"{ASKED}.part"
    draft.write_text(json.dumps(asked, indent=1), encoding="utf-8")
    os.replace(draft, folder / ASKED)


def _read(path: Path) -> dict[str, Any] | None:
    """What the file says; None where it is no record of a study."""
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
        known = all(name in asked for name in ("task", "activations", "settings", "finished"))
        return asked if known and isinstance(asked, dict) else None
    except (OSError, ValueError, TypeError):
        return None


def kept_studies(out: Path) -> Iterator[KeptStudy]:
    """The studies whose results are in ``out``, the latest first."""
    files = sorted(out.glob(f"*/*/{ASKED}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files:
        if (asked := _read(path)) is not None:
            yield KeptStudy(path.parent, asked)


def find_kept(out: Path, id: str) -> KeptStudy:
    """The study of this id, or of the only one that begins so.

    Raises:
        StudyError: if there is none, or several.
    """
    studies = list(kept_studies(out))
    found = [kept for kept in studies if id and kept.id.startswith(id)]
    if len(found) == 1:
        return found[0]
    ids = [kept.id for kept in studies]
    if found:
        raise StudyError(f"several studies begin with {id!r}: {', '.join(k.id for k in found)}")
    listed = f"there are {', '.join(ids[:10])}" if ids else "there are none"
    raise StudyError(f"no study {id!r} in {str(out)!r}; {listed}{nearest(id, ids)}")


def kept_study(kept: KeptStudy) -> Study:
    """The study, from what was kept of it.

    Raises:
        StudyError: if it was not finished, or runs of it are no longer in the journal.
    """
    asked = kept.asked
    if not kept.finished:
        raise StudyError(
            f"the study {kept.id} was not finished; give its command again, which goes on from "
            f"what is done: task {asked['task']['name']}, {', '.join(asked['activations'])}"
        )
    journal = Journal(kept.folder.parent / JOURNAL)
    sweep = asked["sweep"]
    return Study(
        name=f"{asked['task']['name']}-{kept.folder.name}",
        task=_kept_task(kept),
        settings=_settings(asked["settings"]),
        activations=asked["activations"],
        seeds=asked["seeds"],
        sweep=Sweep(sweep["name"], tuple(sweep["values"])) if sweep else None,
        runs=[_done(kept, journal, answer) for answer in asked["runs"]],
        damaged=journal.damaged,
        folder=kept.folder,
        tuning={
            name: Tuned(tuned["lr"], tuple((rate, score) for rate, score in tuned["curve"]))
            for name, tuned in asked["tuning"].items()
        },
        looks=asked["looks"],
    )


def _settings(stored: dict[str, Any]) -> Settings:
    return Settings(**{**stored, "hidden": tuple(stored["hidden"])})


def _kept_task(kept: KeptStudy) -> Task:
    stored = dict(kept.asked["task"])
    overlap, defaults = stored.pop("overlap"), stored.pop("defaults")
    stored["notes"] = tuple(stored["notes"])

    def load(seed: int) -> Split:
        points = np.load(kept.folder / POINTS)
        train_x, train_y, test_x, test_y = (torch.from_numpy(points[name]) for name in _PARTS)
        return Split(train_x, train_y, test_x, test_y)

    settings = Defaults(**{**defaults, "hidden": tuple(defaults["hidden"])})
    task = Task(**stored, load=load, defaults=settings)
    vars(task)["overlap"] = overlap  # known, while the data may be gone
    return task


def _done(kept: KeptStudy, journal: Journal, answer: dict[str, Any]) -> Done:
    result = journal.find(answer["key"])
    if result is None:
        raise StudyError(
            f"a run of the study {kept.id} is no longer in {str(journal.path)!r}; give the "
            f"command of the study again, which does what is missing"
        )
    named = NamedActivation(answer["activation"], "", None)
    settings = replace(_settings(kept.asked["settings"]), lr=answer["lr"])
    run = Run(named, answer["seed"], settings, answer["value"])
    return Done(run, result, reused=True, key=answer["key"])
