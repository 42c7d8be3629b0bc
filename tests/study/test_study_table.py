"""A user's own table: what is made of its columns, and what is said when it cannot be used."""

import numpy as np
import pandas as pd
import pytest

from ogive.study import StudyError, run_study, table_task

ROWS = 120


@pytest.fixture
def frame():
    """``kind`` follows from ``size``, and ``price`` from ``size`` and ``colour``."""
    random = np.random.default_rng(0)
    size = random.normal(size=ROWS)
    colour = random.choice(["red", "green", "blue"], ROWS)
    return pd.DataFrame(
        {
            "size": size,
            "colour": colour,
            "kind": np.where(size > 0, "big", "small"),
            "price": 3 * size + (colour == "red"),
        }
    )


@pytest.fixture
def save(tmp_path):
    def write(frame):
        path = tmp_path / "things.csv"
        frame.to_csv(path, index=False)
        return path

    return write


def noted(task, *words):
    return any(all(word in note for word in words) for note in task.notes)


@pytest.mark.usefixtures("without_report")
def test_classification(frame, save, tmp_path):
    task = table_task(save(frame.drop(columns="price")), "kind")
    assert (task.regression, task.outputs, task.name) == (False, 2, "things-kind")
    assert task.load(0).train_x.shape == (90, 4)
    study = run_study(task, ["relu"], seeds=2, epochs=30, out=tmp_path)
    assert study.rows[0].score.mean > 0.9


def test_regression(frame, save, tmp_path):
    task = table_task(save(frame.drop(columns="kind")), "price")
    assert task.regression
    assert noted(task, "regression", "R2")
    study = run_study(task, ["relu"], seeds=1, epochs=40, out=tmp_path)
    assert 0.9 < study.rows[0].score.mean <= 1
    assert "R2" in study.report.read_text()


def test_integer_targets(frame, save):
    frame["stars"] = np.arange(ROWS) % 5
    frame["count"] = np.arange(ROWS)
    assert table_task(save(frame), "stars").outputs == 5
    assert table_task(save(frame), "count").regression
    frame["stars"] = frame["stars"].astype(float)
    frame.loc[0, "stars"] = None
    assert table_task(save(frame), "stars").outputs == 5


def test_missing_values(frame, save):
    frame.loc[[1, 2], "size"] = np.nan
    frame.loc[3, "size"] = np.inf
    frame.loc[4:13, "colour"] = None
    frame.loc[6, "kind"] = None
    task = table_task(save(frame.drop(columns="price")), "kind")
    split = task.load(0)
    assert len(split.train_x) + len(split.test_x) == ROWS - 1
    assert split.train_x.shape[1] == 5
    assert split.train_x.isfinite().all()
    assert split.test_x.isfinite().all()
    assert noted(task, "1 rows", "kind")
    assert noted(task, "training median", "size")
    assert noted(task, "category of its own", "colour")


def test_scaling_uses_training_rows_only(frame, save):
    split = table_task(save(frame[["size", "kind"]]), "kind").load(0)
    assert split.train_x.mean().item() == pytest.approx(0, abs=1e-6)
    assert split.train_x.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert abs(split.test_x.mean().item()) > 1e-3


def test_a_category_that_training_never_saw_is_no_error(frame, save):
    frame["rare"] = ["only"] + ["usual", "other"] * 59 + ["usual"]
    task = table_task(save(frame), "kind")
    assert all(len(task.load(seed).test_x) == 30 for seed in range(6))


def test_useless_columns_are_left_out_and_named(frame, save):
    frame["same"] = 1
    frame["empty"] = np.nan
    frame["id"] = [f"row {i}" for i in range(ROWS)]
    task = table_task(save(frame), "kind")
    assert all(noted(task, "left out", name) for name in ("same", "empty", "id"))
    assert "from 3 columns" in task.title
    assert task.load(0).train_x.shape[1] == 5


def test_classes_too_many_for_even_parts_are_split_at_random(frame, save):
    frame["kind"] = [f"kind {i // 3}" for i in range(ROWS)]
    task = table_task(save(frame), "kind")
    assert task.outputs == 40
    assert len(task.load(0).test_x) == 30


def cell(column, value):
    """A change that writes a value into the sixth row."""

    def change(frame):
        frame = frame.astype(object)
        frame.loc[5, column] = value
        return frame

    return change


MARKS = {"dots": {}, "commas": {"sep": ";", "decimal": ","}}


@pytest.mark.parametrize("own", MARKS)
@pytest.mark.parametrize("other", MARKS)
def test_each_file_has_a_decimal_mark_of_its_own(frame, tmp_path, own, other):
    numbers = frame[["size", "price"]].round(3)
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    numbers[:90].to_csv(train, index=False, **MARKS[own])
    numbers[90:].to_csv(test, index=False, **MARKS[other])
    found = table_task(train, "price", test=test).load(0)
    expected = table_task(numbers[:90], "price", test=numbers[90:]).load(0)
    for part in ("train_x", "train_y", "test_x", "test_y"):
        assert (getattr(found, part) == getattr(expected, part)).all()
    assert noted(table_task(train, "price", test=test), "commas, in the rows to test on") == (
        (own, other) == ("dots", "commas")
    )


@pytest.mark.parametrize("own", MARKS)
def test_a_cell_is_named_by_its_row_in_the_file_that_it_stands_in(frame, tmp_path, own):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    frame[["size", "price"]][:90].to_csv(train, index=False, **MARKS[own])
    wrong = cell("price", "abc")(frame[["size", "price"]][90:].reset_index(drop=True))
    wrong.to_csv(test, index=False)
    with pytest.raises(StudyError, match=r"'price' has 'abc' in row 6 of test\.csv"):
        table_task(train, "price", test=test)
    with pytest.raises(StudyError, match="'price' has 'abc' in row 6 of the table to test on"):
        table_task(frame[["size", "price"]][:90], "price", test=wrong)


def test_a_row_has_the_number_that_it_has_in_the_file(frame, save):
    frame.loc[[0, 2], "price"] = None
    frame.loc[5, "size"] = 1e300
    with pytest.raises(StudyError, match="'size' has 1e\\+300 in row 6"):
        table_task(save(frame), "price")


#: What is done to the table, the target, options, and what the error says.
UNUSABLE = (
    (lambda f: f, "knid", {}, "its columns are: size, colour, kind, price; did you mean 'kind'"),
    (lambda f: f.head(10), "kind", {}, "10 rows with a value of 'kind'"),
    (lambda f: f.assign(kind="big"), "kind", {}, "'kind' has one value in every row"),
    (lambda f: f.assign(kind=np.nan), "kind", {}, "0 rows with a value of 'kind'"),
    (lambda f: f.assign(kind=[f"r{i}" for i in range(ROWS)]), "kind", {}, "'kind'.*identifier"),
    (lambda f: f[["kind"]], "kind", {}, "no usable column"),
    (lambda f: f[["kind"]].assign(same=1), "kind", {}, "same value in every row"),
    (lambda f: f.rename(columns={"size": "kind "}), "kind", {}, "named 'kind': columns 1 and 3"),
    (lambda f: f[:0], "kind", {}, "no rows below"),
    (cell("kind", "huge"), "kind", {}, "'kind' has one row of class 'huge'"),
    (cell("price", 1e200), "price", {}, r"column 'price' has 1e\+200 in row 6"),
    (cell("size", 1e300), "price", {}, r"column 'size' has 1e\+300 in row 6"),
    (cell("price", "abc"), "price", {}, "column 'price' has 'abc' in row 6 among numbers"),
    (lambda f: f, "kind", {"drop": ["siez"]}, "no column 'siez'.*did you mean 'size'"),
    (lambda f: f, "kind", {"drop": "kind"}, "both the target and to be dropped"),
    (lambda f: f, "kind", {"group": "kind"}, "both the target and the group"),
    (lambda f: f.assign(g=1), "kind", {"group": "g"}, "all rows are of one group"),
    (lambda f: f, "kind", {"test_size": 30}, "the share of the rows.*not 30"),
    (lambda f: f, "kind", {"target_type": "clas"}, "did you mean 'class'"),
    (lambda f: f, "kind", {"target_type": "quantity"}, "'big', which is no number"),
    (lambda f: f, "price", {"target_type": "class"}, "'price'.*identifier"),
    (lambda f: f, "kind", {"sep": ";;"}, "a separator is one character"),
    (lambda f: f, "kind", {"encoding": "utf-99"}, "no encoding 'utf-99'"),
)


@pytest.mark.parametrize("number", range(len(UNUSABLE)))
def test_unusable_tables(frame, save, number):
    change, target, options, said = UNUSABLE[number]
    with pytest.raises(StudyError, match=said) as caught:
        table_task(save(change(frame)), target, **options)
    assert len(str(caught.value).splitlines()) == 1


#: What is done to the table, the target, options, and words of a note.
NOTED = (
    (lambda f: f.assign(kind=["a"] * 110 + ["b"] * 10), "kind", {}, "91.7 % of the rows are 'a'"),
    (lambda f: f.assign(twin=2 * f.price + 1), "price", {}, "leaking: twin determines price"),
    (lambda f: f.assign(letter=f.kind.str[:1]), "kind", {}, "leaking: size, letter determines"),
    (lambda f: pd.concat([f, f.head(20)]), "price", {}, "20 rows are copies of others"),
    (cell("size", 1e4), "price", {}, "outliers: column size has 1 value more than"),
    (cell("size", "abc"), "price", {}, "column size has cells that are no numbers, such as 'abc'"),
    (lambda f: f.reset_index(names=""), "price", {}, "column (column 1) was left out: it numbers"),
    (lambda f: f.assign(g=np.arange(ROWS) // 10), "price", {"group": "g"}, "g: 12 groups"),
    (lambda f: f, "price", {"drop": ["kind"]}, "dropped as asked: kind"),
    (lambda f: f, "price", {}, "things.csv was read as UTF-8 with commas between the cells"),
)


@pytest.mark.parametrize("number", range(len(NOTED)))
def test_what_is_odd_is_said(frame, save, number):
    change, target, options, said = NOTED[number]
    task = table_task(save(change(frame)), target, **options)
    assert noted(task, said), task.notes
    split = task.load(0)
    assert split.train_x.isfinite().all()
    assert split.test_x.isfinite().all()


def test_an_ordinary_table_has_nothing_odd(frame, save):
    task = table_task(save(frame.drop(columns="kind")), "price")
    assert not noted(task, "leaking") + noted(task, "outliers") + noted(task, "copies")


def test_groups_are_never_in_both_parts(frame, save):
    frame["who"] = [f"person {i // 8}" for i in range(ROWS)]
    frame["number"] = np.arange(ROWS) // 8 + 0.5
    task = table_task(save(frame[["who", "number", "price"]]), "price", group="who")
    for seed in range(4):
        split = task.load(seed)
        assert not set(split.train_x[:, 0].tolist()) & set(split.test_x[:, 0].tolist())
        tuning = split.for_tuning()
        assert not set(tuning.train_x[:, 0].tolist()) & set(tuning.test_x[:, 0].tolist())
    assert "who" not in task.columns


def test_a_table_of_its_own_to_test_on(frame, save):
    task = table_task(frame.head(80), "kind", test=frame.tail(40))
    assert (task.overlap, task.load(0).digest) == (0, task.load(1).digest)
    assert [len(task.load(0).train_x), len(task.load(0).test_x)] == [80, 40]
    with pytest.raises(StudyError, match="the table to test on has no column 'colour'"):
        table_task(frame, "kind", test=frame.drop(columns="colour"))
    with pytest.raises(StudyError, match="classes that training never sees: 'vast'"):
        table_task(frame, "kind", test=frame.head(20).assign(kind=["vast", "vast"] * 10))


def test_the_share_of_test_rows(frame):
    task = table_task(frame, "price", test_size=0.4)
    assert len(task.load(0).test_x) == 48
    assert task.overlap == pytest.approx(48 / 72)


def test_the_type_of_the_target_can_be_said(frame):
    frame["stars"] = np.arange(ROWS) % 5
    assert table_task(frame, "stars").classes == ("0", "1", "2", "3", "4")
    assert table_task(frame, "stars", target_type="quantity").regression


def test_two_columns_of_numbers_are_a_plane(frame):
    frame["other"] = frame["size"] ** 2
    assert table_task(frame[["size", "other", "kind"]], "kind").planar
    assert not table_task(frame[["size", "colour", "kind"]], "kind").planar


@pytest.mark.parametrize("target", ["y[/foo]", "a/b", "größe", "y" * 300, "..", "con"])
def test_any_name_is_a_name(frame, save, target):
    task = table_task(save(frame.rename(columns={"price": target})), target)
    assert len(task.name) < 80
    assert "/" not in task.name
    assert task.name.strip(".")


def test_parquet(frame, tmp_path):
    frame["when"] = pd.date_range("2024-01-01", periods=ROWS)
    frame.to_parquet(tmp_path / "things.parquet")
    task = table_task(tmp_path / "things.parquet", "price")
    assert task.load(0).train_x.shape == (90, 7)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(StudyError, match=r"'broken\.parquet' cannot be read as Parquet"):
        table_task(tmp_path / "broken.parquet", "price")


def test_what_is_no_table():
    with pytest.raises(StudyError, match="not ndarray; arrays and tensors go to array_task"):
        table_task(np.zeros((3, 3)), "y")


def test_no_file(tmp_path):
    (tmp_path / "things.csv").touch()
    with pytest.raises(StudyError, match=r"no file .*thing\.csv.*did you mean 'things\.csv'"):
        table_task(tmp_path / "thing.csv", "kind")


def test_changed_data_are_other_data(frame, save):
    before = table_task(save(frame), "kind").load(0).digest
    frame.loc[7, "size"] += 1
    assert table_task(save(frame), "kind").load(0).digest != before
