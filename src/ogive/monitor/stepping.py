"""When a step of a training ends: when the optimizer that holds the model's parameters says so."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

#: After so many steps of another optimizer without one of the first, it is the other that trains.
OTHERS_STEPS = 3


class OptimizerSteps:
    """Is told of the steps of every optimizer, and tells those that end a step of the training.

    Where a model has several optimizers, it is the first that makes a step, until it makes none any
    more.

    Args:
        model: what is trained.
        optimizer: that of the training; None if it is to be found out.
        ended: is called when a step has ended.
    """

    def __init__(self, model: nn.Module, optimizer: Any, ended: Callable[[], None]) -> None:
        self.model, self.optimizer, self.ended = model, optimizer, ended
        self._found: weakref.ref[Any] | None = None
        self._handle: Any = None
        self._others = 0

    @property
    def expected(self) -> bool:
        """Whether an optimizer ends the steps, and not the model's next call."""
        return self._found is not None or self.optimizer is not None

    @property
    def seen(self) -> bool:
        """Whether an optimizer has ended one."""
        return self._found is not None

    def listen(self) -> None:
        """Is told from now on, as long as it lives."""
        told = weakref.ref(self)

        def stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
            if (living := told()) is not None:
                living.stepped(optimizer)

        self._handle = register_optimizer_step_post_hook(stepped)

    def stop(self) -> None:
        """Is told no more."""
        self._handle.remove()

    def stepped(self, optimizer: Any) -> None:
        """An optimizer has made a step."""
        known = None if self._found is None else self._found()
        if optimizer is not known:
            if not self._holds(optimizer):
                return
            self._others += 1
            if known is not None and self._others < OTHERS_STEPS:
                return
            self._found = weakref.ref(optimizer)
        self._others = 0
        self.ended()

    def _holds(self, optimizer: Any) -> bool:
        whose = self.optimizer
        own = (
            {id(p) for p in self.model.parameters()}
            if whose is None
            else {id(p) for group in whose.param_groups for p in group["params"]}
        )
        return any(id(p) in own for group in optimizer.param_groups for p in group["params"])
