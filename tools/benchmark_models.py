"""Measures steps of models, untouched and accelerated, and writes docs/generated/models.md.

Run by `make bench-models`, twenty minutes; nothing else should run meanwhile. ``--budget`` is the
time for one model in seconds; ``--quick`` takes few rounds and tiny models, to see whether the page
comes out.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ogive.bench import (
    MODEL_BUDGET,
    SMALL,
    TINY,
    UNTOUCHED,
    Measured,
    ModelBench,
    ModelSettings,
    Pace,
    Progress,
    run_models,
)
from ogive.bench.models import BLOCKS
from ogive.cli.models import HEADINGS, cells

PAGE = Path(__file__).resolve().parents[1] / "docs" / "generated" / "models.md"
#: A compilation of a large model takes a minute.
TO_COMPILE = (*BLOCKS, "vit_tiny_patch16_224", "gpt2", "llama")
QUICK = Pace(rounds=3, least_rounds=1, sample=1e-4, budget=0.1)

HEAD = """\
# Models

Written by `make bench-models`. {machine}. When it began, {load:.1f} processes
wanted the processor: from 1 on, times are those of a busy machine, while bytes are exact. In
resnet18 nothing is replaced, so that its speed shows the noise.

Models of timm and transformers, built from configurations with random weights, and the block of
two layers with an activation between them, four times as wide inside as outside; {scale}; their
feed-forward blocks are as many times wider inside as in a published model of that name. Dropout is
off. A step is a forward, the backward of the mean square of the output, and SGD's update.

- *held*: MB kept for backward, counted by `torch.autograd.graph.saved_tensors_hooks`, each storage
  once, parameters left out.
- *peak*: the most MB alive at once of those that a step allocates, gradients included, as torch's
  allocator reports every block to torch's profiler. That is exact, where the resident memory of a
  process counts what the allocator keeps.
- *share*: of the untouched model's.
- *ms*: the median time of a step, {rounds} rounds in which the modes take turns in one process,
  fewer where a step takes long.
- *speed*: the untouched model's time over this one's, round by round, then the median: **above 1
  the accelerated one is faster**; ± is the median absolute deviation.

`ogive bench --models` measures the same on your machine.
"""


def table(results: Iterable[Measured]) -> str:
    """A row for each model and mode."""
    rows = [
        ["model", "mode", *HEADINGS],
        ["---", "---", *("---:" for _ in HEADINGS)],
        *([_named(r), r.mode, *cells(r)] for r in results),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _named(result: Measured) -> str:
    """The model's name where its rows begin."""
    return f"`{result.model}`" if result.mode == UNTOUCHED else ""


COMPILED = """\
## Compiled

The same steps where every model, the untouched one too, is given to `torch.compile`, in {dtypes};
`ogive bench --models --compile` measures others.
"""


def sections(found: ModelBench, compiled: ModelBench, load: float) -> Iterable[str]:
    settings = found.settings
    yield HEAD.format(
        machine=found.machine, load=load, scale=settings.scale, rounds=settings.pace.rounds
    ).rstrip()
    for dtype in settings.dtypes:
        yield f"## {dtype}"
        yield table(r for r in found.results if r.dtype == dtype)
    yield COMPILED.format(dtypes=" and ".join(compiled.settings.dtypes)).rstrip()
    yield table(compiled.results)


def told(progress: Progress) -> None:
    print(f"{progress.done}/{progress.total} {progress.label}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--budget", type=float, default=MODEL_BUDGET)
    chosen = parser.parse_args()
    pace = QUICK if chosen.quick else Pace(budget=chosen.budget)
    scale = TINY if chosen.quick else SMALL
    settings = ModelSettings(scale=scale, threads=chosen.threads, pace=pace)
    load = os.getloadavg()[0]
    found = run_models((), settings, notify=told)
    once = replace(settings, compiled=True, dtypes=("float32",))
    compiled = run_models(TO_COMPILE, once, notify=told)
    chosen.out.write_text("\n\n".join(sections(found, compiled, load)) + "\n", encoding="utf-8")
    print(f"wrote {chosen.out}")


if __name__ == "__main__":
    main()
