"""A user's own table as a task: which columns are used, what is predicted, what is done to it.

Whatever is changed or left out is said in the notes of the task. What is learned from rows
(medians, categories, means) is learned from the training rows of each split alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ogive.errors import nearest, require
from ogive.study.errors import StudyError
from ogive.study.settings import Defaults
from ogive.study.splitting import split_rows, tensor
from ogive.study.tasks import Split, Task

MOST_CLASSES = 20
MOST_CATEGORIES = 50
FEWEST_ROWS = 20


@dataclass(frozen=True)
class Columns:
    """The columns that a network gets, by how they are encoded."""

    numeric: list[str]
    categorical: list[str]


def table_task(path: str | Path, target: str) -> Task:
    """The task of predicting the column ``target`` of a CSV file from the other columns."""
    path = Path(path)
    notes: list[str] = []
    frame = _with_target(_read(path), target, path, notes)
    y = frame.pop(target)
    classes = _classes(y, target, notes)
    columns = _columns(frame, notes)
    used = len(columns.numeric) + len(columns.categorical)
    stratify = y.to_numpy() if classes is not None and _can_stratify(y, notes) else None

    def load(seed: int) -> Split:
        train, test = split_rows(len(y), seed, classes=stratify)
        train_x, test_x = _encode(frame, columns, train, test)
        target_values = _targets(y, classes, train)
        return Split(train_x, target_values[train], test_x, target_values[test], seed=seed)

    return Task(
        name=re.sub(r"[^\w.-]+", "-", f"{path.stem}-{target}"),
        title=f"{path.name}: {target} from {used} columns, {len(frame)} rows",
        outputs=1 if classes is None else len(classes),
        load=load,
        defaults=Defaults((32, 32), 60, 32),
        regression=classes is None,
        notes=tuple(notes),
    )


def _read(path: Path) -> Any:
    pandas = require("pandas", "study")
    if not path.is_file():
        raise StudyError(f"there is no file {str(path)!r}; give the path of a CSV file")
    try:
        frame = pandas.read_csv(path, skipinitialspace=True)
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise StudyError(
            f"{str(path)!r} cannot be read as a table: {error}; expected comma-separated UTF-8 "
            f"text with the names of the columns in the first line"
        ) from error
    frame.columns = [str(column).strip() for column in frame.columns]
    return frame


def _with_target(frame: Any, target: str, path: Path, notes: list[str]) -> Any:
    if target not in frame.columns:
        names = ", ".join(frame.columns)
        hint = nearest(target, frame.columns)
        raise StudyError(f"{path.name!r} has no column {target!r}; its columns are: {names}{hint}")
    missing = int(_without_infinities(frame[target]).isna().sum())
    if missing:
        notes.append(f"{missing} rows without a finite {target} were left out")
    frame = frame[_without_infinities(frame[target]).notna()].reset_index(drop=True)
    if len(frame) < FEWEST_ROWS:
        raise StudyError(
            f"{path.name!r} has {len(frame)} rows with a value of {target!r}; "
            f"at least {FEWEST_ROWS} are needed for training and testing"
        )
    if frame[target].nunique() < 2:
        raise StudyError(f"column {target!r} has one value in every row; there is nothing to learn")
    return frame


def _classes(y: Any, target: str, notes: list[str]) -> list[Any] | None:
    """The classes in order, or None where the target is a quantity."""
    values = sorted(y.unique().tolist(), key=lambda value: (str(type(value)), value))
    types = require("pandas", "study").api.types
    numeric = types.is_numeric_dtype(y) and not types.is_bool_dtype(y)
    if numeric and (len(values) > MOST_CLASSES or bool((y != y.round()).any())):
        notes.append(f"{target} is a quantity: regression, scored by R2 on the test rows")
        return None
    if len(values) > len(y) / 2:
        raise StudyError(
            f"column {target!r} has {len(values)} different texts in {len(y)} rows, like an "
            f"identifier; choose a target that repeats, or a numeric one"
        )
    notes.append(f"{target} has {len(values)} classes: classification, scored by accuracy")
    return values


def _can_stratify(y: Any, notes: list[str]) -> bool:
    counts = y.value_counts()
    if counts.min() >= 2 and len(counts) <= len(y) / 4:
        return True
    notes.append("some classes are too rare to be split evenly; the split is random instead")
    return False


def _columns(frame: Any, notes: list[str]) -> Columns:
    """Sort the columns by how they are encoded, leaving out those that cannot help."""
    types = require("pandas", "study").api.types
    numeric, categorical = [], []
    for name in frame.columns:
        column = frame[name]
        distinct = column.nunique()
        if distinct < 2 and not (distinct and column.isna().any()):
            notes.append(f"column {name} was left out: it has the same value in every row")
        elif types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
            numeric.append(name)
        elif distinct <= MOST_CATEGORIES:
            categorical.append(name)
        else:
            notes.append(f"column {name} was left out: {distinct} different texts, no categories")
    if not numeric and not categorical:
        raise StudyError("no usable column besides the target: " + "; ".join(notes))
    _note_encoding(frame, Columns(numeric, categorical), notes)
    return Columns(numeric, categorical)


def _note_encoding(frame: Any, columns: Columns, notes: list[str]) -> None:
    if columns.categorical:
        notes.append(f"one-hot encoded: {', '.join(columns.categorical)}")
    gaps = [name for name in columns.numeric if _without_infinities(frame[name]).isna().any()]
    if gaps:
        notes.append(f"missing or infinite numbers became the training median: {', '.join(gaps)}")
    gaps = [name for name in columns.categorical if frame[name].isna().any()]
    if gaps:
        notes.append(f"a missing category counts as a category of its own: {', '.join(gaps)}")


def _without_infinities(column: Any) -> Any:
    return column.replace([np.inf, -np.inf], np.nan)


def _encode(frame: Any, columns: Columns, train: Any, test: Any) -> tuple[Any, Any]:
    """The rows as numbers, by an encoder that has seen the training rows only."""
    compose = require("sklearn.compose", "study")
    impute = require("sklearn.impute", "study")
    preprocessing = require("sklearn.preprocessing", "study")
    numbers = require("sklearn.pipeline", "study").make_pipeline(
        impute.SimpleImputer(strategy="median", keep_empty_features=True),
        preprocessing.StandardScaler(),
    )
    one_hot = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder = compose.make_column_transformer(
        (numbers, columns.numeric), (one_hot, columns.categorical)
    )
    clean = frame[columns.numeric + columns.categorical].copy()
    clean[columns.numeric] = _without_infinities(clean[columns.numeric].astype(float))
    texts = clean[columns.categorical]
    clean[columns.categorical] = texts.astype(str).astype(object).where(texts.notna(), "(missing)")
    return tensor(encoder.fit_transform(clean.iloc[train])), tensor(
        encoder.transform(clean.iloc[test])
    )


def _targets(y: Any, classes: list[Any] | None, train: Any) -> torch.Tensor:
    """Class numbers, or the quantity in standard deviations of the training rows."""
    if classes is not None:
        return torch.tensor([classes.index(value) for value in y.tolist()])
    values = y.to_numpy(dtype=float)
    deviation = values[train].std() or 1.0
    return tensor((values - values[train].mean()) / deviation)
