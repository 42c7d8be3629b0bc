"""Kernels of rows compiled for a GPU that need not be here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ogive.engine.call import RowFunction
from ogive.engine.cpu.rowwise.programs import Kind
from ogive.engine.triton.compilation import Text
from ogive.engine.triton.row_kernels import RowTile
from ogive.engine.triton.row_text import (
    BY_PIECE,
    IN_TILES,
    LOOPED,
    ROW_NUMBERS,
    operands,
    pieces_found,
    repeats,
    row_text,
    stages,
)
from ogive.errors import EngineError

if TYPE_CHECKING:
    from ogive.engine.triton.ahead import CompiledKernel, GpuTarget

#: The length of the rows: one tile holds them.
_LENGTH = 4096
#: By name, where it is another function's with a number, or has the gradient of another.
_FUNCTIONS = {
    "softmax": (RowFunction("softmax"), RowFunction("softmax_backward")),
    "softmin": (
        RowFunction("softmax", negated=True),
        RowFunction("softmax_backward", tempered=True),
    ),
    "scalable_softmax": (
        RowFunction("softmax", tempered=True),
        RowFunction("softmax_backward", tempered=True),
    ),
    "gumbel_softmax": (
        RowFunction("softmax", tempered=True, noise="gumbel"),
        RowFunction("softmax_backward", tempered=True),
    ),
    "safe_softmax": (RowFunction("safe_softmax"), RowFunction("softmax_backward")),
    "quiet_softmax": (RowFunction("quiet_softmax"), RowFunction("softmax_backward")),
    "logmeanexp": (RowFunction("logmeanexp"), RowFunction("logsumexp_backward")),
}
_OWN = (
    *("log_softmax", "logsumexp", "l2_normalize", "squash", "solu", "sigsoftmax", "softpick"),
    *("taylor_softmax", "spherical_softmax", "sparsemax", "entmax15"),
)
#: The functions with kernels, and their gradients.
ROW_FUNCTIONS = _FUNCTIONS | {n: (RowFunction(n), RowFunction(f"{n}_backward")) for n in _OWN}


def row_kind(name: str, dtype: str, order: int) -> Kind:
    """What a function of rows runs, or its backward.

    Raises:
        EngineError: where there is no kernel.
    """
    if name not in ROW_FUNCTIONS:
        raise EngineError(
            f"{name} is a function of rows that is composed of torch's operators; those with "
            f"kernels are {', '.join(ROW_FUNCTIONS)}"
        )
    if order == 2:
        raise EngineError(
            f"the gradient of {name}'s gradient is composed of torch's operators; order can be 0 "
            f"or 1"
        )
    function = ROW_FUNCTIONS[name][order]
    if function.name == "log_softmax_backward" and dtype in ("bfloat16", "float16"):
        function = RowFunction("log_softmax_backward_of_x")
    return Kind(function, dtype, dtype, "rows")


def compiled_rows(
    name: str,
    dtype: str,
    order: int,
    target: GpuTarget,
    length: int = _LENGTH,
    many: bool = False,
) -> CompiledKernel | list[CompiledKernel]:
    """The kernel of contiguous rows of 4,096 elements; of longer rows that of few, which may be
    several, or of many.

    Raises:
        EngineError: where there is no kernel.
    """
    kind = row_kind(name, dtype, order)
    tile = RowTile.of(length, kind)
    pieces = -(-length // tile.columns)
    if pieces == 1:
        return compiled_row_kernel(kind, IN_TILES, 0, tile, 1, target)
    if many or repeats(kind):
        return compiled_row_kernel(kind, LOOPED, 0, tile, pieces, target)
    return [
        compiled_row_kernel(kind, BY_PIECE, k, tile, pieces, target) for k in range(stages(kind))
    ]


def compiled_row_kernel(
    kind: Kind, form: str, stage: int, tile: RowTile, pieces: int, target: GpuTarget
) -> CompiledKernel:
    """The kernel of one form and stage, for rows of so many pieces."""
    # imported here because it imports this
    from ogive.engine.triton.ahead import POINTERS, compile_text

    text = Text(row_text(kind, form, stage), "walked", kind.function.name)
    names = pieces_found(kind, stage + 1) if form == BY_PIECE else []
    signature = {f"p_{o}": f"*{POINTERS.get(kind.stored(o), 'i64')}" for o in operands(kind)}
    signature |= {f"q_{n}": "*fp32" if n[0] == "m" else "*fp64" for n in names}
    wide = kind.format.bits == 64
    signature |= {n: "i64" if wide and n.startswith("factor") else "i32" for n in ROW_NUMBERS}
    if wide:
        signature |= {f"q_{n}": "*fp64" for n in names}
    power = 1 << (pieces - 1).bit_length()
    rows = tile.rows if form == IN_TILES else 1
    constants = {"R": rows, "C": tile.columns, "S": power}
    if kind.layout == "rows":
        del signature["inner"]
        constants["inner"] = 1
    return compile_text(text, signature, constants, rows * tile.columns, target, tile.threads)
