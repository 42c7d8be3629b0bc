"""What a report says, beside plain hooks and float64: as somebody would compute it by hand."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import ogive


def gelu(z):
    """Torch's own is 0 below -8.3 in float64, where 1 + erf has no digits left."""
    return z * torch.special.erfc(-z / math.sqrt(2)) / 2


#: Module, the function, sup abs(f'), and below which z a flat sample is to the left.
FUNCTIONS = {
    "relu": (nn.ReLU, F.relu, 1.0, math.inf),
    "gelu": (nn.GELU, gelu, 1.1289041448, math.inf),
    "silu": (nn.SiLU, F.silu, 1.0998393194, math.inf),
    "leaky_relu": (nn.LeakyReLU, F.leaky_relu, 1.0, 0.0),
    "softplus": (nn.Softplus, F.softplus, 1.0, math.inf),
    "tanh": (nn.Tanh, torch.tanh, 1.0, 0.0),
    "sigmoid": (nn.Sigmoid, torch.sigmoid, 0.25, 0.0),
}
#: The layer before, what it is fed, and the dimension of the units.
LAYERS = {
    "rows": (lambda: nn.Linear(10, 12), (30, 10), 1),
    "channels": (lambda: nn.Conv2d(3, 8, 3), (4, 3, 7, 7), 1),
    "sequences": (lambda: nn.Linear(10, 12), (4, 7, 10), 2),
}
#: float32 against float64.
EXACT = {"rel": 2e-5, "abs": 1e-6}


def derivatives(f, z):
    x = z.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    if not slope.requires_grad:
        return slope, torch.zeros_like(x)
    return slope.detach(), torch.autograd.grad(slope.sum(), x)[0]


def by_hand(z, f, steepest, middle):
    """The statistics of ``PlaceHealth`` of samples in rows and units in columns."""
    value, (slope, bend) = f(z), derivatives(f, z)
    flat = slope.abs() < 1e-3 * steepest

    def mean(t):
        return t.double().mean().item()

    std = math.sqrt(mean(z * z) - mean(z) ** 2)
    # z as the normal distribution has it
    t = torch.linspace(-12, 12, 1_000_001, dtype=torch.float64)
    weight = torch.softmax(-t * t / 2, 0)
    at = mean(z) + std * t
    return {
        "units": z.shape[1],
        "samples": z.shape[0],
        "dead": mean(flat.all(0)),
        "saturated_left": mean(flat & (z < middle)),
        "saturated_right": mean(flat & (z >= middle)),
        "linear": mean(~flat & (bend.abs() < 0.02 * steepest)),
        "sparsity": mean(value == 0),
        "mean_z": mean(z),
        "std_z": std,
        "mean_f": mean(value),
        "second_f": mean(value**2),
        "gain": math.sqrt(mean(value**2) / mean(z * z)),
        "gain_expected": math.sqrt((weight @ f(at) ** 2).item() / mean(z * z)),
        "chi": mean(slope**2),
        "chi_expected": (weight @ derivatives(f, at)[0] ** 2).item(),
    }


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_report_is_what_is_computed_by_hand(name, layer):
    module, f, steepest, middle = FUNCTIONS[name]
    make, shape, dim = LAYERS[layer]
    torch.manual_seed(1)
    model, x = nn.Sequential(make(), module(), nn.Flatten(), nn.LazyLinear(2)), torch.randn(shape)
    with torch.no_grad():
        model(x)
        model[0].weight *= 3
        model[0].bias[:2] = -100.0
    seen, at_z, at_f = [], [], []

    def before(module, args):
        seen.append(args[0].detach().double())
        args[0].register_hook(lambda g: at_z.append(g.double().square().sum().item()))

    def after(module, args, result):
        result.register_hook(lambda g: at_f.append(g.double().square().sum().item()))

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        hooks = model[1].register_forward_pre_hook(before), model[1].register_forward_hook(after)
        for k in range(2):
            optimizer.zero_grad()
            model(x + k).square().mean().backward()
            optimizer.step()
        for hook in hooks:
            hook.remove()
    z = torch.cat([z.movedim(dim, -1).flatten(0, -2) for z in seen])
    expected = by_hand(z, f, steepest, middle)
    expected["gradient_in"], expected["gradient_out"] = (
        math.sqrt(sum(squares) / 2) for squares in (at_z, at_f)
    )
    found = watch.report().to_dict()["places"]["1"]
    assert found.pop("entry") == name
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, **EXACT), name
