"""Measures ogive on a GPU, beside torch, torch.compile and Liger-Kernel, in under eight minutes.

    python benchmarks/gpu.py                 # writes benchmarks/results/<device>.json and .md
    python benchmarks/gpu.py --dry           # walks through everything on the CPU, without figures

First the kernels are checked against float64 on the device, those that are measured before the
others. Each part has its share of the time; what does not fit, or fails, is named at the end of the
page, which is written anew after each part.
With TRITON_INTERPRET=1 a dry run takes Triton's interpreter instead of the CPU's kernels.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice, product
from pathlib import Path
from typing import Any

import torch
from gpu_accuracy import BARS, checked, quantized_right
from gpu_contenders import DIRECTIONS, ENTRIES, Case, Contender, composition, forward
from gpu_machine import GPU
from gpu_models import MODELS, measured
from gpu_page import page
from gpu_situations import situations

import ogive
from ogive.engine.quantization import SCALINGS, Quantization
from ogive.engine.triton.rows_ahead import ROW_FUNCTIONS
from ogive.errors import MissingExtra, OgiveError

RESULTS = Path(__file__).parent / "results"
#: Powers of two: elements; the first is what tables are read for.
SIZES, DRY_SIZES = (28, 24, 20, 16, 12, 30), (12,)
#: What the copy is measured at.
COPIED, DRY_COPIED = 28, 16
#: Shares of the time, in order: a part may use what the ones before it have left.
SHARES = {"accuracy": 0.28, "situations": 0.05, "speed": 0.37, "quantised": 0.1, "models": 0.15}
SHARES |= {"launches": 0.05}
MINUTES = 7.5


class Run:
    """One run: its device, its deadline, and what it has found."""

    def __init__(self, gpu: GPU, minutes: float, entries: Sequence[str]) -> None:
        self.gpu, self.entries = gpu, entries
        self._begun, self._limit, self._share = time.monotonic(), 60 * minutes, 0.0
        others = [] if gpu.dry else _others(entries)
        self._checks = [(n, d) for names in (entries, others) for d in BARS for n in names]
        self.report: dict[str, Any] = {
            "facts": gpu.facts,
            "entries": len(self._checks),
            "copy": self.copy(),
            **{part: [] for part in SHARES},
            "left_out": [],
            "failed": [],
        }

    def parts(self) -> Iterator[dict[str, Any]]:
        """The report so far, after each part."""
        for part, share in SHARES.items():
            self._share += share
            print(f"{part} ...", file=sys.stderr, flush=True)
            with self._going_on(part):
                for row in getattr(self, part)():
                    self.report[part].append(row)
            self.report["seconds"] = time.monotonic() - self._begun
            yield self.report

    @contextmanager
    def _going_on(self, what: str) -> Iterator[None]:
        """Names what fails, and goes on: a GPU is lent for minutes."""
        try:
            yield
        except (torch.OutOfMemoryError, MissingExtra) as error:
            self.report["left_out"].append(_told(what, error))
        except Exception as error:
            self.report["failed"].append(_told(what, error))

    def _late(self, what: str) -> bool:
        """Whether the time of a part is over; then what is left out is written down."""
        late = time.monotonic() - self._begun > self._share * self._limit
        if late:
            self.report["left_out"].append(f"{what}: no time was left")
        return late

    def copy(self) -> dict[str, float]:
        """How fast the memory is copied: what shares are of."""
        size = 2 ** (DRY_COPIED if self.gpu.dry else COPIED)
        x = torch.zeros(size, dtype=torch.bfloat16, device=self.gpu.device)
        y = torch.empty_like(x)
        seconds = self.gpu.seconds(lambda: y.copy_(x))
        return {"size": size, "seconds": seconds, "bytes_per_second": 4 * size / seconds}

    # the parts

    def accuracy(self) -> Iterator[dict[str, Any]]:
        for k, (name, dtype) in enumerate(self._checks):
            if self._late(f"accuracy of {len(self._checks) - k} entries and dtypes"):
                return
            with self._going_on(f"accuracy of {name} {dtype}"):
                yield asdict(checked(name, dtype, self.gpu))

    def situations(self) -> Iterator[dict[str, Any]]:
        with self.gpu.engine():
            yield from map(asdict, situations(self.gpu))

    def speed(self) -> Iterator[dict[str, Any]]:
        for power in DRY_SIZES if self.gpu.dry else SIZES:
            for name in self.entries:
                for dtype in ("bfloat16", "float32"):
                    case = Case(name, dtype, 2**power)
                    if self._late(f"speed from {name} {dtype} 2^{power} on"):
                        return
                    yield from self._case(case)

    def _case(self, case: Case) -> Iterator[dict[str, Any]]:
        """A case in both directions; what does not fit into the memory is left out."""
        rate = self.report["copy"]["bytes_per_second"]
        for direction in ("forward", "backward"):
            with self._going_on(f"{case} {direction}"):
                x, what = case.input(self.gpu), f"{case} {direction}"
                seconds = self._times(case.contenders(self.gpu), x, DIRECTIONS[direction], what)
                share = case.bytes(direction) / seconds["ogive"] / rate
                yield {**asdict(case), "direction": direction, "seconds": seconds, "share": share}

    def _times(
        self,
        contenders: Iterable[tuple[str, Contender]],
        x: torch.Tensor,
        runner: Callable[..., Any],
        what: str,
    ) -> dict[str, float]:
        """Seconds by contender; another's that fails is named and left out."""
        seconds: dict[str, float] = {}
        for label, contender in contenders:
            try:
                with self.gpu.engine():
                    seconds[label] = self.gpu.seconds(runner(contender, x))
            except Exception as error:
                if label == "ogive":
                    raise
                self.report["left_out"].append(_told(f"{label} of {what}", error))
        return seconds

    def quantised(self) -> Iterator[dict[str, Any]]:
        size = 2 ** (DRY_SIZES[0] if self.gpu.dry else 26)
        for name, scale in product(("swiglu", "silu", "squared_relu"), SCALINGS):
            what = f"quantised {name} {scale}"
            if self._late(what):
                return
            with self._going_on(what):
                quantized_right(name, scale, self.gpu)
                how = Quantization(torch.float8_e4m3fn, scale)
                contenders = {
                    "ogive": Contender(ogive.quantized(name, how.dtype, scale)),
                    "compiled": Contender(
                        self.gpu.compiled(_then_quantised(composition(name), how))
                    ),
                }
                x = Case(name, "bfloat16", size).input(self.gpu)
                seconds = self._times(contenders.items(), x, forward, what)
                yield {"name": name, "scale": scale, "size": size, "seconds": seconds}

    def models(self) -> Iterator[dict[str, Any]]:
        for name in MODELS:
            if self._late(f"the block of {name}"):
                return
            with self._going_on(f"the block of {name}"):
                yield from map(asdict, measured(name, self.gpu))

    def launches(self) -> Iterator[dict[str, Any]]:
        for name, direction in product(("silu", "mish", "swiglu"), DIRECTIONS):
            case = Case(name, "bfloat16", 64)
            with self._going_on(f"launch of {name} {direction}"):
                both = islice(case.contenders(self.gpu), 2)
                x, what = case.input(self.gpu), f"{case} {direction}"
                seconds = self._times(both, x, DIRECTIONS[direction], what)
                yield {"name": name, "direction": direction, "seconds": seconds}


def _told(what: str, error: Exception) -> str:
    return f"{what}: {type(error).__name__} {' '.join(str(error).split())[:200]}"


def _then_quantised(call: Callable[..., Any], how: Quantization) -> Callable[..., Any]:
    return lambda x: how.quantize(call(x).float())


def _others(entries: Sequence[str]) -> list[str]:
    """The entries with kernels that are not measured."""
    kinds = ("elementwise", "gated")
    names = [n for kind in kinds for n in ogive.names(kind)] + list(ROW_FUNCTIONS)
    return [n for n in names if n not in entries and n != "gumbel_softmax"]  # which is drawn


def slug(name: str) -> str:
    """The device's name as that of a file."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dry", action="store_true", help="on the CPU, small, without figures")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="the time of all parts")
    parser.add_argument("--entries", nargs="+", default=list(ENTRIES), help="what is measured")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where JSON and page are written")
    given = parser.parse_args(arguments)
    try:
        entries = [ogive.get(name).name for name in given.entries]
        run = Run(GPU.here(given.dry), given.minutes, entries)
    except OgiveError as error:
        print(error, file=sys.stderr)
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / slug(run.gpu.name)
    for report in run.parts():
        text = json.dumps(report, indent=1, allow_nan=False)
        file.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
        file.with_suffix(".md").write_text(page(report), encoding="utf-8")
    print(f"{file}.json and {file.name}.md are written")
    parts = [run.report[part] for part in ("accuracy", "situations")]
    wrong = [row for part in parts for row in part if not row["right"]]
    return int(bool(wrong or run.report["failed"]))


if __name__ == "__main__":
    sys.exit(main())
