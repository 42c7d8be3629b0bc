"""What bounds a kernel on a GPU, predicted from its machine code: the memory, or the arithmetic.

Instructions are counted by the unit that executes them; how many of these a processor starts in a
clock stands in NVIDIA's programming guide, bandwidth and speed in its data sheets. Nothing here has
been measured.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from ogive.engine.triton.ahead import CompiledKernel, tool

#: Unit -> results of a processor in a clock, by compute capability 9.0 and 10.0.
PER_CLOCK = {"issue": 128, "fp32": 128, "integer": 64, "special": 16, "fp64": 64}
#: By unit what its opcodes begin with; the first that fits. Others only take their turn to start.
_UNITS = {
    "special": ("MUFU", "F2F", "I2F", "F2I", "FRND"),
    "fp64": ("DFMA", "DMUL", "DADD", "DSETP"),
    "fp32": ("FFMA", "FMUL", "FADD", "HFMA2", "HADD2", "HMUL2"),
    "integer": (
        *("FSEL", "FSETP", "FMNMX", "FSET", "SEL", "ISETP", "IADD", "IMAD", "IABS", "IMNMX"),
        *("LOP3", "SHF", "PRMT", "LEA", "F2FP", "PLOP3", "VIADD", "VIMNMX", "VOTE"),
    ),
}


class DataSheet(NamedTuple):
    """A GPU as its maker describes it.

    Attributes:
        target: its architecture.
        bandwidth: bytes of its memory in a second.
        processors: its streaming multiprocessors.
        clock: at which it reaches the stated float32 speed, in a second.
    """

    name: str
    target: tuple[str, int]
    bandwidth: float
    processors: int
    clock: float


#: The SXM modules: 67, 67 and 75 TFLOPS of float32.
DATA_SHEETS = (
    DataSheet("H100", ("cuda", 90), 3.35e12, 132, 67e12 / (132 * 256)),
    DataSheet("H200", ("cuda", 90), 4.8e12, 132, 67e12 / (132 * 256)),
    DataSheet("B200", ("cuda", 100), 8e12, 148, 75e12 / (148 * 256)),
)


def instructions(kernel: CompiledKernel) -> dict[str, float]:
    """Instructions for each element, by unit; ``issue`` is all of them."""
    text = tool("cuobjdump", ["-sass"], kernel.binary)
    found = Counter(re.findall(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)", text))
    found.subtract({"NOP": found["NOP"], "BRA": found["BRA"]})
    counts = dict.fromkeys(PER_CLOCK, 0.0)
    for opcode, number in found.items():
        share = number / kernel.elements
        counts["issue"] += share
        unit = next((u for u, names in _UNITS.items() if opcode.startswith(names)), "issue")
        if unit != "issue":
            counts[unit] += share
    return counts


class Bound(NamedTuple):
    """What a kernel waits for, as predicted.

    Attributes:
        unit: ``memory``, or the unit of the processors that takes longer.
        share: how long that unit takes, as a share of what the memory takes.
    """

    unit: str
    share: float


def predicted(counts: dict[str, float], bytes_moved: float, sheet: DataSheet) -> Bound:
    """The bound of a kernel with so many instructions, and bytes, for each element.

    Example:
        >>> copying = {"issue": 2.0, "fp32": 0.0, "integer": 1.0, "special": 0.0, "fp64": 0.0}
        >>> predicted(copying, 4, DATA_SHEETS[0])
        Bound(unit='memory', share=0.05)
    """
    moved = bytes_moved / sheet.bandwidth
    busy = {u: n / PER_CLOCK[u] / (sheet.processors * sheet.clock) for u, n in counts.items()}
    unit = max(busy, key=lambda u: busy[u])
    share = round(busy[unit] / moved, 2)
    return Bound("memory" if share <= 1 else unit, share)
