"""ogive against the libraries whose names it knows, with mpmath as the judge.

What jax, keras, transformers, timm and onnx computed is recorded in tests/data/peers.json (by
tools/record_peers.py); torch is called. At every point of a line from -100 to 100, at 0 and at the
infinities ogive is within 8 units of the exact value. Where a peer is not, disagreements.py says
in how many places and pins the worst: x, the peer's value, ogive's, the exact one. A peer that
mends or breaks something shows as a difference from the table.
"""

import math

import mpmath
import numpy as np
import peers
import pytest
import torch
from disagreements import DISAGREEMENTS, TORCH_DISAGREEMENTS
from peers import DTYPES, RIGHT, Place, pointwise, record, recorded, rows, torch_function
from torch.nn import functional

import ogive

INF = math.inf
RECORDED = [(alias, dtype) for alias, found in record()["values"].items() for dtype in found]
LINES = [(alias, dtype) for alias, dtype in RECORDED if pointwise(alias)]
ROWS = [(alias, dtype) for alias, dtype in RECORDED if not pointwise(alias)]
TORCH = [
    (alias, dtype, order)
    for alias in peers.torch_aliases()
    if pointwise(alias)
    for dtype in DTYPES
    for order in (0, 1)
]
TORCH_ROWS = [alias for alias in peers.torch_aliases() if not pointwise(alias)]


def assert_ours_right(found: list[Place]) -> None:
    for place in found:
        assert place.our_error <= RIGHT, place
        # the judge, not either party, says who is wrong
        assert not place.disagrees or place.our_error < place.peer_error, place


@pytest.mark.parametrize(("alias", "dtype"), LINES)
def test_recorded_peers(alias: str, dtype: str) -> None:
    found = list(peers.recorded_places(alias, dtype))
    assert_ours_right(found)
    row, pinned = peers.summary(found), DISAGREEMENTS.get((alias, dtype))
    assert (row is None) == (pinned is None), row
    if row is not None:
        assert row[:3] == pytest.approx(pinned[:3], rel=0, abs=0, nan_ok=True)
        assert row[3:] == pytest.approx(pinned[3:], rel=1e-5, abs=0)


@pytest.mark.parametrize(("alias", "dtype", "order"), TORCH)
def test_torch(alias: str, dtype: str, order: int) -> None:
    found = list(peers.torch_places(alias, dtype, order))
    assert_ours_right(found)
    pinned = TORCH_DISAGREEMENTS.get((alias, dtype, order))
    assert any(place.disagrees for place in found) == (pinned is not None), peers.summary(found)
    if pinned is not None:
        (place,) = (p for p in found if p.x == pinned[0])
        # which vector instructions there are decides the last digits of torch's wrong numbers
        assert place.peer == pytest.approx(pinned[1], rel=1e-2, abs=0, nan_ok=True)
        assert (place.ours, place.exact) == pytest.approx(pinned[2:], rel=1e-5, abs=0)


def test_tables_have_no_row_that_nothing_is_compared_with() -> None:
    assert set(DISAGREEMENTS) <= set(LINES)
    assert set(TORCH_DISAGREEMENTS) <= set(TORCH)


# gated and rowwise functions: no row is further apart than these many epsilons of max(1, |y|)
EPSILONS = 8
#: keras 3.15 on jax sums the cumulative sums: its rows do not sum to one.
WRONG_ROWS = {("keras:sparsemax", "float32"), ("keras:sparsemax", "float64")}


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    scale = np.maximum(1, np.abs(ours)) * np.finfo(ours.dtype).eps
    return float(np.max(np.abs(ours - theirs) / scale))


@pytest.mark.parametrize(("alias", "dtype"), ROWS)
def test_recorded_rows(alias: str, dtype: str) -> None:
    ours = ogive.get(alias)(rows(dtype))
    theirs = recorded(alias, dtype).reshape(ours.shape)
    assert (distance(ours, theirs) <= EPSILONS) == ((alias, dtype) not in WRONG_ROWS)


@pytest.mark.parametrize(("alias", "dtype"), sorted(WRONG_ROWS))
def test_the_wrong_rows_are_not_ours(alias: str, dtype: str) -> None:
    ours = ogive.get(alias)(rows(dtype))
    theirs = recorded(alias, dtype).reshape(ours.shape)
    np.testing.assert_allclose(ours.sum(-1), 1.0, rtol=1e-6)
    assert np.abs(theirs.sum(-1) - 1.0).max() > 0.1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alias", TORCH_ROWS)
def test_torch_rows(alias: str, dtype: str) -> None:
    """Values and gradients; the noise of a Gumbel sample is torch's with the same seed."""
    weight = torch.linspace(0.5, 1.5, 60, dtype=getattr(torch, dtype))
    results = []
    for function in (ogive.get(alias), torch_function(alias)):
        x = torch.from_numpy(rows(dtype)).requires_grad_()
        torch.manual_seed(0)
        y = function(x, dim=-1)
        (gradient,) = torch.autograd.grad((y.flatten() * weight[: y.numel()]).sum(), x)
        results.append((y.detach().numpy(), gradient.numpy()))
    for ours, theirs in zip(*results, strict=True):
        assert distance(ours, theirs) <= EPSILONS


# the famous ones, in words


def test_torch_s_gelu_loses_its_left_tail() -> None:
    x = torch.tensor(-5.5)
    exact = float(-5.5 * mpmath.erfc(5.5 / mpmath.sqrt(2)) / 2)
    assert abs(functional.gelu(x).item() / exact - 1) > 0.5
    assert ogive.get("gelu")(x).item() == pytest.approx(exact, rel=2e-6)
    assert functional.gelu(torch.tensor(-6.0)).item() == 0.0
    assert ogive.get("gelu")(torch.tensor(-6.0)).item() == pytest.approx(-5.92e-9, rel=1e-3)


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "hardswish"])
def test_torch_has_no_number_at_minus_infinity(name: str) -> None:
    x = torch.tensor(-INF, dtype=torch.float64)
    assert math.isnan(getattr(functional, name)(x).item())
    assert ogive.get(name)(x).item() == 0.0


@pytest.mark.parametrize(
    ("name", "dtype", "last", "first"),
    [
        ("sigmoid", torch.float32, 16.5, 17.0),
        ("sigmoid", torch.float64, 36.7, 37.4),
        ("tanh", torch.float32, 9.0, 9.1),
        ("tanh", torch.float64, 19.0, 19.1),
    ],
)
def test_from_where_torch_s_derivative_is_zero(
    name: str, dtype: torch.dtype, last: float, first: float
) -> None:
    x = torch.tensor([last, first], dtype=dtype, requires_grad=True)
    theirs, ours = (
        torch.autograd.grad(f(x).sum(), x)[0] for f in (getattr(torch, name), ogive.get(name))
    )
    assert theirs[0] > 0
    assert theirs[1] == 0
    exact = [
        mpmath.sech(v) ** 2 if name == "tanh" else mpmath.sech(v / 2) ** 2 / 4 for v in x.tolist()
    ]
    torch.testing.assert_close(ours.tolist(), [float(v) for v in exact], rtol=1e-5, atol=0)
