"""Large pages for large results.

The system hands out a fresh tensor's memory page by page, when the kernel first writes to it. At
4 KiB a page that takes longer than the kernel itself; Linux gives 2 MiB at once where it is asked.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from torch import Tensor

PAGE = 2**21
MADV_HUGEPAGE = 14


def huge(fresh: Tensor) -> None:
    """Asks for large pages for a tensor that nothing has been written to yet.

    Measured on Linux 6.18 (transparent_hugepage/enabled: madvise), torch.empty and fill_ of float32
    on one thread: 64 MiB in 14.5 ms with large pages, 26.5 ms without; 32 MiB in 8.4 and 12.7 ms.
    To ask takes 20 us where the memory is part of a larger stretch that is in use.
    """
    start = fresh.data_ptr()
    first = -(-start // PAGE) * PAGE
    past = (start + fresh.nbytes) // PAGE * PAGE
    if past > first and (advise := _madvise()):
        advise(first, past - first, MADV_HUGEPAGE)


@lru_cache(maxsize=1)
def _madvise() -> Callable[[int, int, int], int] | None:
    """The C library's madvise on Linux. It refuses what it cannot do, and does no harm then."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            advise = ctypes.CDLL(None).madvise
            advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
            return advise
    return None
