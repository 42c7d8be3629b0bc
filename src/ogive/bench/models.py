"""Models nobody here wrote, from configurations, with random weights: nothing is downloaded.

timm's and transformers' own code, and the block that every transformer has: a layer, an activation,
a layer. Dropout is off, so that a step of a model and of its copy do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ogive.bench.packages import package
from ogive.errors import UnknownName, unknown

#: Classes that an image is sorted into, and tokens that a text consists of.
CLASSES, TOKENS = 10, 99


@dataclass(frozen=True)
class Scale:
    """How large models and their inputs are; what a model does not have is of no concern to it.

    Attributes:
        batch: images, or texts.
        pixels: along each side of an image.
        tokens: of a text.
        width, layers, heads: of a language model; images' models are what they are called.
    """

    batch: int
    pixels: int
    tokens: int
    width: int
    layers: int
    heads: int

    def __str__(self) -> str:
        return (
            f"{self.batch} images of {self.pixels} x {self.pixels}, "
            f"{self.batch} texts of {self.tokens} tokens, "
            f"language models of width {self.width} with {self.layers} layers"
        )


TINY = Scale(batch=2, pixels=64, tokens=12, width=32, layers=2, heads=4)
SMALL = Scale(batch=4, pixels=128, tokens=128, width=256, layers=4, heads=4)

#: What a model is called with: a tensor, or keywords.
Example = Tensor | Mapping[str, Tensor]
#: Makes a model of a name at a scale, and an input.
Make = Callable[[str, Scale], tuple[nn.Module, Example]]


def call_model(model: Callable[..., Any], example: Example) -> Tensor:
    """The output of a model: of a language model the last hidden state."""
    output = model(example) if isinstance(example, Tensor) else model(**example)
    result: Tensor = output if isinstance(output, Tensor) else output.last_hidden_state
    return result


# images

IMAGES = (
    "resnet18",
    "mobilenetv3_small_100",
    "efficientnet_b0",
    "convnext_pico",
    "vit_tiny_patch16_224",
)


def _image_model(name: str, scale: Scale) -> tuple[nn.Module, Example]:
    sized = {"img_size": scale.pixels} if name.startswith("vit") else {}
    model = package("timm").create_model(name, num_classes=CLASSES, **sized)
    return model, torch.randn(scale.batch, 3, scale.pixels, scale.pixels)


# language


@dataclass(frozen=True)
class Language:
    """A language model of transformers.

    Attributes:
        model: its class.
        config: the class of its configuration.
        inner: how many times as wide its feed-forward blocks are inside as outside, in a published
            model of that name.
        numbers: the configuration at a scale, but for that width.
    """

    model: str
    config: str
    inner: float
    numbers: Callable[[Scale], dict[str, Any]]


def _bert(scale: Scale) -> dict[str, Any]:
    sizes = {"hidden_size": scale.width, "num_hidden_layers": scale.layers}
    return {**sizes, "num_attention_heads": scale.heads} | {
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }


def _gpt2(scale: Scale) -> dict[str, Any]:
    sizes = {"n_embd": scale.width, "n_layer": scale.layers, "n_head": scale.heads}
    dropout = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    return {**sizes, **dropout, "bos_token_id": None, "eos_token_id": None}


def _llama(scale: Scale) -> dict[str, Any]:
    return {
        "hidden_size": scale.width,
        "num_hidden_layers": scale.layers,
        "num_attention_heads": scale.heads,
        "num_key_value_heads": scale.heads // 2,
        "head_dim": scale.width // scale.heads,
    }


LANGUAGE: dict[str, Language] = {
    "bert": Language("BertModel", "BertConfig", 4, _bert),
    "gpt2": Language("GPT2Model", "GPT2Config", 4, _gpt2),
    "llama": Language("LlamaModel", "LlamaConfig", 11008 / 4096, _llama),
    "mistral": Language("MistralModel", "MistralConfig", 3.5, _llama),
    "gemma": Language("GemmaModel", "GemmaConfig", 8, _llama),
    "gemma2": Language("Gemma2Model", "Gemma2Config", 4, _llama),
    "gemma3": Language("Gemma3TextModel", "Gemma3TextConfig", 6, _llama),
    "qwen2": Language("Qwen2Model", "Qwen2Config", 18944 / 3584, _llama),
    "qwen3": Language("Qwen3Model", "Qwen3Config", 3, _llama),
}


def _language_model(name: str, scale: Scale) -> tuple[nn.Module, Example]:
    row, transformers = LANGUAGE[name], package("transformers")
    inner = {"n_inner" if name == "gpt2" else "intermediate_size": int(row.inner * scale.width)}
    config = getattr(transformers, row.config)(
        vocab_size=TOKENS, use_cache=False, **row.numbers(scale), **inner
    )
    # a text has no more places than are embedded
    config.max_position_embeddings = max(config.max_position_embeddings, scale.tokens)
    texts = torch.randint(0, TOKENS, (scale.batch, scale.tokens))
    return getattr(transformers, row.model)(config), {"input_ids": texts}


# blocks

BLOCKS: dict[str, Callable[[], nn.Module]] = {
    "linear_gelu_linear": nn.GELU,
    "linear_silu_linear": nn.SiLU,
    "linear_mish_linear": nn.Mish,
}


def _block(name: str, scale: Scale) -> tuple[nn.Module, Example]:
    outside, inside = scale.width, 4 * scale.width
    model = nn.Sequential(nn.Linear(outside, inside), BLOCKS[name](), nn.Linear(inside, outside))
    return model, torch.randn(scale.batch * scale.tokens, outside)


MODELS: dict[str, Make] = {
    **dict.fromkeys(IMAGES, _image_model),
    **dict.fromkeys(LANGUAGE, _language_model),
    **dict.fromkeys(BLOCKS, _block),
}


def build_model(name: str, scale: Scale = SMALL, seed: int = 0) -> tuple[nn.Module, Example]:
    """A model in training mode and an input, the same for the same seed.

    Raises:
        UnknownName: for a model that is not in the table.
        MissingExtra: where the package it comes from is not installed.

    Example:
        >>> model, example = build_model("linear_mish_linear", TINY)
        >>> call_model(model, example).shape
        torch.Size([24, 32])
    """
    make = MODELS[checked(name)]
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return make(name, scale)


def checked(name: str) -> str:
    """The name of a model that is in the table.

    Raises:
        UnknownName: for another.
    """
    if name not in MODELS:
        raise UnknownName(unknown("model", name, MODELS))
    return name
