"""A user's own arrays as a task: arrays, tensors, pairs of them, .npz files, torch Datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ogive.errors import require
from ogive.study.data.array_sources import (
    Parts,
    arrays_of_file,
    described,
    rows_of_dataset,
    rows_of_numbers,
    value_for_each_row,
)
from ogive.study.data.cells import TableColumn
from ogive.study.data.oddities import FEWEST_ROWS
from ogive.study.data.splitting import TEST_SHARE, DataArray, check_share, scaled, split_rows
from ogive.study.data.target import Target, check_target_type, find_target
from ogive.study.data.tasks import Split, Task
from ogive.study.data.user_table import DEFAULTS, fixed_parts, slug
from ogive.study.errors import StudyError
from ogive.study.requirements import require_text


def array_task(
    x: Any,
    y: Any = None,
    *,
    test: Any = None,
    groups: Any = None,
    name: str = "arrays",
    test_size: float = TEST_SHARE,
    target_type: str | None = None,
) -> Task:
    """The task of predicting ``y`` from ``x``.

    Args:
        x: rows of numbers, ``(rows, features)`` or ``(rows, ...)`` such as images; an array, a
            tensor, or a list. Without ``y`` a pair ``(x, y)``, a torch ``Dataset`` of such pairs,
            or the path of an .npz file with arrays ``x`` and ``y``, and perhaps ``x_test`` and
            ``y_test`` to test on.
        y: a number, a text or true or false for each row.
        test: a pair, Dataset or file to test on, in the place of a part of the rows.
        groups: a value for each row; rows with the same value are never in both parts.
        name: what the task is called.
        test_size: the share of the rows, or of the groups, to test on.
        target_type: ``class`` or ``quantity``. Otherwise integers and texts are classes, and so
            are other numbers if they are whole and at most 20; all others are quantities.

    Features are scaled by the training rows: in two dimensions one by one, in more (pixels) all
    as one. Rows keep their shape.

    Raises:
        StudyError: for what is no such data, for rows that do not fit together, numbers that are
            missing or infinite, and too few rows.

    Example:
        >>> x = torch.randn(40, 3)
        >>> task = array_task(x, x[:, 0] > 0)
        >>> task.outputs, task.load(0).train_x.shape
        (2, torch.Size([30, 3]))
    """
    share = check_share(test_size)
    check_target_type(target_type)
    require_text("name", name)
    notes: list[str] = []
    rows, target, held = _parts(x, y, notes)
    if test is not None:
        held = _parts(test, None, notes)[:2]
    joined = _joined(rows, target, held)
    known = None if groups is None else _checked_groups(groups, len(rows))
    return _task(*joined, len(rows), known, notes, name=name, share=share, target_type=target_type)


def _task(
    x: DataArray,
    y: DataArray,
    own: int,
    groups: DataArray | None,
    notes: list[str],
    *,
    name: str,
    share: float,
    target_type: str | None,
) -> Task:
    wanted = _target(y, target_type, notes)
    fixed = fixed_parts(np.arange(len(y)) >= own, wanted) if own < len(y) else None
    if fixed is None:
        split_rows(own, 0, share=share, groups=groups)  # what cannot be split
    together = x.ndim > 2

    def load(seed: int) -> Split:
        classes = None if wanted.regression else wanted.values
        train, held = fixed or split_rows(own, seed, share=share, classes=classes, groups=groups)
        train_x, test_x = scaled(x[train.numpy()], x[held.numpy()], together)
        target = wanted.scaled(train)
        kept = None if groups is None else torch.from_numpy(groups)[train]
        return Split(train_x, target[train], test_x, target[held], kept, seed)

    shape = " x ".join(map(str, x.shape[1:]))
    return Task(
        name=slug(name),
        title=f"{name}: {len(x)} rows of {shape} numbers",
        outputs=1 if wanted.regression else len(wanted.classes),
        load=load,
        defaults=DEFAULTS,
        regression=wanted.regression,
        planar=x.shape[1:] == (2,),
        notes=tuple(notes),
        independent=fixed is not None,
        classes=wanted.classes,
    )


# what was given


def _parts(x: Any, y: Any, notes: list[str]) -> Parts:
    """The rows, what to predict, and the same of rows to test on if they came along."""
    if y is not None:
        return rows_of_numbers(x, "x"), value_for_each_row(y, "y"), None
    if isinstance(x, str | Path):
        return arrays_of_file(Path(x))
    if isinstance(x, Dataset):
        x = rows_of_dataset(x, notes)
    if not isinstance(x, tuple | list) or len(x) != 2:
        raise StudyError(
            f"expected a pair (x, y), a torch Dataset or an .npz file, not {described(x)}; "
            f"tables go to table_task(data, target)"
        )
    return rows_of_numbers(x[0], "x"), value_for_each_row(x[1], "y"), None


def _joined(
    x: DataArray, y: DataArray, held: tuple[DataArray, DataArray] | None
) -> tuple[DataArray, DataArray]:
    """The rows of both parts, one behind the other."""
    parts = [(x, y), *([held] if held is not None else [])]
    for own_x, own_y in parts:
        if len(own_x) != len(own_y):
            raise StudyError(
                f"x has {len(own_x)} rows and y {len(own_y)}; expected a value of y for each row"
            )
    if len(x) < FEWEST_ROWS:
        raise StudyError(f"{len(x)} rows are given; at least {FEWEST_ROWS} are needed")
    if held is not None and held[0].shape[1:] != x.shape[1:]:
        raise StudyError(
            f"rows to test on have the shape {held[0].shape[1:]}, those to train on {x.shape[1:]}"
        )
    return np.concatenate([p for p, _ in parts]), np.concatenate([_flat(p) for _, p in parts])


def _flat(y: DataArray) -> DataArray:
    if y.ndim > 1 and y.size == len(y):
        y = y.reshape(-1)
    if y.ndim != 1:
        raise StudyError(
            f"y has the shape {y.shape}; expected one value for each row, class numbers not one-hot"
        )
    return y


def _target(y: DataArray, target_type: str | None, notes: list[str]) -> Target:
    """Classes or a quantity, by the rules of tables; integers are classes, however many."""
    series = require("pandas", "study").Series
    if y.dtype.kind in "fiu":
        values = y.astype(np.float64)
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise StudyError(f"y has {values[row]:g} in row {row} (counted from 0); leave it out")
        if y.dtype.kind in "iu" and target_type is None:
            target_type = "class"
        return find_target(TableColumn("y", "number", series(values)), target_type, notes)
    if y.dtype.kind not in "bUSO":
        raise StudyError(f"y has the type {y.dtype}; expected numbers, texts, true or false")
    texts = series([str(value) for value in y.tolist()], dtype=object)
    return find_target(TableColumn("y", "category", texts), target_type, notes)


def _checked_groups(groups: Any, rows: int) -> DataArray:
    found = _flat(value_for_each_row(groups, "groups"))
    if len(found) != rows:
        raise StudyError(f"groups has {len(found)} values for {rows} rows; expected one for each")
    numbers: DataArray = np.unique(found, return_inverse=True)[1].astype(np.int64)
    return numbers
