"""Writes the first table of docs/gpu.md: what bounds kernels on GPUs, by their machine code.

    python tools/predict_gpu.py             compiles them (three minutes) and rewrites the table

No GPU is needed, and nothing is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from rich.progress import track

import ogive
from ogive.engine import CompiledKernel, compiled
from ogive.engine.triton.roofline import DATA_SHEETS, Bound, instructions, predicted

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gpu.md"
NAMES = (
    *("relu", "squared_relu", "hardswish", "leaky_relu", "elu", "sigmoid", "silu", "mish", "gelu"),
    *("gelu_tanh", "quick_gelu", "softplus", "tanh", "softsign", "snake", "erf"),
    *("glu", "swiglu", "geglu", "geglu_tanh", "reglu"),
)
DTYPES = (torch.bfloat16, torch.float32)
HEAD = """\
| function | dtype | pass | registers | instructions | special | {sheets} |
|---|---|---|---|---|---|{lines}|
"""


def tensors(name: str, order: int) -> int:
    """How many tensors the kernel reads and writes."""
    data = len(ogive.get(name).spec.data)
    return data + 1 if not order else 2 * data + 1


def compiled_one(
    name: str, dtype: torch.dtype, order: int, target: tuple[str, int]
) -> CompiledKernel:
    kernel = compiled(name, dtype, order, target)
    assert isinstance(kernel, CompiledKernel)
    return kernel


def row(name: str, dtype: torch.dtype, order: int) -> str:
    """A line of the table."""
    kernels = {t: compiled_one(name, dtype, order, t) for t in {s.target for s in DATA_SHEETS}}
    counts = {target: instructions(kernel) for target, kernel in kernels.items()}
    moved = tensors(name, order) * dtype.itemsize
    bounds = [predicted(counts[s.target], moved, s) for s in DATA_SHEETS]
    first = DATA_SHEETS[0].target
    cells = [
        *(name, str(dtype).removeprefix("torch."), ("forward", "backward")[order]),
        *(str(kernels[first].n_regs), f"{counts[first]['issue']:.0f}"),
        f"{counts[first]['special']:.1f}",
        *map(shown, bounds),
    ]
    return f"| {' | '.join(cells)} |\n"


def shown(bound: Bound) -> str:
    """What is waited for, and how busy the busiest unit is meanwhile."""
    return f"{bound.unit} {bound.share:.2f}"


def write_table(
    mark: str, names: Iterable[str], head: str, row: Callable[[str, torch.dtype, int], str]
) -> None:
    """Replaces what stands between the page's marks by a line for each name, dtype and pass."""
    sheets = " | ".join(s.name for s in DATA_SHEETS)
    made = head.format(sheets=sheets, lines="|".join("---" for _ in DATA_SHEETS))
    cases = [(n, d, o) for n in names for d in DTYPES for o in (0, 1)]
    made += "".join(row(*case) for case in track(cases, "compiling"))
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->\n"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}{made}{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    write_table("predicted", NAMES, HEAD, row)
