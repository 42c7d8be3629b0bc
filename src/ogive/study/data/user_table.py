"""A user's own table as a task: from a file or a data frame to splits of numbers.

Whatever is taken for granted, changed or left out is said in the notes of the task. What is learned
from rows (medians, categories, means) is learned from the training rows of each split alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive.errors import among, briefly, nearest, require
from ogive.study.data.cells import TableColumn, read_columns
from ogive.study.data.features import encode, find_features
from ogive.study.data.oddities import FEWEST_ROWS, note_leaks
from ogive.study.data.reading import TableFile, check_names, read_table, sampled
from ogive.study.data.splitting import TEST_SHARE, DataArray, check_share, split_rows
from ogive.study.data.target import Target, check_target_type, find_target
from ogive.study.data.tasks import Split, Task
from ogive.study.errors import StudyError
from ogive.study.settings import Defaults

DEFAULTS = Defaults((32, 32), 60, 32)
LONGEST_SLUG = 60


def table_task(
    data: Any,
    target: str,
    *,
    test: Any = None,
    sep: str | None = None,
    encoding: str | None = None,
    drop: Iterable[str] = (),
    group: str | None = None,
    test_size: float = TEST_SHARE,
    target_type: str | None = None,
) -> Task:
    """The task of predicting a column of a table from the others.

    Args:
        data: the path of a CSV or Parquet file, or a pandas data frame.
        target: the name of the column to predict.
        test: a table of the same columns to test on, in the place of a part of ``data``.
        sep, encoding: of a CSV file; found out if not given, as :func:`reading.read_table` says.
        drop: names of columns to leave out.
        group: the name of a column; rows with the same value are never in both parts. It is left
            out of what is learned from.
        test_size: the share of the rows, or of the groups, to test on.
        target_type: ``class`` or ``quantity``. Otherwise text, true or false, and whole numbers of
            at most 20 values are classes, and other numbers and dates quantities.

    Raises:
        StudyError: for a file that cannot be read, a column that there is not, one that nothing can
            be learned from or beside, and too few rows, in a sentence that names it.

    Example:
        >>> import pandas
        >>> frame = pandas.DataFrame({"size": range(40), "large": [False] * 20 + [True] * 20})
        >>> task = table_task(frame, "large")
        >>> task.classes, task.notes[-1][:24]
        (('False', 'True'), 'leaking: size determines')
    """
    share = check_share(test_size)
    check_target_type(target_type)
    own, name = _table(data, sep, encoding)
    held, held_name = (
        (None, "") if test is None else _table(test, sep, encoding, "the table to test on")
    )
    notes = [*own.notes, *(held.notes if held is not None else ())]
    frame, testing = _joined(own.frame, None if held is None else held.frame, held_name, notes)
    chosen = _chosen(frame, target, drop, group, name, notes)
    columns = read_columns(chosen, own.sep)
    if held is not None and testing is not None:
        columns |= _numbers_by_part(chosen, testing, (own.sep, held.sep))
    kept = _with_target(columns[target], name, notes)
    columns = {n: _rows_of(column, kept) for n, column in columns.items()}
    wanted = find_target(columns.pop(target), target_type, notes)
    groups = None if group is None else _groups(columns.pop(group), notes)
    found = find_features(columns, notes)
    note_leaks(found.numeric, found.categorical, wanted.values, target, notes)
    fixed = None if testing is None else fixed_parts(testing[kept], wanted)
    if fixed is None:
        split_rows(len(wanted.values), 0, share=share, groups=groups)  # what cannot be split

    def load(seed: int) -> Split:
        classes = None if wanted.regression else wanted.values
        train, held_out = fixed or split_rows(
            len(wanted.values), seed, share=share, classes=classes, groups=groups
        )
        train_x, test_x = encode(found, train, held_out)
        y = wanted.scaled(train)
        known = None if groups is None else torch.from_numpy(groups)[train]
        return Split(train_x, y[train], test_x, y[held_out], known, seed)

    return Task(
        name=slug(f"{Path(name).stem}-{target}"),
        title=f"{name}: {_short(target)} from {len(found.names)} columns, {len(kept[kept])} rows",
        outputs=1 if wanted.regression else len(wanted.classes),
        load=load,
        defaults=DEFAULTS,
        regression=wanted.regression,
        planar=len(found.numeric) == 2 and not found.categorical,
        notes=tuple(notes),
        independent=fixed is not None,
        columns=tuple(found.names),
        classes=wanted.classes,
    )


# what was given


def _table(
    data: Any, sep: str | None, encoding: str | None, called: str = "table"
) -> tuple[TableFile, str]:
    """A table and its name; ``called`` is that of a data frame."""
    pandas = require("pandas", "study")
    if isinstance(data, str | Path):
        path = Path(data)
        table = read_table(path, sep, encoding)
    elif isinstance(data, pandas.DataFrame):
        path = Path(called)
        table = sampled(data, "the table")
    else:
        raise StudyError(
            f"a table is the path of a file or a pandas data frame, not {type(data).__name__}; "
            f"arrays and tensors go to array_task(x, y)"
        )
    frame = table.frame.reset_index(drop=True)
    frame.columns = [str(column).strip() for column in frame.columns]
    check_names(list(frame.columns), path.name)
    return TableFile(frame, table.notes, table.sep), path.name


def _joined(
    frame: Any, test: Any, test_name: str, notes: list[str]
) -> tuple[Any, DataArray | None]:
    """The rows of both parts, labelled as errors call them, and which are to test on."""
    frame.index = [str(row) for row in range(1, len(frame) + 1)]
    if test is None:
        return frame, None
    for name in frame.columns:
        if name not in test.columns:
            hint = nearest(name, test.columns)
            raise StudyError(f"the table to test on has no column {name!r}{hint}")
    if more := [name for name in test.columns if name not in frame.columns]:
        notes.append(f"only the table to test on has: {', '.join(more)}; left out")
    notes.append(f"tested on {len(test)} rows of a table of their own")
    pandas = require("pandas", "study")
    test.index = [f"{row} of {test_name}" for row in range(1, len(test) + 1)]
    joined = pandas.concat([frame, test[frame.columns]])
    return joined, np.arange(len(joined)) >= len(frame)


def _numbers_by_part(
    frame: Any, testing: DataArray, seps: tuple[str, str]
) -> dict[str, TableColumn]:
    """The columns that are numbers in both parts, which may have decimal marks of their own."""
    parts = (frame[~testing], frame[testing])
    train, test = (read_columns(part, sep) for part, sep in zip(parts, seps, strict=True))
    numeric = [name for name in train if train[name].kind == test[name].kind == "number"]
    return {name: train[name].followed_by(test[name]) for name in numeric}


def _chosen(
    frame: Any, target: str, drop: Iterable[str], group: str | None, name: str, notes: list[str]
) -> Any:
    """The columns that are to be looked at."""
    try:
        dropped = [drop] if isinstance(drop, str) else list(drop)
    except Exception:  # what cannot be walked through
        raise StudyError(f"drop is {briefly(drop)}; expected names of columns") from None
    for column in (target, *dropped, *([group] if group is not None else [])):
        if not among(column, list(frame.columns)):
            names = ", ".join(frame.columns)
            hint = nearest(column, frame.columns)
            raise StudyError(
                f"{name!r} has no column {briefly(column)}; its columns are: {names}{hint}"
            )
    for what, other in (("target", target), ("group", group)):
        if other in dropped:
            raise StudyError(f"column {other!r} is both the {what} and to be dropped")
    if group == target:
        raise StudyError(f"column {target!r} is both the target and the group; choose another")
    if dropped:
        notes.append(f"dropped as asked: {', '.join(dropped)}")
    return frame.drop(columns=dropped)


def _with_target(column: TableColumn, name: str, notes: list[str]) -> DataArray:
    """Which rows have a target."""
    if column.odd is not None:
        row, text = column.odd
        raise StudyError(
            f"column {column.name!r} has {text} in row {row} among "
            f"{'dates' if column.kind == 'date' else 'numbers'}; mend the cell or leave the row out"
        )
    values = column.values
    if column.kind != "category":
        values = values.replace([np.inf, -np.inf], np.nan)
    kept: DataArray = values.notna().to_numpy()
    if missing := int((~kept).sum()):
        notes.append(f"{missing} rows without a finite {column.name} were left out")
    notes.extend(f"column {column.name}: {remark}" for remark in column.remarks)
    if kept.sum() < FEWEST_ROWS:
        raise StudyError(
            f"{name!r} has {kept.sum()} rows with a value of {column.name!r}; "
            f"at least {FEWEST_ROWS} are needed for training and testing"
        )
    return kept


def _rows_of(column: TableColumn, kept: DataArray) -> TableColumn:
    return replace(column, values=column.values[kept])


def _groups(column: TableColumn, notes: list[str]) -> DataArray:
    """A number for each row; rows without a group are one group."""
    pandas = require("pandas", "study")
    numbers: DataArray = pandas.factorize(column.values, use_na_sentinel=False)[0].astype(np.int64)
    notes.append(f"split by {column.name}: {len(np.unique(numbers))} groups, none in both parts")
    return numbers


def fixed_parts(testing: DataArray, target: Target) -> tuple[Tensor, Tensor]:
    """The numbers of the rows to train on, and of those to test on that are marked so.

    Raises:
        StudyError: with too few rows, or classes that training never sees.
    """
    train, test = np.flatnonzero(~testing), np.flatnonzero(testing)
    if len(train) < FEWEST_ROWS or not len(test):
        raise StudyError(
            f"{len(train)} rows to train on and {len(test)} to test on have a target; at least "
            f"{FEWEST_ROWS} and 1 are needed"
        )
    unseen = sorted(set(target.values[test]) - set(target.values[train]))
    if not target.regression and unseen:
        named = ", ".join(briefly(target.classes[number]) for number in unseen)
        raise StudyError(f"the table to test on has classes that training never sees: {named}")
    return torch.from_numpy(train), torch.from_numpy(test)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SLUG else briefly(text)[1:-1]


def slug(text: str) -> str:
    """The text as the name of a folder; texts that differ have names that differ."""
    made = re.sub(r"[^\w.-]+", "-", text)[:LONGEST_SLUG].strip("-.")
    if made == text:
        return made
    return f"{made}-{hashlib.blake2b(text.encode(errors='replace'), digest_size=3).hexdigest()}"
