"""How tensors lie in memory, reduced to the few loops that a kernel needs.

Dimensions over which all tensors advance together become one. What is left is usually a single
stretch; a per-channel parameter, a packed gate or a transposed tensor leaves rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Sizes of the dimensions, the innermost last, and the steps of every tensor in elements."""

    sizes: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]

    @property
    def access(self) -> tuple[str, ...]:
        """How each tensor is walked through along a row."""
        names = {0: "one", 1: "each"}
        return tuple(names.get(s[-1], "stride") for s in self.steps)


def layout(shape: Sequence[int], strides: Sequence[Sequence[int]], leader: int) -> Layout:
    """The loops over tensors of one shape, in the order in which the leader's elements lie."""
    dims = [d for d, size in enumerate(shape) if size != 1]
    dims.sort(key=lambda d: -strides[leader][d])
    sizes: list[int] = []
    steps: list[list[int]] = []
    for d in dims:
        step = [s[d] for s in strides]
        if steps and all(o == n * shape[d] for o, n in zip(steps[-1], step, strict=True)):
            sizes[-1] *= shape[d]
            steps[-1] = step
        else:
            sizes.append(shape[d])
            steps.append(step)
    if not sizes:
        sizes, steps = [1], [[1] * len(strides)]
    return Layout(tuple(sizes), tuple(zip(*steps, strict=True)))
