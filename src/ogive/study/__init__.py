"""Experiments that say which activation to use on given data.

Apart from the rest because it trains: data sets, paired runs, statistics and reports, and nothing
that a model needs at work.
"""

from ogive.study.data.datasets import TASKS, dataset, find_task
from ogive.study.data.tasks import Split, Task
from ogive.study.data.user_arrays import array_task
from ogive.study.data.user_table import table_task
from ogive.study.errors import StudyError, StudyInterrupted
from ogive.study.results import ResultRow, Study, Tuned
from ogive.study.settings import Defaults, Settings
from ogive.study.statistics.comparison import Comparison, compare
from ogive.study.statistics.intervals import ConfidenceInterval, t_interval
from ogive.study.statistics.power import detectable, look_schedule, pooled_deviation, seeds_needed
from ogive.study.statistics.ranking import Ranks, ranks
from ogive.study.study import run_study
from ogive.study.sweeps import Sweep

__all__ = [
    "TASKS",
    "Comparison",
    "ConfidenceInterval",
    "Defaults",
    "Ranks",
    "ResultRow",
    "Settings",
    "Split",
    "Study",
    "StudyError",
    "StudyInterrupted",
    "Sweep",
    "Task",
    "Tuned",
    "array_task",
    "compare",
    "dataset",
    "detectable",
    "find_task",
    "look_schedule",
    "pooled_deviation",
    "ranks",
    "run_study",
    "seeds_needed",
    "t_interval",
    "table_task",
]
