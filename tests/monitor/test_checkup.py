"""One look before training: the findings of a monitor, and a model that is as before."""

import copy

import planted_faults as planted
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from planted_faults import network
from torch import nn
from watched_models import left_behind

import ogive
from ogive.errors import OgiveError


def test_the_model_and_random_numbers_are_as_before():
    model = nn.Sequential(
        nn.Linear(20, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)
    )
    model.eval()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    report = ogive.checkup(model, torch.randn(32, 20, generator=planted.generator()))
    assert report.places["2"].gradient_in > 0
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(state, torch.get_rng_state()) and not model.training
    assert model[0].weight.grad.eq(1).all() and model[4].weight.grad is None
    assert not left_behind(model)


BATCHES = {
    "input": lambda x, y: (x, None),
    "pair": lambda x, y: ((x, y), F.cross_entropy),
    "list": lambda x, y: ([x, y], F.cross_entropy),
    "named": lambda x, y: ({"input": x}, lambda out: out.square().mean()),
    "without loss": lambda x, y: ((x, y), None),
}


@pytest.mark.parametrize("name", BATCHES)
def test_batches_of_every_form(name):
    x, y = (part[0] for part in planted.batches())
    batch, loss = BATCHES[name](x, y)
    report = ogive.checkup(network(nn.ReLU, 2), batch, loss=loss)
    assert list(report.places) == ["1", "3"] and report.places["1"].samples == 64
    assert report.places["1"].gradient_out > 0
    assert not [f for f in report.findings if f.severity != "note"]


def test_faults_are_found_before_training():
    x = planted.batches()[0][0]
    found = ogive.checkup(network(nn.Sigmoid, 8, 0.7), x).findings
    assert [(f.kind, f.cause) for f in found if f.severity == "error"] == [
        ("vanishing", "function")
    ]
    found = ogive.checkup(planted.dead_by_bias(0.25), x).findings
    assert [f.kind for f in found if f.severity == "warning"] == ["dead", "dead"]


WRONG = {
    "no model": (lambda: ogive.checkup("model", torch.zeros(1)), r"torch\.nn\.Module"),
    "no activation": (lambda: ogive.checkup(nn.Linear(2, 2), torch.zeros(3, 2)), "no activation"),
    "wrong shape": (lambda: ogive.checkup(network(nn.ReLU), torch.zeros(3, 2)), "does not run"),
    "wrong loss": (
        lambda: ogive.checkup(network(nn.ReLU), torch.zeros(3, 20), loss=lambda a, b, c: a),
        "loss",
    ),
    "no number": (
        lambda: ogive.checkup(network(nn.ReLU), torch.zeros(3, 20), loss=lambda a: a),
        "one number",
    ),
    "meta": (lambda: ogive.checkup(network(nn.ReLU).to("meta"), torch.zeros(3, 20)), "meta device"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_looked_at_is_refused_and_leaves_nothing(name):
    call, words = WRONG[name]
    with pytest.raises(OgiveError, match=words):
        call()
