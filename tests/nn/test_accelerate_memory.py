"""What an accelerated model keeps for backward, and needs at once, beside the untouched one.

Training mode, tiny models: the shares are those of the shapes, so that they hold at any size.
"""

import pytest
import torch
from others import MODELS
from torch import nn

from ogive.bench.memory import held
from ogive.bench.models import TINY, Example, build_model
from ogive.bench.training_steps import SAVE_MODES, UNTOUCHED, ModelStep, accelerated

#: Models with a gated feed-forward block, which their own code computes with three operators.
GATED = ("llama", "mistral", "gemma", "gemma2", "gemma3", "qwen2", "qwen3")
DTYPES = (torch.float32, torch.bfloat16)


def both(name: str, mode: str, dtype: torch.dtype) -> tuple[ModelStep, ModelStep]:
    """A step of the untouched model and one of its accelerated copy."""
    model, example = build_model(name, TINY)
    model, example = model.to(dtype), converted(example, dtype)
    return ModelStep(accelerated(model, UNTOUCHED), example), ModelStep(
        accelerated(model, mode), example
    )


def converted(example: Example, dtype: torch.dtype) -> Example:
    return example.to(dtype) if isinstance(example, torch.Tensor) else example


@pytest.mark.parametrize("mode", SAVE_MODES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_no_model_holds_more(name: str, dtype: torch.dtype, mode: str) -> None:
    untouched, ours = both(name, mode, dtype)
    assert 0 < ours.held() <= untouched.held()


@pytest.mark.parametrize("name", GATED)
def test_a_model_with_gated_blocks_holds_a_tenth_less(name: str) -> None:
    """The whole model in float32, attention and norms included, with the inner width that a
    published model of its name has."""
    untouched, ours = both(name, "exact", torch.float32)
    assert ours.held() <= 0.9 * untouched.held()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", GATED)
def test_a_gated_block_holds_one_tensor_less(name: str, dtype: torch.dtype) -> None:
    """The block alone: of its input and, of the inner width, the gate, the opened gate, the value
    and their product it drops the opened gate."""
    model = build_model(name, TINY)[0].to(dtype)
    block, ours = (gated_block(accelerated(model, mode)) for mode in (UNTOUCHED, "exact"))
    x = torch.randn(2, 12, TINY.width, dtype=dtype)
    inner = block.gate_proj.out_features
    rows = x.numel() // TINY.width * dtype.itemsize
    untouched = held(lambda: block(x), block.parameters())
    assert untouched == rows * (TINY.width + 4 * inner)
    kept = held(lambda: ours(x), ours.parameters())
    assert kept <= untouched - rows * inner
    assert kept <= 0.9 * untouched


def gated_block(model: nn.Module) -> nn.Module:
    return next(m for m in model.modules() if hasattr(m, "gate_proj"))


@pytest.mark.parametrize("mode", SAVE_MODES)
@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "gemma2", "linear_mish_linear"])
def test_no_step_needs_more_at_once(name: str, mode: str) -> None:
    untouched, ours = both(name, mode, torch.float32)
    for step in (untouched, ours):
        step()
    assert 0 < ours.peak() <= untouched.peak()


@pytest.mark.parametrize("name", ["linear_gelu_linear", "linear_silu_linear", "linear_mish_linear"])
def test_a_lean_block_holds_two_fifths_less(name: str) -> None:
    untouched, ours = both(name, "lean", torch.float32)
    assert ours.held() <= 0.6 * untouched.held()


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_a_lean_model_holds_fifteen_percent_less(name: str) -> None:
    untouched, ours = both(name, "lean", torch.float32)
    assert ours.held() <= 0.85 * untouched.held()
