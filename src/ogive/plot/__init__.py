"""Pictures, for files, notebooks and the terminal.

Apart from the rest because drawing needs matplotlib, which is imported when a figure is drawn. The
numbers come from the NumPy programs of the entries, so that nothing here needs torch.
"""

from ogive.plot.curve import Curve, sample
from ogive.plot.figure import plot, sheet
from ogive.plot.terminal import curve

__all__ = ["Curve", "curve", "plot", "sample", "sheet"]
