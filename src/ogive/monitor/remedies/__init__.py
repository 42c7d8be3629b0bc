"""What may help against a finding: described in words, carried out, and taken back bit for bit."""

from ogive.monitor.remedies.of_training import LowerLearningRate, NormaliseInput, SwapActivation
from ogive.monitor.remedies.of_weights import Reinitialise, RescaleLayer, ReviveUnits, SetSlope
from ogive.monitor.remedies.remedy import Advice, Remedy, Together, parts_of

__all__ = [
    "Advice",
    "LowerLearningRate",
    "NormaliseInput",
    "Reinitialise",
    "Remedy",
    "RescaleLayer",
    "ReviveUnits",
    "SetSlope",
    "SwapActivation",
    "Together",
    "parts_of",
]
