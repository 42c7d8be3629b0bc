"""Where the statistics of a training go besides its report: files, trackers, objects of the user's.

Apart from the measuring because a logger may fail at any time, and the training then goes on.
"""

from ogive.monitor.loggers.dispatching import Loggers
from ogive.monitor.loggers.health_logger import HealthLogger

__all__ = ["HealthLogger", "Loggers"]
