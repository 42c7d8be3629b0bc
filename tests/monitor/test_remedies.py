"""Remedies change what they say, and take it back bit for bit; their effect is measured."""

import copy

import planted_faults as planted
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from planted_faults import network
from torch import nn

import ogive
from ogive.errors import OgiveError
from ogive.monitor import remedies
from ogive.monitor.remedies import Remedy

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "tensor rate": lambda p: torch.optim.Adam(p, lr=torch.tensor(0.01)),
}
REMEDIES = {
    "revive": lambda: remedies.ReviveUnits(("0.weight", "0.bias"), (1, 5, 7)),
    "rescale": lambda: remedies.RescaleLayer(("0.weight", "0.bias"), 0.5),
    "reinitialise": lambda: remedies.Reinitialise(),
    "slope": lambda: remedies.SetSlope("1.weight", 0.25),
    "rate": lambda: remedies.LowerLearningRate(0.5),
    "swap": lambda: remedies.SwapActivation("prelu", "gelu"),
    "swap anew": lambda: remedies.SwapActivation("prelu", "gelu", reinitialise=True),
    "input": lambda: remedies.NormaliseInput(1.0, 2.0),
    "together": lambda: remedies.Together(
        [remedies.LowerLearningRate(), remedies.RescaleLayer(("0.weight",), 2.0)]
    ),
}


def trained(make):
    """A model with an optimizer that has state."""
    model = network(nn.PReLU, 2)
    optimizer = make(model.parameters())
    for x, y in zip(*planted.batches(), strict=True):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model, optimizer


def snapshot(model, optimizer):
    return copy.deepcopy((model.state_dict(), optimizer.state_dict(), str(model)))


def same(a, b) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_is_taken_back_bit_for_bit(name, rule):
    model, optimizer = trained(OPTIMIZERS[rule])
    x = torch.randn(8, 20)
    before, y = snapshot(model, optimizer), model(x)
    remedy = REMEDIES[name]()
    assert isinstance(remedy, Remedy) and remedy.automatic and remedy.describe()
    remedy.apply(model, optimizer)
    if name != "rate":
        assert not torch.equal(model(x), y)
    assert not same(before, snapshot(model, optimizer)) or name == "input"
    if name != "together":
        with pytest.raises(OgiveError, match="already"):
            remedy.apply(model, optimizer)
    remedy.undo()
    remedy.undo()
    assert same(before, snapshot(model, optimizer)) and torch.equal(model(x), y)


def test_only_dead_units_are_drawn_anew_and_their_momentum_is_forgotten():
    model, optimizer = trained(OPTIMIZERS["adam"])
    before, weight = model[0].weight.detach().clone(), model[0].weight
    remedies.ReviveUnits(("0.weight", "0.bias"), (3,)).apply(model, optimizer)
    changed = (weight != before).any(1)
    assert changed.nonzero().flatten().tolist() == [3] and model[0].bias[3] == 0
    assert not optimizer.state[weight]["exp_avg"][3].any()
    assert optimizer.state[weight]["exp_avg"][2].any()


def test_advice_says_that_the_code_has_to_change():
    advice = remedies.Advice("add a normalisation")
    assert not advice.automatic and isinstance(advice, Remedy)
    with pytest.raises(OgiveError, match="change of the model's code"):
        advice.apply(nn.Linear(1, 1))


def test_a_rate_needs_an_optimizer():
    with pytest.raises(OgiveError, match="optimizer=optimizer"):
        remedies.LowerLearningRate().apply(nn.Linear(1, 1))


def steps(model, optimizer, count):
    xs, ys = planted.batches()
    for k in range(count):
        optimizer.zero_grad()
        F.cross_entropy(model(xs[k % len(xs)]), ys[k % len(xs)]).backward()
        optimizer.step()


CURED = {
    "dead by bias": lambda: planted.dead_by_bias(),
    "eight sigmoids": lambda: network(nn.Sigmoid, 8, 0.7),
    "weights too small": lambda: network(nn.ReLU, 6, 0.25),
    "weights too large for tanh": lambda: network(nn.Tanh, 4, 4.0),
}


@pytest.mark.parametrize("name", CURED)
def test_what_is_advised_helps_and_all_of_it_is_taken_back(name):
    model = CURED[name]()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    watch = ogive.Monitor(model, optimizer=optimizer, every=1, window=4)
    steps(model, optimizer, 4)
    only = watch.advise()
    assert only.treatments and not any(t.applied for t in only.treatments)
    with pytest.raises(OgiveError, match="nothing was carried out"):
        only.undo()
    before = snapshot_unwatched(watch, model, optimizer)
    advised = watch.advise(apply=True)
    done = [t for t in advised.treatments if t.applied]
    assert done and {advised.helped(t) for t in done} == {None}
    steps(model, optimizer, 4)
    assert all(advised.helped(t) for t in done), str(advised)
    assert "helped" in str(advised)
    advised.undo()
    assert same(before, snapshot_unwatched(watch, model, optimizer))
    watch.detach()


def snapshot_unwatched(watch, model, optimizer):
    return copy.deepcopy((model.state_dict(), optimizer.state_dict(), str(model)))


def test_a_data_remedy_normalises_what_the_model_is_fed():
    model = network(nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    xs, ys = planted.batches(1.0, 50.0)
    with ogive.Monitor(model, optimizer=optimizer, every=1, window=2) as watch:
        for k in range(8):
            optimizer.zero_grad()
            F.cross_entropy(model(xs[k]), ys[k]).backward()
            optimizer.step()
            if k == 3:
                advised = watch.advise(apply=True)
    assert [t.applied for t in advised.treatments] == [True]
    assert "normalise the input" in advised.treatments[0].remedy.describe()
    assert watch.report().places["1"].saturated_left < 0.25
    # what the remedy itself has moved has not drifted
    assert "drift" not in [finding.kind for finding in watch.findings]
    advised.undo()
    assert not model._forward_pre_hooks
