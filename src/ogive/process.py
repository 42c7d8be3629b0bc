"""The process that imported ogive, told apart from the children that it forks; and such children
that import ogive only then."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_IMPORTED_IN = os.getpid()
#: Linux's mark of a process that was forked and has run no other program since: PF_FORKNOEXEC.
_FORKED_ONLY = 0x40


def forked() -> bool:
    """Whether this is such a child: the threads that torch had stayed with its parent."""
    return os.getpid() != _IMPORTED_IN


@cache
def born_forked() -> bool:
    """Whether the process that imported ogive is itself the child of a fork, as Linux tells: then
    torch may have come with it, and with torch a pool whose threads stayed with the parent."""
    with suppress(OSError, IndexError, ValueError):
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        return bool(int(fields[6]) & _FORKED_ONLY)
    return False
