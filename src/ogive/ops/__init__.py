"""What a call does: check the arguments, choose an engine, run it, record what backward needs."""

from ogive.ops.function import OPTIONS, ActivationFunction

__all__ = ["OPTIONS", "ActivationFunction"]
