"""Parameters, buffers and an optimizer's state as they are now, to be put back bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class StateCopy:
    """A copy of tensors of a model, and of what an optimizer keeps of them.

    Args:
        tensors: parameters and buffers.
        optimizer: whose state of them, and whose options, are kept too.
    """

    def __init__(self, tensors: Iterable[Tensor], optimizer: Any = None) -> None:
        self._tensors = [(t, t.detach().clone()) for t in tensors]
        self._optimizer = optimizer
        self._state: list[tuple[Tensor, Any]] = []
        self._options: list[dict[str, Any]] = []
        if optimizer is not None:
            mine = [t for t, _ in self._tensors]
            self._state = [(t, _copied(optimizer.state.get(t))) for t in mine]
            self._options = [
                {k: copy.deepcopy(v) for k, v in group.items() if k != "params"}
                for group in optimizer.param_groups
            ]

    @torch.no_grad()
    def restore(self) -> None:
        """Everything is what it was: the same tensors, with the numbers that they had."""
        for tensor, numbers in self._tensors:
            tensor.copy_(numbers)
        if self._optimizer is None:
            return
        for tensor, state in self._state:
            _put_back(self._optimizer.state, tensor, state)
        for group, options in zip(self._optimizer.param_groups, self._options, strict=True):
            group.update(copy.deepcopy(options))


def _copied(state: Any) -> Any:
    if isinstance(state, dict):
        return {k: _copied(v) for k, v in state.items()}
    return state.detach().clone() if isinstance(state, Tensor) else copy.deepcopy(state)


def _put_back(states: Any, tensor: Tensor, state: Any) -> None:
    """The state of one tensor; its own tensors keep their identity where they can."""
    if state is None:
        states.pop(tensor, None)
        return
    now = states.setdefault(tensor, {})
    for name in list(now.keys() - state.keys()):
        del now[name]
    for name, value in state.items():
        held = now.get(name)
        if isinstance(value, Tensor) and isinstance(held, Tensor) and held.shape == value.shape:
            held.copy_(value)
        else:
            now[name] = _copied(value)


def everything(model: nn.Module, optimizer: Any = None) -> StateCopy:
    """A copy of all parameters and buffers of a model, and of the whole optimizer."""
    tensors = {id(t): t for t in (*model.parameters(), *model.buffers())}
    return StateCopy(tensors.values(), optimizer)
