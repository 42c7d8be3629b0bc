"""Which operators reach a device, for tests that count them."""

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode


class Dispatched(TorchDispatchMode):
    """Lists the operators on the meta device, which has no kernels; numbers are looked at on the
    CPU."""

    def __init__(self) -> None:
        super().__init__()
        self.operators: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if getattr(result, "is_meta", False):
            self.operators.append(str(func))
        return result
