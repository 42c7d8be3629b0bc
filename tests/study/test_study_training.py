"""Training: the same twice, better with a nonlinearity, honest when it diverges."""

import pytest
import torch

from ogive.engine.cpu.threads import limited_to
from ogive.study import run_study
from ogive.study.datasets import find_task
from ogive.study.settings import Settings
from ogive.study.training import Run, perform

TIMES = {"step_ms"}


def plain(result):
    return {name: value for name, value in result.items() if name not in TIMES}


@pytest.mark.parametrize("name", ["tanh", "rrelu", "swiglu"])
def test_same_seed_same_result(name):
    task = find_task("circles")
    run = Run(name, 1, Settings((8,), 3, 32, "adamw", 3e-3, 1))
    first = perform(run, task, task.load(1))
    torch.rand(5)  # whatever happened to the global generator in between
    assert plain(perform(run, task, task.load(1))) == plain(first)


@pytest.mark.usefixtures("without_report")
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_circles_need_a_nonlinearity(tmp_path, optimizer):
    study = run_study(
        "circles",
        ["identity", "relu", "tanh"],
        seeds=2,
        hidden=[16],
        epochs=40,
        optimizer=optimizer,
        out=tmp_path,
    )
    identity, relu, tanh = (row.score.mean for row in study.rows)
    assert identity < 0.7
    assert relu > 0.95
    assert tanh > 0.95


def test_a_run_that_diverges_says_so():
    task = find_task("circles")
    run = Run("relu", 0, Settings((8, 8), 3, 32, "sgd", 1e6, 1))
    result = perform(run, task, task.load(0))
    assert result["diverged"] is True
    assert None in result["loss_curve"]


def test_threads_are_restored():
    before = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt), limited_to(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyboardInterrupt
    assert torch.get_num_threads() == before
