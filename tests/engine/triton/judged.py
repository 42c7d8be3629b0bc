"""How far results may be from those of the float64 kernels, which mpmath has judged."""

import torch
from torch import Tensor

import ogive
from ogive.engine.trial import largest_wanted, last_place

#: What has underflown on the way to a result has fewer digits.
UNDERFLOWN = 2.0**-139
EPS = 2.0**-23


def line(dtype: torch.dtype) -> Tensor:
    """The line in a dtype: ordinary numbers, tails, special numbers, the ends and NaN."""
    tails = torch.logspace(-38, 30, 120)
    special = torch.tensor([0.0, 1e-45, 0.5, 1.0, 2.0, 3.0, 6.0, 20.0, 100.0, 1000.0, torch.inf])
    sizes = torch.cat([torch.linspace(0.013, 16, 400), tails, special])
    return torch.cat([sizes, -sizes, torch.tensor([torch.nan])]).to(dtype).unique()


def check(got: list[Tensor], wanted: list[Tensor], x: Tensor) -> None:
    """The function and its derivatives, each within its bar."""
    dtype = str(got[0].dtype).removeprefix("torch.")
    size = x.double().abs().nan_to_num(0.0, torch.inf)
    for order, (g, w) in enumerate(zip(got, wanted, strict=True)):
        assert torch.equal(g.isnan(), w.isnan()), f"NaN in order {order}"
        bars = BARS[dtype](w, size, order)
        off = (g.double() - w).abs()
        rounded = w.to(g.dtype) if dtype != "float64" else w
        right = (g == rounded) | g.isnan() | _at_the_edge(w, dtype)
        for share, allowed in bars:
            held = right | (off <= allowed)
            worst = (off / allowed).where(~right, 0.0).argmax()
            found = f"order {order} at {x[worst]}: {g[worst]}, not {w[worst]}"
            assert held.double().mean() >= share, found


def _at_the_edge(w: Tensor, dtype: str) -> Tensor:
    """Where a rounding may carry a value over the edge of the dtype, or a product on the way."""
    largest = torch.finfo(torch.float32 if dtype == "bfloat16" else getattr(torch, dtype)).max
    return w.abs() > largest / 4


def _float32(w: Tensor, size: Tensor, order: int) -> list[tuple[float, Tensor]]:
    """Three units forward, four backward or four eps of the slope's largest size, eight for second
    derivatives; far out as many as what an exponential is given is large."""
    units = torch.full_like(w, (3.0, 4.0, 8.0)[order])
    if order:
        units = torch.where(size <= 16, units, size)
    return [(1.0, _with_floor(units * last_place(w, "float32"), w, size, order))]


def _half(dtype: str):
    def bars(w: Tensor, size: Tensor, order: int) -> list[tuple[float, Tensor]]:
        """One rounding forward; backward within a unit, nearly all within one rounding."""
        place = last_place(w, dtype)
        size = size.clamp(max=16)  # of a slope that swings, zeros are anywhere
        close = _with_floor(0.51 * place, w, size, order)
        if not order:
            return [(1.0, close)]
        return [(0.97, close), (1.0, place + _with_floor(place, w, size, order))]

    return bars


def _float64(w: Tensor, size: Tensor, order: int) -> list[tuple[float, Tensor]]:
    """The same arithmetic but for what the processor's library computes."""
    scale = largest_wanted(w, size)
    return [(1.0, 16 * last_place(w, "float64") + 16 * 2.0**-52 * scale)]


def _with_floor(allowed: Tensor, w: Tensor, size: Tensor, order: int) -> Tensor:
    floor = torch.full_like(w, UNDERFLOWN)
    if order:
        scale = 4 * order * EPS * largest_wanted(w, size)
        floor = torch.where(size <= 16, floor.clamp(min=scale), floor)
    return allowed.maximum(floor)


BARS = {
    "float32": _float32,
    "bfloat16": _half("bfloat16"),
    "float16": _half("float16"),
    "float64": _float64,
}


def derivatives(compute, x: Tensor, order: int) -> list[Tensor]:
    """The function and its derivatives up to an order."""
    x = x.detach().clone().requires_grad_()
    found = [compute(x)]
    for k in range(order):
        ones = torch.ones_like(found[-1])
        found += torch.autograd.grad(found[-1], x, ones, create_graph=k + 1 < order)
    return [v.detach() for v in found]


def wanted_of(compute, x: Tensor, order: int) -> list[Tensor]:
    """The same by the float64 kernels of the CPU, of the very numbers."""
    with ogive.engine("cpu"):
        return derivatives(compute, x.double(), order)
