"""What a study asks: everything that its answer depends on, checked and by name.

Apart from carrying it out, because it is also what tells one report from another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ogive.nn.named import NamedActivation
from ogive.study.data.tasks import Split, Task
from ogive.study.networks.architectures import Architecture
from ogive.study.networks.network import Run
from ogive.study.results import Tuned
from ogive.study.running.run_keys import function_digest
from ogive.study.running.runs import plan
from ogive.study.running.tuning import TUNING_SEEDS, Rates
from ogive.study.settings import Settings
from ogive.study.statistics.power import look_schedule
from ogive.study.sweeps import Sweep, SweptValue

TunedPlace = tuple[str, SweptValue | None]


@dataclass(frozen=True)
class Question:
    """A study that is to be carried out.

    Attributes:
        settings: of every run, its learning rate apart, and its swept setting.
        rates: what is tried for a learning rate.
        architecture: of a model that was given as a function.
        most: the most seeds, if seeds are added until all is decided.
    """

    task: Task
    activations: list[NamedActivation]
    seeds: int
    settings: Settings
    rates: Rates
    sweep: Sweep | None = None
    architecture: Architecture | None = None
    most: int | None = None

    @property
    def looks(self) -> list[int]:
        """At how many seeds the results are looked at: once, or until all is decided."""
        return [self.seeds] if self.most is None else look_schedule(self.most)

    @property
    def values(self) -> tuple[SweptValue | None, ...]:
        """The swept values; a single None without a sweep."""
        return self.sweep.values if self.sweep else (None,)

    @property
    def expected(self) -> int:
        """How many runs it takes."""
        each = 0 if self.rates.fixed is not None else self.rates.trials * len(TUNING_SEEDS)
        return (each + self.seeds) * len(self.activations) * len(self.values)

    def runs(self, tuned: Mapping[TunedPlace, Tuned]) -> list[Run]:
        """Every run, with the learning rates that were found."""
        runs = plan(
            self.activations, range(self.seeds), self.settings, self.sweep, self.architecture
        )
        return [_at_rate(run, tuned.get((run.activation.label, run.value))) for run in runs]

    def named_tuning(self, tuned: Mapping[TunedPlace, Tuned]) -> dict[str, Tuned]:
        """The tunings by the activation, and by the swept value where there is one."""
        if self.sweep is None:
            return {label: found for (label, _), found in tuned.items()}
        name = self.sweep.name
        return {f"{label} at {name} {value}": found for (label, value), found in tuned.items()}

    def digest(self, split: Split) -> str:
        """A hash of all that its answer depends on; ``split`` is that of seed 0."""
        parts: dict[str, Any] = {
            "task": self.task.name,
            "data": split.digest,
            "activations": [(a.label, function_digest(a)) for a in self.activations],
            "seeds": self.looks,
            "settings": asdict(self.settings),
            "rates": asdict(self.rates),
            "sweep": asdict(self.sweep) if self.sweep else None,
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _at_rate(run: Run, tuned: Tuned | None) -> Run:
    return run if tuned is None else replace(run, settings=replace(run.settings, lr=tuned.lr))
