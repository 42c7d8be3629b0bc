"""Evaluation is measured apart from training, and neither changes the other."""

import json

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from watched_models import SITUATIONS, Code, left_behind, linear, made

import ogive
from ogive.monitor.attachment import HELD_AS


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 1))


def step(model, optimizer, rows=16):
    optimizer.zero_grad()
    model(torch.randn(rows, 4)).square().mean().backward()
    optimizer.step()


@torch.no_grad()
def evaluate(model, batches=1, rows=64):
    model.eval()
    outputs = [model(torch.full((rows, 4), 2.0)) for _ in range(batches)]
    model.train()
    return outputs


def test_training_and_evaluation_stand_apart():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=2) as watch:
        for _ in range(3):
            step(model, optimizer)
        assert watch.report().evaluation == {}
        assert not left_behind(model)  # the next step is not measured
        evaluate(model)
        assert not left_behind(model)
        step(model, optimizer)
    report = watch.report()
    assert report.places["2"].samples == 32 and report.evaluation["2"].samples == 64
    assert report.evaluation["2"].std_z != report.places["2"].std_z
    assert report.evaluation["2"].gradient_in is None
    assert watch.measured == [0, 2] and report.step == 2
    read = json.loads(report.to_json())
    assert read["evaluation"]["2"]["samples"] == 64
    assert "2 (evaluation)" in str(report)


def test_of_the_batches_of_an_evaluation_one_in_so_many_is_measured():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=3) as watch:
        step(model, optimizer)
        evaluate(model, batches=7, rows=10)
        assert watch.report().evaluation["2"].samples == 30
        evaluate(model, rows=5)  # the next one begins anew
        assert watch.report().evaluation["2"].samples == 5
        assert watch.measured == [0]


def test_what_is_computed_is_what_it_was():
    model, untouched = network(), network()
    with ogive.Monitor(model, every=1):
        watched = evaluate(model, 3)
    assert all(map(torch.equal, watched, evaluate(untouched, 3)))


@pytest.mark.parametrize("open_step", [True, False])
def test_an_evaluation_within_a_step_leaves_the_step_whole(open_step):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        if open_step:
            model(torch.randn(16, 4)).mean().backward()
        evaluate(model)
        step(model, optimizer)
    assert watch.report().places["2"].samples == (32 if open_step else 16)
    assert watch.report().evaluation["2"].samples == 64


def test_functions_without_gradients_are_those_that_training_has_shown():
    def run(self, x):
        angles = torch.tanh(x.detach())
        return F.relu(self.a(torch.tanh(self.b(angles))))

    model = Code(run, a=linear()(), b=linear()())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        model(torch.randn(4, 8)).sum().backward()
        optimizer.step()
        with torch.no_grad():
            model.eval()(torch.randn(6, 8))
    report = watch.report()
    assert list(report.evaluation) == list(report.places) == ["tanh@Code", "relu@Code"]
    assert report.evaluation["tanh@Code"].samples == 6


def test_a_model_that_is_trained_in_evaluation_mode_says_so():
    model = network().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for _ in range(3):
            step(model, optimizer)
    report = watch.report()
    assert not report.places and watch.step == 3
    assert report.evaluation["2"].gradient_out > 0
    assert "model.train()" in str(report)


KINDS = ("modules", "functions", "lstm", "torch's attention", "learned")


@pytest.mark.parametrize(
    "name, compiled",
    [*((n, False) for n in KINDS), *((n, True) for n in KINDS if SITUATIONS[n].compiled)],
)
def test_every_kind_of_place_is_met_in_evaluation(name, compiled):
    situation = SITUATIONS[name]
    torch._dynamo.reset()
    model = made(situation)
    called = model
    if compiled:
        called = torch.compile(model, fullgraph=True, backend="aot_eager")
    with ogive.Monitor(called, every=2) as watch:
        called(torch.randn(situation.shape)).sum().backward()
        called.eval()
        with torch.no_grad():
            called(torch.randn(situation.shape))
        called.train()
    met = {place: (h.entry, h.units) for place, h in watch.report().evaluation.items()}
    assert met == situation.places
    assert not left_behind(model) and not {HELD_AS, "train"} & vars(model).keys()


def test_a_train_of_the_models_own_is_called_and_put_back():
    class Frozen(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)
            self[1].eval()  # as backbones do with their normalisations
            return self

    model = Frozen(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1)).train()
    with ogive.Monitor(model, every=1) as watch:
        assert model.eval() is model
        assert model.train() is model and not model[1].training
        model(torch.randn(16, 4)).sum().backward()
        assert watch.report().places["2"].samples == 16
    assert "train" not in vars(model)
