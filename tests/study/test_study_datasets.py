"""The built-in data sets: shapes, splits, scaling, and that a seed fixes them."""

import pytest
import torch

from ogive.study import TASKS, StudyError, find_task

SIZES = {
    "digits": (1797, 64, 10),
    "mnist5k": (5000, 784, 10),
    "circles": (800, 2, 2),
    "moons": (800, 2, 2),
    "spirals": (800, 2, 2),
}


def test_every_data_set_is_known_here():
    assert set(TASKS) == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_split(name):
    rows, features, classes = SIZES[name]
    task, split = find_task(name), find_task(name).load(0)
    assert len(split.train_x) + len(split.test_x) == rows
    assert len(split.test_x) == pytest.approx(rows / 4, abs=1)
    assert split.train_x.shape[1] == split.test_x.shape[1] == features
    assert split.train_x.dtype == torch.float32
    assert task.outputs == classes
    assert set(split.train_y.tolist()) == set(split.test_y.tolist()) == set(range(classes))


@pytest.mark.parametrize("name", ["digits", "circles", "moons", "spirals"])
def test_a_seed_fixes_the_split(name):
    task = find_task(name)
    assert task.load(1).digest == task.load(1).digest
    assert task.load(1).digest != task.load(2).digest


def test_pixels_are_scaled_together_and_coordinates_apart():
    pixels, plane = find_task("digits").load(0).train_x, find_task("moons").load(0).train_x
    assert (pixels.mean().item(), pixels.std().item()) == pytest.approx((0, 1), abs=1e-3)
    assert pixels.std(0).min() < 0.1 < 1.0 < pixels.std(0).max()
    assert plane.mean(0).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert plane.std(0, correction=0).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_unknown_tasks_are_refused_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'circles'"):
        find_task("circels")
