"""What a study trains on: a task, its split into training and test rows, and its score.

Apart from the data sets so that a built-in set and a user's table are the same thing to the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ogive.study.data.splitting import split_rows
from ogive.study.settings import Defaults


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to test on, scaled by what the training rows show.

    Attributes:
        train_x, test_x: rows of float32 features, or of int64 tokens.
        train_y, test_y: the number of each row's class (int64), or a quantity (float32).
        groups: a number for each training row; rows of one group belong together.
        seed: what the rows were drawn or split by.
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    groups: Tensor | None = None
    seed: int = 0

    @property
    def digest(self) -> str:
        """A hash of every number in the split."""
        digest = hashlib.blake2b(digest_size=16)
        for tensor in (self.train_x, self.train_y, self.test_x, self.test_y):
            digest.update(repr((tuple(tensor.shape), tensor.dtype)).encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def for_tuning(self) -> Split:
        """The training rows alone, a quarter of them to choose settings by.

        The test rows have no part in it. Groups stay whole and classes keep their proportions, as
        in the split itself; the same split always gives the same parts.

        Raises:
            StudyError: with fewer than 4 training rows, or a single group of them.

        Example:
            >>> rows = torch.arange(16.0).reshape(8, 2)
            >>> tuning = Split(rows, torch.tensor([0, 1] * 4), rows[:2], rows[:2, 0]).for_tuning()
            >>> len(tuning.train_x), len(tuning.test_x), tuning.test_y.sort().values
            (6, 2, tensor([0, 1]))
        """
        classes = None if self.train_y.is_floating_point() else self.train_y.numpy()
        groups = None if self.groups is None else self.groups.numpy()
        train, held = split_rows(len(self.train_y), self.seed, classes=classes, groups=groups)
        x, y, kept = self.train_x, self.train_y, None
        if self.groups is not None:
            kept = self.groups[train]
        return Split(x[train], y[train], x[held], y[held], kept, self.seed)


@dataclass(frozen=True)
class Task:
    """Something to learn: how to load a split for a seed, and what is predicted.

    Attributes:
        outputs: how many classes there are; 1 for a quantity.
        load: gives the split of a seed, the same every time.
        defaults: the settings that it is studied with when the user names none.
        regression: whether a quantity is predicted.
        planar: whether a row is a point of the plane, so that boundaries can be drawn.
        notes: what was done to the data, and what is odd about them, in sentences.
        independent: whether the splits of different seeds share no rows, because each seed draws
            rows of its own, or because the parts are given and no seed changes them.
        columns: what the features are called; categories are one column.
        classes: what the classes are called, in order.
    """

    name: str
    title: str
    outputs: int
    load: Callable[[int], Split]
    defaults: Defaults
    regression: bool = False
    planar: bool = False
    notes: tuple[str, ...] = ()
    independent: bool = False
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @cached_property
    def overlap(self) -> float:
        """Test rows over training rows where the splits of different seeds share rows, else 0:
        what widens the variance over the seeds (C. Nadeau and Y. Bengio 2003)."""
        if self.independent:
            return 0.0
        split = self.load(0)
        return len(split.test_y) / len(split.train_y)

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
