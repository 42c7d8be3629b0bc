"""Measures every formula against the judge and writes what the tests hold it to.

Run by `make accuracy`, a few minutes: rewrites tests/data/accuracy.json, accuracy32.json, those of
bfloat16 and float16 and allowed.json, and the page docs/generated/accuracy.md made of them.

    python tools/record_accuracy.py             measures every entry
    python tools/record_accuracy.py gelu elu    measures these; the others stay as recorded
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

from bars import size
from measure import ENGINES, Found, cases, measure
from narrow import measure16, measure32, rows32
from reasons import REASONS, free
from records import ALLOWED, DATA, FILES, RECORDED

#: What measures a case in each dtype; the 16-bit ones at every number.
MEASURES = {
    "float64": measure,
    "float32": lambda case: measure32(rows32(case)),
    "bfloat16": partial(measure16, dtype=torch.bfloat16, step=1),
    "float16": partial(measure16, dtype=torch.float16, step=1),
}
PAGE = ROOT / "docs" / "generated" / "accuracy.md"
HEAD = """\
# Accuracy

Written by `make accuracy`. The tests hold the figures of the kernels, with a quarter on top. Those
of torch operators say what to expect: their last digits differ by processor, and the tests hold
them to what the stated accuracy of torch's functions lets the formula do at each point. The judge
is mpmath with 50 digits or more.

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
Row = tuple[str, dict[str, Errors], dict[str, list[float]]]


def one(index: int) -> Row:
    """The case's name, its errors by dtype, engine and quantity, and how large the bars are."""
    case = cases()[index]
    errors = {dtype: rounded(measured(case)) for dtype, measured in MEASURES.items()}
    return case.id, errors, size(case)


def rounded(found: Found) -> Errors:
    return {
        engine: {k: round(column.worst().units, 2) for k, column in columns.items()}
        for engine, columns in found.items()
    }


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
        units, name = max((found[dtype][engine][label], name) for name, found, _ in rows)
        told.append(f"{units:.3g}" + (f" (`{name.partition(':')[0]}`)" if units > 0.5 else ""))
    return " / ".join(told)


def page_row(name: str, found: dict[str, Errors], _: dict[str, list[float]]) -> str:
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
        lines = [f"  {json.dumps(c)}: {json.dumps(found[dtype][name])}" for c, found, _ in rows]
        tables.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    path.write_text("{\n" + ",\n".join(tables) + "\n}\n")


def recorded(name: str) -> Row:
    """The row of a case as it was recorded."""
    found = {dtype: {e: RECORDED[dtype][e][name] for e in ENGINES} for dtype in FILES}
    return name, found, ALLOWED[name]


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    chosen = [k for k, case in enumerate(cases()) if not names or case.spec.name in names]
    kept = [case.id for k, case in enumerate(cases()) if k not in chosen]
    with ProcessPoolExecutor() as pool:
        rows = sorted([*pool.map(one, chosen), *map(recorded, kept)])
    for dtype, file in FILES.items():
        write(DATA / file, dtype, rows)
    allowed = (f"{json.dumps(name)}: {json.dumps(bars)}" for name, _, bars in rows)
    (DATA / "allowed.json").write_text("{\n" + ",\n".join(allowed) + "\n}\n")
    PAGE.write_text(page(rows))
    unexplained = [row[0] for row in rows if page_row(*row).endswith("? |")]
    if unexplained:
        sys.exit(f"add a reason in tests/conformance/reasons.py for: {', '.join(unexplained)}")


if __name__ == "__main__":
    main(sys.argv[1:])
