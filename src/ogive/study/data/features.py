"""What a network gets of a table: which columns, and how they become numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ogive.errors import require
from ogive.study.data.cells import TableColumn, is_finite
from ogive.study.data.oddities import check_extent
from ogive.study.data.splitting import tensor
from ogive.study.errors import StudyError

MOST_CATEGORIES = 50
#: Features that a network gets at most, and numbers in a table.
MOST_FEATURES, MOST_NUMBERS = 4096, 50_000_000
_NUMBERING = ("id", "index", "row", "no", "nr", "unnamed: 0", "(column 1)")


@dataclass(frozen=True)
class Features:
    """The columns that a network gets, by how they are encoded."""

    numeric: dict[str, Any]
    categorical: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The names of all of them."""
        return [*self.numeric, *self.categorical]


def find_features(columns: dict[str, TableColumn], notes: list[str]) -> Features:
    """The columns that can help, by how they are encoded; the others are said in the notes.

    Raises:
        StudyError: if none can, or there are too many.
    """
    numeric, categorical = {}, {}
    for name, column in columns.items():
        if reason := _useless(column):
            notes.append(f"column {name} was left out: {reason}")
        elif column.kind == "category":
            categorical[name] = column.values
        else:
            check_extent(column, notes)
            numeric[name] = column.values.replace([np.inf, -np.inf], np.nan)
            notes.extend(f"column {name}: {remark}" for remark in column.remarks)
            if column.odd is not None:
                row, text = column.odd
                wanted = "dates" if column.kind == "date" else "numbers"
                notes.append(f"column {name} has cells that are no {wanted}, such as {text} in row "
                             f"{row}; they count as missing")  # fmt: skip
    if not numeric and not categorical:
        raise StudyError("no usable column besides the target: " + "; ".join(notes))
    found = Features(numeric, categorical)
    _check_size(found)
    _note_encoding(found, columns, notes)
    return found


def _useless(column: TableColumn) -> str:
    """Why a column cannot help; empty if it can."""
    values = column.values
    distinct, missing = values.nunique(), bool(values.isna().any())
    if distinct == 0:
        return "it has no values"
    if distinct == 1 and not (missing and column.kind == "category"):
        return "it has the same value in every row"
    if column.kind == "category" and distinct > MOST_CATEGORIES:
        return f"{distinct} different texts, no categories"
    if column.name.lower() in _NUMBERING and column.kind == "number" and not missing:
        steps = np.diff(values.to_numpy(dtype=np.float64))
        return "it numbers the rows" if (steps == 1).all() else ""
    return ""


def _check_size(found: Features) -> None:
    columns = [*found.numeric.values(), *found.categorical.values()]
    wide = sum(values.nunique() + 1 for values in found.categorical.values())
    count = len(found.numeric) + wide
    if count > MOST_FEATURES or count * len(columns[0]) > MOST_NUMBERS:
        raise StudyError(
            f"the table makes {count:,} features of {len(columns[0]):,} rows; at most "
            f"{MOST_FEATURES:,} features and {MOST_NUMBERS:,} numbers are used: drop columns, or "
            f"take fewer rows"
        )


def _note_encoding(found: Features, columns: dict[str, TableColumn], notes: list[str]) -> None:
    if found.categorical:
        notes.append(f"one-hot encoded: {', '.join(found.categorical)}")
    gaps = [name for name in found.numeric if not is_finite(columns[name].values).all()]
    if gaps:
        notes.append(f"missing or infinite numbers became the training median: {', '.join(gaps)}")
    gaps = [name for name, values in found.categorical.items() if values.isna().any()]
    if gaps:
        notes.append(f"a missing category counts as a category of its own: {', '.join(gaps)}")


def encode(found: Features, train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
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
        (numbers, list(found.numeric)), (one_hot, list(found.categorical))
    )
    texts = {name: values.fillna("(missing)") for name, values in found.categorical.items()}
    table = require("pandas", "study").DataFrame({**found.numeric, **texts})
    train_x = tensor(encoder.fit_transform(table.iloc[train.numpy()]))
    return train_x, tensor(encoder.transform(table.iloc[test.numpy()]))
