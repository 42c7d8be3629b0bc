"""Experiments that say which activation to use on given data.

Apart from the rest because it trains: data sets, paired runs, statistics and reports, and nothing
that a model needs at work.
"""

from ogive.study.comparison import Comparison, compare
from ogive.study.datasets import TASKS, dataset, find_task
from ogive.study.errors import StudyError, StudyInterrupted
from ogive.study.power import detectable, look_schedule, pooled_deviation, seeds_needed
from ogive.study.results import ResultRow, Study
from ogive.study.settings import Defaults, Settings, Sweep
from ogive.study.statistics import ConfidenceInterval, holm, paired_p, t_interval
from ogive.study.study import run_study
from ogive.study.tasks import Split, Task
from ogive.study.user_table import table_task

__all__ = [
    "TASKS",
    "Comparison",
    "ConfidenceInterval",
    "Defaults",
    "ResultRow",
    "Settings",
    "Split",
    "Study",
    "StudyError",
    "StudyInterrupted",
    "Sweep",
    "Task",
    "compare",
    "dataset",
    "detectable",
    "find_task",
    "holm",
    "look_schedule",
    "paired_p",
    "pooled_deviation",
    "run_study",
    "seeds_needed",
    "t_interval",
    "table_task",
]
