"""The process that imported ogive, told apart from the children that it forks."""

import os

_IMPORTED_IN = os.getpid()


def forked() -> bool:
    """Whether this is such a child: the threads that torch had stayed with its parent."""
    return os.getpid() != _IMPORTED_IN
