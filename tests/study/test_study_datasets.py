"""The built-in data sets: shapes, splits, scaling, and that a seed fixes them."""

import pytest
import torch

from ogive.study import TASKS, Split, StudyError, find_task

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


@pytest.mark.parametrize(
    ("name", "overlap"), [("digits", 450 / 1347), ("circles", 0), ("moons", 0), ("spirals", 0)]
)
def test_overlap_is_that_of_splits_that_share_rows(name, overlap):
    assert find_task(name).overlap == pytest.approx(overlap)


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
