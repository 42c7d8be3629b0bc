"""The ledger: claims decided one after another, each result kept as soon as it is there."""

from __future__ import annotations

import hashlib
import inspect
import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import torch

from ogive.certify.serialize import decoded, encoded
from ogive.engine.cpu.threads import limited_to
from ogive.errors import require
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check, told
from ogive.study.claims.claim import Claim, Effort
from ogive.study.claims.estimates import Estimate
from ogive.study.running.journal import Journal

# To be raised whenever the claims' common code would find other numbers than before.
_PROCEDURE = 2
_LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Decided:
    """A claim with its verdict, and everything that it rests on.

    ``seconds`` are of one processor, whatever else the machine did meanwhile.
    """

    id: str
    claim: str
    source: str
    criterion: str
    page: str
    verdict: str
    on: str
    checks: tuple[Check, ...]
    numbers: Mapping[str, Estimate]
    charts: tuple[Chart, ...]
    seeds: int
    seconds: float
    day: str
    versions: Mapping[str, str]

    @property
    def figures(self) -> dict[str, Estimate]:
        """Every number by name: those that decided, with their conditions, and the others."""
        checked = {_named(check): check.estimate for check in self.checks}
        return checked | dict(self.numbers)

    def to_dict(self) -> dict[str, Any]:
        """What ``ogive claims --json`` says of it."""
        names = ("id", "claim", "source", "criterion", "verdict", "on")
        told_of = {name: getattr(self, name) for name in names}
        rest = {"seeds": self.seeds, "seconds": self.seconds}
        return told_of | {"figures": encoded(self.figures)} | rest


def _named(check: Check) -> str:
    return f"{check.name} ({told(check.where.items())})" if check.where else check.name


def decide(claim: Claim, effort: Effort | None = None) -> Decided:
    """Carry out a claim's experiment and judge it."""
    start = time.process_time()
    blas = require("threadpoolctl", "study").threadpool_limits(1, "blas")
    with limited_to(1), blas:
        found = claim.experiment(effort or Effort())
    verdict = claim.verdict(found.checks)
    return Decided(
        id=claim.id,
        claim=claim.statement,
        source=claim.source,
        criterion=claim.criterion,
        page=claim.page,
        verdict=verdict.word,
        on=verdict.on,
        checks=tuple(found.checks),
        numbers=found.numbers,
        charts=tuple(found.charts),
        seeds=found.seeds,
        seconds=round(time.process_time() - start, 2),
        day=date.today().isoformat(),
        versions=_versions(),
    )


def ledger(
    claims: Sequence[Claim],
    folder: Path,
    effort: Effort | None = None,
    fresh: bool = False,
    notify: Callable[[Claim, int], None] = lambda claim, done: None,
) -> Iterator[Decided]:
    """Decide the claims one by one; what the folder's journal knows is not computed again.

    ``notify`` is told of each claim before it starts, with the number of those that are done.
    """
    effort = effort or Effort()
    journal = Journal(folder / _LEDGER)
    for done, claim in enumerate(claims):
        notify(claim, done)
        key = claim_key(claim, effort)
        decided = None if fresh else _known(journal, key, claim)
        if decided is None:
            decided = decide(claim, effort)
            journal.append([(key, claim.id, effort.first_seed, encoded(decided))])
        yield decided


def _known(journal: Journal, key: str, claim: Claim) -> Decided | None:
    """What was found before, with the verdict that follows from its numbers now."""
    if (record := journal.find(key)) is None:
        return None
    found: Decided = decoded(Decided, record)
    verdict = claim.verdict(found.checks)
    return replace(found, verdict=verdict.word, on=verdict.on)


def claim_key(claim: Claim, effort: Effort) -> str:
    """A hash of what determines a claim's result: its file, the effort and the versions."""
    file = inspect.getsource(inspect.getmodule(claim.experiment) or claim.experiment)
    parts = [_PROCEDURE, claim.id, effort.level, effort.first_seed, file, _versions()]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()


def _versions() -> dict[str, str]:
    from ogive import __version__

    return {"ogive": __version__, "torch": torch.__version__, "python": platform.python_version()}
