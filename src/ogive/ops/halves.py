"""CReLU and NCReLU as plans: both halves of the result are written in one pass, and read in one for
the gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine import Output
from ogive.engine.packed_layout import PackedLayout
from ogive.engine.selection import own
from ogive.expr import Node, Program, symbol
from ogive.expr.functions import relu
from ogive.expr.program import DATA_SAMPLES
from ogive.ops.plan import Plan
from ogive.ops.record import apply_plan

#: Function -> its two halves.
HALVES: dict[str, Callable[[Node], tuple[Node, Node]]] = {
    "crelu": lambda x: (relu(x), relu(-x)),
    "ncrelu": lambda x: (relu(x), -relu(-x)),
}


def halves(name: str, x: Tensor, dim: int) -> Tensor:
    """The function by a kernel, recorded for gradients where they are wanted."""
    return apply_plan(_plan(name, dim - x.dim(), x.dtype, own.get()), x)


@lru_cache(maxsize=256)
def _plan(name: str, dim: int, dtype: torch.dtype, engine: str | None) -> Plan:
    program = Program(name, ("x",), HALVES[name](symbol("x")), (DATA_SAMPLES,))
    layout = PackedLayout(dim, "second", interleave=False)
    return Plan(program, (Output(dtype, packed=True),), (False,), layout, engine=engine)
