"""Kernels over rows: of tensors with strides, broadcast parameters, halves of a packed tensor.

A program of the grid takes a tile, at most 1,024 wide. What is added up over the rows goes on
through several tiles below one another in the registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from ogive.engine.triton.stored import loaded_number, stored_number
from ogive.engine.triton.tensors import NOISE, NUMBER_PART, Accessed

#: Wider tiles take a block of registers for each row, and a third longer on new GPUs.
WIDEST = 1024


def tiles_kernel(operands: Sequence[Accessed], wide: bool, dims: int) -> str:
    """The kernel ``tiles`` for the function of a program.

    Its arguments: the places; how many elements after it each operand begins; rows and columns; the
    sizes of the dimensions of the rows but the first; for each operand its steps in these
    dimensions, and then the one along a row.

    Args:
        dims: of the rows.
    """
    count = len(operands)
    names = [f"p{k}" for k in range(count)] + [f"o{k}" for k in range(count)]
    names += ["rows", "columns", *(f"n{d}" for d in range(1, dims))]
    names += [f"s{k}_{d}" for k in range(count) for d in range(dims + 1)]
    constants = ("R", "C", "TURNS")
    arguments = ", ".join([*names, *(f"{c}: tl.constexpr" for c in constants)])
    added = [k for k, o in enumerate(operands) if o.role == "sum" and o.along != "one"]
    lines = [
        "@triton.jit",
        f"def tiles({arguments}):",
        "    tile = tl.program_id(0).to(tl.int64)",
        "    across = (columns + C - 1) // C",
        "    down = tile // across",
        "    left = tile % across",
        "    column = left * C + tl.arange(0, C)",
        "    beside = column < columns",
        *(f"    t{k} = tl.full((C,), 0.0, tl.float{64 if wide else 32})" for k in added),
    ]
    tile = _tile(operands, wide, dims)
    if added:
        lines += [
            "    for turn in range(TURNS):",
            "        row = (down * TURNS + turn) * R + tl.arange(0, R)",
        ]
        lines += [f"    {line}" for line in tile]
        lines += [f"    tl.store(p{k} + down * columns + column, t{k}, mask=beside)" for k in added]
    else:
        lines += ["    row = down * R + tl.arange(0, R)", *tile]
    return "\n".join(lines)


def _tile(operands: Sequence[Accessed], wide: bool, dims: int) -> list[str]:
    """The statements for one tile."""
    lines = ["    below = row < rows", "    inside = below[:, None] & beside[None, :]"]
    rest = "row"
    for d in range(dims - 1, 0, -1):
        lines += [f"    i{d} = {rest} % n{d}", f"    rest{d} = {rest} // n{d}"]
        rest = f"rest{d}"
    lines.append(f"    i0 = {rest}")
    for k, o in enumerate(operands):
        if o.role != "sum":
            moved = " + ".join(f"i{d} * s{k}_{d}" for d in range(dims))
            lines.append(f"    b{k} = o{k} + {moved if o.rows else 'row * 0'}")
    for k, o in enumerate(operands):
        if o.role == "in":
            lines.append(f"    a{k} = {loaded_number(o.dtype, _loaded(k, o, dims), wide)}")
    given = ", ".join(f"a{k}" for k, o in enumerate(operands) if o.role == "in")
    made = [(k, o) for k, o in enumerate(operands) if o.role != "in"]
    lines.append(f"    {', '.join(f'r{k}' for k, _ in made)} = {NUMBER_PART}({given})")
    for k, o in made:
        lines.append(_stored(k, o, wide, dims))
    return lines


def _along(k: int, o: Accessed, dims: int) -> str:
    return "column" if o.along == "each" else f"column * s{k}_{dims}"


def _loaded(k: int, o: Accessed, dims: int) -> str:
    """What is read, as a tile, a column or a row."""
    if o.dtype in NOISE:
        return f"_{o.dtype}_at(p{k}, b{k}[:, None] + ({_along(k, o, dims)})[None, :])"
    if o.along == "one" and not o.rows:
        return f"tl.load(p{k} + o{k})"
    if o.along == "one":
        return f"tl.load(p{k} + b{k}, mask=below)[:, None]"
    if not o.rows:
        return f"tl.load(p{k} + (o{k} + {_along(k, o, dims)}), mask=beside)[None, :]"
    return f"tl.load(p{k} + (b{k}[:, None] + ({_along(k, o, dims)})[None, :]), mask=inside)"


def _stored(k: int, o: Accessed, wide: bool, dims: int) -> str:
    if o.role == "sum":
        kept = f"tl.where(inside, tl.broadcast_to(r{k}, (R, C)), 0.0)"
        if o.along != "one":
            return f"    t{k} = t{k} + tl.reduce({kept}, 0, SUM)"
        return f"    tl.store(p{k} + row * across + left, tl.reduce({kept}, 1, SUM), mask=below)"
    place = f"p{k} + (b{k}[:, None] + ({_along(k, o, dims)})[None, :])"
    value = stored_number(o.dtype, f"r{k}", wide)
    return f"    tl.store({place}, tl.broadcast_to({value}, (R, C)), mask=inside)"
