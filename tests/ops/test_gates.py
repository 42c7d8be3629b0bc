"""Where a gated unit finds its value and its gate."""

import pytest
import torch

import ogive
from ogive.ops import gates

GATED = ogive.names("gated")
bilinear = ogive.get("bilinear")
VALUE, GATE = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0])
#: linear in the value, so that the two halves cannot be confused
reglu = ogive.get("reglu")


@pytest.mark.parametrize(
    ("gate", "interleave", "packed"),
    [
        ("second", False, [1.0, 2, 3, 10, 20, 30]),
        ("first", False, [10.0, 20, 30, 1, 2, 3]),
        ("second", True, [1.0, 10, 2, 20, 3, 30]),
        ("first", True, [10.0, 1, 20, 2, 30, 3]),
    ],
)
@pytest.mark.parametrize("name", GATED)
def test_four_layouts_of_the_same_halves(name, gate, interleave, packed) -> None:
    function = ogive.get(name)
    value, gates_ = VALUE - 2, GATE / 10 - 1.5
    order = {1.0: -1.0, 2.0: 0.0, 3.0: 1.0, 10.0: -0.5, 20.0: 0.5, 30.0: 1.5}
    x = torch.tensor([order[v] for v in packed])
    wanted = function(value, gates_)
    torch.testing.assert_close(function(x, gate=gate, interleave=interleave), wanted)
    columns = x[:, None].expand(6, 2)
    got = function(columns, 0, gate=gate, interleave=interleave)
    torch.testing.assert_close(got, wanted[:, None].expand(3, 2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("engine", ["eager", "cpu"])
@pytest.mark.parametrize("name", GATED)
def test_no_closed_gate_hides_a_nan(name, engine, dtype) -> None:
    some = torch.tensor([0.0, -0.5, -12.0, -40.0, -200.0, -1e30, 3.0, 1e30], dtype=dtype)
    nan = torch.full_like(some, torch.nan)
    with ogive.engine(engine):
        assert ogive.get(name)(nan, some).isnan().all()
        assert ogive.get(name)(some, nan).isnan().all()


@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1, 2])
def test_halves_are_views(dim: int, interleave: bool) -> None:
    packed = torch.randn(4, 6, 8)
    for half in gates.packed_layout("swiglu", packed, dim, "second", interleave).split(packed):
        assert half.untyped_storage().data_ptr() == packed.untyped_storage().data_ptr()
        assert half.shape[dim] == packed.shape[dim] // 2


def test_gradients_return_to_the_halves_they_came_from() -> None:
    packed = torch.cat([VALUE, GATE]).requires_grad_()
    bilinear(packed).sum().backward()
    assert torch.equal(packed.grad, torch.cat([GATE, VALUE]))


def test_which_half_is_the_gate_shows() -> None:
    x = torch.tensor([-1.0, 2.0])
    assert reglu(x).item() == -2.0
    assert reglu(x, gate="first").item() == 0.0


def test_the_layout_of_an_entry_is_its_default_and_can_be_changed() -> None:
    laid_out = [n for n in GATED if ogive.get(n).spec.layout]
    assert laid_out, "no entry has a layout of its own, so this test tests nothing"
    x = torch.randn(3, 8)
    for name in laid_out:
        function = ogive.get(name)
        layout = {"gate": "second", "interleave": False} | dict(function.spec.layout)
        assert torch.equal(function(x), function(x, **layout))
        other = {"gate": "second", "interleave": not layout["interleave"]}
        assert not torch.equal(function(x), function(x, **other)), name


def test_two_tensors_ignore_the_layout() -> None:
    wanted = reglu(VALUE, GATE)
    assert torch.equal(reglu(VALUE, GATE, gate="first", interleave=True), wanted)


def test_an_empty_half() -> None:
    assert reglu(torch.empty(3, 0)).shape == (3, 0)


def test_modules_take_both_forms() -> None:
    layer = ogive.nn.SwiGLU() if "SwiGLU" in dir(ogive.nn) else ogive.get("swiglu").module()
    packed = torch.cat([VALUE, GATE])
    torch.testing.assert_close(layer(packed), layer(VALUE, GATE))
    assert repr(ogive.get("reglu").module(0, gate="first")).endswith(
        "(dim=0, gate='first', interleave=False)"
    )
