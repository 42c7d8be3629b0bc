"""Memory for large results: that of an earlier one which nobody uses any more, else fresh.

The memory of a large tensor goes back to the system, which hands it out anew page by page; that
takes longer than most kernels. So some of it is kept for the next result of the same size.

Two threads, relu of 64 MiB of float32 to a fresh result: 27.5 ms with memory as torch gets it,
13 ms in large pages, 7.5 ms in memory that was kept, as long as ``copy_`` takes to existing memory.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

from ogive.engine.cpu import huge_pages
from ogive.errors import OgiveError
from ogive.torch_private import storage_uses

#: The fewest bytes that the C library never keeps itself (glibc: mallopt(3), M_MMAP_THRESHOLD).
#: What it keeps serves torch's operators too, and so is in the cache more often than a block here.
SMALLEST_POOLED = 2**25
#: The variable that says how many MiB are kept at most, in use or not.
VARIABLE = "OGIVE_KEEP_MIB"
DEFAULT = "256"


def empty(like: Tensor, size: Sequence[int], stride: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A dense tensor in the CPU's memory with nothing written to it.

    Args:
        like: a tensor in the CPU's memory: torch's default device may be another.
    """
    block = _claim(math.prod(size) * dtype.itemsize)
    if block is None:
        made = like.new_empty_strided(size, stride, dtype=dtype)
        huge_pages.huge(made)
        block = _Block(made)
    else:
        made = like.new_empty(0, dtype=dtype).set_(block.storage(), 0, size, stride)
    _keep(block)
    return made


def empty_like(x: Tensor) -> Tensor:
    """The same for a result like a dense tensor, large or small."""
    return (
        torch.empty_like(x)
        if x.nbytes < SMALLEST_POOLED
        else empty(x, x.shape, x.stride(), x.dtype)
    )


class _Block:
    """The memory of a result, held by a tensor that nobody else knows."""

    def __init__(self, made: Tensor) -> None:
        self.size = made.nbytes
        self._bytes = made.new_empty(0, dtype=torch.uint8).set_(made.untyped_storage())

    def storage(self) -> torch.UntypedStorage:
        return self._bytes.untyped_storage()

    def unused(self) -> bool:
        """Whether nobody has the memory any more, nor has changed its size or who else sees it."""
        alone = _holders(self._bytes) == _ALONE and self.storage().nbytes() == self.size
        return alone and not self._bytes.is_shared()  # type: ignore[no-untyped-call]


def _holders(t: Tensor) -> tuple[float, int]:
    """How often a tensor's storage is held, by torch and by Python."""
    storage = t.untyped_storage()
    return storage_uses(storage), sys.getrefcount(storage)


def _most() -> int:
    """The bytes to keep at most."""
    given = os.environ.get(VARIABLE, DEFAULT)
    if not given.isdecimal():
        raise OgiveError(f"{VARIABLE} is {given!r}; it is a number of MiB, 0 to keep none")
    return int(given) * 2**20


_ALONE = _holders(torch.empty(1, device="cpu"))
_MOST = _most()
#: In the order in which they became results. A block is taken out by whoever looks at it, so that
#: no two threads give it away.
_kept: list[_Block] = []


def _claim(size: int) -> _Block | None:
    """An unused block of this size, taken out of those kept: the last, which caches know best."""
    for block in reversed(tuple(_kept)):
        if block.size == size and block.unused():
            with suppress(ValueError):  # another thread was faster
                _kept.remove(block)
                if block.unused():
                    return block
                _kept.append(block)
    return None


def _keep(block: _Block) -> None:
    _kept.append(block)
    while sum(b.size for b in tuple(_kept)) > _MOST:
        with suppress(IndexError):
            _kept.pop(0)
