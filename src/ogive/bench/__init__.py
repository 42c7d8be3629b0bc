"""How long activations take, and models with them, side by side in one process.

Apart from the rest because it measures what the other rooms do: torch's operators, the eager
composition, a plain copy of the memory, each next to the public call; and models of timm and
transformers next to their accelerated copies, with the memory they take. Nothing here prints.
"""

from ogive.bench.bench import Bench, Progress, run_bench
from ogive.bench.cell import Cell, Result
from ogive.bench.contenders import NATIVES
from ogive.bench.firstcall import FirstCall, first_call
from ogive.bench.measure import Pace, Spread
from ogive.bench.models import MODELS, SMALL, TINY, Scale, build_model
from ogive.bench.monitored import (
    MONITORED_MODELS,
    PUBLISHED,
    MonitorBench,
    MonitorCost,
    run_monitor_bench,
)
from ogive.bench.report import Mean, bench_facts, means
from ogive.bench.settings import DIRECTIONS, DTYPE_NAMES, MODEL_BUDGET, ModelSettings, Settings
from ogive.bench.speed import timed
from ogive.bench.training_steps import SAVE_MODES, UNTOUCHED, Measured, ModelBench, run_models

__all__ = [
    "DIRECTIONS",
    "DTYPE_NAMES",
    "MODELS",
    "MODEL_BUDGET",
    "MONITORED_MODELS",
    "NATIVES",
    "PUBLISHED",
    "SAVE_MODES",
    "SMALL",
    "TINY",
    "UNTOUCHED",
    "Bench",
    "Cell",
    "FirstCall",
    "Mean",
    "Measured",
    "ModelBench",
    "ModelSettings",
    "MonitorBench",
    "MonitorCost",
    "Pace",
    "Progress",
    "Result",
    "Scale",
    "Settings",
    "Spread",
    "bench_facts",
    "build_model",
    "first_call",
    "means",
    "run_bench",
    "run_models",
    "run_monitor_bench",
    "timed",
]
