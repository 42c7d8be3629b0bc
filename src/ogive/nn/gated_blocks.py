"""Blocks of timm and transformers that get a fused forward, and stay what they are otherwise.

A block is known by the place of its class and by its code: its forward must have a digest that
stands here, taken of its source without comments and layout. Its class becomes a subclass of its
own, so that hooks, names, parameters and ``isinstance`` are as they were.
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
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ogive.catalogue import resolve
from ogive.errors import OgiveError
from ogive.nn.gated_mlp import GATED_UNITS, gated_unit
from ogive.nn.projected import projected
from ogive.nn.recognise import recognise
from ogive.ops import ActivationFunction, owning

#: Under this name a fused block keeps what it needs.
FUSED = "_fused"


def _fused_llama(self: Any, x: Tensor) -> Any:
    gate = self.gate_proj(x)
    value = self.up_proj(x)
    if value.dtype is not gate.dtype:
        return self.down_proj(_opened(self, value, gate))
    return projected(vars(self)[FUSED].unit, value, gate, self.down_proj)


def _fused_timm_split(self: Any, x: Tensor) -> Any:
    gate = self.fc1_g(x)
    x = _opened(self, self.fc1_x(x), gate)
    return self.drop2(self.fc2(self.norm(self.drop1(x))))


def _fused_timm_packed(self: Any, x: Tensor) -> Any:
    half = "second" if self.gate_last else "first"
    x = vars(self)[FUSED].unit(self.fc1(x), dim=self.chunk_dim, gate=half)
    return self.drop2(self.fc2(self.norm(self.drop1(x))))


def _opened(self: Any, value: Tensor, gate: Tensor) -> Any:
    fusion: Fusion = vars(self)[FUSED]
    if value.dtype is not gate.dtype:  # torch would promote, as adapters in another dtype need
        return fusion.activation(gate) * value
    return fusion.unit(value, gate)


def _fused_xielu(self: Any, x: Tensor) -> Any:
    if torch.promote_types(x.dtype, self.alpha_p.dtype) is not x.dtype:
        return self._xielu_python(x)
    alpha_n = self.beta + softplus(self.alpha_n)
    given = {"alpha_p": softplus(self.alpha_p), "alpha_n": alpha_n}
    given |= {"beta": self.beta, "eps": self.eps}
    return vars(self)[FUSED].unit(x, **{name: value.to(x.dtype) for name, value in given.items()})


@dataclass(frozen=True)
class Pattern:
    """A block that is known.

    Attributes:
        method, digest: the method that says what it computes, and what ``digest`` gives for it.
        fused: the forward it is given.
        activation: what the activation of its gate is called; empty if it has none.
    """

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
        f"transformers.models.{family}.modeling_{family}.{title}MLP": LLAMA
        for family, title in {
            "llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3",
            "gemma": "Gemma", "gemma2": "Gemma2", "gemma3": "Gemma3",
        }.items()
    },
}  # fmt: skip


@dataclass(frozen=True)
class Fusion:
    """What a fused block keeps: the activation it had when it was fused, and the unit."""

    activation: Any
    unit: ActivationFunction


class Fused:
    """Marks a block whose forward is fused; its class is a subclass of the block's own."""

    original: ClassVar[type[nn.Module]]

    def extra_repr(self) -> str:
        """That of the block, and the engine it was given."""
        block: Any = self
        engine = vars(self)[FUSED].unit.engine
        said = [self.original.extra_repr(block), "" if engine is None else f"engine={engine!r}"]
        return ", ".join(filter(None, said))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _empty, (self.original,), self.__dict__


def _empty(original: Any) -> nn.Module:
    cls = fused_class(original)
    return cls.__new__(cls)


@lru_cache(maxsize=256)
def fused_class(original: Any) -> type[nn.Module]:
    """The class of a block with its forward fused."""
    pattern = PATTERNS[_home(original)]

    def forward(self: Any, x: Tensor) -> Any:
        kept = vars(self)[FUSED].activation
        if getattr(self, pattern.activation, None) is not kept:  # somebody has put in another since
            return original.forward(self, x)
        return pattern.fused(self, x)

    members = {"forward": forward, "original": original, "__module__": original.__module__}
    return type(f"Fused{original.__name__}", (Fused, original), members)


def pattern_of(module: nn.Module) -> Pattern | None:
    """The pattern of a module, if its class is in the table."""
    return PATTERNS.get(_home(type(module)))


def _home(cls: type) -> str:
    """Where a class says it is defined, and its name."""
    return f"{cls.__module__}.{cls.__qualname__}"


def why_not_fused(module: nn.Module, pattern: Pattern) -> str:
    """Why a block of a known class cannot be fused; empty if it can."""
    cls: Any = type(module)
    code = getattr(cls, pattern.method, None)
    there = getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls
    if not there or "forward" in vars(module) or digest(code) != pattern.digest:
        return "its forward is not the one that is known"
    if getattr(module, "_xielu_cuda_obj", None) is not None:
        return "it has a CUDA kernel of its own"
    return _why_no_unit(module, pattern.activation) if pattern.activation else ""


def _why_no_unit(module: nn.Module, name: str) -> str:
    activation = getattr(module, name, None)
    entry = recognise(activation).variant() if isinstance(activation, nn.Module) else None
    if entry is None:
        return f"its {name} is not known: {type(activation).__name__}"
    if entry.name not in GATED_UNITS:
        return f"there is no gated unit with {entry.name}"
    if any(value for key, value in vars(activation).items() if "hook" in key):
        return f"its {name} has hooks, which a fused unit would not call"
    return ""


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
    entry = None if activation is None else recognise(activation).variant()
    fused = ActivationFunction(*resolve("xielu")) if entry is None else gated_unit(entry.name)
    vars(module)[FUSED] = Fusion(activation, owning(fused, engine))
    cls: Any = type(module)
    module.__class__ = fused_class(cls)
    return fused


def activation_of(module: nn.Module) -> nn.Module | None:
    """The activation that a fused block no longer calls; None for other modules."""
    return vars(module)[FUSED].activation if isinstance(module, Fused) else None


def unfuse(module: Any) -> None:
    """Gives a block its own forward back.

    Raises:
        OgiveError: if something, such as fully_shard, has changed its class since.
    """
    original: Any = module.original
    if type(module) is not fused_class(original):
        raise OgiveError(
            f"{type(module).__name__} has been given another class after it was accelerated; "
            f"restore the model before that is done"
        )
    del vars(module)[FUSED]
    module.__class__ = original
