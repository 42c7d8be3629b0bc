"""The report of a monitor as a page and as figures: what was found, then how it came about.

Apart from the measuring because pictures need packages that a training does not.
"""

from ogive.monitor.page.health_figures import health_figures
from ogive.monitor.page.health_page import health_page, write_health_page

__all__ = ["health_figures", "health_page", "write_health_page"]
