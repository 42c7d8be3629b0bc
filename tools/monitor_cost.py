"""Measures what watching costs a step and writes docs/generated/monitor-cost.md.

Run by `make monitor-cost`, half an hour; nothing else should run meanwhile. With names of models,
and ``--compile`` or not, it measures these alone, and takes the others from
results/monitor-cost.json, where each is kept as soon as it is measured.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ogive.bench import PUBLISHED, ModelSettings, Pace, Progress, run_monitor_bench
from ogive.bench.measure import Spread
from ogive.bench.monitored import MONITORED_MODELS, MonitorCost
from ogive.cli.monitor_cost import COST_HEADINGS, cost_cells

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "generated" / "monitor-cost.md"
KEPT = ROOT / "results" / "monitor-cost.json"

HEAD = """\
# What a monitor costs

Written by `make monitor-cost`. {scale}; float32, random weights, dropout off. A step is a
forward, the backward of the mean square of the output, and SGD's update; all rows of a model are
steps of one copy of it, in turns. `ogive bench --monitor` measures the same on your machine.

- *ms*: of a step; the processor's time, which does not count what other processes take.
- *hooks*: what people write by hand, on the same activations: mean, deviation and share of zeros of
  what comes out and the norm of its gradient, each brought to Python at once.
- *more*: the time of a step over that of an untouched one, less 1, the median of the rounds; ± is
  the median absolute deviation, *noise* the same for untouched steps timed once more. What is below
  noise and ± was not measured; the counts beside it are exact.
- *every*: one step in so many is measured. At 10 it is a measured step and nine others, each timed.
- *operators*, *MB read*: what a measured step runs and reads more than an untouched one, not
  compiled.
- *peak*: the most bytes alive at once in a measured step over those of an untouched one.
"""


def table(costs: Iterable[MonitorCost]) -> str:
    rows = [
        ["model", "watcher", "every", *COST_HEADINGS],
        ["---", "---", "---:", *("---:" for _ in COST_HEADINGS)],
        *([f"`{c.model}`", c.watcher, str(c.every), *cost_cells(c)] for c in costs),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def sections(kept: dict[str, Any]) -> Iterable[str]:
    yield HEAD.format(scale=PUBLISHED).rstrip()
    for compiled, title in ((False, "Eager"), (True, "Compiled")):
        found = [kept[key] for n in MONITORED_MODELS if (key := key_of(n, compiled)) in kept]
        if not found:
            continue
        yield f"## {title}"
        if compiled:
            yield "The same where the model is given to `torch.compile`, watched or not."
        yield "\n".join(dict.fromkeys(f["where"] for f in found))
        yield table(_cost(row) for f in found for row in f["results"])
    yield "## Python"
    yield "\n".join(_python(kept))


def _python(kept: dict[str, Any]) -> Iterable[str]:
    yield "On a chain of 64 activations of two numbers each, so that nothing but Python counts:\n"
    last = max(kept.values(), key=lambda found: str(found["when"]))
    for watcher, measured in last["python_microseconds"].items():
        idle = last["idle_microseconds"][watcher]
        yield (
            f"- *{watcher}*: {measured:.0f} µs for each activation in a measured step, "
            f"{idle:.1f} µs in another"
        )


def _cost(row: dict[str, Any]) -> MonitorCost:
    spreads = {n: Spread(**row[n]) for n in ("seconds", "ratio", "control")}
    return MonitorCost(**{**row, **spreads})


def key_of(name: str, compiled: bool) -> str:
    return f"{name} {'compiled' if compiled else 'eager'}"


def told(progress: Progress) -> None:
    print(f"{progress.done}/{progress.total} {progress.label}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--budget", type=float, default=120.0)
    chosen = parser.parse_args()
    pace = Pace(rounds=chosen.rounds, least_rounds=2, budget=chosen.budget)
    compiled = [chosen.compile] if chosen.models else [False, True]
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for given in compiled:
        for name in chosen.models or MONITORED_MODELS:
            load = os.getloadavg()[0]
            settings = ModelSettings(("float32",), PUBLISHED, chosen.threads, given, pace)
            found = run_monitor_bench([name], settings, notify=told)
            today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M}"
            where = f"{found.machine}; {today[:10]}; {load:.1f} processes wanted it when it began."
            kept[key_of(name, given)] = {**found.to_dict(), "when": today, "where": where}
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept, indent=1))
            PAGE.write_text("\n\n".join(sections(kept)) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
