"""Models nobody here wrote: timm's and transformers', from configurations, with random weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def _declare_operators() -> torch.library.Library | None:
    """Makes torchvision importable, which timm and transformers import and nobody here uses.

    The package index has it for CUDA only. Beside a torch without CUDA its library does not load,
    and its Python code then asks for two operators that nobody has declared.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library
    return None


TORCHVISION = _declare_operators()  # gone when it is

import timm.layers  # noqa: E402
import transformers  # noqa: E402

SMALL = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
TEXT = {**SMALL, "intermediate_size": 48}
GROUPED = {**TEXT, "num_key_value_heads": 2}
HEADS = {**GROUPED, "head_dim": 8}
GPT2 = {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4}
ENDS = {"bos_token_id": None, "eos_token_id": None}

LANGUAGE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bert": ("BertModel", "BertConfig", TEXT),
    "gpt2": ("GPT2Model", "GPT2Config", {**GPT2, **ENDS}),
    "llama": ("LlamaModel", "LlamaConfig", GROUPED),
    "mistral": ("MistralModel", "MistralConfig", GROUPED),
    "gemma": ("GemmaModel", "GemmaConfig", HEADS),
    "gemma2": ("Gemma2Model", "Gemma2Config", HEADS),
    "gemma3": ("Gemma3TextModel", "Gemma3TextConfig", HEADS),
    "qwen2": ("Qwen2Model", "Qwen2Config", GROUPED),
    "qwen3": ("Qwen3Model", "Qwen3Config", HEADS),
}
IMAGES = (
    "resnet18",
    "mobilenetv3_small_100",
    "efficientnet_b0",
    "convnext_pico",
    "vit_tiny_patch16_224",
)


def language_model(name: str) -> tuple[nn.Module, Any]:
    """A small model and an input."""
    model, config, numbers = LANGUAGE[name]
    torch.manual_seed(0)
    made = getattr(transformers, model)(getattr(transformers, config)(**numbers))
    return made.eval(), {"input_ids": torch.randint(0, 99, (2, 12))}


def image_model(name: str) -> tuple[nn.Module, Any]:
    torch.manual_seed(0)
    small = {"img_size": 64} if name.startswith("vit") else {}
    return timm.create_model(name, num_classes=10, **small).eval(), torch.randn(2, 3, 64, 64)


GATED_BLOCKS: dict[str, Callable[[], nn.Module]] = {
    "SwiGLU": lambda: timm.layers.SwiGLU(8, 12),
    "SwiGLUPacked": lambda: timm.layers.SwiGLUPacked(8, 12),
    "GluMlp": lambda: timm.layers.GluMlp(8, 12),
    "GEGLU": lambda: timm.layers.GluMlp(8, 12, act_layer=nn.GELU, gate_last=False),
}

MODELS: dict[str, Callable[[str], tuple[nn.Module, Any]]] = {
    **dict.fromkeys(IMAGES, image_model),
    **dict.fromkeys(LANGUAGE, language_model),
}


def run(model: nn.Module, example: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """The output, and the gradient of every parameter for a random direction of it."""
    model.zero_grad()
    output = model(**example) if isinstance(example, dict) else model(example)
    output = output if isinstance(output, Tensor) else output.last_hidden_state
    direction = torch.randn(output.shape, generator=torch.Generator().manual_seed(5))
    (output * direction.to(output.dtype)).sum().backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return output.detach(), gradients
