"""Situations that few models bring, and that went wrong once or would unseen."""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from situations import Case, Results
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm
from torch.optim.swa_utils import AveragedModel


def packing(
    pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor] = lambda t: t
) -> Callable[[Case], Results]:
    """A situation: hooks that keep what is saved in a form of their own."""

    def situation(case: Case) -> Results:
        with saved_tensors_hooks(pack, unpack):
            return case.run()

    return situation


def _turned(t: Tensor) -> Tensor:
    """The same numbers, in another order of memory."""
    return t.detach().mT.contiguous().mT if t.dim() > 1 else t.detach()


def _ensemble(case: Case) -> Results:
    """Two networks at once, whose parameters lie in one tensor."""
    nets = [case.net, copy.deepcopy(case.net)]
    state = torch.func.stack_module_state(nets)
    base = copy.deepcopy(case.net).to("meta")

    def one(parameters: Any, buffers: Any, x: Tensor) -> Tensor:
        return torch.func.functional_call(base, (parameters, buffers), (x,))

    with case.block():
        y = torch.func.vmap(one, (0, 0, None))(*state, case.x)
    return case.gradients(y)


def _parametrized(case: Case) -> Results:
    """The activation's parameters, if it has any, and the layer's, are computed from others."""
    weight_norm(case.net.layer)
    names = [name for name, _ in case.net.activation.named_parameters(recurse=False)]
    for name in names:
        parametrize.register_parametrization(case.net.activation, name, nn.Softplus(), unsafe=True)
    return Case(copy.deepcopy(case.net), case.block).run()


def _averaged(case: Case) -> Results:
    averaged = AveragedModel(case.net)
    averaged.update_parameters(case.net)
    return Case(averaged, case.block).run()


def _materialised(case: Case) -> Results:
    state = copy.deepcopy(case.net.state_dict())
    net = case.net.to("meta").to_empty(device="cpu")
    net.load_state_dict(state)
    return Case(net, case.block).run()


def _on_another_default_device(case: Case) -> Results:
    with torch.device("meta"):
        with case.block():
            y = case.net(case.x)
        y.backward(y.detach())
    return [y.detach(), case.x.grad]


def _forward_mode(case: Case) -> Results:
    """A tangent, and the gradient of it."""
    with forward_ad.dual_level(), case.block():
        y = case.net(forward_ad.make_dual(case.x, torch.ones_like(case.x)))
        primal, tangent = forward_ad.unpack_dual(y)
        return [primal.detach(), *torch.autograd.grad(tangent.square().sum(), case.x)]


def _per_sample(case: Case) -> Results:
    parameters = {name: p.detach() for name, p in case.net.named_parameters()}

    def loss(given: Any, x: Tensor) -> Tensor:
        return torch.func.functional_call(case.net, given, (x[None],)).square().sum()

    with case.block():
        found = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, case.x.detach())
    return list(found.values())


def _threads(case: Case) -> Results:
    """Several threads call the network, and go backward, at once."""

    def work(_: int) -> Results:
        x = case.x.detach().clone().requires_grad_()
        with case.block():
            y = case.net(x)
        return [y.detach(), *torch.autograd.grad(y.square().sum(), x)]

    with ThreadPoolExecutor(3) as pool:
        return [t for found in pool.map(work, range(3)) for t in found]


def laid(change: Callable[[Tensor], Tensor]) -> Callable[[Case], Results]:
    """A situation: an input that lies in memory in a way of its own."""
    return lambda case: case.run(lambda x: case.net.activation(change(case.net.layer(x))))


ODD: dict[str, Callable[[Case], Results]] = {
    "saved as copies": packing(torch.clone),
    "saved in another order": packing(_turned),
    "saved in halves of pairs": packing(lambda t: torch.stack([t, t], -1), lambda t: t[..., 0]),
    "saved in numpy": packing(lambda t: t.detach().numpy().copy(), torch.from_numpy),
    "ensemble": _ensemble,
    "parametrized": _parametrized,
    "averaged": _averaged,
    "materialised": _materialised,
    "another default device": _on_another_default_device,
    "forward mode": _forward_mode,
    "gradients per sample": _per_sample,
    "threads": _threads,
    "expanded": laid(lambda x: x[:1].expand(4, 3, 6)),
    "overlapping": laid(lambda x: x.unfold(-1, 4, 1)),
    "far apart": laid(lambda x: F.pad(x, (0, 10_000))[..., :6]),
    "negative view": laid(lambda x: torch.complex(x, x).conj().imag),
    "no dimensions": laid(lambda x: x.flatten()[0]),
}
