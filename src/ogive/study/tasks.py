"""What a study trains on: a task, its split into training and test rows, and its score.

Apart from the data sets so that a built-in set and a user's table are the same thing to the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ogive.errors import require
from ogive.study.settings import Defaults

DataArray = NDArray[Any]

TEST_SHARE = 0.25


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to test on, scaled by what the training rows show."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor

    @property
    def digest(self) -> str:
        """A hash of every number in the split."""
        digest = hashlib.blake2b(digest_size=16)
        for tensor in (self.train_x, self.train_y, self.test_x, self.test_y):
            digest.update(repr((tuple(tensor.shape), tensor.dtype)).encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """Something to learn: how to load a split for a seed, and what is predicted."""

    name: str
    title: str
    outputs: int
    load: Callable[[int], Split]
    defaults: Defaults
    regression: bool = False
    planar: bool = False
    notes: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """The name of the score that :meth:`score` gives."""
        return "R2" if self.regression else "accuracy"

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Mean squared error for a regression, cross-entropy for classes."""
        if self.regression:
            return torch.nn.functional.mse_loss(prediction.squeeze(1), target)
        return torch.nn.functional.cross_entropy(prediction, target)

    def score(self, prediction: Tensor, target: Tensor) -> float | None:
        """Share of right answers, or R2; None where a regression gave no finite answer."""
        if not self.regression:
            return float((prediction.argmax(1) == target).double().mean())
        rest = (prediction.squeeze(1).double() - target.double()).square().sum()
        total = (target.double() - target.double().mean()).square().sum()
        return float(1 - rest / total) if bool(torch.isfinite(rest)) else None


def random_halves(y: DataArray, seed: int, stratify: bool = True) -> tuple[DataArray, DataArray]:
    """Row numbers to train on and to test on (a quarter), every class in its proportion."""
    selection = require("sklearn.model_selection", "study")
    train, test = selection.train_test_split(
        np.arange(len(y)),
        test_size=TEST_SHARE,
        random_state=seed,
        stratify=y if stratify else None,
    )
    return train, test


def scaled(train: DataArray, test: DataArray, together: bool) -> tuple[Tensor, Tensor]:
    """Both parts minus the training mean, over the training deviation.

    ``together`` takes one mean and one deviation for all columns: scaled one by one, a pixel that
    is almost always blank would become enormous wherever it is not.
    """
    axis = None if together else 0
    mean, deviation = train.mean(axis=axis), train.std(axis=axis)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return tensor((train - mean) / deviation), tensor((test - mean) / deviation)


def tensor(values: DataArray) -> Tensor:
    """The values as the float32 that networks take."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
