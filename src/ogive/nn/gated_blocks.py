"""Blocks of timm and transformers that get a fused forward, and stay what they are otherwise.

A block is known by the place of its class and by its code: its forward must have a digest that
stands here, taken of its source without comments and layout.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ogive.catalogue import resolve
from ogive.nn.accelerated import GIVEN_FORWARD, Accelerated, give_forward
from ogive.nn.gated_mlp import GATED_UNITS, gated_unit, projected
from ogive.nn.recognise import Recognised, recognise
from ogive.ops import ActivationFunction, owning
from ogive.torch_private import any_global_hook


def _fused_llama(block: Any, x: Tensor, fusion: Fusion) -> Any:
    gate = block.gate_proj(x)
    value = block.up_proj(x)
    if value.dtype is not gate.dtype:
        return block.down_proj(fusion.opened(value, gate))
    return projected(fusion.unit, value, gate, block.down_proj)


def _fused_timm_split(block: Any, x: Tensor, fusion: Fusion) -> Any:
    gate = block.fc1_g(x)
    x = fusion.opened(block.fc1_x(x), gate)
    return block.drop2(block.fc2(block.norm(block.drop1(x))))


def _fused_timm_packed(block: Any, x: Tensor, fusion: Fusion) -> Any:
    half = "second" if block.gate_last else "first"
    x = fusion.unit(block.fc1(x), dim=block.chunk_dim, gate=half)
    return block.drop2(block.fc2(block.norm(block.drop1(x))))


def _fused_xielu(block: Any, x: Tensor, fusion: Fusion) -> Any:
    # its parameters have a dimension, and so has what torch makes of an input without one
    if not x.dim() or torch.promote_types(x.dtype, block.alpha_p.dtype) is not x.dtype:
        return NotImplemented
    alpha_n = block.beta + softplus(block.alpha_n)
    given = {"alpha_p": softplus(block.alpha_p), "alpha_n": alpha_n}
    given |= {"beta": block.beta, "eps": block.eps}
    return fusion.unit(x, **{name: value.to(x.dtype) for name, value in given.items()})


@dataclass(frozen=True)
class Pattern:
    """A block that is known, by the digest of the method that says what it computes; the forward
    that it is given; and what the activation of its gate is called, if it has one."""

    method: str
    digest: str
    fused: Callable[..., Any]
    activation: str = ""


LLAMA = Pattern("forward", "7d2027d4464e3e71", _fused_llama, "act_fn")
#: Blocks by the place of their class.
PATTERNS: dict[str, Pattern] = {
    "timm.layers.mlp.SwiGLU": Pattern("forward", "4a93c431dbbdb43e", _fused_timm_split, "act"),
    "timm.layers.mlp.GluMlp": Pattern("forward", "92cc1995c5bee16b", _fused_timm_packed, "act"),
    "transformers.activations.XIELUActivation": Pattern(
        "_xielu_python", "8eff4732d1cd1b13", _fused_xielu
    ),
    **{
        f"transformers.models.{family}.modeling_{family}.{family.capitalize()}MLP": LLAMA
        for family in ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"]
    },
}  # fmt: skip


@dataclass(frozen=True)
class Fusion:
    """The forward of a fused block: the activation it had when it was fused, and the unit."""

    pattern: Pattern
    activation: Any
    unit: ActivationFunction
    attributes: tuple[tuple[str, Any], ...] = ()

    @property
    def engine(self) -> str | None:
        """What runs the unit whatever is set."""
        return self.unit.engine

    def __call__(self, block: Any, x: Tensor) -> Any:
        activation = getattr(block, self.pattern.activation, None)
        if activation is not self.activation or _is_hooked(activation):
            return NotImplemented  # somebody has put in another since, or watches it
        if any(getattr(activation, name) != value for name, value in self.attributes):
            return NotImplemented
        return self.pattern.fused(block, x, self)

    def opened(self, value: Tensor, gate: Tensor) -> Any:
        """The unit of both; torch would promote them, as adapters in another dtype need."""
        if value.dtype is not gate.dtype:
            return self.activation(gate) * value
        return self.unit(value, gate)


def pattern_of(module: nn.Module) -> Pattern | None:
    """The pattern of a module, if its class is in the table."""
    return PATTERNS.get(f"{type(module).__module__}.{type(module).__qualname__}")


def why_not_fused(module: nn.Module, pattern: Pattern) -> str:
    """Why a block of a known class cannot be fused; empty if it can."""
    cls: Any = type(module)
    code = getattr(cls, pattern.method, None)
    there = getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls
    if not there or "forward" in vars(module) or digest(code) != pattern.digest:
        return "its forward is not the one that is known"
    if getattr(module, "_xielu_cuda_obj", None) is not None:
        return "it has a CUDA kernel of its own"
    if not (name := pattern.activation):
        return ""
    activation = getattr(module, name, None)
    entry = recognise(activation).variant() if isinstance(activation, nn.Module) else None
    if entry is None:
        return f"its {name} is not known: {type(activation).__name__}"
    if entry.name not in GATED_UNITS:
        return f"there is no gated unit with {entry.name}"
    if _is_hooked(activation):
        return f"its {name} has hooks, which a fused unit would not call"
    return ""


def _is_hooked(module: nn.Module | None) -> bool:
    hooks = () if module is None else (v for k, v in vars(module).items() if "hook" in k)
    return any(hooks) or any_global_hook()


@lru_cache(maxsize=256)
def digest(function: Any) -> str:
    """A digest of a function's source, the same however it is laid out; empty without source."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(ast.unparse(ast.parse(source)).encode()).hexdigest()[:16]


def fuse(module: nn.Module, pattern: Pattern, engine: str | None) -> ActivationFunction:
    """Gives a block its fused forward; everything else of it stays. What it computes now."""
    activation = getattr(module, pattern.activation, None)
    found = Recognised() if activation is None else recognise(activation)
    entry = found.variant()
    fused = ActivationFunction(*resolve("xielu")) if entry is None else gated_unit(entry.name)
    read = tuple((name, getattr(activation, name)) for name in found.attributes.values())
    give_forward(module, Fusion(pattern, activation, owning(fused, engine), read))
    return fused


def activation_of(module: nn.Module) -> nn.Module | None:
    """The activation that a fused block no longer calls; None for other modules."""
    fusion = vars(module).get(GIVEN_FORWARD) if isinstance(module, Accelerated) else None
    return fusion.activation if isinstance(fusion, Fusion) else None
