"""How long activations take, side by side in one process.

Apart from the rest because it measures what the other rooms do: torch's operators, the eager
composition, a plain copy of the memory, each next to the public call. Nothing here prints.
"""

from ogive.bench.bench import Bench, Progress, run_bench
from ogive.bench.cell import Cell, Result
from ogive.bench.contenders import NATIVES
from ogive.bench.firstcall import FirstCall, first_call
from ogive.bench.measure import Pace, Spread
from ogive.bench.report import Mean, facts, means
from ogive.bench.settings import DIRECTIONS, DTYPES, Settings
from ogive.bench.speed import timed

__all__ = [
    "DIRECTIONS",
    "DTYPES",
    "NATIVES",
    "Bench",
    "Cell",
    "FirstCall",
    "Mean",
    "Pace",
    "Progress",
    "Result",
    "Settings",
    "Spread",
    "facts",
    "first_call",
    "means",
    "run_bench",
    "timed",
]
