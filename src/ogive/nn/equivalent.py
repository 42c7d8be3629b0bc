"""The module of ogive's for a module of somebody else's, or the reason why there is none."""

from __future__ import annotations

from torch import nn

from ogive.catalogue import resolve
from ogive.errors import OgiveError
from ogive.nn import known
from ogive.nn.modules import ActivationModule, Softmax2d, module_class
from ogive.ops import OPTIONS, ActivationFunction
from ogive.torch_private import is_compiled

#: Classes with an activation inside that ogive has no equal of.
NO_EQUAL: dict[type[nn.Module], str] = {
    nn.MultiheadAttention: "its softmax is inside torch's attention",
    nn.RNNBase: "its activations are inside torch's recurrent kernel",
    nn.RNNCellBase: "its activations are inside torch's recurrent kernel",
    nn.AdaptiveLogSoftmaxWithLoss: "its softmax is over clusters of classes",
}
#: Entries that are left as they are.
LEFT = {
    "identity": "it computes nothing",
    "rrelu": "ogive draws other random numbers than torch",
}


def equivalent(
    module: nn.Module, save: str = "input", engine: str | None = None
) -> ActivationModule | Softmax2d:
    """A new module of ogive's that computes what a known one does.

    Args:
        save: what it keeps for backward; for modules that have a choice.
        engine: what runs it whatever is set; None leaves that to the setting.

    Raises:
        OgiveError: where there is none, with the reason.

    Example:
        >>> equivalent(nn.LeakyReLU(0.2))
        LeakyReLU(negative_slope=0.2)
    """
    made = Softmax2d() if type(module) is nn.Softmax2d else _made(module, save)
    made.run_on(engine)
    return made


def _made(module: nn.Module, save: str) -> ActivationModule:
    found = known.known_entry(module)
    if found is None:
        raise OgiveError(f"{type(module).__name__} is no activation of a class that is known")
    name, values = found
    if name in LEFT:
        raise OgiveError(LEFT[name])
    if values.get("dim", 0) is None:
        raise OgiveError("its dim is left for torch to guess")
    if name == "prelu":
        return _prelu(module)
    function = ActivationFunction(*resolve(name))
    chosen = {a: values.pop(a) for a in function.spec.variants if a in values}
    function = ActivationFunction(function.variant(chosen), function.preset)
    if "save" in OPTIONS[function.kind] and save != "input":
        values["save"] = save
    return module_class(function)(**values)


def _prelu(module: nn.Module) -> ActivationModule:
    """With the very slopes of the module."""
    slopes = module._parameters.get("weight")
    if slopes is None:
        raise OgiveError("its weight is computed from other parameters")
    made = module_class(ActivationFunction(*resolve("prelu")))(slopes.numel())
    made.register_parameter("weight", slopes)
    return made


def closed(module: nn.Module) -> str:
    """Why nothing inside of a module can be replaced; empty if it can."""
    if known.is_scripted(module):
        return "it is scripted: accelerate the model before it is"
    if is_compiled(module):
        return "it is compiled: accelerate the model before it is"
    return ""


def why_unknown(module: nn.Module) -> str:
    """Why a module that has to do with activations is not known; empty for other modules.

    Example:
        >>> class Mine(nn.GELU):
        ...     def forward(self, x):
        ...         return x
        >>> why_unknown(Mine())
        'its forward is not that of GELU'
    """
    for cls, reason in NO_EQUAL.items():
        if isinstance(module, cls):
            return reason
    for base in known.known_bases(module):
        return f"its forward is not that of {base.__name__}"
    if not module._modules and known.sounds_like(type(module).__name__):
        return "only its name says what it computes"
    return ""
