"""Ways to run a call: ``eager`` as torch operators, and a folder for each engine with kernels.

What a run is asked for is the same for all of them (call.py). The engine is chosen in selection.py:
by the setting, ``ogive.engine("eager")``, and by what the tensors are.
"""

import sys
from types import ModuleType

from ogive.engine.call import Call, Output, RowCall
from ogive.engine.selection import Served, compute, engine, served, traced
from ogive.engine.triton.ahead import CompiledKernel, compiled

__all__ = [
    "Call",
    "CompiledKernel",
    "Output",
    "RowCall",
    "Served",
    "compiled",
    "compute",
    "engine",
    "served",
    "traced",
]


class _Room(ModuleType):
    """The setting and this room bear the same name; called, the room is the setting."""

    def __call__(self, name: str) -> engine:
        return engine(name)


sys.modules[__name__].__class__ = _Room
