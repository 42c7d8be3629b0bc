"""Where a user's arrays come from: anything like an array, files of arrays, torch Datasets."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, TensorDataset

from ogive.errors import briefly, nearest
from ogive.study.data.features import MOST_NUMBERS
from ogive.study.data.reading import MOST_TABLE_ROWS
from ogive.study.data.splitting import DataArray
from ogive.study.errors import StudyError

#: What arrays in a file are called, and what they stand for.
_ARRAYS = {"x": ("x", "x_train", "features"), "y": ("y", "y_train", "target", "labels")}
_TEST_ARRAYS = {"x": ("x_test",), "y": ("y_test",)}

Parts = tuple[DataArray, DataArray, "tuple[DataArray, DataArray] | None"]


def described(thing: Any) -> str:
    """What somebody gave, for an error."""
    if isinstance(thing, tuple | list):
        return f"a {type(thing).__name__} of {len(thing)}"
    shape = getattr(thing, "shape", None)
    return type(thing).__name__ + (f" of shape {tuple(shape)} without y" if shape else "")


def as_array(values: Any, what: str) -> DataArray:
    """Values of any kind as an array, or a StudyError that says what they are called."""
    try:
        if isinstance(values, Tensor):
            values = values.detach().cpu()
            values = values.float() if values.dtype == torch.bfloat16 else values
            values = values.numpy()
        made = np.asarray(values)
    except Exception as error:  # tensors without numbers, and whatever refuses to be an array
        raise StudyError(f"{what} is no array: {' '.join(str(error).split())[:150]}") from error
    return made


def value_for_each_row(values: Any, what: str) -> DataArray:
    """Values as an array that has rows, or a StudyError."""
    made = as_array(values, what)
    if not made.ndim:
        raise StudyError(f"{what} is {briefly(values)}; expected a value for each row")
    return made


def rows_of_numbers(values: Any, what: str) -> DataArray:
    """Rows of finite numbers as float64, or a StudyError that says what is wrong and where."""
    x = as_array(values, what)
    if x.dtype.kind not in "biuf" or x.ndim < 2:
        mend = f"; a single feature has the shape ({len(x)}, 1)" if x.ndim == 1 else ""
        raise StudyError(
            f"{what} has the shape {x.shape} and the type {x.dtype}; expected rows of real "
            f"numbers, (rows, features) or (rows, ...){mend}"
        )
    if x.size > MOST_NUMBERS or not x.size:
        raise StudyError(
            f"{what} has {x.size:,} numbers; 1 to {MOST_NUMBERS:,} are used: take fewer"
        )
    x = x.astype(np.float64)
    wrong = np.argwhere(~(np.abs(x) < 1e30))  # NaN too
    if len(wrong):
        row, *place = wrong[0].tolist()
        raise StudyError(
            f"{what} has {x[tuple(wrong[0])]:g} in row {row}, feature {', '.join(map(str, place))} "
            f"(counted from 0), and {len(wrong)} such numbers in all; expected finite ones: mend "
            f"or leave out these rows"
        )
    return x


def arrays_of_file(path: Path) -> Parts:
    """The arrays of an .npz file."""
    if not os.path.isfile(path):  # which raises for no name, however long
        raise StudyError(f"there is no file {str(path)!r}; give the path of an .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise StudyError(
            f"{path.name!r} cannot be read as an .npz file: {' '.join(str(error).split())[:150]}"
        ) from error
    x, y = (_named(arrays, names, path) for names in _ARRAYS.values())
    held = [arrays[names[0]] for names in _TEST_ARRAYS.values() if names[0] in arrays]
    if len(held) == 1:
        raise StudyError(f"{path.name!r} has only one of x_test and y_test; give both or neither")
    return (
        rows_of_numbers(x, "x"),
        y,
        (rows_of_numbers(held[0], "x_test"), held[1]) if held else None,
    )


def _named(arrays: dict[str, DataArray], names: Sequence[str], path: Path) -> DataArray:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise StudyError(
        f"{path.name!r} has no array {names[0]!r}, but {briefly(', '.join(arrays))}; expected x "
        f"and y, and perhaps x_test and y_test{nearest(names[0], arrays)}"
    )


def rows_of_dataset(data: Any, notes: list[str]) -> tuple[Any, Any]:
    """The rows of a Dataset; of very many, some that are drawn at random."""
    if isinstance(data, IterableDataset) or not hasattr(data, "__len__"):
        raise StudyError(
            "a Dataset must have a length, so that its rows can be split; give tensors"
        )
    if isinstance(data, TensorDataset) and len(data.tensors) == 2 and len(data) <= MOST_TABLE_ROWS:
        return data.tensors
    rows: DataArray = np.arange(len(data))
    if len(rows) > MOST_TABLE_ROWS:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:MOST_TABLE_ROWS])
        notes.append(f"of the {len(data):,} rows {MOST_TABLE_ROWS:,} were drawn at random")
    x, y = [], []
    for row in rows.tolist():
        item = data[row]
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise StudyError(
                f"row {row} of the Dataset is {described(item)}; expected a pair (x, y)"
            )
        x.append(as_array(item[0], "x"))
        y.append(as_array(item[1], "y"))
    shapes = {one.shape for one in x}
    if len(shapes) > 1:
        listed = ", ".join(map(str, sorted(shapes)[:3]))
        raise StudyError(f"the rows of the Dataset have several shapes, such as {listed}")
    return (np.stack(x), np.stack(y)) if x else (np.empty((0, 1)), np.empty(0))
