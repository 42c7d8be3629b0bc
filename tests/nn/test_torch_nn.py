"""ogive.nn against torch.nn: the same arguments, values, parameters and text."""

import inspect

import pytest
import torch
from torch import nn

import ogive

#: Class, positional and keyword arguments: every class of torch.nn, with defaults and without.
CASES = [
    ("Threshold", (0.1, 20.0), {}),
    ("Threshold", (), {"threshold": 0.1, "value": 20.0}),
    ("ReLU", (), {}),
    ("ReLU", (), {"inplace": True}),
    ("RReLU", (), {}),
    ("RReLU", (0.1, 0.3), {}),
    ("RReLU", (), {"lower": 0.1, "upper": 0.3, "inplace": False}),
    ("Hardtanh", (), {}),
    ("Hardtanh", (-2.0, 2.5), {}),
    ("Hardtanh", (), {"min_val": -2.0, "max_val": 2.5}),
    ("ReLU6", (), {}),
    ("Sigmoid", (), {}),
    ("Hardsigmoid", (), {}),
    ("Tanh", (), {}),
    ("SiLU", (), {}),
    ("SiLU", (), {"inplace": True}),
    ("Mish", (), {}),
    ("Hardswish", (), {}),
    ("ELU", (), {}),
    ("ELU", (0.7,), {}),
    ("ELU", (), {"alpha": 0.7, "inplace": True}),
    ("CELU", (), {}),
    ("CELU", (0.7,), {}),
    ("SELU", (), {}),
    ("GLU", (), {}),
    ("GLU", (0,), {}),
    ("GLU", (), {"dim": 1}),
    ("GELU", (), {}),
    ("GELU", ("tanh",), {}),
    ("GELU", (), {"approximate": "tanh"}),
    ("Hardshrink", (), {}),
    ("Hardshrink", (0.3,), {}),
    ("LeakyReLU", (), {}),
    ("LeakyReLU", (0.2,), {}),
    ("LeakyReLU", (0.2, True), {}),
    ("LeakyReLU", (), {"negative_slope": 0.2}),
    ("LogSigmoid", (), {}),
    ("Softplus", (), {}),
    ("Softplus", (2.0,), {}),
    ("Softplus", (2.0, 20.0), {}),
    ("Softplus", (), {"beta": 2.0, "threshold": 30.0}),
    ("Softshrink", (), {}),
    ("Softshrink", (0.3,), {}),
    ("PReLU", (), {}),
    ("PReLU", (4,), {}),
    ("PReLU", (), {"num_parameters": 4, "init": 0.1}),
    ("Softsign", (), {}),
    ("Tanhshrink", (), {}),
    ("Softmin", (1,), {}),
    ("Softmax", (0,), {}),
    ("Softmax", (), {"dim": -1}),
    ("Softmax2d", (), {}),
    ("LogSoftmax", (1,), {}),
]
IDS = [f"{c}{a or ''}{k or ''}" for c, a, k in CASES]
#: torch 2.13 has float32 constants in their float64 backward: 1/6, and 1/alpha.
FLOAT32_INSIDE = {"Hardsigmoid", "CELU"}
CLASSES = sorted({c for c, _, _ in CASES})


def pair(name: str, args: tuple, kwargs: dict) -> tuple[nn.Module, nn.Module]:
    placed = {"dtype": torch.float64} if name == "PReLU" else {}
    return tuple(getattr(place, name)(*args, **kwargs, **placed).eval() for place in (ogive.nn, nn))


def example(name: str) -> torch.Tensor:
    """Moderate: torch itself loses digits further out (see tests/conformance/test_peers.py)."""
    shape = (2, 4, 3, 6)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=IDS)
def test_values_and_gradients_are_those_of_torch(name: str, args: tuple, kwargs: dict) -> None:
    results = []
    for module in pair(name, args, kwargs):
        x = example(name).requires_grad_()
        y = module(x * 1.0)  # a copy, for those in place
        results.append((y.detach(), torch.autograd.grad(y.square().sum(), x)[0]))
    rtol = 1e-6 if name in FLOAT32_INSIDE else 1e-12
    torch.testing.assert_close(results[0], results[1], rtol=rtol, atol=1e-14)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=IDS)
def test_parameters_and_state_are_those_of_torch(name: str, args: tuple, kwargs: dict) -> None:
    ours, theirs = pair(name, args, kwargs)
    shapes = [{k: v.shape for k, v in m.state_dict().items()} for m in (ours, theirs)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", CLASSES)
def test_arguments_of_torch_come_first_and_in_order(name: str) -> None:
    # min_value and max_value are deprecated; a class without __init__ shows that of nn.Module
    without = ("min_value", "max_value", "args", "kwargs")
    theirs = [n for n in inspect.signature(getattr(nn, name)).parameters if n not in without]
    ours = list(inspect.signature(getattr(ogive.nn, name)).parameters)
    assert ours[: len(theirs)] == theirs


@pytest.mark.parametrize(
    "text",
    [
        "Threshold(threshold=0.1, value=20.0)",
        "Hardtanh(min_val=-2.0, max_val=2.5)",
        "Mish()",
        "ReLU(inplace=True)",
        "LeakyReLU(negative_slope=0.2)",
        "LeakyReLU(negative_slope=0.2, inplace=True)",
        "PReLU(num_parameters=4)",
        "RReLU(lower=0.1, upper=0.3)",
        "Softmax(dim=1)",
        "LogSoftmax(dim=1)",
        "Sigmoid()",
        "SiLU()",
    ],
)
def test_the_text_of_a_module_is_torch_s(text: str) -> None:
    assert repr(eval(f"ogive.nn.{text}")) == repr(eval(f"nn.{text}")) == text


def test_prelu_s_state_goes_both_ways() -> None:
    ours, theirs = ogive.nn.PReLU(3, 0.1), nn.PReLU(3, 0.4)
    assert list(ours.state_dict()) == ["weight"]
    assert ours.weight.shape == (3,)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 5)
    assert torch.equal(ours(x), theirs(x))
    with torch.no_grad():
        ours.weight.copy_(torch.tensor([0.1, 0.2, 0.3]))
    theirs.load_state_dict(ours.state_dict())
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 2), (5, 3, 2, 2)])
def test_prelu_s_channels_are_in_dim_1(shape: tuple[int, ...]) -> None:
    ours, theirs = ogive.nn.PReLU(3), nn.PReLU(3)
    with torch.no_grad():
        for module in (ours, theirs):
            module.weight.copy_(torch.tensor([0.1, 0.2, 0.3]))
    x = torch.randn(shape)
    assert torch.equal(ours(x), theirs(x))


def test_prelu_in_an_existing_checkpoint() -> None:
    """The whole state of a network of torch's modules loads into one of ours."""
    theirs = nn.Sequential(nn.Linear(3, 4), nn.PReLU(4), nn.Linear(4, 1), nn.PReLU())
    ours = nn.Sequential(nn.Linear(3, 4), ogive.nn.PReLU(4), nn.Linear(4, 1), ogive.nn.PReLU())
    assert ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(5, 3)
    torch.testing.assert_close(ours(x), theirs(x))
