"""Whether two certificates say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

#: What makes a plain object a quantity, and what floats of two machines may differ by.
QUANTITY = {"value", "error", "method"}
CLOSE = 1e-9


def agree(one: Any, other: Any) -> bool:
    """Whether two plain reports say the same: numbers within their errors, all else exactly.

    Errors themselves may differ, as one machine's floats do from another's.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return False
        if one.keys() == QUANTITY:
            return one["method"] == other["method"] and _meet(one, other)
        return all(agree(item, other[name]) for name, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(agree, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)
    return bool(one == other)


def _meet(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    values, errors = ([float(q[name]) for q in (one, other)] for name in ("value", "error"))
    distance = abs(values[0] - values[1])
    return one["value"] == other["value"] or distance <= sum(errors) + CLOSE * abs(values[0])
