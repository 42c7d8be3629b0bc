"""What a compiled model holds for backward, beside what it holds without a compiler.

The graph is divided into forward and backward as torch.compile's default backend divides it; then
each half runs as it is, which takes no code generation.
"""

import warnings
from collections.abc import Callable
from functools import partial

import pytest
import torch
from functorch.compile import make_boxed_func, min_cut_rematerialization_partition
from torch import Tensor, nn
from torch._dynamo.backends.common import aot_autograd
from torch.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts

import ogive
from ogive.bench.memory import held
from ogive.bench.models import Scale, build_model
from ogive.bench.training_steps import SAVE_MODES, accelerated
from ogive.nn.gated_mlp import GATED_UNITS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the compiler calls what its own torch has deprecated
    from torch._inductor.compile_fx import select_decomp_table
    from torch._inductor.fx_passes.joint_graph import joint_graph_passes

#: Tensors of the inner width have more elements than a kernel in a graph has at least.
SCALE = Scale(batch=2, pixels=96, tokens=64, width=64, layers=1, heads=4)
#: Feed-forward blocks of models, by name: where they are, and what they are called with.
BLOCKS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "linear_gelu_linear": lambda model: model,
    "linear_silu_linear": lambda model: model,
    "gpt2": lambda model: model.h[0].mlp,
    "llama": lambda model: model.layers[0].mlp,
    "gemma2": lambda model: model.layers[0].mlp,
    "vit_tiny_patch16_224": lambda model: model.blocks[0].mlp,
}
WIDTHS = {"vit_tiny_patch16_224": 192}
MOST = 1.15


def divided(graph: torch.fx.GraphModule, inputs: list[Tensor], **options: object):
    joint_graph_passes(graph)
    return min_cut_rematerialization_partition(graph, inputs, compiler="inductor", **options)


def compiled(call: Callable[..., Tensor]) -> Callable[..., Tensor]:
    torch._dynamo.reset()
    backend = aot_autograd(
        fw_compiler=lambda graph, inputs: make_boxed_func(graph),
        decompositions=select_decomp_table,
        partition_fn=divided,
    )
    return torch.compile(call, backend=backend, fullgraph=True, dynamic=False)


def block_of(name: str, mode: str, dtype: torch.dtype) -> tuple[nn.Module, Tensor]:
    model = build_model(name, SCALE)[0].to(dtype)
    block = BLOCKS[name](accelerated(model, mode))
    width = WIDTHS.get(name, SCALE.width)
    return block, torch.randn(SCALE.batch, SCALE.tokens, width, dtype=dtype)


def gradients(call: Callable[[Tensor], Tensor], block: nn.Module, x: Tensor) -> list[Tensor]:
    y = call(x)
    return list(torch.autograd.grad(y.float().square().mean(), list(block.parameters())))


def assert_the_same_bytes(
    call: Callable[[Tensor], Tensor],
    block: nn.Module,
    x: Tensor,
    counted: Callable[[Tensor], Tensor] | None = None,
) -> None:
    """Gradients and bytes of a call, compiled and otherwise; ``counted`` holds what it may hold."""
    made = compiled(call)
    pairs = zip(gradients(made, block, x), gradients(call, block, x), strict=True)
    scale = 16 * torch.finfo(x.dtype).eps
    for ours, wanted in pairs:
        torch.testing.assert_close(ours, wanted, rtol=scale, atol=scale * wanted.abs().max().item())
    eager = held(partial(counted or call, x), block.parameters())
    assert 0 < held(partial(made, x), block.parameters()) <= MOST * eager


@pytest.mark.parametrize("mode", SAVE_MODES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", BLOCKS)
def test_a_compiled_block_holds_what_it_holds_otherwise(name, dtype, mode) -> None:
    block, x = block_of(name, mode, dtype)
    assert_the_same_bytes(block, block, x)


@pytest.mark.parametrize("act", GATED_UNITS)
def test_every_gated_unit_keeps_gate_and_value_alone(act) -> None:
    block, x = ogive.nn.GatedMLP(64, 256, act), torch.randn(2, 64, 64)
    inner = 2 * 64 * 256 * x.itemsize
    assert_the_same_bytes(block, block, x)
    assert held(lambda: compiled(block)(x), block.parameters()) == 2 * inner + x.nbytes


def saving_products() -> object:
    return create_selective_checkpoint_contexts([torch.ops.aten.mm.default])


CHECKPOINTS = {
    "whole": {},
    "selective": {"context_fn": saving_products},
}


@pytest.mark.parametrize("kind", CHECKPOINTS)
@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_checkpoint_is_obeyed(name, kind) -> None:
    block, x = block_of(name, "lean", torch.float32)
    x.requires_grad_()
    call = partial(checkpoint, block, use_reentrant=False, **CHECKPOINTS[kind])
    # what a selective one keeps of eager calls no hook sees: the products, which the block keeps
    assert_the_same_bytes(call, block, x, block if CHECKPOINTS[kind] else call)


def test_offloaded_bytes_are_the_same() -> None:
    block, x = block_of("llama", "exact", torch.float32)
    made = compiled(block)
    with torch.autograd.graph.save_on_cpu():
        found = gradients(made, block, x)
    for ours, wanted in zip(found, gradients(block, block, x), strict=True):
        torch.testing.assert_close(ours, wanted)


def test_a_layer_that_is_watched_or_frozen_is_called() -> None:
    block, x = ogive.nn.GatedMLP(64, 256), torch.randn(2, 64, 64)
    block.down_proj.weight.requires_grad_(False)
    want = block(x)
    torch.testing.assert_close(compiled(block)(x), want)
    seen: list[object] = []
    block.down_proj.register_forward_hook(lambda *given: seen.append(given[0]))
    torch.testing.assert_close(torch.compile(block, backend="eager")(x), want)
    assert seen
