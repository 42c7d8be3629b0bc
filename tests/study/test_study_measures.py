"""Dead units, bytes saved and the decision boundary, on networks whose answer is known."""

import pytest
import torch

import ogive
from ogive.study.datasets import find_task
from ogive.study.measures import (
    boundary_field,
    bytes_saved,
    dead_share,
    function_digest,
    unpack_field,
)
from ogive.study.network import build_network

ROWS = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))


def with_bias(name, bias, units):
    """A network in which some units of the only hidden layer get ``bias``."""
    network = build_network(name, 5, (8,), 2, seed=0)
    with torch.no_grad():
        network[0].bias[units] = bias
    return network


@pytest.mark.parametrize(
    ("name", "bias", "share"),
    [
        ("relu", -100.0, 0.25),
        ("relu", 100.0, 0.0),
        ("leaky_relu", -100.0, 0.0),
        ("prelu", -100.0, 0.0),
        ("sigmoid", -100.0, 0.25),
        ("sigmoid", 100.0, 0.25),
        ("tanh", 100.0, 0.25),
        ("gelu", -100.0, 0.25),
        ("rrelu", -100.0, 0.0),
    ],
)
def test_dead_units(name, bias, share):
    network = with_bias(name, bias, [0, 3])
    assert dead_share(network, ROWS, ogive.get(name).kind) == share


def test_dead_units_count_over_all_layers():
    network = build_network("relu", 5, (8, 4), 2, seed=0)
    with torch.no_grad():
        network[2].bias[:] = -100.0
        network[0].bias[:] = 100.0
    assert dead_share(network, ROWS, "elementwise") == pytest.approx(4 / 12)


def test_a_prelu_that_has_learned_a_zero_slope_dies():
    network = with_bias("prelu", -100.0, [1])
    with torch.no_grad():
        for parameter in network[1].parameters():
            parameter.zero_()
    assert dead_share(network, ROWS, "elementwise") == 0.125


def test_a_gated_unit_is_dead_only_by_both_inputs():
    network = build_network("swiglu", 5, (8,), 2, seed=0)
    with torch.no_grad():
        network[0].bias[:] = 0.0
        network[0].weight[2] = network[0].weight[10] = 0.0
        network[0].weight[3] = 0.0
    assert dead_share(network, ROWS, "gated") == 0.125


def test_rowwise_activations_have_no_dead_units():
    assert dead_share(build_network("softmax", 5, (8,), 2, seed=0), ROWS, "rowwise") is None


def test_relu_saves_at_most_one_tensor():
    assert 0 < bytes_saved(ogive.get("relu").module(), 64, 256) <= 4


class Greedy(torch.nn.Module):
    """Saves two whole tensors and its own parameter."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.tanh(x).square() * self.scale


def test_bytes_saved_counts_storages_once_and_no_parameters():
    assert bytes_saved(torch.nn.Tanh(), 16, 32) == 4.0
    assert bytes_saved(torch.nn.Identity(), 16, 32) == 0.0
    assert bytes_saved(Greedy(), 16, 32) == 8.0


def test_function_digest_follows_the_function():
    assert function_digest("relu") == function_digest("relu")
    assert len({function_digest(name) for name in ("relu", "elu", "tanh", "prelu")}) == 4


def test_function_digest_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    function_digest("rrelu")
    assert torch.equal(before, torch.get_rng_state())


def test_boundary_is_read_back_with_its_orientation():
    network = build_network("identity", 2, (2,), 2, seed=0)
    with torch.no_grad():
        network[0].weight.copy_(torch.eye(2))
        network[2].weight.copy_(torch.tensor([[0.0, 0.0], [50.0, 1.0]]))
    levels = unpack_field(boundary_field(network, find_task("circles").load(0)))
    assert levels[:, 0].max() < 0.01
    assert levels[:, -1].min() > 0.99
    middle = levels[:, levels.shape[1] // 2]
    assert middle[0] < middle[-1]
