"""What watching costs: who takes part, what is counted, how a mean over steps is mixed."""

import pytest
import torch
from torch import nn

from ogive.bench import ModelSettings, run_monitor_bench
from ogive.bench import monitored as module
from ogive.bench.models import TINY
from ogive.bench.plain_hooks import PlainHooks
from ogive.errors import UnknownName

BLOCK = "linear_silu_linear"


def test_plain_hooks_act_at_one_forward_in_so_many():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.GELU())
    hooks = PlainHooks(model, every=3)
    hooks.attach()
    seen = []
    for _ in range(7):
        hooks.numbers.clear()
        model(torch.ones(1, 2)).sum().backward()
        seen.append(len(hooks.numbers))
    assert seen == [8, 0, 0, 8, 0, 0, 8]
    hooks.detach()
    hooks.numbers.clear()
    for _ in range(3):
        model(torch.ones(1, 2)).sum().backward()
    assert not hooks.numbers


def test_a_mean_step_is_mixed_of_measured_and_other_ones():
    assert module._mixed([2.0, 4.0], [1.0, 1.0], 1) == (2.0, 4.0)
    assert module._mixed([2.0, 4.0], [1.0, 1.0], 10) == pytest.approx((1.1, 1.3))


def test_operators_and_bytes_are_counted():
    class Step:
        def __call__(self):
            torch.ones(4).reshape(2, 2).sin()

    assert module._counts(Step()) == (2, 16)


def test_a_whole_measurement(quick, monkeypatch):
    monkeypatch.setattr(module, "CHAIN_ROUNDS", 1)
    told = []
    settings = ModelSettings(["float32"], TINY, threads=1, pace=quick)
    found = run_monitor_bench([BLOCK], settings, notify=told.append)
    rows = [(cost.model, cost.watcher, cost.every) for cost in found.results]
    assert rows == [
        (BLOCK, watcher, every) for watcher in ("hooks", "monitor") for every in (1, 10)
    ]
    assert [progress.done for progress in told] == [0, 1, 2]
    hooks = found.results[0]
    assert hooks.operators >= 5  # mean, std, zeros, norm, and what brings them to Python
    assert hooks.bytes_read > 4 * 24 * 128
    for cost in found.results:
        assert cost.seconds.median > 0
        assert cost.peak_share > 0.9
    assert found.python_microseconds.keys() == {"hooks", "monitor"}
    assert found.idle_microseconds.keys() == {"hooks", "monitor"}
    assert found.to_dict()["results"][0]["watcher"] == "hooks"


def test_a_wrong_name_is_said_before_anything_is_measured():
    told = []
    with pytest.raises(UnknownName, match="did you mean 'gpt2'"):
        run_monitor_bench(["gtp2"], notify=told.append)
    assert told == []
