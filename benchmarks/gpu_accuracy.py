"""Every kernel against float64, on the device, before anything is timed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from gpu_machine import GPU
from torch import Tensor

import ogive
from ogive.engine.quantization import EIGHT_BITS, Quantization
from ogive.errors import OgiveError

#: Units of the last place that a result may be off; and a gradient, or as many eps of its largest.
BARS = {"float32": (3.0, 4.0), "bfloat16": (0.51, 1.0), "float16": (0.51, 1.0)}
#: Results of what has underflown on the way may be off by so much; and beyond so large numbers
#: gradients by twice as many units (docs/gpu.md).
UNDERFLOWN, FAR = 2.0**-139, 16.0
#: How far off NaN is.
NO_NUMBER = 1e9
#: Numbers of a row of samples.
SAMPLES = 4096


@dataclass(frozen=True)
class Checked:
    """What was found of an entry: units of the last place, and whether that is within the bars."""

    name: str
    dtype: str
    forward: float
    backward: float
    right: bool


def samples(kind: str, dtype: torch.dtype) -> Tensor:
    """Ordinary numbers, and those far from 0; of gated units, value and gate in one."""
    ends = torch.linspace(-30, 30, SAMPLES // 2, dtype=torch.float64)
    near = torch.linspace(-4, 4, SAMPLES // 2, dtype=torch.float64)
    x = torch.cat([ends, near])
    if kind == "gated":
        x = torch.cat([x.flip(0) / 8, x])
    return x.view(1, -1).to(dtype)


def checked(name: str, dtype: str, gpu: GPU) -> Checked:
    """An entry's kernels, forward and backward."""
    function, kind = ogive.get(name), getattr(torch, dtype)
    x = samples(function.kind, kind)
    with gpu.engine():
        y, slope = _both(function, x.to(gpu.device))
    with ogive.engine("eager"):
        exact, exact_slope = _both(function, x.double())
    of_y, of_slope = _ulps(y, exact, kind), _off(slope, exact_slope, kind, x)
    most, most_slope = BARS[dtype]
    return Checked(name, dtype, of_y, of_slope, of_y <= most and of_slope <= most_slope)


def _both(function: ogive.Activation, x: Tensor) -> tuple[Tensor, Tensor]:
    """The result, and the gradient for one that every dtype has exactly."""
    x = x.detach().requires_grad_()
    y = function(x)
    given = (torch.arange(y.numel(), device=y.device) % 7 - 3).view(y.shape).to(y.dtype)
    (slope,) = torch.autograd.grad(y, x, given)
    return y.detach(), slope


def _ulps(found: Tensor, exact: Tensor, dtype: torch.dtype) -> float:
    """The largest distance, in units of the last place of the exact number."""
    return _worst(found, exact, _unit(exact, dtype))


def _off(found: Tensor, exact: Tensor, dtype: torch.dtype, x: Tensor) -> float:
    """The same, or in eps of the largest number, whichever is less at each place."""
    largest = exact.double().abs().nan_to_num(0.0, 0.0).max()
    unit = _unit(exact, dtype) * torch.where(x.double().abs() > FAR, 2.0, 1.0)
    return _worst(found, exact, unit.clamp(min=largest * torch.finfo(dtype).eps))


def _unit(exact: Tensor, dtype: torch.dtype) -> Tensor:
    """The spacing of the numbers of a dtype."""
    info = torch.finfo(dtype)
    size = exact.double().abs().clamp(min=info.smallest_normal)
    return torch.exp2(torch.floor(torch.log2(size))) * info.eps


def _worst(found: Tensor, exact: Tensor, allowed: Tensor) -> float:
    """The largest distance; none where both are NaN, or as infinite as the dtype makes it."""
    found = found.cpu()
    same = (found == exact.to(found.dtype)) | (found.isnan() & exact.isnan())
    off = (found.double() - exact.double()).abs()
    same |= off <= UNDERFLOWN
    return float((off / allowed).masked_fill(same, 0.0).nan_to_num(NO_NUMBER, NO_NUMBER).max())


def quantized_right(name: str, scale: str, gpu: GPU) -> None:
    """Raises an OgiveError unless the kernel that quantises gives the bits of the composition."""
    function = ogive.get(name)
    x = torch.randn(8, 512, device=gpu.device).bfloat16()
    for dtype in EIGHT_BITS:
        with gpu.engine():
            pair = ogive.quantized(name, dtype, scale)(x)
            wanted = Quantization(dtype, scale).quantize(function(x.float()))
        for found, expected in zip(pair, wanted, strict=True):
            if not torch.equal(found.float(), expected.float()):
                raise OgiveError(f"the kernel of {name} to {dtype} differs from the composition")
