"""torch's private names: all that ogive uses of them, each with what it buys and what serves where
torch has it no more.

No public name answers these questions, or none answers them in the time that a call on a small
tensor has to spare. torch may rename what is private in any release, so no name here is needed:
each has a public fallback, which is slower and never wrong. A name is looked up once, at import;
what callers then call is torch's own function with nothing around it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd import Function

from ogive.errors import VersionWarning

#: The releases of torch that the tests were run with, the oldest first; what passed stands in
#: docs/generated/versions.md.
TESTED = ("2.9", "2.11", "2.13", "2.14", "2.15")

_T = TypeVar("_T")
#: Every name below -> whether this torch has it.
FOUND: dict[str, bool] = {}


def _private(name: str, fallback: _T) -> _T:
    """torch's object of a name like ``package.module:attribute``, or the fallback."""
    try:
        found: _T = resolve_name(name)
    except (ImportError, AttributeError):
        FOUND[name] = False
        return fallback
    FOUND[name] = True
    return found


# --- who watches the call -------------------------------------------------------------------------

#: How many modes of torch's dispatcher are active, in 40 ns. Without it one may always be: calls
#: go through the operator ``ogive::call`` (4 us) and rowwise functions through torch's operators.
modes: Callable[[], int] = _private("torch._C:_len_torch_dispatch_stack", lambda: 1)

_ONE_MODE = threading.Lock()
#: A mode that sees every operator; the bench counts them by it, and cannot where there is none.
DispatchMode: Any = _private("torch.utils._python_dispatch:TorchDispatchMode", None)


def transparent_mode() -> AbstractContextManager[object]:
    """A mode of the dispatcher that changes nothing: while one is active in a thread, no call of
    its takes the fast path. The public one that serves without it stands once in a process."""
    return cast(AbstractContextManager[object], _public_mode() if DispatchMode is None else _Mode())


class _Mode(DispatchMode or object):  # type: ignore[misc]
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


@contextmanager
def _public_mode() -> Iterator[None]:
    with _ONE_MODE, torch.autograd.graph.allow_mutation_on_saved_tensors():
        yield


#: The mode in one of the dispatcher's places that are for compilers and exporters.
_mode_at: Callable[[object], object] = _private("torch._C:_get_dispatch_mode", lambda place: place)
_PLACES: tuple[object, ...] = (
    _private("torch._C:_TorchDispatchModeKey.PROXY", None),
    _private("torch._C:_TorchDispatchModeKey.FUNCTIONAL", None),
    _private("torch._C:_TorchDispatchModeKey.FAKE", None),
)


def tracer_active() -> bool:
    """Whether a mode of the dispatcher records a trace; any may where none can be told apart."""
    if not modes():
        return False
    return None in _PLACES or any(_mode_at(place) is not None for place in _PLACES)


#: The mode before autograd at a place; the first place is that of tracers. Without it one may
#: always record the call, and torch's operators serve, which every tracer understands.
early_mode: Callable[[int], object] = _private(
    "torch._ops:mode_stack_state_for_pre_dispatch", lambda: {0: "perhaps"}
)().get

#: Whether torch.jit records the call. The public function asks twice, in Python (0.1 us).
jit_tracing: Callable[[], bool] = _private(
    "torch._C:_is_tracing",
    torch.jit.is_tracing,  # type: ignore[attr-defined]
)

#: Whether a transform of torch.func surrounds the call. Without it one may always, and calls are
#: recorded as transforms need it, which takes 10 us more.
transforms_active: Callable[[], bool] = _private(
    "torch._C:_are_functorch_transforms_active", lambda: True
)

#: Whether a tensor stands for others, inside a transform; then it has no memory. The public name
#: takes 0.2 us more.
is_wrapped: Callable[[Tensor], bool] = _private(
    "torch._C._functorch:is_functorch_wrapped_tensor",
    lambda t: torch.func.debug_unwrap(t) is not t,
)


#: Whether a tensor stands for one that ``torch.func.functionalize`` writes down. Without it each
#: may be one inside of a transform: torch's operators serve there.
is_functional: Callable[[Tensor], bool] = _private(
    "torch:_is_functional_tensor", lambda x: transforms_active()
)

#: Whether a tensor is a part of another one, or another shape of it. Without it one may always be,
#: and calls that write over their input copy their result there.
is_view: Callable[[Tensor], bool] = _private("torch:Tensor._is_view", lambda x: True)


def _perhaps_hooks(_: bool) -> object | None:
    """None where autograd keeps tensors as they are; else something that is like nothing else."""
    try:
        with torch.autograd.graph.disable_saved_tensors_hooks("there are some"):
            return None
    except RuntimeError:
        return object()


#: The hooks that pack what autograd keeps, as checkpointing and offloading do; None if there are
#: none. Without it those of two moments cannot be told to be the same.
saved_tensors_hooks: Callable[[bool], object | None] = _private(
    "torch._C._autograd:_top_saved_tensors_default_hooks", _perhaps_hooks
)

#: ``FORWARD[LEVEL]`` counts the levels of forward mode from 0 on and is -1 outside. A dictionary,
#: because it takes 10 ns where a function takes 25. Without it forward mode may always be at work.
FORWARD_AD_LEVEL = "_current_level"
FORWARD: dict[str, Any] = (
    vars(torch.autograd.forward_ad)
    if _private(f"torch.autograd.forward_ad:{FORWARD_AD_LEVEL}", None) is not None
    else {FORWARD_AD_LEVEL: 0}
)

# --- autograd -------------------------------------------------------------------------------------

_has_base_apply = _private("torch._C:_FunctionBase.apply", None) is not None


def direct_apply(function: type[Function]) -> Callable[..., Any]:
    """``function.apply`` where no transform of torch.func is at work: without the 2 us that it
    takes to ask about them."""
    if not _has_base_apply:
        return function.apply
    return cast(Callable[..., Any], super(Function, function).apply)  # type: ignore[misc]


_graph_task: Callable[[], int] = _private("torch._C:_current_graph_task_id", lambda: -1)


def in_backward() -> bool:
    """Whether autograd runs a backward in this thread, as when a checkpoint calls again what
    forward has called. Without it such calls are observed twice."""
    return _graph_task() != -1


#: In the block no mode of torch.overrides is told of calls. Without it each call of an observer's
#: own passes through Python once more, 2 us.
unobserved: Callable[[], AbstractContextManager[object]] = _private(
    "torch._C:DisableTorchFunction", nullcontext
)


# --- whether tensors are like others --------------------------------------------------------------


class _Guards:
    """What torch's guards tell, in Python: twelve times as slow, as each question takes 0.1 us."""

    def __init__(
        self,
        *tensors: Tensor,
        dynamic_dims_sizes: Sequence[object] | None = None,
        dynamic_dims_strides: Sequence[object] | None = None,
    ) -> None:
        self._any_size = dynamic_dims_sizes is not None
        self._like = self._likeness(tensors)

    def check(self, *tensors: Tensor) -> bool:
        """Whether the tensors are alike, in surroundings where nobody rewrites the call."""
        watched = transforms_active() or jit_tracing() or early_mode(0) is not None
        return not watched and self._likeness(tensors) == self._like

    def _likeness(self, tensors: Sequence[Tensor]) -> list[object]:
        return [torch.is_inference_mode_enabled(), *map(self._of_one, tensors)]

    def _of_one(self, t: Tensor) -> object:
        if is_wrapped(t) or t.layout is not torch.strided:
            return object()  # like nothing else
        shape = t.dim() if self._any_size else (t.shape, t.stride())
        bits = t.is_neg(), t.is_conj(), t.is_inference()
        return type(t), t.dtype, t.device, t.requires_grad, shape, bits


#: A guard's ``check`` compares type, dtype, device, layout, requires_grad, sizes and strides of
#: tensors, and the transforms that surround the call, in 0.15 us.
TensorGuards: Any = _private("torch._C._dynamo.guards:TensorGuards", _Guards)

# --- memory ---------------------------------------------------------------------------------------

_use_count: Callable[[Any], float] = _private(
    "torch._C:_storage_Use_Count", lambda pointer: float("nan")
)
_pointer: Any = _private("torch:UntypedStorage._cdata", None)


def storage_uses(storage: torch.UntypedStorage) -> float:
    """How many tensors share the storage; NaN, which is no number of them, where torch does not
    tell. Then results of 32 MiB and more get fresh memory each (relu of 64 MiB: 13 ms, not 7.5)."""
    return float("nan") if _pointer is None else _use_count(storage._cdata)


# --- operators ------------------------------------------------------------------------------------

#: Operators that torch.nn.functional has behind a function in Python: 0.05 us of a call of
#: leaky_relu, 0.6 us of relu6.
relu6: Callable[..., Tensor] = _private("torch._C._nn:relu6", F.relu6)
leaky_relu: Callable[..., Tensor] = _private("torch._C._nn:leaky_relu", F.leaky_relu)
hardtanh: Callable[..., Tensor] = _private("torch._C._nn:hardtanh", F.hardtanh)
softshrink: Callable[..., Tensor] = _private("torch._C._nn:softshrink", F.softshrink)
#: Where they lie: a model may call one of them itself, and be left alone if it cannot be known.
OPERATORS: Any = _private("torch._C:_nn", SimpleNamespace())

# --- modules --------------------------------------------------------------------------------------

#: Whether every module's call is observed. Without it they may be: layers are called as they are.
any_global_hook: Callable[[], bool] = _private(
    "torch.nn.modules.module:_has_any_global_hook", lambda: True
)

#: Base classes of layers, or else the classes that torch has: those of others are then unknown.
BATCH_NORM: Any = _private(
    "torch.nn.modules.batchnorm:_NormBase",
    (
        nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, nn.LazyBatchNorm1d,
        nn.LazyBatchNorm2d, nn.LazyBatchNorm3d, nn.InstanceNorm1d, nn.InstanceNorm2d,
        nn.InstanceNorm3d,
    ),
)  # fmt: skip
CONVOLUTION: Any = _private(
    "torch.nn.modules.conv:_ConvNd",
    (
        nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d,
        nn.ConvTranspose3d,
    ),
)  # fmt: skip
DROPOUT: Any = _private(
    "torch.nn.modules.dropout:_DropoutNd",
    (
        nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
        nn.FeatureAlphaDropout,
    ),
)  # fmt: skip
POOLING: tuple[Any, ...] = (
    _private(
        "torch.nn.modules.pooling:_MaxPoolNd", (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
    ),
    _private(
        "torch.nn.modules.pooling:_AvgPoolNd", (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
    ),
    _private(
        "torch.nn.modules.pooling:_AdaptiveAvgPoolNd",
        (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    ),
    _private(
        "torch.nn.modules.pooling:_AdaptiveMaxPoolNd",
        (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    ),
)  # fmt: skip

# --- compilers ------------------------------------------------------------------------------------

#: What dynamo compiles at the moment, if anything. Before torch 2.13 only the code that dynamo
#: reads is told that it is compiled; without this name such a release has formulas in its graphs.
being_compiled: Callable[[], object] = _private(
    "torch._guards:TracingContext.try_get", lambda: None
)

_compiled_call: Any = _private("torch.nn:Module._compiled_call_impl", "unknown")


def is_compiled(module: nn.Module) -> bool:
    """Whether torch.compile stands before the module."""
    if type(module).__module__.startswith("torch._dynamo"):
        return True
    if _compiled_call == "unknown":
        return any("compiled" in name and value for name, value in vars(module).items())
    return getattr(module, "_compiled_call_impl", None) is not None


#: A value of such a class is a constant of an exported program. Without it torch.export refuses it
#: as an argument; compiled code takes it all the same.
register_constant: Callable[[type], None] = _private(
    "torch.utils._pytree:register_constant", lambda cls: None
)


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in _leaves(part)]
    return [tree]


#: What nested containers hold; without it lists, tuples and dictionaries are such.
tree_leaves: Callable[[Any], list[Any]] = _private("torch.utils._pytree:tree_leaves", _leaves)


def buffers_kept() -> AbstractContextManager[object]:
    """Leaves alone what a compiled forward saved, so that its backward can be called again, as
    benchmarks do. Without it torch raises an error there."""
    patch: Any = _private("torch._functorch.config:patch", lambda **options: nullcontext())
    kept: AbstractContextManager[object] = patch(donated_buffer=False)
    return kept


# --- versions -------------------------------------------------------------------------------------


def _release(version: str) -> tuple[int, ...]:
    """The numbers that make a release: 2.15 of 2.15.1+cu130."""
    return tuple(int(number) for number in version.split(".")[:2])


def warn_of_newer(version: str) -> None:
    """Warns if torch is newer than every release that was tested."""
    if _release(version) <= _release(TESTED[-1]):
        return
    missing = [name for name, found in FOUND.items() if not found]
    slower = f"slower, for want of {', '.join(missing)}" if missing else "at full speed"
    warnings.warn(
        f"torch {version} is newer than the releases that ogive was tested with "
        f"({', '.join(TESTED)}); everything is expected to work, {slower}; if a result is wrong, "
        f"install one of those releases or a newer ogive",
        VersionWarning,
        stacklevel=2,
    )


warn_of_newer(torch.__version__)  # once in a process, as a module is imported once
