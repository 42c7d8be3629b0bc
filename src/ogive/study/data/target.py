"""What is predicted of a table: classes, or a quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive.errors import among, briefly, nearest
from ogive.study.data.cells import TableColumn
from ogive.study.data.oddities import check_extent, note_imbalance
from ogive.study.data.splitting import DataArray, tensor
from ogive.study.errors import StudyError

MOST_CLASSES = 20
TARGET_TYPES = ("class", "quantity")


@dataclass(frozen=True)
class Target:
    """What is predicted: class numbers with their names, or a quantity."""

    values: DataArray
    classes: tuple[str, ...] = ()

    @property
    def regression(self) -> bool:
        """Whether it is a quantity."""
        return not self.classes

    def scaled(self, train: Tensor) -> Tensor:
        """Class numbers, or the quantity in standard deviations of the training rows."""
        if not self.regression:
            return torch.tensor(self.values)
        seen = self.values[train.numpy()]
        return tensor((self.values - seen.mean()) / (seen.std() or 1.0))


def check_target_type(target_type: str | None) -> None:
    """Raise unless it is a type of target, or left open."""
    if target_type is not None and not among(target_type, TARGET_TYPES):
        raise StudyError(
            f"a target type is {' or '.join(map(repr, TARGET_TYPES))}, not {briefly(target_type)}"
            f"{nearest(target_type, TARGET_TYPES)}"
        )


def find_target(column: TableColumn, target_type: str | None, notes: list[str]) -> Target:
    """The target of rows that all have one.

    Raises:
        StudyError: for a column that cannot be predicted, with the reason and the row.
    """
    if column.values.nunique() < 2:
        raise StudyError(
            f"column {column.name!r} has one value in every row; there is nothing to learn"
        )
    if _is_quantity(column, target_type):
        return _quantity(column, notes)
    return _classes(column, notes)


def _is_quantity(column: TableColumn, target_type: str | None) -> bool:
    if target_type is not None:
        return target_type == "quantity"
    if column.kind != "number":
        return column.kind == "date"
    values = column.values
    return bool(values.nunique() > MOST_CLASSES or (values != values.round()).any())


def _quantity(column: TableColumn, notes: list[str]) -> Target:
    if column.kind == "category":
        text = next(value for value in column.values if value == value)
        raise StudyError(
            f"column {column.name!r} is to be a quantity, but has {briefly(text)}, which is no "
            f"number; choose another target, or target_type='class'"
        )
    check_extent(column, notes)
    notes.append(f"{column.name} is a quantity: regression, scored by R2 on the test rows")
    return Target(column.values.to_numpy(dtype=np.float64))


def _classes(column: TableColumn, notes: list[str]) -> Target:
    counts = column.values.value_counts(sort=False).sort_index()
    if len(counts) > len(column.values) / 2:
        raise StudyError(
            f"column {column.name!r} has {len(counts)} different values in {len(column.values)} "
            f"rows, like an identifier; choose a target that repeats, or a quantity"
        )
    names = [_class_name(value) for value in counts.index]
    if counts.min() < 2:
        raise StudyError(
            f"column {column.name!r} has one row of class {briefly(names[int(counts.argmin())])}, "
            f"which cannot be both trained on and tested; leave the row out, or add some"
        )
    notes.append(f"{column.name} has {len(names)} classes: classification, scored by accuracy")
    note_imbalance(names, counts.to_numpy(), notes)
    numbers = {value: number for number, value in enumerate(counts.index)}
    return Target(column.values.map(numbers).to_numpy(dtype=np.int64), tuple(names))


def _class_name(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
