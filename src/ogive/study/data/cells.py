"""What the cells of a column are: numbers, dates as numbers, or categories.

Text is read as people write it: decimal commas, separated thousands, units of currency and percent,
dates of several orders. Apart from what a column is used for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ogive.errors import briefly, require
from ogive.study.data.splitting import DataArray
from ogive.study.errors import StudyError

#: A column is one of numbers, or of dates, if so many of its cells are; the rest are missing then.
MOST_CELLS = 0.9
_AROUND = r"^[$€£¥]\s*|\s*[%$€£¥]$"
_SIGN, _EXPONENT = r"[+-]?", r"(?:[eE][+-]?\d+)?"
#: How numbers are written, by the decimal mark.
_FIRST = r"[1-9]\d{0,2}"  # the digits before the first separator of thousands
_WRITTEN = {
    ".": rf"{_SIGN}(?:(?:\d+\.?\d*|\.\d+){_EXPONENT}|{_FIRST}(?:[, ']\d{{3}})+(?:\.\d+)?|inf)",
    ",": rf"{_SIGN}(?:(?:\d+|\d+,\d*|,\d+){_EXPONENT}|{_FIRST}(?:[. ']\d{{3}})+(?:,\d+)?|inf)",
}
_THOUSANDS = {".": "[, ']", ",": "[. ']"}
_DATES = (
    "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y",
    "%d-%m-%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S")
_LIKE_A_DATE = r"(?=.*\d)[\w .,:/+-]{6,35}"


@dataclass
class TableColumn:
    """A column, read.

    Attributes:
        kind: ``number``, ``date`` or ``category``.
        values: a series of float64 numbers (of dates, days since 1970), or of texts; NaN where
            missing.
        remarks: what was taken for granted, in words that follow the column's name.
        odd: where a cell is neither a number nor missing among numbers: the label of the first
            such row, and its text.
    """

    name: str
    kind: str
    values: Any
    remarks: list[str] = field(default_factory=list)
    odd: tuple[str, str] | None = None

    def followed_by(self, other: TableColumn) -> TableColumn:
        """The column with the rows of another one below its own."""
        values = require("pandas", "study").concat([self.values, other.values])
        more = [f"{r}, in the rows to test on" for r in other.remarks if r not in self.remarks]
        remarks = [*self.remarks, *more]
        return TableColumn(self.name, self.kind, values, remarks, self.odd or other.odd)


def read_columns(frame: Any, sep: str = "") -> dict[str, TableColumn]:
    """The columns of a data frame by name.

    Args:
        frame: with columns of text, as CSV files have, or of any type.
        sep: what separates cells in the file; semicolons stand where commas are decimal marks.

    Raises:
        StudyError: for a column of what is neither numbers, dates nor text.
    """
    texts = {name: _text(frame[name], name) for name in frame.columns if not _typed(frame[name])}
    marks = {name: _marks(column) for name, column in texts.items()}
    commas = any(found[","] > found["."] for found in marks.values())
    columns = {}
    for name in frame.columns:
        if name in texts:
            columns[name] = _of_text(
                name, texts[name], _mark(marks[name], texts[name], commas, sep)
            )
        else:
            columns[name] = _of_type(name, frame[name])
    return columns


def _typed(column: Any) -> bool:
    types = require("pandas", "study").api.types
    return bool(
        types.is_numeric_dtype(column)
        or types.is_datetime64_any_dtype(column)
        or types.is_timedelta64_dtype(column)
    )


def _of_type(name: str, column: Any) -> TableColumn:
    """A column that is no text: as a data frame or Parquet has it."""
    pandas = require("pandas", "study")
    types = pandas.api.types
    if types.is_bool_dtype(column):
        return TableColumn(
            name, "category", column.astype(object).where(column.notna()).map(str, "ignore")
        )
    if types.is_complex_dtype(column):
        raise StudyError(f"column {name!r} has complex numbers; give their parts as two columns")
    if types.is_numeric_dtype(column):
        return TableColumn(name, "number", _floats(column))
    origin = pandas.Timestamp(0, tz=getattr(column.dt, "tz", None))
    since = column - origin if types.is_datetime64_any_dtype(column) else column
    return TableColumn(name, "date", _floats(since / pandas.Timedelta(days=1)))


def _floats(column: Any) -> Any:
    pandas = require("pandas", "study")
    return pandas.Series(column.to_numpy(dtype=np.float64, na_value=np.nan), index=column.index)


def _text(column: Any, name: str) -> Any:
    """A column of objects as text without blanks around it; None and NaN are missing."""
    column = column.astype(object)
    kinds = {type(value) for value in column[column.notna()]}
    other = [kind for kind in kinds if hasattr(kind, "__len__") and kind is not str]
    if other:
        raise StudyError(
            f"column {name!r} has cells of {other[0].__name__}; expected numbers, dates or text"
        )
    return column.where(column.notna()).map(lambda value: str(value).strip(), "ignore")


# numbers


def _marks(column: Any) -> dict[str, int]:
    """How many cells are numbers with this decimal mark."""
    bare = _bare(column)
    return {mark: int(bare.str.fullmatch(form).sum()) for mark, form in _WRITTEN.items()}


def _bare(column: Any) -> Any:
    """The texts that there are, each blank a plain one, without units."""
    pandas = require("pandas", "study")
    texts = pandas.Series(column.dropna(), dtype=object).astype(str)
    texts = texts.str.replace(r"[\u00a0\u2009\u202f]", " ", regex=True)
    return texts.str.replace("\u2212", "-").str.replace(_AROUND, "", regex=True)


def _mark(counts: dict[str, int], column: Any, commas: bool, sep: str) -> str:
    """The decimal mark of a column: the one that fits more cells; where both do, that of others."""
    if counts["."] != counts[","]:
        return max(counts, key=lambda mark: counts[mark])
    likely = commas or (sep == ";" and bool(column.dropna().str.contains(",").any()))
    return "," if likely else "."


def _of_text(name: str, column: Any, mark: str) -> TableColumn:
    bare = _bare(column)
    written = bare.str.fullmatch(_WRITTEN[mark]).astype(bool)
    if not len(bare) or written.mean() < MOST_CELLS:
        return _dates(name, column) or TableColumn(name, "category", column)
    thousands = bare.str.contains(rf"\d{_THOUSANDS[mark]}\d", regex=True) & written
    plain = bare[written].str.replace(_THOUSANDS[mark], "", regex=True).str.replace(",", ".")
    values = plain.astype(np.float64).reindex(column.index)
    remarks = ["decimal commas"] if mark == "," and bool(bare.str.contains(",").any()) else []
    if thousands.any():
        shown = bare[thousands].iloc[0]
        remarks.append(f"{shown!r} read as {plain[thousands[thousands].index[0]]}")
    return TableColumn(name, "number", values, remarks, _first_odd(column, written))


def _first_odd(column: Any, fits: Any) -> tuple[str, str] | None:
    if fits.all():
        return None
    where = fits[~fits].index[0]
    return str(where), briefly(column[where])


# dates


def _dates(name: str, column: Any) -> TableColumn | None:
    """Days since 1970, if the texts are dates; each format takes what the ones before it left."""
    texts = column.dropna()
    if not len(texts) or texts.str.fullmatch(_LIKE_A_DATE).mean() < MOST_CELLS:
        return None
    found = _parsed(texts, "ISO8601")
    orders = [] if found.notna().mean() >= MOST_CELLS else _orders(texts)
    for order in orders:
        left = found.isna()
        if not left.any():
            break
        found[left] = _parsed(texts[left], order)
    if found.notna().mean() < MOST_CELLS:
        return None
    pandas = require("pandas", "study")
    days = (found - pandas.Timestamp(0, tz="UTC")) / pandas.Timedelta(days=1)
    read = column.iloc[column.index.get_loc(days.first_valid_index())]
    remark = f"dates as days, {read!r} being {found[days.first_valid_index()]:%d %B %Y}"
    odd = _first_odd(column, found.notna())
    return TableColumn(name, "date", days.astype(np.float64).reindex(column.index), [remark], odd)


def _orders(texts: Any) -> list[str]:
    """The formats by how many of the first texts they fit, best first."""
    shown = texts.iloc[:200]
    formats = [f"{date}{time}" for date in _DATES for time in _TIMES]
    fits = {order: int(_parsed(shown, order).notna().sum()) for order in formats}
    return sorted((order for order in formats if fits[order]), key=lambda order: -fits[order])


def _parsed(texts: Any, order: str) -> Any:
    pandas = require("pandas", "study")
    return pandas.to_datetime(texts, format=order, errors="coerce", utc=True)


def is_finite(values: Any) -> DataArray:
    """Which numbers of a series are there and finite."""
    found: DataArray = np.isfinite(values.to_numpy(dtype=np.float64))
    return found
