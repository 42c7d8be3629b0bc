"""The CPU engine: programs as fused kernels, compiled by LLVM for the processor at hand.

One pass over memory whatever the formula, and no temporary tensors. A gradient of a broadcast
parameter is added up in the same pass, in float64, by each thread for itself and then in order, so
it is the same every time for a given number of threads.
"""

from ogive.engine.cpu.kernels import DEVICES, check, prepare, serves

__all__ = ["DEVICES", "check", "prepare", "serves"]
