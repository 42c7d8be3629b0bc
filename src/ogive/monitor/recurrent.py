"""What torch's recurrent modules hide: the pre-activations of their gates, computed again.

Their kernels return states only. For the first sequences of a batch, and the first steps of these,
gates are computed again with the module's own weights, without gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from ogive.catalogue import Spec, entries

#: So many sequences and steps are computed again.
GATE_SEQUENCES, GATE_STEPS = 8, 64
RECURRENT = (nn.RNNBase, nn.RNNCellBase)
#: Gates in the order of torch's weights, and what opens them.
_GATES = {
    "LSTM": (("input_gate", "sigmoid"), ("forget_gate", "sigmoid"), ("cell_gate", "tanh"),
             ("output_gate", "sigmoid")),
    "GRU": (("reset_gate", "sigmoid"), ("update_gate", "sigmoid"), ("new_gate", "tanh")),
}  # fmt: skip


def gate_values(module: Any, x: Any, state: Any) -> Iterator[tuple[str, Spec, Tensor]]:
    """Each gate of each layer and direction: its name, its entry, and pre-activations (steps,
    sequences, units)."""
    with torch.no_grad():
        if isinstance(module, nn.RNNCellBase):
            yield from _cell(module, x.detach(), state)
        elif getattr(module, "proj_size", 0) == 0:
            yield from _layers(module, x, state)


def _kind(module: Any) -> str:
    return next((kind for kind in _GATES if kind in type(module).__name__), "RNN")


def _gates(module: Any) -> tuple[tuple[str, str], ...]:
    opened = str(getattr(module, "nonlinearity", "tanh"))
    return _GATES.get(_kind(module), (("state", opened),))


def _cell(module: Any, x: Tensor, state: Any) -> Iterator[tuple[str, Spec, Tensor]]:
    weights = module.weight_ih, module.weight_hh, module.bias_ih, module.bias_hh
    x = x if x.dim() == 2 else x[None]
    start = _start(state, x.shape[0], module.hidden_size, x, 0)
    yield from _named(module, *_run(module, weights, x[None], *start))


def _layers(module: Any, x: Any, state: Any) -> Iterator[tuple[str, Spec, Tensor]]:
    if isinstance(x, PackedSequence):
        x, _ = nn.utils.rnn.pad_packed_sequence(x)
    elif x.dim() == 2:
        x = x[:, None]
    elif module.batch_first:
        x = x.transpose(0, 1)
    x = x.detach()[:GATE_STEPS, :GATE_SEQUENCES]
    directions = 2 if module.bidirectional else 1
    for layer in range(module.num_layers):
        outputs = []
        for direction in range(directions):
            suffix = f"_l{layer}" + ("_reverse" if direction else "")
            weights = [getattr(module, f"{n}{suffix}", None) for n in _WEIGHTS]
            start = _start(state, x.shape[1], module.hidden_size, x, layer * directions + direction)
            given = x.flip(0) if direction else x
            values, states = _run(module, weights, given, *start)
            for name, spec, z in _named(module, values, states):
                yield f"{name}{suffix}", spec, z
            outputs.append(states.flip(0) if direction else states)
        x = torch.cat(outputs, -1)


_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _start(state: Any, size: int, hidden: int, like: Tensor, index: int) -> tuple[Tensor, Tensor]:
    """The hidden state and the cell that a layer begins with."""
    given = state if isinstance(state, tuple) else (state, None)
    found = []
    for part in (*given, None)[:2]:
        if part is None:
            found.append(like.new_zeros(size, hidden))
        else:
            part = part.detach()
            part = part[index] if part.dim() == 3 else part
            found.append((part if part.dim() == 2 else part[None].expand(size, -1))[:size])
    return found[0], found[1]


def _run(module: Any, weights: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Pre-activations (steps, sequences, gates times units), and states."""
    w_ih, w_hh, b_ih, b_hh = weights
    kind, values, states = _kind(module), [], []
    x, h, c = (t.to(w_ih.dtype) for t in (x, h, c))  # autocast gives others
    for now in F.linear(x, w_ih, b_ih):
        other = F.linear(h, w_hh, b_hh)
        if kind == "LSTM":
            z = now + other
            i, f, g, o = z.chunk(4, -1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        elif kind == "GRU":
            (r, u, n), (r2, u2, n2) = now.chunk(3, -1), other.chunk(3, -1)
            z = torch.cat([r + r2, u + u2, n + (r + r2).sigmoid() * n2], -1)
            update = (u + u2).sigmoid()
            h = (1 - update) * z.chunk(3, -1)[2].tanh() + update * h
        else:
            z = now + other
            h = z.relu() if getattr(module, "nonlinearity", "tanh") == "relu" else z.tanh()
        values.append(z)
        states.append(h)
    return torch.stack(values), torch.stack(states)


def _named(module: Any, values: Tensor, _: Tensor) -> Iterator[tuple[str, Spec, Tensor]]:
    gates = _gates(module)
    for (name, opened), z in zip(gates, values.chunk(len(gates), -1), strict=True):
        yield name, entries()[opened], z
