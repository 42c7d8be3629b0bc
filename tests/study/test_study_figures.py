"""Figures drawn from made-up results: what is there is drawn, what is not is left out."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ogive.study import Settings, Study, Sweep, Task, Tuned
from ogive.study.report.canvas import inline_svg
from ogive.study.report.figures import curves, rank_diagram, scores, tuning
from ogive.study.report.html_report import ILLUSTRATIONS, as_data, render
from ogive.study.report.layer_figures import layers
from ogive.study.report.methods import methods
from ogive.study.report.sentences import notices, verdicts
from ogive.study.report.sweep_figures import sweep, sweep_differences, sweep_rates
from ogive.study.running.runs import Done
from ogive.study.settings import Defaults

NAMES = ["relu", "gelu", "sigmoid"]
RANDOM = np.random.default_rng(0)
SETTINGS = Settings((8, 8), 3, 32, "adamw", 3e-3, 1)
TUNED = Tuned(0.01, ((0.001, 0.8), (0.003, None), (0.01, 0.95)))


def signals(depth):
    """What the layers of one run showed at three epochs."""
    return {
        "epochs": [0, 1, 4],
        "gradient_norm": [[10.0 ** -(depth - n) for n in range(depth)] for _ in range(3)],
        "second_moment": [[1.0] * depth, [2.0] * depth, [None] * depth],
        "saturated": [[0.1] * depth] * 3,
        "dead": [[None] * depth] * 3,
    }


def result(name, depth, diverged):
    score = 0.9 - 0.1 * (name == "sigmoid") + 0.01 * RANDOM.normal()
    return {
        "score": None if diverged else score,
        "diverged": diverged,
        "loss_curve": [1.0, None if diverged else 0.5, None if diverged else 0.25],
        "score_curve": [0.5, None if diverged else 0.7, None if diverged else score],
        "layers": signals(depth),
        "step_ms": 0.5,
        "session": "a",
        "bytes_saved": 4.0,
        "dead_share": None,
        "parameters": 100,
        "field": None,
    }


def made(values=None, seeds=7, depth=3, regression=False, settings=SETTINGS, **more):
    """A study whose runs were never made."""
    task = Task(
        "made",
        "Made up",
        2,
        lambda seed: None,
        Defaults((8,), 3, 32),
        independent=True,
        regression=regression,
    )
    runs = [
        Done(
            SimpleNamespace(activation=SimpleNamespace(label=name), seed=seed, value=value),
            result(name, depth, diverged=name == "gelu" and seed == 0),
            False,
        )
        for value in values or [None]
        for name in NAMES
        for seed in range(seeds)
    ]
    swept = Sweep("width", tuple(values)) if values else None
    return Study("made", task, settings, NAMES, seeds, swept, runs, 0, Path("made"), **more)


def texts(figure):
    """All that a figure says."""
    return inline_svg(figure, "test")


def lines(figure):
    return [line for axes in figure.axes for line in axes.lines]


def test_scores_show_every_seed_and_who_diverged():
    figure = scores(made())
    left, right = figure.axes[:2]
    assert sorted(len(line.get_xdata()) for line in left.lines)[-3:] == [6, 7, 7]
    assert any("gelu (1 diverged)" in label.get_text() for label in left.get_yticklabels())
    assert "percentage points" in right.get_xlabel()


def test_curves_have_a_band_for_each_activation_and_gaps_for_divergence():
    figure = curves(made())
    for axes in figure.axes[:2]:
        assert len(axes.lines) == len(axes.collections) == len(NAMES)


def test_ranks_need_three_activations_and_no_sweep():
    assert rank_diagram(made()) is not None
    assert rank_diagram(made(values=[2, 4])) is None


def test_tuning_marks_the_rate_taken_hollow_at_an_end():
    assert tuning(made()) is None
    study = made(
        tuning={"relu": TUNED, "gelu": Tuned(0.003, ((0.001, 0.8), (0.003, 0.9), (0.01, 0.8)))}
    )
    (axes,) = tuning(study).axes
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() == "none" for mark in marks] == [True, False]
    assert any("end of what was tried for relu;" in notice for notice in notices(study))


def test_a_sweep_shows_the_rate_at_each_value():
    inside = Tuned(0.003, ((0.001, 0.8), (0.003, 0.9), (0.01, 0.8)))
    study = made(values=[2, 4], tuning={"relu at width 2": TUNED, "relu at width 4": inside})
    assert tuning(study) is None
    (axes,) = sweep_rates(study).axes
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() == "none" for mark in marks] == [True, False]
    assert list(axes.lines[0].get_ydata()) == [0.01, 0.003]
    assert sweep_rates(made()) is None


@pytest.mark.parametrize(("depth", "rows"), [(1, 1), (4, 2)])
def test_layers_by_depth_and_over_time(depth, rows):
    figure = layers(made(depth=depth))
    assert len(figure.axes) == 3 * rows  # nothing is known of dead units
    assert "gradient norm" in texts(figure)
    first = figure.axes[0]
    assert first.get_yscale() == "log"
    if rows == 2:
        assert list(first.lines[1].get_ydata()) == pytest.approx([10.0**-n for n in (4, 3, 2, 1)])


def test_layers_are_left_out_where_no_run_has_them():
    study = made()
    for done in study.runs:
        done.result["layers"] = None
    assert layers(study) is None


def test_sweeps_have_verdicts_at_each_value():
    study = made(values=[2, 4, 16])
    assert scores(study) is curves(study) is tuning(study) is None
    assert sum(axes.get_visible() for axes in sweep(study).axes) == 3
    differences = sweep_differences(study)
    assert [axes.get_title() for axes in differences.axes if axes.get_visible()] == NAMES[1:]
    marks = {line.get_marker() for line in differences.axes[1].lines}
    assert "v" in marks
    said = verdicts(study)
    assert [sentence.split(":")[0] for sentence in said[:3]] == [
        *("At width 2", "At width 4", "At width 16")
    ]
    assert "sigmoid is worse than relu by" in said[0]


@pytest.mark.parametrize(
    "options",
    [{}, {"values": [2, 4]}, {"seeds": 1}, {"regression": True}, {"tuning": {"relu": TUNED}}],
)
def test_the_report_holds_whatever_was_asked(options):
    study = made(**options)
    images = [(i, "<svg></svg>") for i in ILLUSTRATIONS]
    page = render(study, images)
    assert "diverged" in page
    tables = 2 if len(study.values) == 1 else len(study.values)  # of a sweep one for each value
    assert page.count("<table>") == tables
    for row in study.rows:
        assert f'<th scope="row">{row.activation}</th>' in page
    data = as_data(study)
    assert set(data) >= {"task", "settings", "rows", "tuning", "runs"}
    assert next(row["diverged"] for row in data["rows"] if row["activation"] == "gelu") == 1


def test_tuning_stands_in_the_results():
    data = as_data(made(tuning={"relu": TUNED}))
    assert data["tuning"]["relu"]["lr"] == 0.01
    assert [list(point) for point in data["tuning"]["relu"]["curve"]][1] == [0.003, None]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ["perceptron with layers of 8, 8 units", "ogive.init_", "3 epochs in batches of 32"]),
        ({"model": "resnet", "norm": "batch"}, ["two convolutions", ", batch normalisation"]),
        ({"model": "lstm-gates", "norm": "layer"}, ["gates' sigmoid", ", layer normalisation"]),
        ({"model": "mine:net", "residual": True}, ["built by mine:net, residual connections"]),
        ({"init": "he", "init_scale": 0.5}, ["variance 2 / inputs, times 0.5"]),
        ({"init": "mine:start"}, ["as mine:start sets it"]),
        ({"rows": 100, "optimizer": "sgd"}, ["on 100 training rows", "with sgd"]),
        ({"lr": 0.25}, ["0.25, the same for every activation and tuned for none"]),
    ],
)
def test_the_method_follows_the_settings(changed, words):
    said = " ".join(methods(made(settings=replace(SETTINGS, **changed))))
    assert all(word in said for word in words)


def test_the_method_says_what_was_tuned_and_swept():
    assert "3 rates" in " ".join(methods(made(tuning={"relu": TUNED})))
    said = " ".join(methods(made(values=[2, 4], tuning={"relu at width 2": TUNED})))
    assert "Swept: width" in said
    assert "3 rates" in said


def test_overlap_sets_a_floor_that_is_said():
    assert verdicts(made())[-1].endswith("found four times out of five.")
    study = made()
    overlapping = replace(study, task=SimpleNamespace(metric="accuracy", overlap=1 / 3))
    assert "by no number of seeds, as all of them split the same rows" in verdicts(overlapping)[-1]
