"""Which activation a module of torch, timm or transformers is.

Recognition is by class, and by the place the class is found at: the name alone of a class says
nothing, and a subclass is known only while it runs the forward of the known class. Nothing of timm
or transformers is imported: a model made of their classes has done that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from ogive.catalogue import resolve
from ogive.errors import AmbiguousName, UnknownName

TORCH, TIMM, TIMM_ME, TRANSFORMERS = (
    "torch.nn.modules.activation",
    "timm.layers.activations",
    "timm.layers.activations_me",
    "transformers.activations",
)
#: Where a class is defined -> its name -> the entry; attributes are named as the parameters are.
CLASSES: dict[str, dict[str, str]] = {
    TORCH: {
        "CELU": "celu", "ELU": "elu", "GELU": "gelu", "GLU": "glu", "Hardshrink": "hardshrink",
        "Hardsigmoid": "hardsigmoid", "Hardswish": "hardswish", "Hardtanh": "hardtanh",
        "LeakyReLU": "leaky_relu", "LogSigmoid": "logsigmoid", "LogSoftmax": "log_softmax",
        "Mish": "mish", "PReLU": "prelu", "ReLU": "relu", "ReLU6": "relu6", "RReLU": "rrelu",
        "SELU": "selu", "SiLU": "silu", "Sigmoid": "sigmoid", "Softmax": "softmax",
        "Softmin": "softmin", "Softplus": "softplus", "Softshrink": "softshrink",
        "Softsign": "softsign", "Tanh": "tanh", "Tanhshrink": "tanhshrink",
        "Threshold": "threshold",
    },
    TIMM: {
        "GELU": "gelu", "GELUTanh": "gelu_tanh", "HardMish": "hard_mish",
        "HardSigmoid": "hardsigmoid", "HardSwish": "hardswish", "Mish": "mish", "PReLU": "prelu",
        "QuickGELU": "quick_gelu", "Sigmoid": "sigmoid", "Swish": "silu", "Tanh": "tanh",
    },
    TIMM_ME: {
        "HardMishMe": "hard_mish", "HardSigmoidMe": "hardsigmoid", "HardSwishMe": "hardswish",
        "MishMe": "mish", "SwishMe": "silu",
    },
    TRANSFORMERS: {
        "AccurateGELUActivation": "gelu_tanh", "ClippedGELUActivation": "gelu_clipped",
        "FastGELUActivation": "gelu_tanh", "GELUActivation": "gelu", "GELUTanh": "gelu_tanh",
        "LaplaceActivation": "laplace", "LinearActivation": "identity", "MishActivation": "mish",
        "NewGELUActivation": "gelu_tanh", "PytorchGELUTanh": "gelu_tanh",
        "QuickGELUActivation": "quick_gelu", "ReLUSquaredActivation": "squared_relu",
        "SiLUActivation": "silu", "SqrtSoftplusActivation": "sqrt_softplus",
    },
}  # fmt: skip
#: The same for functions; what is missing here is torch's, and known to ``calls``.
FUNCTIONS: dict[str, dict[str, str]] = {
    TIMM: {
        "gelu": "gelu", "gelu_tanh": "gelu_tanh", "hard_mish": "hard_mish",
        "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish", "mish": "mish",
        "quick_gelu": "quick_gelu", "sigmoid": "sigmoid", "swish": "silu", "tanh": "tanh",
    },
    TIMM_ME: {
        "hard_mish_me": "hard_mish", "hard_sigmoid_me": "hardsigmoid",
        "hard_swish_me": "hardswish", "mish_me": "mish", "swish_me": "silu",
    },
}  # fmt: skip
#: Attributes of a class that are called otherwise than the entry's parameters.
RENAMED = {f"{TRANSFORMERS}.ClippedGELUActivation": {"low": "min", "high": "max"}}


def place(thing: Any) -> str:
    """Where a class or function says it is defined, and its name."""
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"


def is_at_home(thing: Any) -> bool:
    """Whether a class or function is what is found under its name at its place."""
    module = sys.modules.get(getattr(thing, "__module__", ""))
    return getattr(module, getattr(thing, "__qualname__", ""), None) is thing


def known_class(module: nn.Module) -> type[nn.Module] | None:
    """The class of the table whose forward the module runs; None if there is none.

    Example:
        >>> class Mine(nn.GELU):
        ...     def forward(self, x):
        ...         return x
        >>> known_class(nn.GELU()), known_class(Mine())
        (<class 'torch.nn.modules.activation.GELU'>, None)
    """
    if "forward" in vars(module) or type(module).__call__ is not nn.Module.__call__:
        return None
    for cls in type(module).__mro__:
        if cls.__name__ in CLASSES.get(cls.__module__, {}):
            return cls if is_at_home(cls) and _is_its_own(cls) else None
        if "forward" in vars(cls):
            return None
    return None


def _is_its_own(cls: Any) -> bool:
    """Whether the forward of a class stands in the file of the class: nobody has replaced it."""
    return getattr(cls.forward, "__globals__", None) is vars(sys.modules[cls.__module__])


def known_bases(module: nn.Module) -> Iterator[type]:
    """The classes of the table that the module's class descends from."""
    for cls in type(module).__mro__:
        if cls.__name__ in CLASSES.get(cls.__module__, {}) and is_at_home(cls):
            yield cls


def known_entry(module: nn.Module) -> tuple[str, dict[str, Any]] | None:
    """The entry of a module and its attributes by the entry's names; None if it is not known.

    Example:
        >>> known_entry(nn.ELU(0.5))
        ('elu', {'alpha': 0.5, 'inplace': False})
    """
    cls = known_class(module)
    if cls is None:
        return None
    name = CLASSES[cls.__module__][cls.__name__]
    spec, renamed = resolve(name)[0], RENAMED.get(place(cls), {})
    wanted = [*(p.name for p in spec.parameters), *spec.variants, "inplace", "dim"]
    attributes = {n: renamed.get(n, n) for n in wanted}
    return name, {n: getattr(module, a) for n, a in attributes.items() if hasattr(module, a)}


def known_function(function: Any) -> str | None:
    """The entry of a function of timm's."""
    name = FUNCTIONS.get(getattr(function, "__module__", None) or "", {}).get(
        getattr(function, "__qualname__", "")
    )
    return name if name is not None and is_at_home(function) else None


def is_scripted(module: nn.Module) -> bool:
    """Whether torch.jit has turned the module into a program of its own."""
    return isinstance(module, torch.jit.ScriptModule)


@lru_cache(maxsize=4096)
def sounds_like(name: str) -> bool:
    """Whether a name means an activation to somebody; it proves nothing.

    Example:
        >>> sounds_like("GELUActivation"), sounds_like("Linear")
        (True, False)
    """
    for called in (name, name.removesuffix("Activation")):
        try:
            return resolve(called)[0].name != "identity"
        except AmbiguousName:
            return True
        except UnknownName:
            continue
    return False
