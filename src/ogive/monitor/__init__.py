"""The health of every activation while a model trains, judged by its own derivative.

A room of its own because it alone looks at running training: it knows functions from ``certify``,
finds them in models by ``nn``, and changes no number that a model computes. What other tools call
dead or saturated is read from outputs, and wrong off relu; here f' decides, at the pre-activation.
"""

from ogive.monitor.checkup import checkup
from ogive.monitor.finding import HealthFinding
from ogive.monitor.health import HealthReport, PlaceHealth
from ogive.monitor.history import History
from ogive.monitor.monitor import Monitor
from ogive.monitor.remedies import Remedy
from ogive.monitor.thresholds import Thresholds

__all__ = [
    "HealthFinding",
    "HealthReport",
    "History",
    "Monitor",
    "PlaceHealth",
    "Remedy",
    "Thresholds",
    "checkup",
]
