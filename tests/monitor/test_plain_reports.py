"""Reports are data of JSON's own types, whatever was measured."""

import json
import math

import planted_faults as planted
import pytest
import torch
from planted_faults import FAULTS, network
from torch import nn

import ogive


def kinds(value):
    """The types in nested data."""
    if type(value) is dict:
        return set().union({type(k) for k in value}, *map(kinds, value.values()))
    return set().union(*map(kinds, value)) if type(value) is list else {type(value)}


def infinite():
    model = network(nn.ReLU, 2)
    with torch.no_grad():
        model[0].weight[0, 0] = math.inf
    return planted.train(model)


WATCHED = {name: fault.broken for name, fault in FAULTS.items()} | {"infinite": infinite}


@pytest.mark.parametrize("name", WATCHED)
def test_every_number_is_a_plain_one(name):
    watch = WATCHED[name]()
    report = watch.report()
    assert kinds(report.to_dict()) <= {str, int, float, bool, type(None)}
    for place in (*report.places.values(), *report.findings):
        assert {type(v) for v in vars(place).values()} & {float, int}
        assert not any(type(v).__module__ == "numpy" for v in vars(place).values())
    text = report.to_json()
    assert json.loads(text, parse_constant=pytest.fail) == report.to_dict()
    for finding in watch.findings:
        assert type(finding.share) is float and type(finding.since) is int


@pytest.mark.parametrize("depth", [4])
def test_the_size_of_signals_stands_beside_what_ideal_weights_make(depth):
    """Layers of He et al. keep it; the second of them, four times as large, does not."""

    def ratios(scale):
        model = network(nn.ReLU, depth, width=512)
        with torch.no_grad():
            model[2].weight.mul_(scale)
        with ogive.Monitor(model, every=1) as watch:
            model(torch.randn(256, 20, generator=planted.generator())).sum().backward()
            watch.report()
        found = []
        for place in (p for p in watch.history.places if p != "input"):
            row = {n: watch.history.series(place, n)[1][0] for n in watch.history.statistics(place)}
            found.append((row["mean_z"] ** 2 + row["std_z"] ** 2) / row["second_z_expected"])
        return found

    assert ratios(1.0) == pytest.approx([2, 1, 1, 1], rel=0.15)  # no relu stands before the first
    assert ratios(4.0) == pytest.approx([2, 16, 1, 1], rel=0.15)
