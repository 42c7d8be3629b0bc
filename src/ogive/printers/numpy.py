"""NumPy: for pictures and for reading. The source needs only NumPy and the standard library."""

from __future__ import annotations

from typing import ClassVar

from ogive.expr import Node, Program
from ogive.printers.base import Printer


class NumpyPrinter(Printer):
    language = "numpy"
    header = """\
import math
from statistics import NormalDist

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])
erfinv = np.vectorize(lambda y: NormalDist().inv_cdf((y + 1) / 2) / 2**0.5, otypes=[float])"""
    spell: ClassVar = {
        "abs": "np.abs({0})",
        "sign": "np.sign({0})",
        "min": "np.minimum({0}, {1})",
        "max": "np.maximum({0}, {1})",
        "where": "np.where({0}, {1}, {2})",
        "pow": "np.power({0}, {1})",
        "sqrt": "np.sqrt({0})",
        "exp": "np.exp({0})",
        "expm1": "np.expm1({0})",
        "log": "np.log({0})",
        "log1p": "np.log1p({0})",
        "tanh": "np.tanh({0})",
        "sinh": "np.sinh({0})",
        "cosh": "np.cosh({0})",
        "erf": "erf({0})",
        "erfc": "erfc({0})",
        "erfinv": "erfinv({0})",
        "sin": "np.sin({0})",
        "cos": "np.cos({0})",
        "atan": "np.arctan({0})",
        "asinh": "np.arcsinh({0})",
    }

    def shaped(self, output: Node, text: str, program: Program) -> str:
        return f"np.full_like({program.inputs[0]}, {text})" if output.op == "const" else text
