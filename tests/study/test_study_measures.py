"""Dead units, bytes saved, signals, on networks with known answers."""

import pytest
import torch

from ogive.nn.named import find_activation
from ogive.study.data.datasets import find_task
from ogive.study.data.tasks import Split
from ogive.study.networks.layers import signals
from ogive.study.networks.measures import bytes_saved, dead_share
from ogive.study.networks.network import Network, Run, build_networks
from ogive.study.running.run_keys import function_digest
from ogive.study.settings import Settings

ROWS = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))


def network_of(name, hidden=(8,), rows=ROWS, outputs=2):
    settings = Settings(hidden, 1, 32, "adamw", 0.01, init="he")
    (network,) = build_networks([Run(find_activation(name), 0, settings)], outputs, [rows])
    return network


def linears(network):
    return [m for m in network.model.modules() if isinstance(m, torch.nn.Linear)]


def with_bias(name, bias, units):
    """A network in which some units of the only hidden layer get ``bias``."""
    network = network_of(name)
    with torch.no_grad():
        linears(network)[0].bias[units] = bias
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
    assert dead_share(with_bias(name, bias, [0, 3]), ROWS) == share


def test_dead_units_count_over_all_layers():
    network = network_of("relu", (8, 4))
    first, second, _ = linears(network)
    with torch.no_grad():
        second.bias[:] = -100.0
        first.bias[:] = 100.0
    assert dead_share(network, ROWS) == pytest.approx(4 / 12)


def test_a_prelu_that_has_learned_a_zero_slope_dies():
    network = with_bias("prelu", -100.0, [1])
    with torch.no_grad():
        for parameter in network.activations[0].parameters():
            parameter.zero_()
    assert dead_share(network, ROWS) == 0.125


def test_a_gated_unit_is_dead_only_by_both_inputs():
    network = network_of("swiglu")
    with torch.no_grad():
        weight = linears(network)[0].weight
        weight[2] = weight[10] = 0.0
        weight[3] = 0.0
    assert dead_share(network, ROWS) == 0.125


def test_rowwise_activations_have_no_dead_units():
    assert dead_share(network_of("softmax"), ROWS) is None


def test_signals_of_a_layer_are_what_they_say():
    """By hand: the gradient of each row's loss by what the activation is given."""
    network, task = network_of("tanh"), find_task("circles")
    split = Split(ROWS, torch.arange(64) % 2, ROWS, torch.arange(64) % 2)
    kept = {}
    signals(network, task, split, 0, kept)
    first, last = linears(network)
    z = first(ROWS).detach().requires_grad_()
    losses = torch.nn.functional.cross_entropy(last(z.tanh()), split.train_y, reduction="none")
    (slope,) = torch.autograd.grad(losses.sum(), z)
    assert kept["epochs"] == [0]
    assert kept["gradient_norm"][0][0] == pytest.approx(
        float(slope.square().sum(1).mean().sqrt()), rel=1e-4
    )
    assert kept["second_moment"][0][0] == pytest.approx(float(z.detach().square().mean()), rel=1e-4)
    small = 1 - z.tanh().square() < 0.01
    assert kept["saturated"][0][0] == pytest.approx(float(small.double().mean()))
    assert kept["dead"] == [[0.0]]


def test_looking_changes_nothing():
    settings = Settings((8,), 1, 32, "adamw", 0.01, norm="batch")
    (network,) = build_networks([Run(find_activation("rrelu"), 0, settings)], 2, [ROWS])
    before = {name: value.clone() for name, value in network.model.state_dict().items()}
    state = torch.get_rng_state()
    split = Split(ROWS, torch.arange(64) % 2, ROWS, torch.arange(64) % 2)
    signals(network, find_task("circles"), split, 0, {})
    assert all(torch.equal(before[n], v) for n, v in network.model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())


def test_relu_saves_at_most_one_tensor():
    assert 0 < bytes_saved(network_of("relu", (256,)), ROWS) <= 4


class Greedy(torch.nn.Module):
    """Saves two whole tensors and its own parameter."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.tanh(x).square() * self.scale


@pytest.mark.parametrize(
    ("module", "saved"),
    [(torch.nn.Tanh, 4.0), (torch.nn.Identity, 0.0), (Greedy, 8.0)],
    ids=["tanh", "identity", "greedy"],
)
def test_bytes_saved_counts_storages_once_and_no_parameters(module, saved):
    activation = module()
    network = Network(torch.nn.Sequential(activation), [activation], "module")
    assert bytes_saved(network, torch.randn(16, 32)) == saved


def test_function_digest_follows_the_function():
    assert function_digest(find_activation("relu")) == function_digest(find_activation("relu"))
    assert len({function_digest(find_activation(n)) for n in ("relu", "elu", "tanh", "prelu")}) == 4


def test_function_digest_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    function_digest(find_activation("rrelu"))
    assert torch.equal(before, torch.get_rng_state())
