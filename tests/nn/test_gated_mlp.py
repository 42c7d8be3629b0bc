"""GatedMLP: the block of Llama and its kin, with the keys of transformers."""

import others  # noqa: F401 - before transformers, which needs it
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import transformers
from transformers.models.llama.modeling_llama import LlamaMLP

import ogive
from ogive.errors import UnknownName
from ogive.nn.gated_mlp import GATED_UNITS

ACTS = {
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "relu": F.relu,
    "squared_relu": lambda x: F.relu(x).square(),
    "sigmoid": torch.sigmoid,
    "selu": F.selu,
    "identity": lambda x: x,
}


def test_every_unit_is_tried() -> None:
    assert ACTS.keys() == GATED_UNITS.keys()


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("bias", [False, True])
def test_it_computes_the_block(act: str, bias: bool) -> None:
    block = ogive.nn.GatedMLP(6, 10, act, 4, bias=bias, dtype=torch.float64)
    x = torch.randn(2, 3, 6, dtype=torch.float64)
    want = block.down_proj(ACTS[act](block.gate_proj(x)) * block.up_proj(x))
    torch.testing.assert_close(block(x), want, rtol=1e-12, atol=1e-13)
    assert torch.autograd.gradcheck(block, x.requires_grad_())


def test_it_takes_the_weights_of_transformers() -> None:
    config = transformers.LlamaConfig(hidden_size=8, intermediate_size=12, num_attention_heads=2)
    theirs, ours = LlamaMLP(config), ogive.nn.GatedMLP(8, 12)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(5, 8)
    torch.testing.assert_close(ours(x), theirs(x))


def test_names_of_frameworks() -> None:
    assert ogive.nn.GatedMLP(4, 4, "transformers:gelu_pytorch_tanh").unit.name == "geglu_tanh"


def test_it_saves_the_gate_and_the_value_only() -> None:
    block, x = ogive.nn.GatedMLP(8, 16), torch.randn(5, 8)
    kept: list[tuple[int, ...]] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tuple(tensor.shape))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        block(x)
    inner = [s for s in kept if s == (5, 16)]
    assert len(inner) == 2  # the layer behind the unit does without its result


@pytest.mark.parametrize("shape", [(8,), (0, 8), (2, 0, 8), (2, 3, 8)])
@pytest.mark.parametrize("bias", [False, True])
def test_gradients_are_those_of_three_layers(shape: tuple[int, ...], bias: bool) -> None:
    block = ogive.nn.GatedMLP(8, 16, bias=bias)
    for autocast in (False, True):
        found = []
        for plain in (False, True):
            x = torch.ones(shape, requires_grad=True)
            with torch.autocast("cpu", enabled=autocast):
                y = composed(block, x) if plain else block(x)
            given = [x, *block.parameters()]
            first = torch.autograd.grad(y.float().square().sum(), given, retain_graph=True)
            (slope,) = torch.autograd.grad(y.float().square().sum(), x, create_graph=True)
            found.append([*first, *torch.autograd.grad(slope.square().sum(), given)])
        bar = {"atol": 0.03, "rtol": 0.05} if autocast else {"atol": 1e-5, "rtol": 1e-5}
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, **bar)


def composed(block: ogive.nn.GatedMLP, x: torch.Tensor) -> torch.Tensor:
    """The block as three layers and the unit."""
    return block.down_proj(block.unit(block.up_proj(x), block.gate_proj(x)))


def test_a_layer_that_is_watched_or_frozen_is_called() -> None:
    block, seen = ogive.nn.GatedMLP(4, 6), []
    hook = block.down_proj.register_forward_hook(lambda *given: seen.append(given))
    block(torch.ones(2, 4))
    hook.remove()
    everywhere = torch.nn.modules.module.register_module_forward_hook(
        lambda module, *given: seen.append(module)
    )
    block(torch.ones(2, 4))
    everywhere.remove()
    assert len(seen) == 5  # once, then the three layers and the block
    block.down_proj.weight.requires_grad_(False)
    x = torch.ones(2, 4, requires_grad=True)
    block(x).sum().backward()
    assert x.grad is not None


def test_a_gate_without_a_unit() -> None:
    with pytest.raises(UnknownName, match="no gated unit whose gate is 'mish'"):
        ogive.nn.GatedMLP(4, 4, "mish")
    assert repr(ogive.nn.GatedMLP(4, 4)).startswith("GatedMLP(\n  act='silu'")


def test_accelerate_knows_its_own() -> None:
    model = torch.nn.Sequential(ogive.nn.GatedMLP(4, 4))
    report = ogive.accelerate(model)
    assert report.rows == report.skipped == ()
