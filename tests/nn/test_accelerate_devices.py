"""An accelerated model runs the untouched one's operators on a device without kernels."""

import copy

import pytest
import torch
from situations import ROWS, Net

import ogive
from dispatched import Dispatched
from ogive.engine import selection


def operators(net: Net) -> list[str]:
    """What a step runs on the device."""
    net = copy.deepcopy(net).to("meta")
    x = torch.empty(2, 3, 6, device="meta", requires_grad=True)
    with Dispatched() as seen:
        y = net(x)
        y.backward(torch.empty_like(y))
    return seen.operators


@pytest.mark.parametrize("save", ["input", "exact", "lean"])
def test_a_step_takes_no_other_operator(save: str) -> None:
    for row in ROWS.values():
        net = row.net()
        wanted = operators(net)
        if row.called:
            with ogive.intercept(save=save) as seen:
                found = operators(net)
            assert not seen.taken, row.name
            assert {why for _, why in seen.skipped} <= {"there are no kernels for meta"}, row.name
        else:
            ogive.accelerate(net, save=save)
            found = operators(net)
        assert found == wanted, row.name


def test_a_model_on_such_a_device_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(selection.KERNELS, "cpu")
    for row in ROWS.values():
        if not row.called:
            report = ogive.accelerate(row.net())
            assert not report.rows, row.name
            assert report.skipped, row.name
    model = ogive.accelerate(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.GELU()))
    assert "1: GELU: there are no kernels for cpu: torch is best there" in str(model)
