"""What classes and functions of other libraries compute: the rules that the aliases make.

Where ``timm:hard_swish`` names an entry, timm's class ``HardSwish`` and its function ``hard_swish``
compute that entry, and their attributes and arguments are called as its parameters are. What an
alias cannot say stands in ``EXCEPTIONS``. A name alone proves nothing: the object must be what its
library has under that name. Nothing of timm or transformers is imported here; a model made of their
classes has done that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ogive.catalogue import find_alias, plain, until_added
from ogive.torch_private import OPERATORS

#: Where libraries keep activations.
TORCH = (nn, F, torch, Tensor, torch.special, OPERATORS)
LIBRARIES: dict[str, tuple[str, ...]] = {
    "timm": ("timm.layers.activations", "timm.layers.activations_me"),
    "transformers": ("transformers.activations",),
}
#: What the names of their classes and functions have besides the alias.
ENDINGS, BEGINNING = ("Activation", "Me", "_me"), "special_"


@dataclass(frozen=True)
class Rule:
    """What a class or function of a library computes: the name of an entry, values that go without
    saying, attributes by the entry's names, why ogive cannot take its place, and whether its own
    code lets the input be overwritten, because it keeps something else for backward."""

    entry: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    frees_input: bool = False


INSIDE_RECURRENT = Rule(reason="its activations are inside torch's recurrent kernel")
#: What the aliases do not say.
EXCEPTIONS: dict[str, Rule] = {
    "torch:Softmax2d": Rule("softmax", {"dim": -3}),
    # compiled functions do not show their defaults; the entry's threshold is infinite
    "torch:softplus": Rule("softplus", {"threshold": 20.0}),
    "torch:expit": Rule("sigmoid"),
    "torch:log_sigmoid": Rule("logsigmoid"),
    "torch:prelu": Rule("prelu", reason="its slopes are given in every call"),
    "torch:MultiheadAttention": Rule(reason="its softmax is inside torch's attention"),
    "torch:RNNBase": INSIDE_RECURRENT,
    "torch:RNNCellBase": INSIDE_RECURRENT,
    "torch:AdaptiveLogSoftmaxWithLoss": Rule(reason="its softmax is over clusters of classes"),
    "transformers:AccurateGELUActivation": Rule("gelu_tanh"),
    "transformers:FastGELUActivation": Rule("gelu_tanh"),
    "transformers:GELUTanh": Rule("gelu_tanh"),
    "transformers:NewGELUActivation": Rule("gelu_tanh"),
    "transformers:PytorchGELUTanh": Rule("gelu_tanh"),
    "transformers:ClippedGELUActivation": Rule(
        "gelu_clipped", renamed={"low": "min", "high": "max"}
    ),
    "transformers:ReLUSquaredActivation": Rule("squared_relu", frees_input=True),
    "transformers:LaplaceActivation": Rule("laplace", frees_input=True),
    "torch:Tanhshrink": Rule("tanhshrink", frees_input=True),
    "torch:tanhshrink": Rule("tanhshrink", frees_input=True),
    "timm:HardMish": Rule("hard_mish", frees_input=True),
    "timm:hard_mish": Rule("hard_mish", frees_input=True),
    "timm:HardSigmoid": Rule("hardsigmoid", frees_input=True),
    "timm:hard_sigmoid": Rule("hardsigmoid", frees_input=True),
    # holds its parameters as they are before softplus: it is one of the gated blocks' patterns
    "transformers:XIELUActivation": Rule(),
}  # fmt: skip


def rule_for(thing: Any) -> Rule | None:
    # methods of tensors do not say where they are from
    library = (getattr(thing, "__module__", None) or "torch").partition(".")[0]
    if library not in ("torch", *LIBRARIES) or not hasattr(thing, "__name__"):
        return None  # before anything is cached, which would keep a user's function alive
    return _rule_of(library, thing)


@until_added
def _rule_of(library: str, thing: Any) -> Rule | None:
    name = thing.__name__
    loaded = [sys.modules.get(module) for module in LIBRARIES.get(library, ())]
    for called in (name, *map(name.removesuffix, ENDINGS), name.removeprefix(BEGINNING)):
        rule = EXCEPTIONS.get(f"{library}:{called}") or _aliased(library, thing, called)
        there = (getattr(home, n, None) for home in loaded or TORCH for n in (name, called))
        if rule is not None and any(found is thing for found in there):
            return rule
    return None


def _aliased(library: str, thing: Any, called: str) -> Rule | None:
    if (found := find_alias(library, called)) is None:
        return None
    spec, values = found
    modules = map(plain, dir(nn)) if library == "torch" and not isinstance(thing, type) else ()
    reason = "" if not modules or plain(called) in modules else "torch.nn has no module for it"
    if spec.kind == "stochastic":
        reason = "ogive draws other random numbers than torch"
    return Rule(spec.name, values, reason=reason)
