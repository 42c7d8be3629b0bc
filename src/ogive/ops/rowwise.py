"""Rowwise functions on tensors: softmax and its relatives, sparse maps, sorting and pooling.

Apart from the elementwise operators because nothing here comes from a formula of the language: each
is written by hand, from torch's operators, so that gradients of any order, forward mode, vmap,
compilation and export work by composition. Some have kernels of their own as well (rows.py). The
catalogue's rowwise entries are the references that the tests compare with.

What all have in common: any dimension, also a negative one; a tensor without dimensions is a row of
one; a dimension of size 0 gives an empty result; float16 and bfloat16 are computed in float32 and
rounded once; NaN in a row is never turned into a number that looks like an answer. Among shares
-inf gets 0, and a row of -inf or one that holds +inf is NaN, unless a function says otherwise. A
constant that only keeps numbers in range (the largest element, a scale) is detached: the function
does not depend on it, so neither does any of its derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from ogive.engine.eager import WIDE
from ogive.engine.selection import own
from ogive.errors import InputError
from ogive.ops.halves import HALVES, halves
from ogive.ops.noise import in_kernel
from ogive.ops.rows import ROWS, along, along_with_noise

Rowwise = TypeVar("Rowwise", bound=Callable[..., Tensor])

#: Entry -> function (x, dim, **parameters), filled by the decorator below.
IMPLEMENTATIONS: dict[str, Callable[..., Tensor]] = {}
#: An empty sum has a value; every other function gives an empty result for an empty row.
_REDUCTIONS = ("logsumexp", "logmeanexp")
#: Kernels take 16-bit numbers as they are, and compute in float32 themselves; others are exact.
_NARROW = {*ROWS, *HALVES}


def implementation(function: Rowwise) -> Rowwise:
    """Enters the function under its name and gives it what all have in common."""
    name = function.__name__

    @wraps(function)
    def checked(x: Tensor, dim: int, **parameters: Any) -> Tensor:
        counted = _dimension(name, x, dim)
        if x.dim() == 0:
            row = checked(x.unsqueeze(0), 0, **parameters)
            return row.squeeze(0) if row.shape == (1,) else row
        if x.shape[counted] == 0 and name not in _REDUCTIONS:
            return x.clone()
        wide = None if name in _NARROW else WIDE.get(x.dtype)
        y = function(x if wide is None else x.to(wide), counted, **parameters)
        return y.to(x.dtype)

    IMPLEMENTATIONS[name] = checked
    return cast(Rowwise, checked)


def _dimension(name: str, x: Tensor, dim: int) -> int:
    """The dimension counted from 0, or an InputError that says which there are."""
    if not x.is_floating_point():
        raise InputError(
            f"{name} needs real floating numbers, not {x.dtype}; convert with x.float()"
        )
    rank = max(x.dim(), 1)
    if not -rank <= dim < rank:
        raise InputError(
            f"{name} was asked to work along dim {dim}, but the input of shape {tuple(x.shape)} "
            f"has the dims {-rank} to {rank - 1}"
        )
    return dim % rank


def _grouped(name: str, x: Tensor, dim: int, argument: str, size: float) -> Tensor:
    """``dim`` split in two: groups, and ``size`` neighbours in each."""
    channels, members = x.shape[dim], int(size)
    if members < 1 or channels % members:
        raise InputError(
            f"given {channels} channels along dim {dim}, {name}({argument}={members}) needs a "
            f"multiple of {max(members, 1)}; change {argument}, or the layer before it"
        )
    return x.reshape(*x.shape[:dim], channels // members, members, *x.shape[dim + 1 :])


def _only_first_largest(x: Tensor, dim: int) -> Tensor:
    """True at the first largest element of each row (at a NaN, if there is one)."""
    best = x.detach().argmax(dim, keepdim=True)
    return torch.zeros_like(x, dtype=torch.bool).scatter(dim, best, True)


def _shares(weights: Tensor, dim: int) -> Tensor:
    return weights / weights.sum(dim, keepdim=True)


@implementation
def softmax(x: Tensor, dim: int) -> Tensor:
    """As torch: the largest element is subtracted. The Jacobian is diag(y) - y y^T."""
    return along("softmax", x, dim)


@implementation
def softmin(x: Tensor, dim: int) -> Tensor:
    """Softmax of -x: +inf gets the share 0, and a row that holds -inf is NaN."""
    return along("softmin", x, dim)


@implementation
def log_softmax(x: Tensor, dim: int) -> Tensor:
    """The CPU engine's kernel is right to the last digits, close to 0 as well; torch's, which
    serves elsewhere, to a few units of max(1, |y|), since it rounds 1 plus the other terms.
    """
    return along("log_softmax", x, dim)


@implementation
def logsumexp(x: Tensor, dim: int, keepdim: float = 0.0) -> Tensor:
    """The gradient is softmax(x). An empty row gives -inf, as one of -inf; +inf gives +inf."""
    y = along("logsumexp", x, dim)
    return y.unsqueeze(dim) if keepdim else y


@implementation
def logmeanexp(x: Tensor, dim: int, keepdim: float = 0.0) -> Tensor:
    """The gradient is softmax(x). Infinities as in logsumexp; an empty row has no mean: NaN."""
    count = x.shape[dim]
    if not count:
        return logsumexp(x, dim, keepdim=keepdim) * math.nan
    y = along("logmeanexp", x, dim, count)
    return y.unsqueeze(dim) if keepdim else y


@implementation
def safe_softmax(x: Tensor, dim: int) -> Tensor:
    """A row of -inf, which an attention mask leaves, gives zeros with zero gradient."""
    return along("safe_softmax", x, dim)


@implementation
def quiet_softmax(x: Tensor, dim: int) -> Tensor:
    """Softmax over the row and one further 0, whose share is dropped; a row of -inf gives zeros."""
    return along("quiet_softmax", x, dim)


@implementation
def hardmax(x: Tensor, dim: int) -> Tensor:
    """The gradient is 0. A row of equal infinities is a tie like any other."""
    best = _only_first_largest(x, dim)
    # filled, not multiplied: that keeps an inf of the row out of the (zero) gradient
    hot = x.masked_fill(best, 1.0).masked_fill(~best, 0.0)
    return hot.masked_fill(x.isnan().any(dim, keepdim=True), math.nan)


@implementation
def sparsemax(x: Tensor, dim: int) -> Tensor:
    """By sorting. An element exactly at the threshold gets 0 and no gradient (ReLU's convention);
    the gradient among the k others is that of subtracting their mean.
    """
    return along("sparsemax", x, dim)


@implementation
def entmax15(x: Tensor, dim: int) -> Tensor:
    """By sorting; t is then recomputed from what is above it, through which the gradient flows:
    with s = sqrt(y), J = diag(s) - s s^T / sum(s). The threshold's own element as in sparsemax.
    """
    return along("entmax15", x, dim)


def gumbel_noise(x: Tensor) -> Tensor:
    """Gumbel numbers of x's shape, always finite: -log of exponential ones kept inside the range.

    An exponential number that is drawn as 0 or as infinity would give an infinite one. The draws
    are those of torch.nn.functional.gumbel_softmax with the same seed.
    """
    limits = torch.finfo(x.dtype)
    exponential = torch.empty_like(x, memory_format=torch.legacy_contiguous_format).exponential_()
    return -exponential.clamp(min=limits.tiny, max=limits.max).log()


def gumbel_softmax_of(x: Tensor, gumbel: Tensor, dim: int, tau: float, hard: float) -> Tensor:
    """Gumbel-softmax with the noise given."""
    return _perhaps_hard(along("gumbel_softmax", x + gumbel, dim, tau), dim, hard)


def _perhaps_hard(soft: Tensor, dim: int, hard: float) -> Tensor:
    if not hard:
        return soft
    hot = _only_first_largest(soft, dim).to(soft.dtype)
    return hot + (soft - soft.detach())


@implementation
def gumbel_softmax(x: Tensor, dim: int, tau: float = 1.0, hard: float = 0.0) -> Tensor:
    """Drawn anew in every call, in evaluation as well; under vmap, say how with ``randomness``.

    Finite logits never give NaN or inf: the noise is finite, and tau > 0 may be as small as it
    likes. -inf is a class that is never drawn. ``hard``: the first largest on a tie. Triton's
    kernels make noise of their own (engine/philox.py), elsewhere it is torch's.
    """
    if isinstance(tau, (int, float)) and not tau > 0:
        raise InputError(f"gumbel_softmax needs tau > 0, not {tau!r}; for tau near 0 use hard=True")
    wide = WIDE.get(x.dtype, x.dtype)
    if isinstance(tau, Tensor) or not _kernel_serves(x):
        x = x.to(wide)
        return gumbel_softmax_of(x, gumbel_noise(x), dim, tau, hard)
    # the largest of 16-bit shares would often be several
    result = wide if hard else x.dtype
    soft = along_with_noise("gumbel_softmax", "gumbel", x, dim, tau, result)
    return _perhaps_hard(soft, dim, hard)


def _kernel_serves(x: Tensor) -> bool:
    """Whether one of Triton's serves x, in a call that nobody traces or transforms."""
    if torch.compiler.is_dynamo_compiling() or not x.numel():
        return False
    return in_kernel(x, {}, own.get())


@implementation
def taylor_softmax(x: Tensor, dim: int) -> Tensor:
    """As (1 + (1 + x)**2) over its sum: positive terms, so nothing cancels; both are scaled, so
    that squares do not overflow. An infinite element makes the row NaN.
    """
    return along("taylor_softmax", x, dim)


@implementation
def spherical_softmax(x: Tensor, dim: int, eps: float | Tensor = 1e-8) -> Tensor:
    """Scaled: squares neither overflow nor vanish. An infinite element makes the row NaN."""
    return along("spherical_softmax", x, dim, eps)


@implementation
def sigsoftmax(x: Tensor, dim: int) -> Tensor:
    """Softmax of x + log(sigmoid(x))."""
    return along("sigsoftmax", x, dim)


@implementation
def scalable_softmax(x: Tensor, dim: int, s: float | Tensor = 1.0) -> Tensor:
    """s is a number or a learned tensor that broadcasts against x."""
    scale = s * math.log(x.shape[dim])
    if isinstance(scale, Tensor) or not 0 < scale < math.inf:
        return torch.softmax(x * scale, dim)
    return along("scalable_softmax", x, dim, scale)


@implementation
def softpick(x: Tensor, dim: int, eps: float = 1e-8) -> Tensor:
    """|exp(x) - 1| exp(-c) is -expm1(-|x|) exp(max(x, 0) - c), with c the largest positive
    element: no overflow, and full precision near 0. At 0 the gradient is 0.
    """
    return along("softpick", x, dim, eps)


@implementation
def solu(x: Tensor, dim: int) -> Tensor:
    """At -inf it is 0, the limit."""
    return along("solu", x, dim)


@implementation
def squash(x: Tensor, dim: int) -> Tensor:
    """Scaled by the largest element, so that the square of the length does not overflow. A row of
    zeros gives 0 with derivative 0; an infinite element makes the row NaN.
    """
    return along("squash", x, dim)


@implementation
def l2_normalize(x: Tensor, dim: int, eps: float | Tensor = 1e-12) -> Tensor:
    """Scaled, so that the square of the length neither overflows nor vanishes, as torch's does. A
    row of zeros gives 0; an infinite element makes the row NaN.
    """
    return along("l2_normalize", x, dim, eps)


@implementation
def maxout(x: Tensor, dim: int, k: float = 2) -> Tensor:
    """The gradient goes to the largest one, in equal parts at a tie; NaN wins its group."""
    return _grouped("maxout", x, dim, "k", k).amax(dim + 1)


@implementation
def lwta(x: Tensor, dim: int, group: float = 2) -> Tensor:
    """The first one wins a tie and alone has a gradient; NaN wins its group."""
    groups = _grouped("lwta", x, dim, "group", group)
    lost = ~_only_first_largest(groups, dim + 1)
    return groups.masked_fill(lost, 0.0).flatten(dim, dim + 1)


@implementation
def k_wta(x: Tensor, dim: int, k: float = 1) -> Tensor:
    """The first one wins a tie and alone has a gradient; NaN is larger than every number."""
    winners = int(k)
    if not 1 <= winners <= x.shape[dim]:
        raise InputError(
            f"given {x.shape[dim]} elements along dim {dim}, k_wta(k={winners}) needs k from 1 to "
            f"{x.shape[dim]}"
        )
    order = x.detach().argsort(dim=dim, descending=True, stable=True).narrow(dim, 0, winners)
    kept = torch.zeros_like(x, dtype=torch.bool).scatter(dim, order, True)
    return x.masked_fill(~kept, 0.0)


@implementation
def group_sort(x: Tensor, dim: int, group: float = 2) -> Tensor:
    """The gradient is permuted back. Equal elements keep their order; NaN goes last."""
    groups = _grouped("group_sort", x, dim, "group", group)
    return groups.sort(dim=dim + 1, stable=True).values.flatten(dim, dim + 1)


@implementation
def crelu(x: Tensor, dim: int) -> Tensor:
    """At 0 both have the derivative 0; NaN gives NaN in both."""
    if _kernel_serves(x):
        return halves("crelu", x, dim)
    return torch.cat([torch.relu(x), torch.relu(-x)], dim)


@implementation
def ncrelu(x: Tensor, dim: int) -> Tensor:
    """At 0 both have the derivative 0; NaN gives NaN in both."""
    if _kernel_serves(x):
        return halves("ncrelu", x, dim)
    return torch.cat([torch.relu(x), -torch.relu(-x)], dim)
