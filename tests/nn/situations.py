"""Everything that accelerate and intercept replace, and the situations that training brings.

The rows come from what the recogniser knows of each library, so that a new alias is a new row. A
situation runs a network and gives its values and gradients; it is told in what block the network is
called, which is ``ogive.intercept`` for the functions that code calls by itself.
"""

import copy
import functools
import io
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import others
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd.functional import jacobian
from torch.autograd.graph import save_on_cpu
from torch.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts
from torch.utils.flop_counter import FlopCounterMode

from ogive.nn.recognise import recognise, torch_functions
from ogive.nn.rules import LIBRARIES

#: Arguments of what cannot be made or called without.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "Threshold": (0.1, -0.3), "ClippedGELUActivation": (-0.5, 1.0), "Softmax": (-1,),
    "LogSoftmax": (-1,), "Softmin": (-1,), "GLU": (-1,), "threshold": (0.1, -0.3),
    "softmax": (-1,), "log_softmax": (-1,), "softmin": (-1,),
}  # fmt: skip
MODULES = ("torch.nn.modules.activation", *(name for names in LIBRARIES.values() for name in names))


class Held(nn.Module):
    """A block that holds a function."""

    def __init__(self, function: Callable[..., Tensor], *arguments: Any) -> None:
        super().__init__()
        self.function, self.arguments = function, arguments

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.arguments)


class Net(nn.Module):
    """An activation after a layer, and what a model does with its input and its result."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.layer, self.activation = nn.Linear(6, 6), activation
        self.follow: Callable[[Tensor, Tensor], Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer(x)
        y = self.activation(x)
        return y if self.follow is None else self.follow(x, y)


@dataclass(frozen=True)
class Row:
    """Something that is replaced: how it is made, and whether code calls it by itself."""

    name: str
    make: Callable[[], nn.Module]
    called: bool = False

    def net(self) -> Net:
        """A network with it, the same one each time."""
        # torch.manual_seed writes down the stack for every kind of device, which takes 1 ms
        torch.default_generator.manual_seed(0)
        return Net(self.make())


def _makers() -> Iterator[Row]:
    for home in MODULES:
        for name, thing in vars(import_module(home)).items():
            arguments = ARGUMENTS.get(name, ())
            make = functools.partial(thing, *arguments) if callable(thing) else None
            if isinstance(thing, type) and issubclass(thing, nn.Module) and _is_known(make):
                yield Row(f"{home}:{name}", make)
    yield Row("torch.nn:PReLU per channel", lambda: nn.PReLU(3))
    yield Row("torch.nn:GELU tanh", lambda: nn.GELU("tanh"))
    for name, make in BLOCKS.items():
        yield Row(f"block:{name}", make)
    for home in (F, *map(import_module, LIBRARIES["timm"])):
        for name, thing in vars(home).items():
            if _is_function(home, name, thing):
                make = functools.partial(Held, thing, *ARGUMENTS.get(name, ()))
                yield Row(f"held:{home.__name__}.{name}", make)
                if home is F:
                    yield Row(f"called:{name}", make, called=True)


def _is_known(make: Callable[[], nn.Module]) -> bool:
    try:
        entry = recognise(make()).entry
    except TypeError:  # needs arguments, as attention does
        return False
    return entry is not None and entry.name not in ("identity", "rrelu")


def _is_function(home: Any, name: str, thing: Any) -> bool:
    if home is F:
        return name in torch_functions()
    found = recognise(thing) if callable(thing) and not isinstance(thing, type) else None
    return found is not None and found.entry is not None


def llama() -> nn.Module:
    config = others.transformers.LlamaConfig(
        hidden_size=6, intermediate_size=8, num_attention_heads=2
    )
    return others.transformers.models.llama.modeling_llama.LlamaMLP(config)


BLOCKS: dict[str, Callable[[], nn.Module]] = {
    "LlamaMLP": llama,
    "SwiGLU": lambda: others.timm.layers.SwiGLU(6, 8),
    "SwiGLUPacked": lambda: others.timm.layers.SwiGLUPacked(6, 8),
    "GEGLU": lambda: others.timm.layers.GluMlp(6, 8, act_layer=nn.GELU, gate_last=False),
    "xIELU": others.transformers.activations.XIELUActivation,
}
ROWS = {row.name: row for row in _makers()}


# situations

Block = Callable[[], AbstractContextManager[Any]]
Results = list[Tensor]


@dataclass
class Case:
    """A network that is to be run, and the block that it is called in."""

    net: Net
    block: Block = nullcontext
    shape: tuple[int, ...] = (2, 3, 6)
    dtype: torch.dtype = torch.float32
    x: Tensor = field(init=False)

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(1)
        drawn = torch.randn(self.shape, generator=generator) * 2
        self.x = drawn.to(self.dtype).requires_grad_()

    def gradients(self, y: Tensor) -> Results:
        """The result, and the gradients of the input and of each parameter."""
        y.square().sum().backward()
        leaves = [self.x, *self.net.parameters()]
        return [y.detach(), *(p.grad for p in leaves if p.grad is not None)]

    def run(self, call: Callable[[Tensor], Tensor] | None = None) -> Results:
        """The same for a call in the block, with backward outside of it."""
        with self.block():
            y = (call or self.net)(self.x)
        return self.gradients(y)


def followed(follow: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Case], Results]:
    """A situation: something that a model does with the input and the result of the activation."""

    def situation(case: Case) -> Results:
        case.net.follow = follow
        return case.run()

    return situation


def _dropped(x: Tensor, y: Tensor) -> Tensor:
    torch.manual_seed(3)
    return F.dropout(y, 0.5, inplace=True)


def _overwritten_view(x: Tensor, y: Tensor) -> Tensor:
    y[..., 0] += 1
    y.flatten().mul_(2)
    return y


def _overwritten_input(x: Tensor, y: Tensor) -> Tensor:
    x.mul_(2)
    return y


def _residual(x: Tensor, y: Tensor) -> Tensor:
    y += x[..., : y.shape[-1]]
    return y


def sized(*shape: int) -> Callable[[Case], Results]:
    """A situation: an input of another shape."""

    def situation(case: Case) -> Results:
        return Case(case.net, case.block, shape).run()

    return situation


def checkpointed(
    use_reentrant: bool, inside: bool, offload: bool = False
) -> Callable[[Case], Results]:
    """A situation: the network is called again in backward."""

    def situation(case: Case) -> Results:
        with case.block():
            with save_on_cpu() if offload else nullcontext():
                y = checkpoint(case.net, case.x, use_reentrant=use_reentrant)
            if inside:
                return case.gradients(y)
        return case.gradients(y)

    return situation


def _selective(case: Case) -> Results:
    """A checkpoint that keeps what the layers give, and calls the rest again."""
    kept = [torch.ops.aten.addmm.default, torch.ops.aten.mm.default]
    contexts = functools.partial(create_selective_checkpoint_contexts, kept)

    def call(x: Tensor) -> Tensor:
        return checkpoint(case.net, x, use_reentrant=False, context_fn=contexts)

    return case.run(call)


def _offloaded(case: Case) -> Results:
    with save_on_cpu():
        return case.run()


def _autocast(case: Case) -> Results:
    with torch.autocast("cpu", torch.bfloat16):
        return case.run()


def _vmapped(case: Case) -> Results:
    with case.block():
        return [torch.func.vmap(case.net)(case.x.detach())]


def _func_grad(case: Case) -> Results:
    parameters = dict(case.net.named_parameters())

    def loss(given: Any, x: Tensor) -> Tensor:
        return torch.func.functional_call(case.net, given, (x,)).square().sum()

    with case.block():
        found = torch.func.grad(loss, argnums=(0, 1))(parameters, case.x.detach())
    return [*found[0].values(), found[1]]


def _jacobian(case: Case) -> Results:
    with case.block():
        return [jacobian(case.net, case.x.detach(), vectorize=True)]


def _jacrev(case: Case) -> Results:
    with case.block():
        return [torch.func.jacrev(case.net)(case.x.detach())]


def _functionalized(case: Case) -> Results:
    with case.block():
        return [torch.func.functionalize(case.net)(case.x.detach())]


def _jvp(case: Case) -> Results:
    x = case.x.detach()
    with case.block():
        return list(torch.func.jvp(case.net, (x,), (torch.ones_like(x),)))


def _penalty(case: Case) -> Results:
    with case.block():
        y = case.net(case.x)
    (slope,) = torch.autograd.grad(y.square().sum(), case.x, create_graph=True)
    slope.square().sum().backward()
    return [slope.detach(), *(p.grad for p in case.net.parameters() if p.grad is not None)]


def _twice(case: Case) -> Results:
    with case.block():
        loss = case.net(case.x).square().sum()
    leaves = [case.x, *case.net.parameters()]
    first = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
    second = torch.autograd.grad(loss, leaves, allow_unused=True)
    return [g for g in (*first, *second) if g is not None]


def _traced(case: Case) -> Results:
    """torch.fx: the traced model in the place of the model."""
    return case.run(torch.fx.symbolic_trace(case.net))


def _recorded_by_jit(case: Case) -> Results:
    with case.block():
        traced = torch.jit.trace(case.net, case.x.detach())
    return case.run(traced)


def _hooked(case: Case) -> Results:
    """A hook that was registered before knows its module."""
    seen = case.net.seen
    seen.clear()
    return [*case.run(), torch.tensor(seen)]


def _backward_hooked(case: Case) -> Results:
    """Hooks on the gradients of the activation, and of its result."""
    seen: Results = []
    case.net.follow = lambda x, y: (y.register_hook(lambda g: seen.append(g)), y)[1]
    handle = case.net.activation.register_full_backward_hook(
        lambda module, given, gradients: seen.extend([*given, *gradients])
    )
    found = case.run()
    handle.remove()
    return [*found, *seen]


def _counted(case: Case) -> Results:
    """A mode of the dispatcher sees the layers."""
    with FlopCounterMode(display=False) as counter:
        found = case.run()
    return [*found, torch.tensor(counter.get_total_flops())]


def _anomalous(case: Case) -> Results:
    with torch.autograd.detect_anomaly():
        return case.run()


def _subclassed(case: Case) -> Results:
    case.net.layer = nn.Identity()
    y = case.run(lambda x: case.net((x * 1).as_subclass(Named)))
    assert type(y[0]) is Named
    return [t.as_subclass(Tensor) for t in y]


class Named(Tensor):
    """A class of somebody's."""


def in_dtype(dtype: torch.dtype) -> Callable[[Case], Results]:
    """A situation: a network of a dtype."""

    def situation(case: Case) -> Results:
        return Case(case.net.to(dtype), case.block, dtype=dtype).run()

    return situation


def _channels_last(case: Case) -> Results:
    case.net.layer = nn.Identity()
    case = Case(case.net, case.block, (2, 3, 4, 6))
    return case.run(lambda x: case.net((x * 1).to(memory_format=torch.channels_last)))


def _copied(case: Case) -> Results:
    return Case(copy.deepcopy(case.net), case.block).run()


def _pickled(case: Case) -> Results:
    return Case(pickle.loads(pickle.dumps(case.net)), case.block).run()


def _loaded(case: Case) -> Results:
    stored = io.BytesIO()
    torch.save(case.net.state_dict(), stored)
    stored.seek(0)
    with torch.no_grad():
        for p in case.net.parameters():
            p.zero_()
    case.net.load_state_dict(torch.load(stored, weights_only=True))
    return case.run()


def _assigned(case: Case) -> Results:
    state = {n: p.double() for n, p in case.net.state_dict().items()}
    case.net.load_state_dict(state, assign=True)
    return Case(case.net, case.block, dtype=torch.float64).run()


def _inference(case: Case) -> Results:
    with torch.inference_mode(), case.block():
        return [case.net.eval()(case.x.detach()).clone()]


def in_place(view: bool) -> Callable[[Case], Results]:
    """A situation: the activation writes over its input, perhaps a view, as after nn.Flatten."""

    def situation(case: Case) -> Results:
        activation = case.net.activation
        if not hasattr(activation, "inplace"):
            raise NotImplementedError
        activation.inplace = True
        with case.block():
            x = case.net.layer(case.x.flatten(0, 1))
            y = activation(x.view(-1) if view else x)
        return case.gradients(y)

    return situation


def _narrowed(case: Case) -> Results:
    """A part of a tensor that does not lie in one stretch."""

    def call(x: Tensor) -> Tensor:
        return case.net.activation(case.net.layer(x).transpose(0, 1)[:, :1])

    return case.run(call)


SITUATIONS: dict[str, Callable[[Case], Results]] = {
    "plain": Case.run,
    "y += x": followed(_residual),
    "y *= 2": followed(lambda x, y: y.mul_(2)),
    "dropout in place": followed(_dropped),
    "in place twice": followed(lambda x, y: y.add_(1).mul_(2)),
    "in place in a view": followed(_overwritten_view),
    "input overwritten": followed(_overwritten_input),
    "activation in place": in_place(view=False),
    "activation in place, on a view": in_place(view=True),
    "view": _narrowed,
    "one element": sized(1, 1, 6),
    "large": sized(256, 43, 6),
    "large, y += x": lambda case: followed(_residual)(Case(case.net, case.block, (256, 43, 6))),
    "empty": sized(0, 3, 6),
    "reentrant checkpoint": checkpointed(True, inside=False),
    "reentrant checkpoint, backward inside": checkpointed(True, inside=True),
    "checkpoint": checkpointed(False, inside=False),
    "checkpoint, backward inside": checkpointed(False, inside=True),
    "selective checkpoint": _selective,
    "checkpoint, offloaded": checkpointed(False, inside=False, offload=True),
    "save_on_cpu": _offloaded,
    "autocast": _autocast,
    "vmap": _vmapped,
    "jacobian": _jacobian,
    "func.grad": _func_grad,
    "func.jvp": _jvp,
    "func.jacrev": _jacrev,
    "func.functionalize": _functionalized,
    "gradient penalty": _penalty,
    "backward twice": _twice,
    "fx": _traced,
    "jit.trace": _recorded_by_jit,
    "hook": _hooked,
    "backward hooks": _backward_hooked,
    "flop counter": _counted,
    "anomaly": _anomalous,
    "tensor subclass": _subclassed,
    "channels last": _channels_last,
    "float64": in_dtype(torch.float64),
    "bfloat16": in_dtype(torch.bfloat16),
    "float16": in_dtype(torch.float16),
    "deepcopy": _copied,
    "pickle": _pickled,
    "state dict": _loaded,
    "state dict of another dtype": _assigned,
    "inference": _inference,
}
