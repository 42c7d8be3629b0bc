"""One activation for another: by name, class and place, with the second moment kept."""

import json
import pickle
import re

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import ogive
from ogive.errors import OgiveError, UnknownName


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(4, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.GELU("tanh")
    )


def second_moment(module: nn.Module) -> float:
    """E f(Z)**2 by the midpoint rule on [-12, 12], good to ten digits for these."""
    x = torch.linspace(-12, 12, 2_000_001, dtype=torch.float64)
    density = torch.exp(-x * x / 2) / (2 * torch.pi) ** 0.5
    return (module.double()(x).square() * density).sum().item() * 24 / 2_000_000


@pytest.mark.parametrize("new", ["gelu", "silu", "mish", "elu", "tanh", "selu", "softplus"])
def test_the_second_moment_is_kept(new: str) -> None:
    model = nn.Sequential(nn.ReLU())
    (row,) = ogive.swap(model, "relu", new).rows
    assert row.factor == pytest.approx(
        ogive.gain(new).second_moment.value / ogive.gain("relu").second_moment.value
    )
    assert second_moment(model[0]) == pytest.approx(0.5, rel=1e-8)


def test_without_rescaling_it_is_the_activation_itself() -> None:
    model, x = network(), torch.randn(3, 8)
    report = ogive.swap(model, nn.ReLU, "silu", rescale=False)
    assert [(r.name, r.old, r.new, r.factor) for r in report.rows] == [
        ("1", "relu", "SiLU", 1.0),
        ("2.1", "relu", "SiLU", 1.0),
    ]
    torch.testing.assert_close(model[1](x), F.silu(x))


@pytest.mark.parametrize("where", ["2.*", re.compile(r"2\.\d+")])
def test_only_where_the_name_matches(where) -> None:
    model = network()
    report = ogive.swap(model, "relu", "gelu", where=where)
    assert [r.name for r in report.rows] == ["2.1"]
    assert type(model[1]) is nn.ReLU


def test_the_names_of_frameworks_mean_what_theirs_mean() -> None:
    model = nn.Sequential(nn.SiLU())
    assert [r.old for r in ogive.swap(model, "timm:swish", nn.LeakyReLU(0.2)).rows] == ["silu"]
    assert repr(model[0]).startswith("ScaledLeakyReLU(negative_slope=0.2, scale=")


def test_variants_are_told_apart() -> None:
    model = nn.Sequential(nn.GELU("tanh"), nn.GELU())
    assert [r.name for r in ogive.swap(model, "gelu", "relu").rows] == ["1"]
    assert [r.name for r in ogive.swap(model, "gelu_tanh", "relu").rows] == ["0"]


def test_an_activation_swapped_with_itself_is_not_scaled() -> None:
    model = network()
    assert {r.factor for r in ogive.swap(model, "relu", nn.ReLU).rows} == {1.0}
    assert repr(model[1]) == "ReLU()"


def test_parameters_that_learn_have_the_keys_of_the_activation() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    ogive.swap(model, "relu", nn.PReLU(3, 0.1))
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight"]
    assert torch.equal(model[1].weight, torch.full((3,), 0.1))
    model(torch.randn(5, 4)).sum().backward()
    assert model[1].weight.grad is not None


def test_a_user_s_own_class_can_be_exchanged() -> None:
    class Cube(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x**3

    model = nn.Sequential(Cube())
    (row,) = ogive.swap(model, Cube, "identity").rows
    assert row.old == "Cube"
    assert row.factor == pytest.approx(15**0.5)  # E Z**6 = 15


def test_hooks_flags_shared_instances_and_functions() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = self.second = nn.ReLU()
            self.act = torch.relu

        def forward(self, x: Tensor) -> Tensor:
            return self.act(self.second(self.first(x)))

    model, seen = Model().eval(), []
    model.first.register_forward_hook(lambda m, i, o: seen.append(m))
    report = ogive.swap(model, "relu", "mish")
    assert [r.name for r in report.rows] == ["first", "second", "act"]
    assert model.first is model.second
    assert not model.first.training
    assert model(torch.randn(3)).shape == (3,)
    assert len(seen) == 2
    assert ogive.restore(model) == ()


def test_functions_that_are_called_otherwise_than_a_module_stay() -> None:
    model = nn.Module()
    model.act, model.over = F.prelu, torch.relu_
    assert ogive.swap(model, "prelu", "mish").rows == ogive.swap(model, "relu", "mish").rows == ()


def test_swapped_models_are_pickled_and_compiled() -> None:
    model, x = network(), torch.randn(3, 4)
    ogive.swap(model, "relu", "gelu")
    want = model(x)
    assert torch.equal(pickle.loads(pickle.dumps(model))(x), want)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), want)
    torch._dynamo.reset()


def test_what_is_skipped_has_a_reason() -> None:
    model = nn.Sequential(nn.PReLU(2))
    with torch.no_grad():
        model[0].weight[1] = 0.5
    report = ogive.swap(model, nn.PReLU, "relu")
    assert report.rows == ()
    ((name, reason),) = report.skipped
    assert name == "0"
    assert "it is several functions" in reason
    assert len(ogive.swap(model, nn.PReLU, "relu", rescale=False).rows) == 1


def test_an_accelerated_model_can_be_swapped() -> None:
    model = network()
    ogive.accelerate(model)
    assert len(ogive.swap(model, "relu", "gelu").rows) == 2
    assert ogive.restore(model) == ("3",)
    assert type(model[1]).__name__ == "ScaledGELU"


def test_the_report_in_both_forms() -> None:
    report = ogive.swap(network(), "relu", "identity", where="1")
    assert json.loads(json.dumps(report.to_dict()))["rows"][0]["name"] == "1"
    assert str(report).splitlines() == [
        "name  from  to              factor",
        "1     relu  ScaledIdentity  0.707107",
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("softmax", "relu", "softmax is rowwise; swap exchanges elementwise activations"),
        ("relu", "swiglu", "SwiGLU is not elementwise"),
        ("relu", nn.Linear(2, 2), "Linear is no activation of a class that is known"),
        ("rleu", "gelu", "did you mean"),
        ("relu", "gelo", "did you mean"),
        ("relu", nn.Linear, "Linear needs arguments; pass a module"),
        ("relu", None, "NoneType is no activation of a class that is known"),
        (None, "gelu", "the old activation is a name or a class, not None"),
        (nn.ReLU(), "gelu", "the old activation is a name or a class"),
    ],
)
def test_errors(old, new, words: str) -> None:
    with pytest.raises((OgiveError, UnknownName), match=words):
        ogive.swap(network(), old, new)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": 3}, "a model is a torch.nn.Module, not int"),
        ({"where": 3}, "where is a glob or a compiled regular expression, not 3"),
        ({"rescale": "no"}, "rescale is True or False, not 'no'"),
    ],
)
def test_arguments_of_other_types(arguments, words: str) -> None:
    with pytest.raises(OgiveError, match=words):
        ogive.swap(**({"model": network(), "old": "relu", "new": "gelu"} | arguments))


def test_an_accelerated_module_is_found_by_its_class() -> None:
    model = nn.Sequential(nn.GELU(), nn.SiLU())
    ogive.accelerate(model)
    assert [r.name for r in ogive.swap(model, nn.GELU, "relu").rows] == ["0"]
    assert [r.name for r in ogive.swap(model, "silu", "relu").rows] == ["1"]
    assert ogive.restore(model) == ()


def test_what_a_model_s_code_calls_is_left_and_named() -> None:
    class Calls(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return torch.tanh(self.inner(self.act(x)))

        def inner(self, x: Tensor) -> Tensor:
            return F.relu(x)

    model = nn.Sequential(Calls(), nn.Tanh())
    report = ogive.swap(model, "relu", "silu")
    assert [row.name for row in report.rows] == ["0.act"]
    assert report.skipped == (("0", "its code calls relu, and is left as it is"),)
    assert ogive.swap(model, "relu", "silu", where="1*").skipped == ()
    assert ogive.swap(model, "tanh", "silu").skipped[0][0] == "0"


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: torch.jit.script(nn.Sequential(nn.ReLU())), "it is a program of torch.jit's own"),
        (lambda: nn.RNN(2, 2, nonlinearity="relu"), "relu is inside torch's recurrent kernel"),
        (lambda: nn.RNNCell(2, 2, nonlinearity="relu"), "relu is inside torch's recurrent kernel"),
        (lambda: nn.LSTM(2, 2), ""),
        (lambda: nn.RNN(2, 2), ""),
        (lambda: holding([F.gelu, F.relu]), "it is in held, a list"),
        (lambda: holding({"relu": nn.ReLU()}), "it is in held, a dict"),
        (lambda: holding((3, "relu", torch.ones(2))), ""),
    ],
)
def test_what_stands_in_no_place_is_named(make, reason: str) -> None:
    model = nn.Sequential(nn.ReLU(), make())
    report = ogive.swap(model, "relu", "gelu")
    assert [row.name for row in report.rows] == ["0"]
    assert report.skipped == ((("1", f"{reason}, and is left as it is"),) if reason else ())


def test_a_model_that_is_the_activation_is_left() -> None:
    report = ogive.swap(nn.ReLU(), "relu", "gelu")
    assert report.rows == ()
    assert report.skipped == (("ReLU", "it is the whole model, and stands in no place"),)


def holding(things) -> nn.Module:
    module = nn.Module()
    module.held = things
    return module
