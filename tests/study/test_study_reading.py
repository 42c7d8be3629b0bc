"""Files as people have them: encodings, separators, and cells that are numbers, dates or words."""

import math

import numpy as np
import pandas as pd
import pytest

from ogive.study import StudyError
from ogive.study.data.cells import read_columns
from ogive.study.data.reading import read_table

GERMAN = "größe;preis\n1,5;grün\n2,5;weiß\n"
CHINESE = "名称,价格\n苹果,1.5\n香蕉,2.5\n"

#: Bytes, what the note calls encoding and separator, and the first row.
FILES = {
    "utf-8": (b"a,b\n1,2\n", "UTF-8 with commas", ["1", "2"]),
    "utf-8 with a mark": ("\ufeffa,b\n1,2\n".encode(), "UTF-8 with commas", ["1", "2"]),
    "utf-16": (GERMAN.encode("utf-16"), "UTF-16 with semicolons", ["1,5", "grün"]),
    "utf-16 without a mark": (
        (GERMAN + "3;4\n" * 9).encode("utf-16-le"),
        "UTF-16-LE with semicolons",
        ["1,5", "grün"],
    ),
    "latin-1": (
        GERMAN.encode("latin-1"),
        "Latin-1 (Windows-1252) with semicolons",
        ["1,5", "grün"],
    ),
    "euro": ("a,b\n5 €,2\n".encode("cp1252"), "Latin-1 (Windows-1252) with commas", ["5 €", "2"]),
    "gbk": (CHINESE.encode("gbk"), "GBK (GB 18030) with commas", ["苹果", "1.5"]),
    "tabs": (b"a\tb\n1\t2,5\n", "UTF-8 with tabs", ["1", "2,5"]),
    "bars": (b"a|b\n1|2\n", "UTF-8 with bars", ["1", "2"]),
    "as Excel says it": (b"sep=;\na;b\n1;2\n", "UTF-8 with semicolons", ["1", "2"]),
    "decimal commas": (b"name;price\nA, B;1,5\n", "UTF-8 with semicolons", ["A, B", "1,5"]),
    "quoted": (b'a,b\n"x,\n1", 2\n', "UTF-8 with commas", ["x,\n1", "2"]),
    "old Macs": (b"a,b\r1,2\r", "UTF-8 with commas", ["1", "2"]),
    "separators at the end": (b"a,b,\n1,2,\n", "UTF-8 with commas", ["1", "2"]),
    "blanks and empty lines": (b" a , b \n\n 1 , 2 \n\n", "UTF-8 with commas", ["1", "2"]),
    "missing": (b"a,b\nNA,?\n1,2\n", "UTF-8 with commas", [math.nan, math.nan]),
}


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "t.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("name", FILES)
def test_files(file, name):
    content, called, row = FILES[name]
    table = read_table(file(content))
    assert table.notes == (f"t.csv was read as {called} between the cells",)
    found = table.frame.iloc[0].tolist()
    assert [c if c == c else "missing" for c in found] == [c if c == c else "missing" for c in row]
    assert all(name == name.strip() for name in table.frame.columns)


#: Bytes that are no table, and what the error says.
BROKEN = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "one line": (b"a,b\n", "names of columns and no rows"),
    "the same name": (b"a,a ,y\n1,2,3\n", "named 'a': columns 1 and 2"),
    "too many cells": (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, the first line names 2"),
    "too few cells": (b"a,b,c\n1,2\n", "line 2 has 2 cells, the first line names 3"),
    "a null byte": (b"a,b\n1,2\n1,\x00\n", "null byte in line 3"),
    "half a character": (b"\xff\xfe\x00a,\xd8", "cannot be read as a table of utf-16 text"),
    "an endless cell": (b'a,b\n1,"2\n' + b"3,4\n" * 40_000, "field larger|line .* has 1 cells"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(file, name):
    content, said = BROKEN[name]
    with pytest.raises(StudyError, match=said):
        read_table(file(content))


def test_what_is_said_is_taken(file):
    assert read_table(file(b"a;b,c\n1;2,3\n"), sep=";").frame.columns.tolist() == ["a", "b,c"]
    cyrillic = "a,b\nМосква,1\n".encode("cp1251")
    assert read_table(file(cyrillic), encoding="cp1251").frame.iloc[0, 0] == "Москва"


def test_large_files_are_bounded(file, monkeypatch):
    path = file(b"a,b\n" + b"".join(b"%d,1\n" % i for i in range(500)))
    monkeypatch.setattr("ogive.study.data.reading.MOST_TABLE_ROWS", 100)
    table = read_table(path)
    rows = table.frame["a"].astype(int)
    assert (len(rows), rows.nunique()) == (100, 100)
    assert 150 < rows.mean() < 350
    assert table.notes[1] == "of its 500 rows 100 were drawn at random"
    assert read_table(path).frame.equals(table.frame)
    monkeypatch.setattr("ogive.study.data.reading.MOST_BYTES", 1000)
    with pytest.raises(StudyError, match="give a sample"):
        read_table(path)


#: Cells, separator of the file, and the numbers they are.
NUMBERS = {
    "plain": (["1", "-2.5", "+3e-2", ".5"], ",", [1, -2.5, 0.03, 0.5]),
    "decimal commas": (["1,5", "2", "-3,25"], ";", [1.5, 2, -3.25]),
    "thousands": (["1,234.5", "12", "1,000"], ",", [1234.5, 12, 1000]),
    "thousands, and decimal commas": (["1.234,5", "12", "1.000"], ";", [1234.5, 12, 1000]),
    "blanks": (["1 234", "12", "1\u00a0000"], ",", [1234, 12, 1000]),
    "apostrophes": (["1'234.5", "12"], ",", [1234.5, 12]),
    "units": (["12 %", "$3", "4.5€"], ",", [12, 3, 4.5]),
    "commas alone": (["1,234", "5,678"], ",", [1234, 5678]),
    "commas alone behind semicolons": (["1,234", "5,678"], ";", [1.234, 5.678]),
    "points alone behind semicolons": (["1.234", "5.678"], ";", [1.234, 5.678]),
    "a minus as printed": (["\u22121", "2"], ",", [-1, 2]),
    "infinity": (["inf", "1"], ",", [math.inf, 1]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    cells, sep, numbers = NUMBERS[name]
    column = read_columns(pd.DataFrame({"c": cells}), sep)["c"]
    assert (column.kind, column.values.tolist()) == ("number", pytest.approx(numbers))


def test_a_column_reads_points_as_the_others_do():
    table = pd.DataFrame({"a": ["1.234", "5.678"], "b": ["0,5", "1,5"]})
    assert read_columns(table, ";")["a"].values.tolist() == [1234, 5678]


#: Cells and the days since the first of them.
DATES = {
    "ISO": (["2024-01-31", "2024-02-02"], [0, 2]),
    "ISO with times": (["2024-01-31 12:00", "2024-02-01T18:00:00Z"], [0, 1.25]),
    "German": (["31.01.2024", "02.02.2024"], [0, 2]),
    "American": (["01/31/2024", "02/02/2024"], [0, 2]),
    "British": (["31/01/2024", "02/02/2024"], [0, 2]),
    "with names": (["31 Jan 2024", "2 Feb 2024"], [0, 2]),
    "mixed": (["2024-01-31", "02.02.2024", "02/28/2024"], [0, 2, 28]),
}


@pytest.mark.parametrize("name", DATES)
def test_dates(name):
    cells, days = DATES[name]
    column = read_columns(pd.DataFrame({"c": [*cells, np.nan]}))["c"]
    assert column.kind == "date"
    assert (column.values - column.values[0]).tolist()[:-1] == pytest.approx(days)
    assert math.isnan(column.values.iloc[-1])
    assert "31 January 2024" in column.remarks[0]


def test_types_of_data_frames():
    column = {
        "truth": [True, False],
        "whole": pd.array([1, None], "Int64"),
        "day": pd.to_datetime(["2024-01-01", "2024-01-03"]),
        "span": pd.to_timedelta([1, 2], "D"),
        "kind": pd.Categorical(["a", "b"]),
        "mixed": [1, "a"],
        "none": [None, None],
    }
    found = read_columns(pd.DataFrame(column))
    assert [c.kind for c in found.values()] == [
        "category", "number", "date", "date", "category", "category", "category",
    ]  # fmt: skip
    assert found["day"].values.diff().iloc[1] == 2


@pytest.mark.parametrize(
    ("cells", "said"), [([[1], [2]], "cells of list"), ([1j, 2], "complex numbers")]
)
def test_columns_of_other_things(cells, said):
    with pytest.raises(StudyError, match=f"column 'c' has {said}"):
        read_columns(pd.DataFrame({"c": cells}))


@pytest.mark.parametrize("cells", [["1"] * 18 + ["abc", "2"], ["2024-01-01"] * 18 + ["abc", None]])
def test_one_odd_cell_is_missing_and_known(cells):
    column = read_columns(pd.DataFrame({"c": cells}, index=range(1, 21)))["c"]
    assert column.kind != "category"
    assert column.odd == ("19", "'abc'")
