"""CReLU and NCReLU in Triton's interpreter: one kernel that writes both halves."""

from itertools import product

import pytest
import torch

import ogive
from ogive.ops.halves import HALVES

#: Halves along the last dimension, along others, and of what lies otherwise in memory.
SHAPES = {
    "last": (lambda x: x, -1),
    "channels": (lambda x: x, 1),
    "first": (lambda x: x, 0),
    "channels last": (lambda x: x.contiguous(memory_format=torch.channels_last), 1),
    "turned": (lambda x: x.transpose(0, 1), 2),
    "strided": (lambda x: x[:, ::2], 1),
}


def order(x):
    """The dimensions as they follow one another in memory."""
    return sorted(range(x.dim()), key=lambda d: -x.stride(d))


def both(name, x, dim, engine):
    """Result, gradient, the gradient's gradient, and who served."""
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    with ogive.engine(engine), ogive.served() as calls:
        y = ogive.get(name)(x, dim=dim)
        given = torch.linspace(-2, 2, y.numel(), dtype=y.dtype).reshape(y.shape).requires_grad_()
        (slope,) = torch.autograd.grad(y, x, given, create_graph=True)
        (again,) = torch.autograd.grad(slope.square().sum(), given)
    return y.detach(), slope.detach(), again, [call.engine for call in calls]


@pytest.mark.parametrize("name", HALVES)
def test_the_kernel_gives_what_torchs_operators_give(name, monkeypatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    dtypes = (torch.float32, torch.bfloat16, torch.float64)
    for (laid, dim), dtype in product(SHAPES.values(), dtypes):
        x = laid(torch.linspace(-3, 3, 2 * 6 * 4 * 5).reshape(2, 6, 4, 5)).to(dtype)
        x[0, 0, 0, :3] = torch.tensor([0.0, torch.inf, -torch.inf])
        *found, engines = both(name, x, dim, "triton")
        *wanted, _ = both(name, x, dim, "eager")
        assert set(engines) == {"triton"}
        for got, expected in zip(found, wanted, strict=True):
            torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)
        assert order(found[0]) == order(x)
    with ogive.engine("triton"):  # where torch's operators have a gradient of their own
        assert ogive.get(name)(torch.full((1, 3), torch.nan)).isnan().all()
