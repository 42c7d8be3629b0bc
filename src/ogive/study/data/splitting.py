"""Which rows train and which test: by a seed, with classes in proportion and groups kept whole.

Apart because a task's split and the split of its training rows for tuning are the same work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ogive.errors import briefly, require
from ogive.study.errors import StudyError

DataArray = NDArray[Any]

TEST_SHARE = 0.25
#: Fewer rows than this cannot be split.
FEWEST_TO_SPLIT = 4


def split_rows(
    count: int,
    seed: int,
    *,
    share: float = TEST_SHARE,
    classes: DataArray | None = None,
    groups: DataArray | None = None,
) -> tuple[Tensor, Tensor]:
    """The numbers of the rows to train on and of those to test on, drawn by the seed.

    Args:
        share: of the rows, or of the groups, that test.
        classes: of the rows; each gets its proportion in both parts, where every class has at
            least 2 rows and each part a row of every class.
        groups: of the rows; none is in both parts. They come before classes.

    Raises:
        StudyError: with fewer than 4 rows, or a single group.
    """
    selection = require("sklearn.model_selection", "study")
    if count < FEWEST_TO_SPLIT:
        raise StudyError(
            f"{count} rows cannot be split into rows to train on and rows to test on; "
            f"at least {FEWEST_TO_SPLIT} are needed"
        )
    rows = np.arange(count)
    if groups is not None:
        _check_groups(groups)
        splitter = selection.GroupShuffleSplit(1, test_size=share, random_state=seed)
        train, test = next(splitter.split(rows, groups=groups))
    else:
        stratify = classes if classes is not None and can_stratify(classes, share) else None
        train, test = selection.train_test_split(
            rows, test_size=share, random_state=seed, stratify=stratify
        )
    return torch.from_numpy(train), torch.from_numpy(test)


def check_share(share: float) -> float:
    """The share of rows to test on, or a StudyError if it is none."""
    number = isinstance(share, int | float) and not isinstance(share, bool)
    if not number or not 0.01 <= share <= 0.99:
        raise StudyError(
            f"the test size is the share of the rows to test on, such as 0.25, not {briefly(share)}"
        )
    return float(share)


def _check_groups(groups: DataArray) -> None:
    if len(np.unique(groups)) < 2:
        raise StudyError(
            "all rows are of one group, which cannot be in both parts; split by another column"
        )


def can_stratify(classes: DataArray, share: float = TEST_SHARE) -> bool:
    """Whether both parts can have every class."""
    _, counts = np.unique(classes, return_counts=True)
    smaller = min(share, 1 - share) * len(classes)
    return bool(counts.min() >= 2 and len(counts) <= int(smaller))


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
