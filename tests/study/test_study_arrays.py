"""Arrays of one's own: what may be given, how it is split and scaled, and how it is refused."""

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from ogive.study import StudyError, array_task, find_task

X = np.random.default_rng(0).normal(size=(60, 3))
CLASSES = np.arange(60) % 3


class Rows(Dataset):
    """A Dataset without tensors of its own."""

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return torch.tensor(X[row]), int(CLASSES[row])


class Stream(IterableDataset):
    """A Dataset without a length."""

    def __iter__(self):
        return iter(X)


GIVEN = {
    "arrays": lambda: array_task(X, CLASSES),
    "tensors": lambda: array_task(torch.tensor(X), torch.tensor(CLASSES)),
    "bfloat16": lambda: array_task(torch.tensor(X).bfloat16(), torch.tensor(CLASSES)),
    "lists": lambda: array_task(X.tolist(), CLASSES.tolist()),
    "texts": lambda: array_task(X, np.array(["a", "b", "c"])[CLASSES]),
    "a column": lambda: array_task(X, CLASSES[:, None]),
    "a pair": lambda: array_task((X, CLASSES)),
    "TensorDataset": lambda: array_task(TensorDataset(torch.tensor(X), torch.tensor(CLASSES))),
    "Dataset": lambda: array_task(Rows()),
    "where a task is asked for": lambda: find_task((X, CLASSES)),
}


@pytest.mark.parametrize("name", GIVEN)
def test_given(name):
    task = GIVEN[name]()
    split = task.load(0)
    assert (task.outputs, task.regression, task.overlap) == (3, False, pytest.approx(1 / 3))
    assert (split.train_x.shape, split.test_x.shape) == ((45, 3), (15, 3))
    assert split.test_y.bincount().tolist() == [5, 5, 5]
    assert split.train_x.mean(0).tolist() == pytest.approx([0, 0, 0], abs=1e-5)


def test_quantities_and_truth():
    assert array_task(X, X[:, 0]).regression
    assert array_task(X, X[:, 0] > 0).classes == ("False", "True")
    assert array_task(X, CLASSES.astype(float)).outputs == 3
    assert array_task(X, CLASSES, target_type="quantity").regression
    assert array_task(np.tile(X, (2, 1)), np.arange(120) // 4).outputs == 30


def test_images_keep_their_shape_and_are_scaled_as_one():
    pixels = np.zeros((40, 1, 4, 4), np.uint8)
    pixels[:, 0, 1] = 255
    split = array_task(pixels, np.arange(40) % 2).load(0)
    assert split.train_x.shape == (30, 1, 4, 4)
    assert split.train_x.unique().numel() == 2
    assert split.train_x.std(correction=0).item() == pytest.approx(1)


def test_two_features_are_a_plane():
    assert array_task(X[:, :2], CLASSES).planar
    assert not array_task(X, CLASSES).planar


def test_parts_of_ones_own(tmp_path):
    task = array_task(X[:40], CLASSES[:40], test=(X[40:], CLASSES[40:]))
    assert (task.overlap, len(task.load(0).test_x)) == (0, 20)
    parts = {"x": X[:40], "y": CLASSES[:40], "x_test": X[40:], "y_test": CLASSES[40:]}
    np.savez(tmp_path / "parts.npz", **parts)
    same = find_task(str(tmp_path / "parts.npz"))
    assert same.load(3).digest == task.load(0).digest


def test_groups():
    x = np.repeat(np.arange(12.0), 5)[:, None]
    task = array_task(x, np.arange(60) % 2, groups=x[:, 0])
    split = task.load(1)
    assert not set(split.train_x.flatten().tolist()) & set(split.test_x.flatten().tolist())
    assert split.for_tuning().groups is not None


def holed(value):
    x = X.copy()
    x[4, 1] = value
    return x


WRONG = {
    "a table": (lambda: array_task(X), r"not ndarray of shape \(60, 3\) without y; tables go to"),
    "one dimension": (lambda: array_task(X[:, 0], CLASSES), r"has the shape \(60, 1\)"),
    "text": (lambda: array_task([["a"]] * 60, CLASSES), "real numbers"),
    "ragged": (lambda: array_task([[1], [2, 3]] * 30, CLASSES), "x is no array"),
    "missing": (lambda: array_task(holed(np.nan), CLASSES), "x has nan in row 4, feature 1"),
    "huge": (lambda: array_task(holed(1e200), CLASSES), r"x has 1e\+200 in row 4, feature 1"),
    "short": (lambda: array_task(X, CLASSES[:50]), "x has 60 rows and y 50"),
    "few": (lambda: array_task(X[:8], CLASSES[:8]), "8 rows are given"),
    "one-hot": (lambda: array_task(X, np.eye(3)[CLASSES]), "not one-hot"),
    "missing target": (lambda: array_task(X, holed(np.nan)[:, 1]), "y has nan in row 4"),
    "one class": (lambda: array_task(X, np.zeros(60, int)), "one value in every row"),
    "one row": (lambda: array_task(X, (np.arange(60) == 3)), "one row of class 'True'"),
    "groups": (lambda: array_task(X, CLASSES, groups=[1]), "groups has 1 values for 60 rows"),
    "another shape": (lambda: array_task(X, CLASSES, test=(X[:, :2], CLASSES)), "rows to test on"),
    "a stream": (lambda: array_task(Stream()), "must have a length"),
    "no pairs": (lambda: array_task(TensorDataset(torch.tensor(X))), "expected a pair"),
    "no file": (lambda: array_task("nowhere.npz"), r"no file 'nowhere\.npz'"),
    "three": (lambda: array_task((X, CLASSES, CLASSES)), "not a tuple of 3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name):
    make, said = WRONG[name]
    with pytest.raises(StudyError, match=said):
        make()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"nothing", "cannot be read as an .npz"), (None, "no array 'x', but 'a, b'")],
)
def test_wrong_files(tmp_path, content, said):
    path = tmp_path / "data.npz"
    if content is None:
        np.savez(path, a=X, b=CLASSES)
    else:
        path.write_bytes(content)
    with pytest.raises(StudyError, match=said):
        array_task(path)
