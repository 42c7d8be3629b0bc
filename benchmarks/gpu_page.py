"""What was measured as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

WARNING = """\
**A dry run on the CPU: it shows that the command works, and none of its figures. Streams, graphs
and other devices are plain calls in it.**
"""
HEAD = """\
# GPU: {device}

Written by `python benchmarks/gpu.py` on {date}: {device}, torch {torch}, triton {triton}, ogive
{ogive}. It took {seconds:.0f} s.
{warning}
- *copy*: `y.copy_(x)` of 2^{power} bfloat16 elements moves {copy:.2f} TB/s here; a *share* is what
  a call has to read and write at least, over its time, over that.
- *ogive/torch* and so on: the other's time over ogive's; **above 1 ogive is the faster one**.
  torch is its own operator, or the function as one writes it in torch.
"""


def page(report: dict[str, Any]) -> str:
    """The whole report."""
    facts = report["facts"]
    head = HEAD.format(
        **facts,
        seconds=report["seconds"],
        copy=report["copy"]["bytes_per_second"] / 1e12,
        power=report["copy"]["size"].bit_length() - 1,
        warning=f"\n{WARNING}" if facts["dry"] else "",
    )
    parts = [head, _accuracy(report), _situations(report), _speed(report), _quantised(report)]
    parts += [_models(report), _launches(report)]
    parts += [_named("Failed", report["failed"]), _named("Left out", report["left_out"])]
    return "\n".join(part for part in parts if part)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _accuracy(report: dict[str, Any]) -> str:
    found = report["accuracy"]
    wrong = [row for row in found if not row["right"]]
    told = (
        f"{len(found)} of {report['entries']} entries and dtypes were checked against float64 on \
the device, forward and backward: {len(wrong)} beyond their bars.\n"
    )
    rows = [
        (row["name"], row["dtype"], f"{row['forward']:.2f}", f"{row['backward']:.2f}")
        for row in wrong
    ]
    columns = ("entry", "dtype", "forward, ulp", "backward, ulp or eps of the largest")
    return f"## Accuracy\n\n{told}" + (f"\n{table(columns, rows)}" if rows else "")


def _situations(report: dict[str, Any]) -> str:
    found = report["situations"]
    rows = [
        (r["situation"], r["call"], "right" if r["right"] else f"**wrong** {r['told']}".strip())
        for r in found
    ]
    return f"## Situations\n\n{table(('in', 'call', 'values and gradients'), rows)}" if rows else ""


def _speed(report: dict[str, Any]) -> str:
    peers = ("torch", "compiled", "liger")
    rows = []
    for row in report["speed"]:
        seconds, size = row["seconds"], f"2^{row['size'].bit_length() - 1}"
        cells = (_micro(seconds, "ogive"), f"{row['share']:.0%}")
        ratios = [_times(seconds, peer) for peer in peers]
        rows.append((row["name"], row["dtype"], size, row["direction"], *cells, *ratios))
    ratios = [f"ogive/{peer}" for peer in peers]
    columns = ("entry", "dtype", "elements", "direction", "µs", "share", *ratios)
    return f"## Speed\n\n{table(columns, rows)}" if rows else ""


def _quantised(report: dict[str, Any]) -> str:
    rows = [
        (
            row["name"],
            row["scale"],
            _micro(row["seconds"], "ogive"),
            _times(row["seconds"], "compiled"),
        )
        for row in report["quantised"]
    ]
    columns = ("activation and quantisation to e4m3", "scale", "µs", "ogive/compiled")
    return f"## Quantisation\n\n{table(columns, rows)}" if rows else ""


def _micro(seconds: dict[str, float], label: str) -> str:
    return f"{seconds[label] * 1e6:.1f}" if label in seconds else ""


def _times(seconds: dict[str, float], peer: str) -> str:
    """The other's time over ogive's."""
    return f"{seconds[peer] / seconds['ogive']:.2f}" if peer in seconds else ""


def _models(report: dict[str, Any]) -> str:
    untouched = {r["model"]: r for r in report["models"] if r["mode"] == "untouched"}
    rows = []
    for r in report["models"]:
        first = untouched[r["model"]]
        peak, time = r["peak"] / first["peak"], r["seconds"] / first["seconds"]
        cells = (
            f"{r['peak'] / 2**20:.1f}",
            f"{peak:.2f}",
            f"{r['seconds'] * 1e3:.2f}",
            f"{time:.3f}",
        )
        rows.append((r["model"], r["mode"], *cells))
    columns = ("block", "mode", "peak, MiB", "of untouched", "step, ms", "of untouched")
    return f"## Blocks of models\n\n{table(columns, rows)}" if rows else ""


def _launches(report: dict[str, Any]) -> str:
    rows = [
        (row["name"], row["direction"], *(_micro(row["seconds"], n) for n in ("ogive", "torch")))
        for row in report["launches"]
    ]
    columns = ("call of 64 elements", "direction", "ogive, µs", "torch, µs")
    return f"## Launches\n\n{table(columns, rows)}" if rows else ""


def _named(title: str, lines: Sequence[str]) -> str:
    """What is not in the tables, and why."""
    told = "".join(f"- {line}\n" for line in lines)
    return f"## {title}\n\n{told}" if told else ""
