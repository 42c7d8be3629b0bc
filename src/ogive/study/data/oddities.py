"""What is odd about a table: outliers, rare classes, columns that tell the answer.

Most of it is said in notes; what no training should start with raises.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.errors import briefly, require
from ogive.study.data.cells import TableColumn, is_finite
from ogive.study.data.splitting import DataArray
from ogive.study.errors import StudyError

FEWEST_ROWS = 20
#: A value this many interquartile ranges from the median is an outlier, or no value at all.
OUTLYING, ABSURD = 20, 1e9
#: Numbers above this leave float32 when they are squared and summed.
LARGEST_CELL = 1e16
#: A class this frequent, or this many times as frequent as another, is said.
DOMINANT, UNEQUAL = 0.8, 10
#: A correlation with the target that nothing but the target itself has.
SAME_NUMBERS = 0.9999


def check_extent(column: TableColumn, notes: list[str]) -> None:
    """Note outliers among numbers.

    Raises:
        StudyError: for a number so far from the others that they could not be told apart.
    """
    finite = is_finite(column.values)
    values = column.values.to_numpy(dtype=np.float64)[finite]
    if not len(values):
        return
    rows = column.values.index[finite]
    low, first, middle, third, high = np.percentile(values, (5, 25, 50, 75, 95))
    spread = next((s for s in (third - first, high - low) if 0 < s < np.inf), 1.0)
    away = np.abs(values / spread - middle / spread)
    farthest = int(away.argmax())
    if away[farthest] > ABSURD or np.abs(values).max() > LARGEST_CELL:
        raise StudyError(
            f"column {column.name!r} has {values[farthest]:g} in row {rows[farthest]}, which is so "
            f"far from the others that nothing could be learned beside it; mend the cell or leave "
            f"the column out"
        )
    if third > first and (outlying := int((away > OUTLYING).sum())):
        notes.append(
            f"outliers: column {column.name} has {outlying} value{'s' * (outlying > 1)} more than "
            f"{OUTLYING} interquartile ranges from its median, such as {values[farthest]:g} in row "
            f"{rows[farthest]}"
        )


def note_imbalance(names: list[str], counts: DataArray, notes: list[str]) -> None:
    """Say that one class is far more frequent than others."""
    most, least = int(counts.argmax()), int(counts.argmin())
    share = counts[most] / counts.sum()
    if share >= DOMINANT or counts[most] >= UNEQUAL * counts[least]:
        notes.append(
            f"imbalanced: {100 * share:.1f} % of the rows are {briefly(names[most])}, which is the "
            f"accuracy of always saying so; {briefly(names[least])} has {counts[least]} rows"
        )


def note_leaks(
    numeric: dict[str, Any],
    categorical: dict[str, Any],
    target: DataArray,
    name: str,
    notes: list[str],
) -> None:
    """Say which columns determine the target by themselves, and whether rows repeat.

    Args:
        numeric, categorical: series by the columns' names.
        target: class numbers (integers) or a quantity, of the same rows.
        name: what the target is called.
    """
    leaking = [n for n, values in numeric.items() if _determines(values, target)]
    leaking += [n for n, values in categorical.items() if _separates(values, target)]
    if leaking:
        notes.append(
            f"leaking: {', '.join(leaking)} determines {name} by itself; leave it out if it is not "
            f"known when {name} is to be predicted"
        )
    pandas = require("pandas", "study")
    table = pandas.DataFrame({**numeric, **categorical})
    copies = int(table.assign(**{"\0target": target}).duplicated().sum())
    if copies > len(table) / 100:
        notes.append(
            f"{copies} rows are copies of others, so that some test rows were trained on; that "
            f"flatters every activation"
        )


def _determines(values: Any, target: DataArray) -> bool:
    """Whether a column of numbers is the target again, or its classes are intervals of it."""
    known = values.notna().to_numpy()
    x, y = values.to_numpy(dtype=np.float64)[known], target[known]
    if len(x) < FEWEST_ROWS or x.std() == 0 or y.std() == 0:
        return False
    if target.dtype.kind == "f":
        return bool(abs(np.corrcoef(x, y)[0, 1]) > SAME_NUMBERS)
    order = np.lexsort((y, x))
    changes = np.flatnonzero(np.diff(y[order]))
    apart = bool((np.diff(x[order])[changes] > 0).all())
    return apart and len(changes) == len(np.unique(y)) - 1


def _separates(values: Any, target: DataArray) -> bool:
    """Whether each of few categories stands with one value of the target."""
    if values.nunique() > len(values) / 4:
        return False
    pandas = require("pandas", "study")
    each = pandas.Series(target).groupby(values.fillna("").to_numpy()).nunique()
    return bool(each.max() == 1)
