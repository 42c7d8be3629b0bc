"""Fitting a function of one number: how well does a network of this activation approximate it?"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from ogive.nn.named import NamedActivation, find_activation
from ogive.study.data.splitting import DataArray, scaled
from ogive.study.data.tasks import Split, Task
from ogive.study.data.user_table import slug
from ogive.study.errors import StudyError
from ogive.study.settings import Defaults

#: The interval, and the points to train and to test on that each seed draws from it.
INTERVAL = (-3.0, 3.0)
TRAINING_POINTS, TEST_POINTS = 512, 256
FIT_DEFAULTS = Defaults((32, 32), 100, 32)
_OPEN, _CLOSE = "fit(", ")"


def is_fit(name: str) -> bool:
    """Whether a task's name is ``fit(...)`` with a function inside."""
    return name.startswith(_OPEN) and name.endswith(_CLOSE)


def fit_task(name: str) -> Task:
    """The task of fitting a function on [-3, 3] from points without noise, drawn by the seed.

    Args:
        name: ``fit(FORMULA)``, where the formula is whatever names an activation that works on one
            number: ``fit(sin(3*x))``, ``fit(mish)``.

    Raises:
        StudyError: for a function that is not finite on the interval, or constant.
        OgiveError: for text that is no function.

    Example:
        >>> split = fit_task("fit(sin(3*x))").load(0)
        >>> split.train_x.shape, split.test_y.shape
        (torch.Size([512, 1]), torch.Size([256]))
    """
    text = name.removeprefix(_OPEN).removesuffix(_CLOSE)
    function = find_activation(text)
    _check_values(function, _values(function, np.linspace(*INTERVAL, 1001)))
    return Task(
        name=slug(name),
        title=f"Fitting {text} on [{INTERVAL[0]:g}, {INTERVAL[1]:g}]",
        outputs=1,
        load=partial(_drawn_points, function),
        defaults=FIT_DEFAULTS,
        regression=True,
        independent=True,
        columns=("x",),
    )


def fit_split(formula: str, seed: int) -> Split:
    """The points of a function that a seed draws to train on, and a grid to test on."""
    return _drawn_points(find_activation(formula), seed)


def _drawn_points(function: NamedActivation, seed: int) -> Split:
    random = np.random.default_rng(seed)
    train, test = random.uniform(*INTERVAL, TRAINING_POINTS), np.linspace(*INTERVAL, TEST_POINTS)
    train_x, test_x = scaled(train[:, None], test[:, None], together=False)
    train_y, test_y = scaled(_values(function, train), _values(function, test), together=True)
    return Split(train_x, train_y, test_x, test_y, seed=seed)


def _values(function: NamedActivation, x: DataArray) -> DataArray:
    if function.kind in ("gated", "rowwise"):
        raise StudyError(
            f"{function.label} is {function.kind}, no function of one number, which alone can be "
            f"fitted"
        )
    if function.function is None:
        return function.values(0, x)
    with torch.no_grad():
        values: DataArray = function.module().eval()(torch.tensor(x)).numpy()
    return values


def _check_values(function: NamedActivation, values: DataArray) -> None:
    if not np.isfinite(values).all() or np.abs(values).max() > 1e6:
        raise StudyError(
            f"{function.label} is not finite, or above a million, on all of [{INTERVAL[0]:g}, "
            f"{INTERVAL[1]:g}]; fit another function"
        )
    if np.ptp(values) == 0:
        raise StudyError(f"{function.label} is constant on the interval; there is nothing to fit")
