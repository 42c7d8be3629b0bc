"""``ogive.init_``: weights for the activations around each layer."""

from ogive.nn.initialise.init_report import ActivationRow, InitReport, LayerRow
from ogive.nn.initialise.initialisation import init_

__all__ = ["ActivationRow", "InitReport", "LayerRow", "init_"]
