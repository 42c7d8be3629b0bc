"""Operations of machine graphs that are one function of NumPy each, rounded as IEEE 754 rounds."""

from collections.abc import Callable

import numpy as np

RULES: dict[str, Callable] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "where": np.where,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
}
