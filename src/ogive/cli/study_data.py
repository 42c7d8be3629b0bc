"""What ``ogive study`` learns from: a task by name, or the user's own data with their options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.study import Task

#: Files of arrays rather than of tables.
ARRAYS = ".npz"

DataOption = Annotated[
    Path | None, typer.Option("--data", help="a CSV, Parquet or .npz file instead of a task")
]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="the column of --data to predict")
]
TestOption = Annotated[
    Path | None, typer.Option("--test", help="a file to test on, in place of a part of --data")
]
SepOption = Annotated[
    str | None, typer.Option("--sep", help="what separates cells; found out by itself")
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="of a CSV file; found out by itself")
]
DropOption = Annotated[
    str | None, typer.Option("--drop", help="columns to leave out, such as id,name")
]
GroupOption = Annotated[
    str | None, typer.Option("--group", help="a column whose values are never in both parts")
]
TestSizeOption = Annotated[
    float | None, typer.Option("--test-size", help="the share of the rows to test on, 0.25")
]
TargetTypeOption = Annotated[
    str | None, typer.Option("--target-type", help="class or quantity; found out by itself")
]


def chosen_task(task: str | None, data: Path | None, **options: Any) -> Task:
    """The task of that name, or of a file; ``options`` are those of :func:`table_task`.

    Raises:
        StudyError: for both or neither, and for options that do not go together.
    """
    from ogive.study import TASKS, StudyError, find_task

    given = {name: value for name, value in options.items() if value is not None}
    if "drop" in given:
        given["drop"] = [name.strip() for name in given["drop"].split(",")]
    if data is None and task is not None:
        if given:
            listed = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise OgiveError(f"{listed} goes with --data FILE, not with the task {task!r}")
        return find_task(task)
    if data is None or task is not None:
        raise StudyError(
            f"give either a task ({', '.join(TASKS)}, fit(FORMULA)) or a table: "
            f"--data FILE --target COLUMN"
        )
    return _of_file(data, given)


def _of_file(data: Path, given: dict[str, Any]) -> Task:
    from ogive.study import StudyError, array_task, table_task

    if data.suffix == ARRAYS:
        allowed = ("test", "test_size", "target_type")
        if wrong := [name for name in given if name not in allowed]:
            raise StudyError(
                f"--{wrong[0].replace('_', '-')} is about tables; {data.name} has arrays, of which "
                f"y is predicted from x"
            )
        return array_task(data, name=data.stem, **given)
    if "target" not in given:
        raise StudyError(f"name the column of {data.name} to predict: --target COLUMN")
    return table_task(data, given.pop("target"), **given)
