"""A claim: what is said, what would count as holding, and the experiment that decides."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TypeVar

from ogive.errors import nearest
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check, Verdict, always
from ogive.study.claims.estimates import Estimate
from ogive.study.errors import StudyError

Option = TypeVar("Option")


@dataclass(frozen=True)
class Effort:
    """How much a claim may spend.

    Attributes:
        level: 0 for a test of seconds, 1 for the ledger, 2 for ``--full``.
        first_seed: where the seeds begin; other seeds are another repetition.
    """

    level: int = 1
    first_seed: int = 0

    def pick(self, quick: Option, ordinary: Option, full: Option) -> Option:
        """One of three, by the level.

        Example:
            >>> Effort(level=2).pick(100, 1_000, 10_000)
            10000
        """
        return (quick, ordinary, full)[self.level]

    def seeds(self, ordinary: int = 10) -> range:
        """The seeds of paired repetitions: 6 in a test, twice as many as usual for ``--full``."""
        count = self.pick(6, ordinary, 2 * ordinary)
        return range(self.first_seed, self.first_seed + count)


@dataclass(frozen=True)
class Finding:
    """What an experiment found.

    Attributes:
        checks: the numbers that decide.
        numbers: others worth knowing, by name.
        charts: what is drawn.
        seeds: how many paired repetitions there were; 0 where nothing is random.
    """

    checks: Sequence[Check]
    numbers: Mapping[str, Estimate] = field(default_factory=dict)
    charts: Sequence[Chart] = ()
    seeds: int = 0


@dataclass(frozen=True)
class Claim:
    """A claim of the ledger.

    Attributes:
        id: C and a number.
        statement: what is said, in the project's words.
        source: who says it.
        criterion: what counts as holding, with a number for every word such as "much".
        experiment: finds the numbers.
        verdict: how the checks decide: ``always`` or ``generally``.
        page: what is done and why, for the ledger's page: the text at the top of the file.
    """

    id: str
    statement: str
    source: str
    criterion: str
    experiment: Callable[[Effort], Finding]
    verdict: Callable[[Sequence[Check]], Verdict]
    page: str

    @property
    def number(self) -> int:
        """The number in the id."""
        return int(self.id.removeprefix("C"))


def claim(
    id: str,
    statement: str,
    *,
    source: str,
    criterion: str,
    verdict: Callable[[Sequence[Check]], Verdict] = always,
) -> Callable[[Callable[[Effort], Finding]], Claim]:
    """Make a claim of the experiment below."""

    def made(experiment: Callable[[Effort], Finding]) -> Claim:
        page = (sys.modules[experiment.__module__].__doc__ or "").strip()
        return Claim(id, statement, source, criterion, experiment, verdict, page)

    return made


def find_claims(asked: Iterable[str] = (), folder: ModuleType | None = None) -> list[Claim]:
    """The claims of these ids, or all, by number.

    Args:
        asked: ids such as ``C12``.
        folder: the package whose files are looked through; by default this one.

    Raises:
        StudyError: for an id that there is not, or one that two files use.
    """
    known = _known(folder or importlib.import_module(__package__))
    wanted = [name.upper() for name in asked]
    for name in wanted:
        if name not in known:
            raise StudyError(
                f"there is no claim {name!r}; `ogive claims --list` shows {next(iter(known))} to "
                f"{[*known][-1]}{nearest(name, known)}"
            )
    return [each for name, each in known.items() if not wanted or name in wanted]


def _known(folder: ModuleType) -> dict[str, Claim]:
    found = sorted(_in(folder), key=lambda each: each.number)
    for one, other in itertools.pairwise(found):
        if one.id == other.id:
            raise StudyError(f"two claims are called {one.id}: {one.statement} {other.statement}")
    return {each.id: each for each in found}


def _in(folder: ModuleType) -> Iterable[Claim]:
    for file in pkgutil.iter_modules(folder.__path__):
        if file.name[:1] == "c" and file.name[1:3].isdigit():
            module = importlib.import_module(f"{folder.__name__}.{file.name}")
            yield from (each for each in vars(module).values() if isinstance(each, Claim))
