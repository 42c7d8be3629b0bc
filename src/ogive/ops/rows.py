"""Functions of rows that have kernels, by name: what is kept, and who serves a call.

Softmax and sparse maps keep their result for the backward pass, and so does log-softmax; but of
16-bit numbers log-softmax keeps the input, because the logarithm of a share has too few digits
there for the share. The others keep their input, which holds what their results have lost.
A gradient that is itself differentiated is composed of torch's operators.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine.call import RowFunction
from ogive.engine.eager import composed
from ogive.engine.philox import new_seed
from ogive.engine.selection import own
from ogive.ops.record import apply_plan
from ogive.ops.row_plan import RowPlan, apply_to
from ogive.ops.row_softmax import (
    LogMeanExp,
    LogSoftmax,
    LogSumExp,
    QuietSoftmax,
    SafeSoftmax,
    ScaledSoftmax,
    Softmax,
)
from ogive.ops.row_thresholds import Entmax15, Sparsemax
from ogive.ops.row_weights import (
    L2Normalize,
    SigSoftmax,
    Softpick,
    SoLU,
    SphericalSoftmax,
    Squash,
    TaylorSoftmax,
)

#: Function -> its plan, and what kernels compute.
ROWS: dict[str, tuple[type[RowPlan], RowFunction]] = {
    "softmax": (Softmax, RowFunction("softmax")),
    "softmin": (Softmax, RowFunction("softmax", negated=True)),
    "gumbel_softmax": (Softmax, RowFunction("softmax", tempered=True)),
    "log_softmax": (LogSoftmax, RowFunction("log_softmax")),
    "logsumexp": (LogSumExp, RowFunction("logsumexp")),
    "l2_normalize": (L2Normalize, RowFunction("l2_normalize")),
    "safe_softmax": (SafeSoftmax, RowFunction("safe_softmax")),
    "quiet_softmax": (QuietSoftmax, RowFunction("quiet_softmax")),
    "scalable_softmax": (ScaledSoftmax, RowFunction("softmax", tempered=True)),
    "logmeanexp": (LogMeanExp, RowFunction("logmeanexp")),
    "sigsoftmax": (SigSoftmax, RowFunction("sigsoftmax")),
    "taylor_softmax": (TaylorSoftmax, RowFunction("taylor_softmax")),
    "spherical_softmax": (SphericalSoftmax, RowFunction("spherical_softmax")),
    "solu": (SoLU, RowFunction("solu")),
    "softpick": (Softpick, RowFunction("softpick")),
    "squash": (Squash, RowFunction("squash")),
    "sparsemax": (Sparsemax, RowFunction("sparsemax")),
    "entmax15": (Entmax15, RowFunction("entmax15")),
}
#: What kernels are given of these is known in the call only: noise beside x, the row's length.
OF_THE_CALL = ("gumbel_softmax", "scalable_softmax", "logmeanexp")


def row_plan(
    name: str,
    dim: int,
    dtype: torch.dtype,
    given: float | Tensor,
    engine: str | None,
    result: torch.dtype | None = None,
) -> RowPlan:
    """The plan of a function along a dimension of numbers of a dtype, with its tau or eps, and of
    the dtype of its result if that is another."""
    make = _made if isinstance(given, Tensor) else _known  # no tensor is kept alive
    return make(name, dim, dtype, given, engine, result or dtype)


def _made(
    name: str,
    dim: int,
    dtype: torch.dtype,
    given: float | Tensor,
    engine: str | None,
    result: torch.dtype,
) -> RowPlan:
    plan, function = ROWS[name]
    factor = 1 if isinstance(given, Tensor) else plan.factor_of(function, given, result)
    return plan(name, function, dim, dtype, result, factor, engine, given)


_known = lru_cache(maxsize=1024)(_made)


@lru_cache(maxsize=256)
def _with_noise(plan: RowPlan, law: str) -> RowPlan:
    return replace(plan, function=plan.function._replace(noise=law))


def along_with_noise(
    name: str, law: str, x: Tensor, dim: int, given: float, result: torch.dtype
) -> Tensor:
    """The same of x and noise of a law, which the kernel makes of a seed of torch's generator."""
    plan = row_plan(name, dim, x.dtype, given, own.get(), result)
    return apply_plan(_with_noise(plan, law), x, new_seed(x.device))


def along(name: str, x: Tensor, dim: int, given: float | Tensor = 1.0) -> Tensor:
    """The function along a dimension, recorded for gradients where they are wanted, on the engine
    of the function that is being called."""
    if torch.compiler.is_dynamo_compiling():  # which cannot look into a table of plans
        return composed(_made(name, dim % x.dim(), x.dtype, given, None, x.dtype), x)
    return apply_to(row_plan(name, dim % x.dim(), x.dtype, given, own.get()), x)
