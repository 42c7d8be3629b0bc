"""Decision boundaries of any two columns: what a grid keeps, and that every kind is drawn."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from ogive.study import Split, run_study, table_task
from ogive.study.networks.fields import FIELD_SIDE, boundary_field, unpack_field
from ogive.study.report.boundaries import boundaries

ROWS = torch.tensor([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]]).repeat(20, 1)
SPLIT = Split(ROWS, torch.zeros(80), ROWS, torch.zeros(80))


class Answers(nn.Module):
    """What a function of the two features says."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return torch.stack(self.function(x[:, 0], x[:, 1]), 1)


def test_two_classes_are_the_probability_of_the_second():
    field = unpack_field(boundary_field(Answers(lambda a, b: (0 * a, a)), SPLIT))
    assert field.levels.shape == (FIELD_SIDE, FIELD_SIDE)
    assert field.classes is None
    assert field.levels[0, 0] == pytest.approx(1 / (1 + np.exp(field.extent)), abs=1e-4)
    assert (np.diff(field.levels, axis=1) > 0).all()
    assert np.ptp(field.levels, axis=0).max() == 0


def test_more_classes_are_the_likeliest():
    field = unpack_field(boundary_field(Answers(lambda a, b: (-9 * a, 9 * a, 8 * b)), SPLIT))
    assert field.classes is not None
    assert field.classes[0, 0] == 0
    assert field.classes[0, -1] == 1
    assert field.classes[-1, FIELD_SIDE // 2] == 2
    assert 1 / 3 <= field.levels.min() <= field.levels.max() <= 1


def test_quantities_are_deviations_and_nan_is_none():
    field = unpack_field(boundary_field(Answers(lambda a, b: (a / 0 * 0 + b,)), SPLIT))
    assert field.levels == pytest.approx(0.5, abs=1e-4)
    field = unpack_field(boundary_field(Answers(lambda a, b: (100 * b,)), SPLIT))
    assert (field.levels[0].max(), field.levels[-1].min()) == (0, 1)


def test_an_outlier_does_not_set_the_extent():
    far = ROWS.repeat(10, 1)
    far[0] = 1e4
    assert boundary_field(Answers(lambda a, b: (a, b)), Split(far, far, far, far))["extent"] < 3


@pytest.mark.usefixtures("without_report")
@pytest.mark.parametrize(("target", "classes"), [("three", 3), ("two", 2), ("quantity", 0)])
def test_every_kind_of_plane_is_drawn(tmp_path, target, classes):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 60))
    values = {"three": np.digitize(a + b, [-1, 1]), "two": a > b, "quantity": a * b}
    frame = pd.DataFrame({"length [m]": a, "width": b, target: values[target]})
    task = table_task(frame, target)
    assert task.planar
    study = run_study(task, ["relu", "tanh"], seeds=1, epochs=1, lr=0.01, out=tmp_path)
    figure = boundaries(study)
    first = figure.axes[0]
    assert (first.get_xlabel(), first.get_ylabel()) == ("length [m]", "width")
    assert len(figure.legends) == (classes > 0)
    assert [text.get_text() for legend in figure.legends for text in legend.get_texts()] == list(
        task.classes
    )
