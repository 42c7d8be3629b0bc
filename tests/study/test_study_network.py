"""Pairing: with one seed, every activation starts from the same weights."""

from types import SimpleNamespace

import pytest
import torch

import ogive
from ogive.errors import OgiveError
from ogive.study.errors import StudyError
from ogive.study.network import build_network, check_activations

HIDDEN = (12, 7)


def weights(name, seed):
    return [layer.weight for layer in build_network(name, 5, HIDDEN, 3, seed)[0::2]]


@pytest.mark.parametrize("name", ["tanh", "gelu", "prelu", "rrelu"])
def test_same_seed_same_weights(name):
    pairs = zip(weights("relu", 3), weights(name, 3), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_other_seed_other_weights():
    pairs = zip(weights("relu", 3), weights("relu", 4), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs)


def test_layers_of_a_seed_differ():
    first, second, _ = weights_of = weights("relu", 0)
    assert len(weights_of) == 3
    assert not torch.equal(first[:7, :5], second[:, :5])


def test_gated_activations_get_twice_the_width_and_share_the_first_half():
    plain, gated = weights("relu", 1), weights("swiglu", 1)
    assert [tuple(w.shape) for w in gated] == [(24, 5), (14, 12), (3, 7)]
    assert torch.equal(gated[0][:12], plain[0])
    assert torch.equal(gated[2], plain[2])


def test_an_activation_that_widens_is_followed_by_a_layer_that_takes_it():
    assert [tuple(w.shape) for w in weights("crelu", 0)] == [(12, 5), (7, 24), (3, 14)]


def test_spread_of_the_draw_and_zero_biases():
    network = build_network("relu", 400, (300,), 200, seed=0)
    hidden, _, last = network
    assert hidden.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert last.weight.std().item() == pytest.approx((1 / 300) ** 0.5, rel=0.02)
    assert not hidden.bias.any()
    assert not last.bias.any()


def test_building_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    build_network("relu", 4, HIDDEN, 2, seed=9)
    assert torch.equal(before, torch.get_rng_state())


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(OgiveError, match="gelu"):
        check_activations(["relu", "gellu"], HIDDEN)


def test_activations_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(ogive, "get", lambda name: SimpleNamespace(kind="contextual"))
    with pytest.raises(StudyError, match="tanh is contextual"):
        check_activations(["tanh"], HIDDEN)


def test_activations_that_fail_are_refused_with_the_cause(monkeypatch):
    def module():
        return torch.nn.Linear(3, 4)

    fake = SimpleNamespace(kind="elementwise", module=module)
    monkeypatch.setattr(ogive, "get", lambda name: fake)
    with pytest.raises(StudyError, match=r"does not fit between layers of width \(12, 7\): mat1"):
        check_activations(["linear"], HIDDEN)
