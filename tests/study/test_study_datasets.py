"""The built-in data sets: shapes, splits, scaling, and that a seed fixes them."""

import numpy as np
import pytest
import torch

from ogive.errors import OgiveError
from ogive.study import TASKS, Defaults, Split, StudyError, Task, find_task
from ogive.study.data.help_text import CHARACTERS, help_text
from ogive.study.data.mnist1d import digit_lines

#: Rows to train and to test on, features, outputs, and what splits of different seeds share.
SIZES = {
    "digits": (1347, 450, 64, 10, 0),
    "mnist5k": (3750, 1250, 784, 10, 0),
    "circles": (600, 200, 2, 2, 0),
    "moons": (600, 200, 2, 2, 0),
    "spirals": (600, 200, 2, 2, 0),
    "xor": (600, 200, 2, 2, 0),
    "mnist1d": (4000, 1000, 40, 10, 0),
    "breast_cancer": (426, 143, 30, 2, 143 / 426),
    "diabetes": (331, 111, 10, 1, 111 / 331),
    "characters": (4000, 1000, 32, 97, 0.25),
    "fit_sine": (512, 256, 1, 1, 0),
    "fit_step": (512, 256, 1, 1, 0),
    "fit_abs": (512, 256, 1, 1, 0),
}


def test_every_data_set_is_known_here():
    assert set(TASKS) == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_split(name):
    rows, held, features, outputs, overlap = SIZES[name]
    task, split = find_task(name), find_task(name).load(0)
    assert split.train_x.shape == (rows, features)
    assert split.test_x.shape == (held, features)
    assert task.outputs == outputs
    assert task.overlap == pytest.approx(overlap)
    assert task.regression == split.train_y.is_floating_point() == (outputs == 1)
    assert task.planar == (features == 2)
    if name != "characters":
        assert split.train_x.dtype == torch.float32
    if 1 < outputs <= 10:
        assert set(split.train_y.tolist()) == set(split.test_y.tolist()) == set(range(outputs))
    assert len(split.for_tuning().test_x) < len(split.train_x) / 2


@pytest.mark.parametrize("name", [name for name in SIZES if name != "mnist5k"])
def test_a_seed_fixes_the_split(name):
    task = find_task(name)
    assert task.load(1).digest == task.load(1).digest
    assert (task.load(1).digest == task.load(2).digest) == (name == "digits")


def test_tuning_of_fixed_rows_differs_by_seed():
    one, other = (find_task("digits").load(seed).for_tuning() for seed in (1, 2))
    assert one.digest != other.digest


def test_pixels_are_scaled_together_and_coordinates_apart():
    pixels, plane = find_task("digits").load(0).train_x, find_task("moons").load(0).train_x
    assert (pixels.mean().item(), pixels.std().item()) == pytest.approx((0, 1), abs=1e-3)
    assert pixels.std(0).min() < 0.1 < 1.0 < pixels.std(0).max()
    assert plane.mean(0).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert plane.std(0, correction=0).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_unknown_tasks_are_refused_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'circles'"):
        find_task("circels")


@pytest.mark.parametrize("name", ["digits", "moons"])
def test_rows_for_tuning_come_from_the_training_rows(name):
    split = find_task(name).load(3)
    tuning = split.for_tuning()
    both = torch.cat([tuning.train_x, tuning.test_x])
    assert both.sort(0).values.equal(split.train_x.sort(0).values)
    assert len(tuning.test_x) == pytest.approx(len(split.train_x) / 4, abs=1)
    counts, held = split.train_y.bincount(), tuning.test_y.bincount()
    assert (held - counts / 4).abs().max() <= 1
    assert split.for_tuning().digest == tuning.digest != find_task(name).load(4).for_tuning().digest


def test_groups_stay_whole_in_tuning():
    x, groups = torch.randn(60, 2), torch.arange(60) // 6
    split = Split(x, torch.randn(60), x[:5], torch.randn(5), groups, 1)
    tuning = split.for_tuning()
    held = {tuple(row) for row in tuning.test_x.tolist()}
    found = {int(g) for row, g in zip(x.tolist(), groups, strict=True) if tuple(row) in held}
    assert len(held) == 6 * len(found)
    assert tuning.groups is not None
    assert not found & set(tuning.groups.tolist())


@pytest.mark.parametrize(
    ("rows", "groups", "said"),
    [(3, None, "3 rows cannot be split"), (8, torch.zeros(8), "all rows are of one group")],
)
def test_what_cannot_be_split_for_tuning(rows, groups, said):
    x = torch.randn(rows, 2)
    with pytest.raises(StudyError, match=said):
        Split(x, torch.randn(rows), x, torch.randn(rows), groups).for_tuning()


def test_text_is_windows_of_whole_topics():
    split = find_task("characters").load(0)
    assert split.train_x.dtype == split.train_y.dtype == torch.int64
    assert int(split.train_x.max()) < len(CHARACTERS)
    read = "".join(CHARACTERS[token] for token in split.train_x[0].tolist())
    assert read + CHARACTERS[split.train_y[0]] in _everything()
    windows = {tuple(window) for window in split.train_x.tolist()}
    assert sum(tuple(window) in windows for window in split.test_x.tolist()) < 20
    tuning = split.for_tuning()
    assert tuning.groups is not None
    assert set(tuning.groups.tolist()) < set(split.groups.tolist())


def _everything():
    return "".join(CHARACTERS[token] for token in help_text().tokens.tolist())


def test_lines_of_digits_are_alike_within_a_class_and_moved():
    x, y = digit_lines(400, 0)
    spectra = np.abs(np.fft.rfft(x - x.mean(1, keepdims=True)))[:, :8]
    means = np.stack([spectra[y == digit].mean(0) for digit in range(10)])
    within = np.linalg.norm(spectra - means[y], axis=1).mean()
    assert within < np.linalg.norm(spectra - spectra.mean(0), axis=1).mean()
    peaks = {int(line.argmax()) for line in x[y == 0]}
    assert len(peaks) > 15


@pytest.mark.parametrize("text", ["fit(sin(3*x))", "fit(mish)", "fit(leaky_relu(0.2))"])
def test_any_function_can_be_fitted(text):
    task = find_task(text)
    assert task.regression
    assert text.removeprefix("fit(")[:-1] in task.title
    split = task.load(0)
    assert (split.train_y.mean().item(), split.train_y.std().item()) == pytest.approx(
        (0, 1), abs=0.01
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fit(log(x))", "not finite"),
        ("fit(exp(exp(x)))", "above a million"),
        ("fit(0*x)", "constant"),
        ("fit(swiglu)", "no function of one number"),
        ("fit(sni(x))", "unknown function 'sni'"),
        ("fit()", "is empty"),
    ],
)
def test_what_cannot_be_fitted(text, said):
    with pytest.raises(OgiveError, match=said):
        find_task(text)


def test_tables_need_a_target():
    with pytest.raises(StudyError, match="the column to predict must be named"):
        find_task("houses.csv")


def test_a_task_of_ones_own_is_a_task():
    rows = torch.randn(40, 2)
    own = Task("own", "Own", 2, lambda seed: Split(rows, rows, rows, rows), Defaults((8,), 1, 8))
    assert find_task(own) is own
    assert own.overlap == 1
