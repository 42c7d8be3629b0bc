"""NumPy: for pictures and for reading. The source needs only NumPy and the standard library."""

from __future__ import annotations

from typing import ClassVar

from ogive.expr import Node, Program
from ogive.printers.base import by_name
from ogive.printers.python import PythonPrinter


class NumpyPrinter(PythonPrinter):
    language = "numpy"
    header = """\
import math
from statistics import NormalDist

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])
erfinv = np.vectorize(lambda y: NormalDist().inv_cdf((y + 1) / 2) / 2**0.5, otypes=[float])"""
    spell: ClassVar = {
        **by_name("np.*({0})", "abs sign sqrt exp expm1 log log1p tanh sinh cosh sin cos"),
        **by_name("*({0})", "erf erfc erfinv"),
        "min": "np.minimum({0}, {1})",
        "max": "np.maximum({0}, {1})",
        "where": "np.where({0}, {1}, {2})",
        "pow": "np.power({0}, {1})",
        "atan": "np.arctan({0})",
        "asinh": "np.arcsinh({0})",
    }

    def shaped(self, output: Node, text: str, program: Program) -> str:
        return f"np.full_like({program.inputs[0]}, {text})" if output.op == "const" else text
