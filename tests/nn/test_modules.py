"""Modules of every entry: construction, copies, parameters that learn, errors."""

import copy
import inspect
import io
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

import ogive
from ogive.errors import OgiveError, ParameterError

NAMES = ogive.names()
WITH_PARAMETERS = [
    n for n in NAMES if "learnable" in inspect.signature(type(ogive.get(n).module())).parameters
]
LEARNED = [n for n in NAMES if any(p.learnable for p in ogive.get(n).parameters)]
#: Their parameter has no gradient worth the name: a threshold moves a jump (straight-through
#: estimators are for the training loop), and smu starts at mu = 1e6, where it is a leaky relu.
STILL = {"jump_relu"}


def outputs_equal(first: nn.Module, second: nn.Module) -> bool:
    x = torch.linspace(-3, 3, 24).reshape(3, 8)
    results = []
    for module in (first, second):
        torch.manual_seed(0)
        results.append(module(x))
    return torch.equal(results[0].nan_to_num(), results[1].nan_to_num())


# every class


def test_nn_lists_every_class() -> None:
    titles = {ogive.get(n).title for n in NAMES}
    assert len(titles) == len(NAMES)
    assert titles <= set(dir(ogive.nn))
    for title in titles:
        cls = getattr(ogive.nn, title)
        assert cls.__name__ == title
        assert cls is getattr(ogive.nn, title)
        assert issubclass(cls, ogive.nn.ActivationModule)
        assert "Formula: " in cls.__doc__


def test_an_unknown_class_suggests_one() -> None:
    with pytest.raises(AttributeError, match="no class 'Mihs'; did you mean 'Mish'"):
        ogive.nn.Mihs  # noqa: B018


@pytest.mark.parametrize("name", NAMES)
def test_copies_do_what_the_original_does(name: str) -> None:
    module = ogive.get(name).module()
    stored = io.BytesIO()
    torch.save(module, stored)
    stored.seek(0)
    copies = [
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        torch.load(stored, weights_only=False),
    ]
    for other in copies:
        assert type(other) is type(module)
        assert repr(other) == repr(module)
        assert outputs_equal(module, other)


@pytest.mark.parametrize("name", LEARNED)
def test_states_are_saved_and_loaded(name: str) -> None:
    module, other = (ogive.get(name).module() for _ in range(2))
    assert list(module.state_dict()) == [p.name for p in module.function.parameters if p.learnable]
    with torch.no_grad():
        for value in module.parameters():
            value.mul_(1.25).add_(0.125)
    stored = io.BytesIO()
    torch.save(module.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored, weights_only=True))
    assert outputs_equal(module, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_computes_what_its_function_does(name: str) -> None:
    function = ogive.get(name)
    placed = {"dtype": torch.float64} if name in LEARNED else {}
    module = function.module(**placed).eval()
    x = torch.linspace(-3, 3, 24, dtype=torch.float64).reshape(3, 8)
    torch.manual_seed(0)
    wanted = function(x)
    torch.manual_seed(0)
    torch.testing.assert_close(module(x), wanted, rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_signature_is_what_the_class_takes(name: str) -> None:
    cls = type(ogive.get(name).module())
    defaults = {n: p.default for n, p in inspect.signature(cls).parameters.items() if n != "self"}
    assert outputs_equal(cls(), cls(**defaults))


# parameters that learn


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_every_parameter_can_be_learned_for_each_channel(name: str) -> None:
    function = ogive.get(name)
    names = [p.name for p in function.parameters]
    module = function.module(learnable=names, num_parameters=4, channel_dim=-1)
    assert [n for n, _ in module.named_parameters()] == names
    for parameter in function.parameters:
        value = getattr(module, parameter.name)
        vector = isinstance(parameter.default, tuple)
        assert value.shape == ((len(parameter.default), 4) if vector else (4,))
    x = torch.linspace(-2, 2, 40).reshape(5, 8)
    x = x if function.kind == "gated" else x[:, :4]
    y = module.eval()(x)
    torch.testing.assert_close(y, function(x), rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", LEARNED)
def test_learned_parameters_move_and_the_loss_falls(name: str) -> None:
    torch.manual_seed(0)
    module = ogive.get(name).module().double()
    x = torch.randn(64, 8, dtype=torch.float64)
    with torch.no_grad():
        torch.manual_seed(1)
        target = 0.7 * module(x) + 0.1
    before = [p.clone() for p in module.parameters()]
    optimiser = torch.optim.SGD(module.parameters(), 1e-3)
    losses = []
    for _ in range(20):
        torch.manual_seed(1)
        loss = (module(x) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    moved = any(not torch.equal(b, p) for b, p in zip(before, module.parameters(), strict=True))
    assert (losses[-1] < losses[0]) == moved == (name not in STILL)


def test_channels_may_be_in_any_dimension() -> None:
    x = torch.randn(2, 3, 4, 5)
    for dim, count in ((0, 2), (1, 3), (-1, 5), (-2, 4)):
        module = ogive.nn.ELU(learnable=["alpha"], num_parameters=count, channel_dim=dim)
        with torch.no_grad():
            module.alpha.copy_(torch.arange(1.0, count + 1))
        shape = [1] * 4
        shape[dim] = count
        wanted = torch.where(x > 0, x, torch.arange(1.0, count + 1).reshape(shape) * torch.expm1(x))
        torch.testing.assert_close(module(x), wanted)


def test_learnable_none_of_them() -> None:
    module = ogive.nn.Swish(learnable=[])
    assert not list(module.parameters())
    assert repr(module) == "Swish(beta=1.0)"


def test_place_and_dtype_of_parameters() -> None:
    module = ogive.nn.PReLU(3, dtype=torch.float64, device="cpu")
    assert module.weight.dtype == torch.float64
    assert ogive.nn.PReLU(3, device="meta").weight.is_meta
    assert module.to(torch.bfloat16).weight.dtype == torch.bfloat16
    assert module(torch.ones(2, 3).bfloat16()).dtype == torch.bfloat16
    assert not list(ogive.nn.ELU().to(torch.float64).parameters())


def test_parameters_are_in_the_default_dtype() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert ogive.nn.PReLU().weight.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_module_s_number_can_be_changed_later() -> None:
    module = ogive.nn.ELU(alpha=1.0)
    module.alpha = 2.0
    assert module(torch.tensor(-1.0)).item() == pytest.approx(2 * torch.expm1(torch.tensor(-1.0)))
    assert repr(module) == "ELU(alpha=2.0)"


# errors


@pytest.mark.parametrize(
    ("title", "args", "kwargs", "words"),
    [
        ("ELU", (), {"alhpa": 1.0}, "no argument 'alhpa'; it takes alpha, .*did you mean 'alpha'"),
        ("Mish", (), {"alpha": 1.0}, "no argument 'alpha'; it takes inplace"),
        (
            "ELU",
            (1.0, False, 3),
            {},
            r"too many positional arguments; it takes \(alpha=1.0, inplace=False, \*",
        ),
        ("ELU", (1.0,), {"alpha": 2.0}, "multiple values for argument 'alpha'"),
        (
            "ELU",
            (torch.ones(3),),
            {},
            r"number, not a tensor; to train it pass learnable=\['alpha'",
        ),
        ("ELU", ("tanh",), {}, "alpha must be a number or a tensor, not str"),
        ("CELU", (0.0,), {}, "alpha must be"),
        ("ELU", (), {"learnable": ["alhpa"]}, "no parameter 'alhpa'.*did you mean 'alpha'"),
        ("ELU", (), {"learnable": "alpha"}, r"learnable=\['alpha'\]"),
        ("ELU", (), {"num_parameters": 0}, "a whole number >= 1, not 0"),
        ("ELU", (), {"num_parameters": 2.0}, "a whole number >= 1, not 2.0"),
        ("GELU", ("sin",), {}, "'none', 'tanh'"),
        ("ReLU", (1.0,), {}, "inplace must be True or False, not 1.0"),
        ("RReLU", (torch.ones(3),), {}, "lower of a module is a number"),
        ("SwiGLU", (), {"gate": "third"}, "'first' or 'second'"),
        ("ELU", (), {"channel_dim": "last"}, "channel_dim"),
    ],
)
def test_a_wrong_argument_is_refused_at_once(
    title: str, args: tuple, kwargs: dict, words: str
) -> None:
    with pytest.raises(OgiveError, match=words):
        getattr(ogive.nn, title)(*args, **kwargs)


def test_an_input_without_the_channels_is_refused() -> None:
    module = ogive.nn.PReLU(3)
    with pytest.raises(ParameterError, match=r"3 channels along dim 1, .* shape \(2, 4\)"):
        module(torch.ones(2, 4))
    with pytest.raises(ParameterError, match=r"3 channels along dim 1, .* shape \(3,\)"):
        module(torch.ones(3))


@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_softmax2d_takes_images_only(shape: tuple[int, ...]) -> None:
    with pytest.raises(OgiveError, match="3 or 4 dimensions"):
        ogive.nn.Softmax2d()(torch.ones(shape))


# in a network


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 16),
            ogive.nn.PReLU(16),
            nn.Linear(16, 16),
            ogive.get("swiglu").module(),
            nn.Linear(8, 8),
            ogive.nn.RReLU(),
            ogive.nn.GELU("tanh"),
            ogive.nn.Softmax(-1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def test_a_network_compiles_without_breaks() -> None:
    torch.manual_seed(0)
    network = Network().eval()
    x = torch.randn(5, 4)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), network(x))
    compiled(x).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    torch._dynamo.reset()


def test_a_network_is_saved_whole() -> None:
    network, stored = Network().eval(), io.BytesIO()
    torch.save(network, stored)
    stored.seek(0)
    x = torch.randn(5, 4)
    assert torch.equal(torch.load(stored, weights_only=False)(x), network(x))


def test_modules_are_shared_and_replicated_like_others() -> None:
    network = Network()
    assert {n.split(".")[-1] for n, _ in network.named_parameters()} == {"weight", "bias"}
    twin = copy.deepcopy(network)
    twin.layers[1].weight.data.fill_(0.9)
    assert not torch.equal(network.layers[1].weight, twin.layers[1].weight)


# the forward


@pytest.mark.parametrize("name", ["GELU", "PReLU", "Mish", "Softmax2d", "RReLU", "Softmax"])
def test_a_forward_has_the_argument_of_torch_s(name: str) -> None:
    ours, theirs = getattr(ogive.nn, name), getattr(nn, name)
    (argument,) = inspect.signature(ours().forward).parameters
    assert [argument] == [*inspect.signature(theirs().forward).parameters]
    x = torch.randn(2, 3, 4, 5)
    assert torch.equal(ours().eval()(input=x), ours().eval()(x))


def test_a_gated_forward_takes_one_tensor_or_two() -> None:
    unit, x = ogive.nn.SwiGLU(), torch.randn(2, 6)
    assert [*inspect.signature(unit.forward).parameters] == ["input", "gate"]
    value, gate = x.chunk(2, -1)
    assert torch.equal(unit(x), unit(value, gate=gate))


@pytest.mark.parametrize("shapes", [{"input": {0: Dim("b")}}, ({0: Dim("b")},)])
@pytest.mark.parametrize("save", ["input", "lean"])
def test_a_module_alone_is_exported_for_any_batch(save: str, shapes: Any) -> None:
    module, x = ogive.nn.GELU(save=save), torch.randn(4, 8, requires_grad=True)
    exported = torch.export.export(module, (x,), dynamic_shapes=shapes).module()
    x = torch.randn(7, 8)
    torch.testing.assert_close(exported(x), nn.GELU()(x))
