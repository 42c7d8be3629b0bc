"""Measures every formula against the judge and writes what the tests hold it to.

Run by `make accuracy`, a few minutes: rewrites tests/data/accuracy.json, accuracy32.json and those
of bfloat16 and float16, and the page docs/accuracy.md made of them.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

from measure import ENGINES, Worst, cases, measure, measure16, measure32
from reasons import REASONS, free

#: By dtype what measures it and the file of what was measured.
DTYPES = {
    "float64": (measure, "accuracy.json"),
    "float32": (measure32, "accuracy32.json"),
    "bfloat16": (partial(measure16, dtype=torch.bfloat16), "accuracy_bfloat16.json"),
    "float16": (partial(measure16, dtype=torch.float16), "accuracy_float16.json"),
}
PAGE = ROOT / "docs" / "accuracy.md"
HEAD = """\
# Accuracy

Written by `make accuracy`; the tests hold every figure. The judge is mpmath with 50 digits or more.

An error is counted in units: one unit at x is the spacing of floats at the exact value, plus what
rounding x itself changes, eps |x f'|, plus what an underflowing factor changes once it is
multiplied by x. So a value within a few units is as good as an evaluation in its precision can be.
For a parameter's gradient a unit also covers eps |f / p|: more would not be seen in f.

Two figures stand in a cell: that of the fused CPU kernels, then that of torch operators. Each is
the worst over at least 4,000 points (float32: up to 20,000): special numbers, kinks
and their neighbours, subnormals, tails to the largest number, and a dense part; at the default
parameters, or at changed ones where the second column says so. The derivatives are those that
autograd gives through the public call. Up to 4 units in f, 8 in f', 16 in f'' and 8 in a
parameter's gradient need no explanation: each derivative adds terms, and each is rounded. What is
above has its reason in the last column.

bfloat16 and float16 are computed in float32 and rounded once; over all 65,536 numbers they are at
most one rounding away from the right value, or from one that float32's error makes of it. The worst
of the catalogue in units of the last place, of which rounding once takes 0.5; much above that are
second derivatives, and those of torch operators, beside a zero where terms of float32 cancel:

{halves}

At plus and minus infinity f, f' and f'' are the limits; where there is none (sine and its
relatives) the value is NaN or that of the line they oscillate about.

| entry | parameters | f64 f | f' | f'' | parameters' gradients | f32 f | f' | f'' | reason |
|---|---|---|---|---|---|---|---|---|---|
"""


Errors = dict[str, dict[str, float]]
Row = tuple[str, dict[str, Errors]]


def one(index: int) -> Row:
    """The case's name, and by dtype, engine and quantity its errors."""
    case = cases()[index]
    return case.id, {dtype: rounded(measured(case)) for dtype, (measured, _) in DTYPES.items()}


def rounded(found: dict[str, dict[str, Worst]]) -> Errors:
    return {e: {k: round(w.units, 2) for k, w in errors.items()} for e, errors in found.items()}


def page(rows: list[Row]) -> str:
    return HEAD.format(halves=halves(rows)) + "\n".join(page_row(*row) for row in rows) + "\n"


def halves(rows: list[Row]) -> str:
    """The worst of the 16-bit dtypes, by the kernels and by torch operators."""
    lines = ["| dtype | f | f' | f'' |", "|---|---|---|---|"]
    for dtype in ("bfloat16", "float16"):
        cells = [worst_case(rows, dtype, label) for label in ("f", "f'", "f''")]
        lines.append(f"| {dtype} | {' | '.join(cells)} |")
    return "\n".join(lines)


def worst_case(rows: list[Row], dtype: str, label: str) -> str:
    """The largest error of each engine, with the entry that has it where it is no mere rounding."""
    told = []
    for engine in ("cpu", "eager"):
        units, name = max((found[dtype][engine][label], name) for name, found in rows)
        told.append(f"{units:.3g}" + (f" (`{name.partition(':')[0]}`)" if units > 0.5 else ""))
    return " / ".join(told)


def page_row(name: str, found: dict[str, Errors]) -> str:
    wide, narrow = found["float64"], found["float32"]
    entry, _, rest = name.partition(":")
    variable, _, parameters = rest.partition("(")
    shown = ("" if variable == "x" else f"along {variable} ") + parameters.rstrip(")")
    over = any(
        v > free(k) for errors in (wide, narrow) for e in errors.values() for k, v in e.items()
    )
    cells = [f"`{entry}`", shown.replace(",", ", ")]
    cells += [by_engine(wide, [k]) for k in ("f", "f'", "f''")]
    cells.append(by_engine(wide, [k for k in wide["cpu"] if k.startswith("df/d")]))
    cells += [by_engine(narrow, [k]) for k in ("f", "f'", "f''")]
    cells.append(REASONS.get(entry, "?") if over else "")
    return "| " + " | ".join(cells) + " |"


def by_engine(errors: Errors, labels: list[str]) -> str:
    """The worst of these quantities, by the kernels and by torch operators."""
    if not labels:
        return ""
    return " / ".join(f"{max(errors[e][k] for k in labels):.3g}" for e in ("cpu", "eager"))


def write(path: Path, dtype: str, rows: list[Row]) -> None:
    """One line for each case, below the name of the engine."""
    tables = []
    for name in ENGINES:
        lines = [f"  {json.dumps(c)}: {json.dumps(found[dtype][name])}" for c, found in rows]
        tables.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    path.write_text("{\n" + ",\n".join(tables) + "\n}\n")


def main() -> None:
    torch.set_num_threads(1)
    with ProcessPoolExecutor() as pool:
        rows = sorted(pool.map(one, range(len(cases()))))
    for dtype, (_, file) in DTYPES.items():
        write(ROOT / "tests" / "data" / file, dtype, rows)
    PAGE.write_text(page(rows))
    unexplained = [row[0] for row in rows if page_row(*row).endswith("? |")]
    if unexplained:
        sys.exit(f"add a reason in tests/conformance/reasons.py for: {', '.join(unexplained)}")


if __name__ == "__main__":
    main()
