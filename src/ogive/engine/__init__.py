"""One file per way to run a program: ``eager`` as torch operators, ``cpu`` as fused kernels.

What a run is asked for is the same for all of them (call.py). The engine is chosen in choice.py:
by the setting, ``ogive.engine("eager")``, and by what the tensors are.
"""

import sys
from types import ModuleType

from ogive.engine.call import Call, Result
from ogive.engine.choice import Served, engine, overwrite, run, served, traced

__all__ = ["Call", "Result", "Served", "engine", "overwrite", "run", "served", "traced"]


class _Room(ModuleType):
    """The setting and this room bear the same name; called, the room is the setting."""

    def __call__(self, name: str) -> engine:
        return engine(name)


sys.modules[__name__].__class__ = _Room
