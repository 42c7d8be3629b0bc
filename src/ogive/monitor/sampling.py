"""Which numbers of a large tensor are looked at, so that it costs no more than a small one.

Of each dimension but that of the units every so many-th, another one in each step. A share p that n
independent numbers say has the standard error sqrt(p (1 - p) / n), and n is reported. 32 of each
unit and step, in a window of ten steps, say the share of a unit to 0.03, and that of a place with
256 units to 0.002.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

#: Of a tensor with more numbers so many are looked at, but so many of each unit at least.
MOST_LOOKED_AT, LEAST_OF_A_UNIT = 2**15, 32
#: The same for logits: so many, but so many rows at least.
MOST_LOGITS, LEAST_ROWS = 2**12, 16
#: So many numbers that lie side by side are taken together.
TOGETHER = 16
#: So many values are kept for pictures.
SHOWN_VALUES = 512


@dataclass(frozen=True)
class Sampling:
    """What is looked at of tensors of one shape.

    Attributes:
        shape: theirs.
        sizes: how many numbers are looked at along each dimension.
        steps: how far they are apart.
        one_in: of so many numbers one is looked at.
    """

    shape: tuple[int, ...]
    sizes: tuple[int, ...]
    steps: tuple[int, ...]
    one_in: float

    def index(self, turn: int) -> tuple[slice, ...]:
        """The numbers along each dimension; in turn each of them is looked at."""
        found = []
        for whole, size, step in zip(self.shape, self.sizes, self.steps, strict=True):
            last = step * (size - 1) + 1
            turn, start = divmod(turn, whole - last + 1)
            found.append(slice(start, start + last, step))
        return tuple(found)

    def of(self, x: Tensor, turn: int) -> Tensor:
        """What is looked at of a tensor of that shape: a view of it."""
        return x if self.one_in == 1 else x[self.index(turn)]


def sampling(x: Tensor, dim: int | None, most: int) -> Sampling:
    """At most so many numbers of tensors like this one, spread over all dimensions but one, which
    is looked at as a whole.

    Numbers that lie side by side are taken together, where another dimension is long enough.
    """
    return _sampling(x.shape, x.stride(), dim, most)


@lru_cache(maxsize=1024)
def _sampling(
    shape: tuple[int, ...], strides: tuple[int, ...], dim: int | None, most: int
) -> Sampling:
    sizes, steps = list(shape), [1] * len(shape)
    while math.prod(sizes) > most:
        step = math.ceil(math.prod(sizes) / most)
        free = [d for d, size in enumerate(sizes) if d != dim and size > 1]
        if not free:
            break
        d = max(free, key=lambda d: (sizes[d] >= step and strides[d] >= TOGETHER, sizes[d]))
        steps[d] = min(step, sizes[d])
        sizes[d] //= steps[d]
    one_in = math.prod(shape) / max(1, math.prod(sizes))
    return Sampling(tuple(shape), tuple(sizes), tuple(steps), one_in)


def most_of(shape: Sequence[int], dim: int, most: int) -> int:
    """How many numbers of an activation's tensor are looked at."""
    return max(most, LEAST_OF_A_UNIT * shape[dim])


def most_logits(row: int) -> int:
    """How many numbers of logits in rows of this length are looked at."""
    return max(MOST_LOGITS, LEAST_ROWS * row)


def some_queries(q: Tensor, rows: int, turn: int) -> tuple[slice, ...]:
    """Which of the queries (..., queries, size) of an attention are looked at, some so many: in
    turn those of one sequence and another, since all the keys of each are read."""
    few = len(q)
    if q.dim() > 3:
        few = min(few, math.ceil(rows * q.shape[-1] * len(q) / q.numel()))
    turn, start = divmod(turn, len(q) - few + 1)
    looked = q[start : start + few]
    first, *others = sampling(looked, q.dim() - 1, rows * q.shape[-1]).index(turn)
    return slice(start + first.start, start + first.stop, first.step), *others
