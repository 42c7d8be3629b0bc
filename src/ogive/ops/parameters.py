"""Parameters that are numbers: which become part of a program, and a kernel of its own with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine import Output, traced
from ogive.engine.packed_layout import PackedLayout
from ogive.engine.selection import KERNELS
from ogive.errors import ParameterError
from ogive.expr import Program
from ogive.ops.arguments import Argument
from ogive.ops.native import native, native_slope
from ogive.ops.plan import Plan

#: Names with numbers in hexadecimal: 0 and -0.0 are equal as numbers.
Numbers = tuple[tuple[str, str], ...]


def binds(program: Program, values: Mapping[str, Argument]) -> bool:
    """Whether the numbers among the values become part of the program, and of a kernel of its own;
    else they are passed in.

    A number that people write does, the default and one of at most six digits; one that changes in
    every step of a training has more, and must not compile a kernel in every step. What was called
    before has no part in this: the last digit of a result may differ between the two. -0.0 is no
    number of a formula.
    """
    usual = dict(zip(program.inputs, program.samples, strict=True))
    return traced() or all(
        isinstance(v, Tensor)
        or ((v in usual[n] or float(f"{v:.6g}") == v) and repr(float(v)) != "-0.0")
        for n, v in values.items()
    )


def bound(program: Program, values: Mapping[str, Argument]) -> Program:
    """The program with the numbers among the values as part of it."""
    return _bound(program, _numbers(values))


def planned(
    program: Program,
    data: Sequence[Tensor],
    values: Mapping[str, Argument],
    engine: str | None,
    layout: PackedLayout | None = None,
    entry: str = "",
    seeds: tuple[str, ...] = (),
) -> tuple[Plan, list[Tensor]]:
    """The plan of a call, and the tensors it takes.

    Args:
        entry: whose program it is, where torch's own operator for it may serve.
        seeds: of the data, those that are seeds, by their noise; see ``Call``.
    """
    x = data[0]
    values = {n: _fitting(f"{program.name}: {n}", v, x, layout) for n, v in values.items()}
    if not binds(program, values):
        values = _as_tensors(values)
    tensors = [v for v in values.values() if isinstance(v, Tensor)]
    packed = (layout is not None,) * len(data) + (False,) * len(tensors)
    entry = "" if tensors else entry
    seeds += ("",) * len(tensors) if seeds else ()
    plan = _plan(program, _numbers(values), x.dtype, packed, layout, engine, entry, seeds)
    return plan, [*data, *tensors]


def _numbers(values: Mapping[str, Argument]) -> Numbers:
    numbers = {n: float(v) for n, v in values.items() if not isinstance(v, Tensor)}
    return tuple([(n, v.hex()) for n, v in numbers.items()])


def _as_tensors(values: Mapping[str, Argument]) -> Mapping[str, Argument]:
    """The values, the numbers among them as tensors of float64: exactly those numbers, and whatever
    they are, terms may cancel in what they are multiplied by. They stay on the CPU: one number goes
    along to any device, and some have no float64."""
    return {
        n: v if isinstance(v, Tensor) else torch.tensor(v, dtype=torch.float64, device="cpu")
        for n, v in values.items()
    }


def _fitting(name: str, value: Argument, x: Tensor, layout: PackedLayout | None) -> Argument:
    """The value, which must not make the result larger than the data; one number has no shape."""
    if not isinstance(value, Tensor) or not (rank := value.dim()):
        return value
    shape = x.shape if layout is None else layout.split(x)[0].shape
    if rank > len(shape) and value.numel() == 1:
        return value.reshape(())
    sizes = zip(value.shape[::-1], shape[::-1], strict=False)
    if rank > len(shape) or any(mine not in (1, its) for mine, its in sizes):
        raise ParameterError(
            f"{name} of shape {tuple(value.shape)} does not broadcast to the shape {tuple(shape)} "
            f"of the data; give one number, or a size of 1 where it has none of its own"
        )
    return value


@lru_cache(maxsize=2048)
def _plan(
    program: Program,
    numbers: Numbers,
    dtype: torch.dtype,
    packed: tuple[bool, ...],
    layout: PackedLayout | None,
    engine: str | None,
    entry: str,
    seeds: tuple[str, ...],
) -> Plan:
    given = tuple([float.fromhex(n) for _, n in numbers])
    own = native(entry, given, dtype) if engine not in KERNELS else None
    bound = _bound(program, numbers)
    plan = Plan(bound, (Output(dtype),), packed, layout, seeds=seeds, engine=engine)
    return replace(plan, native=own, native_slope=native_slope(entry, given))


@lru_cache(maxsize=2048)
def _bound(program: Program, numbers: Numbers) -> Program:
    return program.bind({n: float.fromhex(v) for n, v in numbers}) if numbers else program
