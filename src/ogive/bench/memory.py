"""Bytes: what a forward keeps for its backward, and the most that a step has at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.autograd.profiler import profile


def held(forward: Callable[[], Tensor], parameters: Iterable[Tensor] = ()) -> int:
    """Bytes that a forward keeps for its backward, each storage once, without the parameters'.

    Example:
        >>> import torch
        >>> x = torch.ones(8, requires_grad=True)
        >>> held(lambda: x.sin().exp()), held(lambda: x.sin().exp(), [x])
        (64, 32)
    """
    left_out = {p.untyped_storage().data_ptr() for p in parameters}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in left_out:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        output = forward()  # while it lives, no storage that is kept gives its place to another
    del output
    return sum(kept.values())


def peak(step: Callable[[], object]) -> int:
    """The most bytes alive at once of those that a step allocates on the CPU.

    Taken from torch's profiler, to which torch's allocator reports every block it hands out and
    takes back, temporaries inside of operators and of ogive's kernels too. So it is exact and the
    same every time, where a process' resident memory counts what the allocator keeps and when the
    system gives it, and a dispatch mode sees only what leaves an operator. A block from an earlier
    ``peak`` that is released by the step would be missed: let a step release what it has made.

    Example:
        >>> import torch
        >>> x = torch.ones(1000)
        >>> peak(lambda: (x * 2).add_(1)) // 4000, peak(lambda: (x * 2) + 1) // 4000
        (1, 2)
    """
    with profile(use_cpu=True, profile_memory=True) as recorded:
        step()
    results = recorded.kineto_results
    if results is None:
        raise RuntimeError("torch's profiler gave no events")
    events = sorted(results.events(), key=lambda event: event.start_ns())
    return max(accumulate((int(event.nbytes()) for event in events), initial=0))
