"""What a call does: check the arguments, choose an engine, run it, record what backward needs."""

from ogive.ops.function import ActivationFunction
from ogive.ops.kinds import OPTIONS

__all__ = ["OPTIONS", "ActivationFunction"]
