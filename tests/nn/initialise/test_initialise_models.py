"""What init_ states of models nobody here wrote is what hooks measure, and the target is reached.

The models are small and random, and run in training mode on a batch that init_ has not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from others import timm, transformers
from torch import Tensor, nn

import ogive

Batch = dict[str, Tensor] | Tensor
_LLAMA = {"hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 2}
_LLAMA |= {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 99}
_BERT = {name: number for name, number in _LLAMA.items() if name != "num_key_value_heads"}
_BERT["num_hidden_layers"] = 3
_T5 = {"d_model": 64, "d_kv": 16, "d_ff": 172, "num_layers": 2, "num_heads": 4, "vocab_size": 99}
_GPT2 = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 99}
_GPT2 |= {"bos_token_id": None, "eos_token_id": None}
#: The beginning of the class's name, and the configuration.
LANGUAGE: dict[str, dict[str, Any]] = {
    "Llama": _LLAMA,
    "Mistral": _LLAMA,
    "Qwen3": _LLAMA | {"head_dim": 16},
    "Gemma": _LLAMA | {"head_dim": 16},
    "T5": _T5,
    "T5 gated": _T5 | {"feed_forward_proj": "gated-gelu"},
    "GPT2": _GPT2,
    "Bert": _BERT,
}
#: Models of timm, with the images in a batch and their pixels along each side.
IMAGES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "resnet18": (16, 64, {"zero_init_last": False}),
    "resnet50": (16, 64, {"zero_init_last": False}),
    "resnetv2_50": (8, 64, {}),
    "convnext_atto": (16, 64, {"drop_path_rate": 0.2}),
    "efficientnet_b0": (32, 64, {}),
    "mobilenetv3_small_100": (32, 64, {}),
    "vit_tiny_patch16_224": (16, 64, {"img_size": 64, "drop_rate": 0.1, "proj_drop_rate": 0.1}),
    "densenet121": (8, 64, {}),
}


def language(name: str) -> tuple[nn.Module, Callable[[torch.Generator], Batch]]:
    family = name.partition(" ")[0]
    settings = getattr(transformers, f"{family}Config")(**LANGUAGE[name])

    def batch(draw: torch.Generator) -> Batch:
        tokens = torch.randint(0, 99, (32, 32), generator=draw)
        more = {"decoder_input_ids": tokens} if family == "T5" else {}
        return {"input_ids": tokens, **more}

    return getattr(transformers, f"{family}Model")(settings), batch


def images(name: str) -> tuple[nn.Module, Callable[[torch.Generator], Batch]]:
    count, pixels, options = IMAGES[name]
    model = timm.create_model(name, num_classes=10, **options)
    return model, lambda draw: torch.randn(count, 3, pixels, pixels, generator=draw)


def measured(model: nn.Module, batch: Batch) -> dict[tuple[str, int], tuple[float, float]]:
    """Second moments before and after every call of every module, by name and call."""
    found: dict[tuple[str, int], tuple[float, float]] = {}
    calls: dict[str, int] = {}
    before: dict[str, float] = {}

    def square(t: Any) -> float:
        return t.double().square().mean().item() if isinstance(t, Tensor) else 0.0

    for name, module in model.named_modules():

        def enter(module: nn.Module, args: Any, name: str = name) -> None:
            before[name] = square(args[0]) if args else 0.0

        def leave(module: nn.Module, args: Any, result: Any, name: str = name) -> None:
            calls[name] = calls.get(name, 0) + 1
            found[name, calls[name]] = before[name], square(result)

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)
    model.train()
    with torch.no_grad():
        model(**batch) if isinstance(batch, dict) else model(batch)
    return found


def behind_pooling(row: Any) -> bool:
    """Whether it is in a squeeze-and-excitation block, or in the head behind the last pooling."""
    return ".se." in row.name or (row.name, "head" in row.weights[0]) == ("act2", True)


@pytest.mark.parametrize("name", [*LANGUAGE, *IMAGES])
def test_what_is_stated_is_measured_and_the_target_is_reached(name: str) -> None:
    torch.manual_seed(0)
    model, batch = language(name) if name in LANGUAGE else images(name)
    draw = torch.Generator().manual_seed(1)
    report = ogive.init_(model, batch(draw))
    found = measured(model, batch(draw))
    assert len(report.activations) >= 2
    for row in report.activations:
        assert row.found == "measured"
        assert row.before is not None and row.after is not None and row.error is not None
        # what is pooled of noise scatters from batch to batch, and the row says how far
        within = max(0.05, row.error) if behind_pooling(row) else 0.05
        assert found[row.name, row.call] == pytest.approx((row.before, row.after), rel=within)
        assert row.note or row.after == pytest.approx(1, abs=0.05)
    missed = [row for row in report.activations if row.note]
    assert len(missed) <= len(report.activations) / 4
    for layer in report.rows:
        assert layer.square is not None and layer.std > 0


def test_relu_is_fed_two() -> None:
    torch.manual_seed(0)
    model, batch = images("resnet18")
    rows = ogive.init_(model, batch(torch.Generator().manual_seed(1))).activations
    for row in rows:
        if len(row.weights) == 1 and row.weights[0].endswith("bn1.weight"):
            assert row.before == pytest.approx(2, rel=0.05)
    crowded = [row.name for row in rows if row.note]
    # what the stem's maximum makes 5 comes back after the sum
    assert crowded == ["layer1.0.act2", "layer1.1.act2"]
