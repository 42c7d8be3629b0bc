"""Softmax and log-softmax with their gradients, as kernels of the CPU engine.

A row is walked through two or three times while it lies in the cache: for its largest element, for
the exponentials and their sum, for the result.
"""

from ogive.engine.softmax.steps import PROGRAMS, Kernel, Kind
from ogive.engine.softmax.tasks import attempt, run, start

__all__ = ["PROGRAMS", "Kernel", "Kind", "attempt", "run", "start"]
