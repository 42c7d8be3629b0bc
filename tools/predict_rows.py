"""Writes the second table of docs/gpu.md: functions of rows, what bounds them and what they move.

    python tools/predict_rows.py            compiles them (two minutes) and rewrites the table

Bytes are counted in the text of the kernels: each access of a tile is one element. No GPU is
needed, and nothing is measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from ogive.engine import CompiledKernel
from ogive.engine.triton.roofline import DATA_SHEETS, instructions, predicted
from ogive.engine.triton.rows_ahead import compiled_rows
from predict_gpu import shown, write_table

NAMES = ("softmax", "log_softmax", "l2_normalize", "sparsemax", "entmax15", "solu", "softpick")
SHORT, LONG = 4096, 262_144
HEAD = """\
| function | dtype | pass | registers | instructions | special | {sheets} | bytes | long rows |
|---|---|---|---|---|---|{lines}|---|---|
"""


def accesses(kernels: CompiledKernel | Sequence[CompiledKernel]) -> int:
    """How often an element of a row is read or written, each repeated walk counted once."""
    made = [kernels] if isinstance(kernels, CompiledKernel) else kernels
    return sum(len(re.findall(r"tl\.(?:load|store)\(p_\w+ \+ place", k.source)) for k in made)


def row(name: str, dtype: torch.dtype, order: int) -> str:
    """A line of the table."""
    kind = str(dtype).removeprefix("torch.")
    kernels: dict[tuple[str, int], CompiledKernel] = {}
    for target in {s.target for s in DATA_SHEETS}:
        kernel = compiled_rows(name, kind, order, target, SHORT)
        assert isinstance(kernel, CompiledKernel)
        kernels[target] = kernel
    first = kernels[DATA_SHEETS[0].target]
    counts = {target: instructions(kernel) for target, kernel in kernels.items()}
    moved = accesses(first) * dtype.itemsize
    long = compiled_rows(name, kind, order, first.target, LONG, many=True)
    cells = [
        *(name, kind, ("forward", "backward")[order], str(first.n_regs)),
        f"{counts[first.target]['issue']:.0f}",
        f"{counts[first.target]['special']:.1f}",
        *(shown(predicted(counts[s.target], moved, s)) for s in DATA_SHEETS),
        *(str(moved), str(accesses(long) * dtype.itemsize)),
    ]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    write_table("rows", NAMES, HEAD, row)
