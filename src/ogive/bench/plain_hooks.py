"""What people write to watch activations: hooks that take numbers out of every tensor at once.

The baseline of a monitor's cost. On each module that is an activation: mean, deviation and share of
zeros of what comes out, and the norm of its gradient, each brought to Python as it arises.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ogive.nn.recognise import recognise


class PlainHooks:
    """Hooks on every activation of a model that act once in so many forwards, which ``attach`` puts
    there and ``detach`` takes off.

    Example:
        >>> import torch
        >>> model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        >>> hooks = PlainHooks(model, every=1)
        >>> hooks.attach()
        >>> model(torch.ones(1, 2)).sum().backward()
        >>> list(hooks.numbers)
        ['1.mean', '1.std', '1.zeros', '1.gradient']
    """

    def __init__(self, model: nn.Module, every: int) -> None:
        self.every, self.forwards = every, 0
        self.numbers: dict[str, float] = {}
        self._model = model
        self._hooks = []
        for name, module in model.named_modules():
            entry = recognise(module).entry
            if entry is not None and entry.name != "identity":
                self._hooks.append((module, self._forward(name)))
        self._handles: list[Any] = []

    def attach(self) -> None:
        self._handles = [module.register_forward_hook(hook) for module, hook in self._hooks]
        self._handles.append(self._model.register_forward_pre_hook(self._begin))

    def detach(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _begin(self, model: nn.Module, inputs: Any) -> None:
        self.forwards += 1

    @property
    def _acts(self) -> bool:
        return (self.forwards - 1) % self.every == 0

    def _forward(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            if self._acts:
                self.numbers[f"{name}.mean"] = output.mean().item()
                self.numbers[f"{name}.std"] = output.std().item()
                self.numbers[f"{name}.zeros"] = (output == 0).float().mean().item()
                # a backward hook on the module fails where the activation works in place
                output.register_hook(self._gradient(name))  # type: ignore[no-untyped-call]

        return hook

    def _gradient(self, name: str) -> Any:
        def hook(gradient: Tensor) -> None:
            self.numbers[f"{name}.gradient"] = gradient.norm().item()

        return hook
