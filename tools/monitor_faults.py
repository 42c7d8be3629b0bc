"""Plants faults in small trainings and says which of them the monitor finds.

Run by `make monitor-faults`, half an hour on two cores; writes docs/generated/monitor-faults.md.
Each run is kept in results/monitor-faults.jsonl as soon as it is done, and an interrupted tool goes
on where it stopped; remove the file to begin anew. ``--only`` is a part of the names of what is to
be run, ``--seeds`` how often.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median_low
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "monitor"))

import torch
from faults import FAULTS, HEALTHY, REMEDIED, Training, alarms, outcomes, report_of
from model_faults import MODEL_FAULTS, STEPS, WHOLE_MODELS

from ogive.bench.processor import Machine
from ogive.study import compare

PAGE = ROOT / "docs" / "generated" / "monitor-faults.md"
JOURNAL = ROOT / "results" / "monitor-faults.jsonl"
#: A run of a whole model takes as long as many of a small one.
MODEL_SEEDS = 1
HEALTHY_STEPS = 100
HEAD = """\
# Planted faults

Written by `make monitor-faults` on {date}; {machine}.

Each training is small, and runs {seeds} times with other weights and data. *Found*: in how many
runs the report names the fault: a finding above a note, of a kind and a cause that are right, at
the place of the fault. *Since*: the step it is dated to, in the middle run. *Twin*: in how many
runs the same training without the fault has a finding above a note, which is a false alarm.

The trainings stand in `tests/monitor/faults.py` and `tests/monitor/model_faults.py`; the tests run
each of the small ones once.
"""
MODELS = """\
## In whole models

timm's resnet18 and a GPT-2 of four layers, built from configurations, {steps} steps of training,
one run each.
"""
REMEDIES = """\
## Remedies

The same training goes on twice from the same step: as it is, and after `watch.advise(apply=True)`.
Accuracy at the end, paired by seed, as `ogive.study.compare` judges it.
"""


# runs


def fault(name: str, seed: int) -> dict[str, Any]:
    """What is found of a fault, and how many alarms its twin has."""
    planted = (FAULTS | MODEL_FAULTS)[name]
    found = planted.found(report_of(planted.make(seed, True), planted.steps).findings)
    twin = _twin(planted.healthy or planted.make, seed, planted.steps)
    return {"found": [(f.kind, f.cause, f.since) for f in found], "twin": twin}


@lru_cache(maxsize=4)
def _twin(make: Callable[..., Training], seed: int, steps: int) -> list[str]:
    """The alarms of a training without a fault, which several faults have as their twin."""
    training = make(seed) if make in WHOLE_MODELS else make(seed, False)
    return list(map(str, alarms(report_of(training, steps).findings)))


def healthy(name: str, seed: int) -> list[str]:
    """The alarms of a training that is well."""
    findings = report_of(HEALTHY[name](seed), HEALTHY_STEPS).findings
    return [f"{f.kind} at {f.place} ({f.cause})" for f in alarms(findings)]


def remedied(name: str, seed: int) -> tuple[float, float]:
    """The accuracy without and with what the monitor advises."""
    return outcomes(name, seed)


PARTS: dict[str, Callable[[str, int], Any]] = {
    "fault": fault,
    "healthy": healthy,
    "remedied": remedied,
}
Key = tuple[str, str, int]


def keys(seeds: int) -> Iterator[Key]:
    """All that is to be run."""
    yield from (("fault", name, seed) for name in FAULTS for seed in range(seeds))
    yield from (("healthy", name, seed) for name in HEALTHY for seed in range(seeds))
    yield from (("remedied", name, seed) for name in REMEDIED for seed in range(seeds))
    yield from (("fault", name, seed) for name in MODEL_FAULTS for seed in range(MODEL_SEEDS))


def run(key: Key) -> Any:
    torch.set_num_threads(1)
    part, name, seed = key
    return PARTS[part](name, seed)


def done() -> dict[Key, Any]:
    """The runs that are in the journal."""
    if not JOURNAL.exists():
        return {}
    lines = map(json.loads, JOURNAL.read_text(encoding="utf-8").splitlines())
    return {tuple(line["key"]): line["outcome"] for line in lines}


def run_missing(wanted: Iterable[Key], workers: int) -> None:
    """Run what is not in the journal, and write it there."""
    JOURNAL.parent.mkdir(exist_ok=True)
    before = done()
    missing = [key for key in wanted if key not in before]
    # forked children of a process with threads of OpenMP hang in their first convolution
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        futures = {pool.submit(run, key): key for key in missing}
        for number, future in enumerate(as_completed(futures), 1):
            line = {"key": futures[future], "outcome": future.result()}
            with JOURNAL.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(f"{number}/{len(missing)} {line['key']}", file=sys.stderr, flush=True)


# the page


def fault_rows(names: Iterable[str], seeds: int, runs: dict[Key, Any]) -> Iterator[list[str]]:
    for name in names:
        each = [runs["fault", name, seed] for seed in range(seeds)]
        found = [outcome["found"] for outcome in each if outcome["found"]]
        since = [min(since for _, _, since in one) for one in found]
        called = Counter((kind, cause) for one in found for kind, cause, _ in one)
        common = ", ".join(f"{k} ({c.replace('_', ' ')})" for (k, c), _ in called.most_common(2))
        yield [
            name,
            f"{len(found)} / {seeds}",
            str(median_low(since)) if since else "-",
            common or "-",
            f"{sum(bool(outcome['twin']) for outcome in each)} / {seeds}",
        ]


def healthy_rows(seeds: int, runs: dict[Key, Any]) -> Iterator[list[str]]:
    for name in HEALTHY:
        each = [runs["healthy", name, seed] for seed in range(seeds)]
        seen = Counter(alarm for outcome in each for alarm in outcome)
        which = ", ".join(alarm for alarm, _ in seen.most_common(2))
        yield [name, f"{sum(map(bool, each))} / {seeds}", which or "-"]


def remedy_rows(seeds: int, runs: dict[Key, Any]) -> Iterator[list[str]]:
    for name in REMEDIED:
        left, helped = zip(*(runs["remedied", name, seed] for seed in range(seeds)), strict=True)
        scores = {"left alone": left, "remedied": helped}
        alone, row = compare(scores, reference="left alone", metric="accuracy")
        assert alone.score
        assert row.score
        assert row.difference
        low, high = row.difference.low, row.difference.high
        between = "" if low is None else f" [{low:+.3f}, {high:+.3f}]"
        means = [f"{alone.score.mean:.3f}", f"{row.score.mean:.3f}"]
        yield [name, *means, f"{row.difference.mean:+.3f}{between}", f"{row.p:.2g}", row.verdict]


def table(heads: list[str], rows: Iterable[list[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def page(seeds: int, runs: dict[Key, Any]) -> str:
    heads = ["fault", "found", "since", "as (cause)", "twin"]
    parts = [
        HEAD.format(date=date.today(), machine=Machine.here(), seeds=seeds),
        "## Found, and called by its name",
        table(heads, fault_rows(FAULTS, seeds, runs)),
        MODELS.format(steps=STEPS),
        table(heads, fault_rows(MODEL_FAULTS, MODEL_SEEDS, runs)),
        "## No false alarms\n\nTrainings that are well, and that other monitors call sick.",
        table(["training", "alarms", "which"], healthy_rows(seeds, runs)),
        REMEDIES,
        table(
            ["fault", "left alone", "remedied", "difference [95 %]", "p", "verdict"],
            remedy_rows(seeds, runs),
        ),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    wanted = list(keys(chosen.seeds))
    run_missing((k for k in wanted if chosen.only in f"{k[0]} {k[1]}"), chosen.workers)
    runs = done()
    if missing := [key for key in wanted if key not in runs]:
        print(f"{len(missing)} runs are missing; the page is written when all are there")
        return
    PAGE.write_text(page(chosen.seeds, runs), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
