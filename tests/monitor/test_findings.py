"""Planted faults are found with their causes; healthy trainings, and quiet ones, are left alone."""

import json
import math

import planted_faults as planted
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from planted_faults import FAULTS, network, train
from torch import nn

import ogive
from ogive.monitor.finding import FINDING_CAUSES, FINDING_KINDS, SEVERITIES

PLACE = """
    entry units samples dead saturated_left saturated_right linear sparsity mean_z std_z mean_f
    second_f gain gain_expected chi chi_expected gradient_in gradient_out
"""
FINDING = "kind place severity share evidence cause since remedy"


def serious(watch):
    return [f for f in watch.findings if f.severity != "note"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_with_its_kind_and_cause(name):
    fault = FAULTS[name]
    found = serious(fault.broken())
    here = [f for f in found if f.kind in fault.kinds and f.place == fault.place]
    assert here, [(f.kind, f.place) for f in found]
    assert {f.cause for f in here} == {fault.cause}
    for finding in found:
        assert finding.kind in FINDING_KINDS and finding.cause in FINDING_CAUSES
        assert finding.severity in SEVERITIES and 0 <= finding.share <= 1
        assert "threshold" in finding.evidence and finding.remedy is not None
        assert finding.kind in str(finding)


@pytest.mark.parametrize("name", FAULTS)
def test_the_healthy_twin_has_nothing_above_a_note(name):
    assert not serious(FAULTS[name].twin())


def test_the_share_of_dead_units_is_that_which_was_planted():
    found = next(f for f in planted.train(planted.dead_by_bias(0.25)).findings if f.kind == "dead")
    error = 2 * math.sqrt(0.25 * 0.75 / 48)
    assert found.share == pytest.approx(0.25, abs=error)


QUIET = {
    **{act.__name__: (lambda act=act: network(act)) for act in
       (nn.GELU, nn.SiLU, nn.Mish, nn.LeakyReLU, nn.ReLU, nn.ELU, nn.Hardswish, nn.Softplus)},
    "squared relu": lambda: network(lambda: ogive.nn.SquaredReLU(), 1),
    "dropout": lambda: nn.Sequential(
        nn.Linear(20, 48), nn.ReLU(), nn.Dropout(0.5), nn.Linear(48, 48), nn.GELU(),
        nn.Linear(48, 2),
    ),
    "normalised": lambda: nn.Sequential(
        nn.Linear(20, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 2)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_functions_that_are_quiet_on_one_side_raise_no_alarm(name):
    torch.manual_seed(0)
    watch = train(QUIET[name]())
    assert not serious(watch)
    if name == "LeakyReLU":
        assert all(place.dead == 0 for place in watch.report().places.values())


def test_a_hard_function_is_flat_for_a_third_of_what_is_normal():
    torch.manual_seed(0)
    layers = (nn.Linear(20, 48), nn.BatchNorm1d(48), nn.Hardtanh(), nn.Linear(48, 2))
    assert not serious(train(nn.Sequential(*layers)))
    kinds = {f.kind for f in serious(train(network(nn.Hardtanh, 3, gain=4.0), lr=1e-3))}
    assert kinds == {"saturated_left", "saturated_right"}


class Gates(nn.Module):
    """Hard gates of which some are meant to be off, and open now and then."""

    def __init__(self, opens=True):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.gate, self.out = nn.Linear(20, 32), nn.Linear(20, 32), nn.Linear(32, 2)
        self.open, self.opens, self.calls = nn.Hardsigmoid(), opens, 0
        with torch.no_grad():
            self.gate.bias[:8] = -5.0
            self.gate.weight[:8] *= 0.1

    def forward(self, x):
        self.calls += 1
        shift = 8.0 if self.opens and self.calls == 3 else 0.0
        return self.out(self.layer(x) * self.open(self.gate(x) + shift))


@pytest.mark.parametrize("opens", [True, False])
def test_a_gate_that_is_meant_to_be_off_is_told_from_a_stuck_one(opens):
    watch = train(Gates(opens), window=2)
    dead = [f for f in watch.findings if f.kind == "dead"]
    assert dead and (dead[0].severity == "note") == opens


def test_experts_without_a_token_are_not_dead():
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.router = nn.Linear(20, 3)
            self.experts = nn.ModuleList(network(nn.ReLU, 1) for _ in range(3))
            with torch.no_grad():
                self.router.bias[2] = -3.0

        def forward(self, x):
            weights, out = self.router(x).softmax(-1), x.new_zeros(len(x), 2)
            for k, expert in enumerate(self.experts):
                index = (weights.argmax(-1) == k).nonzero()[:, 0]
                out = out.index_add(0, index, expert(x[index]) * weights[index, k : k + 1])
            return out

    assert not serious(train(Experts()))


def test_a_converged_network_with_small_gradients_is_healthy():
    model = network(nn.ReLU, 2)
    x, y = (part[0] for part in planted.batches())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3
    repeated = x.expand(planted.STEPS, *x.shape), y.expand(planted.STEPS, *y.shape)
    assert not serious(train(model, lr=1e-4, data=repeated))


def test_units_that_come_back_are_counted():
    model = network(nn.ReLU, 1)
    with torch.no_grad():
        model[0].bias[:10] = -30.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with ogive.Monitor(model, optimizer=optimizer, every=1, window=2) as watch:
        for step in range(6):
            if step == 2:
                with torch.no_grad():
                    model[0].bias[:10] = 0.0
            model(torch.randn(64, 20)).sum().backward()
            optimizer.step()
    assert watch.windows["1"].revived == 10
    assert watch.windows["1"].ever_alive.all()
    assert not [f for f in watch.findings if f.kind == "dead"]


def test_thresholds_are_arguments_and_stand_in_the_evidence():
    strict = ogive.monitor.Thresholds(dead=0.3)
    watch = train(planted.dead_by_bias(0.25), thresholds=strict)
    dead = next(f for f in watch.findings if f.kind == "dead")
    assert dead.severity == "note" and dead.evidence["threshold"] == 0.3


def test_a_report_is_what_the_issue_says():
    report = train(planted.dead_by_bias()).report()
    read = json.loads(report.to_json())
    assert read == json.loads(json.dumps(report.to_dict()))
    assert read.keys() == {"step", "places", "findings"}
    assert set(read["places"]["1"]) == set(PLACE.split())
    assert set(read["findings"][0]) == set(FINDING.split())
    assert "relu" in str(report)


def test_numbers_that_are_not_finite_are_an_error_and_stay_json():
    model = network(nn.ReLU, 2)
    with torch.no_grad():
        model[0].weight[0, 0] = math.inf
    watch = train(model)
    assert next(f.kind for f in watch.findings if f.severity == "error") == "overflow"
    json.loads(watch.report().to_json())
