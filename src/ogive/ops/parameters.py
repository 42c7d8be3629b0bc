"""Parameters that are numbers: which become part of a program, and a kernel of its own with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine import Output, traced
from ogive.engine.call import compute_dtype
from ogive.engine.packed_layout import PackedLayout
from ogive.expr import Program
from ogive.ops.arguments import Argument
from ogive.ops.native import native, native_slope
from ogive.ops.plan import Plan

#: So many sets of numbers become part of a program, each a kernel of its own. A number that changes
#: in every step of a training must not compile one in every step.
MOST_BOUND = 16
#: Names with numbers in hexadecimal: 0 and -0.0 are equal as numbers.
Numbers = tuple[tuple[str, str], ...]
_bound_sets: dict[Program, set[Numbers]] = {}


def binds(program: Program, values: Mapping[str, Argument]) -> bool:
    """Whether the numbers among the values become part of the program; else they are passed in."""
    numbers = _numbers(values)
    known = _bound_sets.setdefault(program, set())
    if not numbers or numbers in known:
        return True
    if len(known) >= MOST_BOUND and not traced():
        return False
    known.add(numbers)
    return True


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
) -> tuple[Plan, list[Tensor]]:
    """The plan of a call, and the tensors it takes.

    Args:
        entry: whose program it is, where torch's own operator for it may serve.
    """
    x = data[0]
    if not binds(program, values):
        values = _as_tensors(values, x)
    tensors = [v for v in values.values() if isinstance(v, Tensor)]
    packed = (layout is not None,) * len(data) + (False,) * len(tensors)
    entry = "" if tensors else entry
    plan = _plan(program, _numbers(values), x.dtype, packed, layout, engine, entry)
    return plan, [*data, *tensors]


def _numbers(values: Mapping[str, Argument]) -> Numbers:
    numbers = {n: float(v) for n, v in values.items() if not isinstance(v, Tensor)}
    return tuple([(n, v.hex()) for n, v in numbers.items()])


def _as_tensors(values: Mapping[str, Argument], x: Tensor) -> Mapping[str, Argument]:
    """The values, the numbers among them as tensors."""
    dtype = compute_dtype([x])
    return {
        n: v if isinstance(v, Tensor) else torch.tensor(v, dtype=dtype, device=x.device)
        for n, v in values.items()
    }


@lru_cache(maxsize=4096)
def _plan(
    program: Program,
    numbers: Numbers,
    dtype: torch.dtype,
    packed: tuple[bool, ...],
    layout: PackedLayout | None,
    engine: str | None,
    entry: str,
) -> Plan:
    given = tuple([float.fromhex(n) for _, n in numbers])
    own = native(entry, given, dtype) if engine != "cpu" else None
    plan = Plan(_bound(program, numbers), (Output(dtype),), packed, layout, engine=engine)
    return replace(plan, native=own, native_slope=native_slope(entry, given))


@lru_cache(maxsize=4096)
def _bound(program: Program, numbers: Numbers) -> Program:
    return program.bind({n: float.fromhex(v) for n, v in numbers}) if numbers else program
