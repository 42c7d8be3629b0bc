"""What accelerate replaces, what it keeps, what it skips and why; restore."""

import copy
import functools
import json
import pickle
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import ogive
from ogive.errors import ParameterError
from ogive.nn.accelerated import Accelerated
from ogive.nn.recognise import recognise

#: Every class of the table with arguments that are not its defaults, where it takes any.
TORCH_MODULES = {
    "CELU": nn.CELU(0.7),
    "ELU": nn.ELU(0.7),
    "GELU": nn.GELU("tanh"),
    "GLU": nn.GLU(1),
    "Hardshrink": nn.Hardshrink(0.3),
    "Hardsigmoid": nn.Hardsigmoid(),
    "Hardtanh": nn.Hardtanh(-0.5, 0.75),
    "LeakyReLU": nn.LeakyReLU(0.2),
    "LogSigmoid": nn.LogSigmoid(),
    "LogSoftmax": nn.LogSoftmax(1),
    "Mish": nn.Mish(),
    "PReLU": nn.PReLU(4, 0.1),
    "ReLU6": nn.ReLU6(),
    "SELU": nn.SELU(),
    "SiLU": nn.SiLU(),
    "Softmax": nn.Softmax(1),
    "Softmin": nn.Softmin(1),
    "Softplus": nn.Softplus(2.0, 3.0),
    "Softshrink": nn.Softshrink(0.3),
    "Softsign": nn.Softsign(),
    "Tanhshrink": nn.Tanhshrink(),
    "Threshold": nn.Threshold(0.1, -0.3),
}
#: Every class of torch's as it is made without arguments, where it can be.
DEFAULTS: dict[str, Callable[[], nn.Module]] = {
    **{name: getattr(nn, name) for name in torch.nn.modules.activation.__all__},
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2),
    "Threshold": lambda: nn.Threshold(0.1, -0.3),
}
#: torch 2.13 rounds a constant of these to float32 in its float64 kernels.
ROUNDED = ("CELU", "Hardsigmoid")
OUTPUT_KEPT = ["ReLU", "Sigmoid", "Tanh"]
INPLACE = ["CELU", "ELU", "Hardsigmoid", "Hardtanh", "LeakyReLU", "Mish"]
INPLACE += ["ReLU6", "SELU", "SiLU", "Threshold"]


#: What torch's own operators take besides; some of their results are of another dtype.
UNUSUAL: dict[str, Callable[[], Tensor]] = {
    **{
        str(dtype): functools.partial(torch.ones, 2, 4, dtype=dtype)
        for dtype in (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64)
    },
    "complex": lambda: torch.complex(torch.randn(2, 4), torch.randn(2, 4)),
    "sparse": lambda: torch.eye(4).to_sparse(),
    "mkldnn": lambda: torch.randn(2, 4).to_mkldnn(),
    "nested": lambda: torch.nested.nested_tensor([torch.randn(2, 4), torch.randn(3, 4)]),
    "jagged": lambda: torch.nested.nested_tensor(
        [torch.randn(2, 4), torch.randn(3, 4)], layout=torch.jagged
    ),
}


def wrapped(module: nn.Module) -> nn.Sequential:
    return nn.Sequential(module)


def results(model: nn.Module, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    y = model(x * 1)
    y.square().sum().backward()
    return [y.detach(), x.grad, *(p.grad for p in model.parameters())]


# what is replaced


def test_every_activation_of_torch_is_decided() -> None:
    listed = {n for n in torch.nn.modules.activation.__all__ if n not in TORCH_MODULES}
    assert listed == {"MultiheadAttention", "RReLU", "Softmax2d", "Hardswish", *OUTPUT_KEPT}
    known = {n: recognise(make()) for n, make in DEFAULTS.items() if recognise(make()).entry}
    assert set(known) == {*TORCH_MODULES, *OUTPUT_KEPT, "Hardswish", "RReLU", "Softmax2d"}


@pytest.mark.parametrize("name", TORCH_MODULES)
def test_a_module_of_torch_computes_the_same(name: str) -> None:
    """To a few dozen ulp of float64: both round a handful of operations and one product."""
    model = wrapped(copy.deepcopy(TORCH_MODULES[name]).double())
    x = torch.randn(3, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    want = results(copy.deepcopy(model), x)
    report = ogive.accelerate(model)
    assert [(r.name, r.old, r.kind) for r in report.rows] == [("0", name, "module")]
    assert isinstance(model[0], Accelerated)
    for got, wanted in zip(results(model, x), want, strict=True):
        rtol = 1e-7 if name in ROUNDED else 1e-14
        torch.testing.assert_close(got, wanted, rtol=rtol, atol=rtol / 10)


def dense(x: Tensor) -> list[Tensor]:
    """A tensor of any kind as plain ones."""
    if x.is_nested:
        return list(x.unbind())
    return [x.to_dense() if x.layout is not torch.strided else x]


@pytest.mark.filterwarnings("ignore:.*prototype:UserWarning")  # torch's own, of nested tensors
@pytest.mark.parametrize("kind", UNUSUAL)
def test_whatever_torch_s_module_takes_the_accelerated_one_takes(kind: str) -> None:
    """relu6 of integers, silu of complex numbers, gelu of nested tensors ... as torch does them."""
    x, taken = UNUSUAL[kind](), []
    for name, module in TORCH_MODULES.items():
        model = wrapped(copy.deepcopy(module))
        ogive.accelerate(model)
        try:
            want = module(x)
        except (RuntimeError, ValueError):  # torch refuses it as well
            continue
        got = model(x)
        assert (type(got), got.dtype, got.layout) == (type(want), want.dtype, want.layout)
        for ours, theirs in zip(dense(got), dense(want), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
        taken.append(name)
    assert taken


def test_a_hook_is_called_once_for_what_is_left_to_torch() -> None:
    model, seen = wrapped(nn.ReLU6()), []
    model[0].register_forward_hook(lambda *_: seen.append(1))
    ogive.accelerate(model)
    assert model(torch.tensor([-3, 3, 9])).tolist() == [0, 3, 6]
    assert seen == [1]


def test_softmax_over_channels() -> None:
    model, x = wrapped(nn.Softmax2d()), torch.randn(2, 3, 4, 4)
    want = model(x)
    assert len(ogive.accelerate(model).rows) == 1
    torch.testing.assert_close(model(x), want)


@pytest.mark.parametrize("name", INPLACE)
def test_what_writes_over_its_input_still_does(name: str) -> None:
    model = wrapped(getattr(nn, name)(*([0.1, 0.2] if name == "Threshold" else []), inplace=True))
    ogive.accelerate(model)
    x = torch.randn(5)
    assert model(x) is x


def test_functions_held_as_attributes() -> None:
    class Held(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = F.silu, F.softplus
            self.third = functools.partial(F.gelu, approximate="tanh")
            self.other = torch.add

        def forward(self, x: Tensor) -> Tensor:
            return self.third(self.second(self.first(x))) + F.softmax(x, -1)

    model, x = Held(), torch.randn(8, dtype=torch.float64)
    want = model(x)
    report = ogive.accelerate(model)
    assert [(r.name, r.old, r.new) for r in report.rows] == [
        ("first", "silu", "silu"),
        ("second", "softplus", "softplus"),
        ("third", "gelu, approximate='tanh'", "gelu"),
    ]
    assert [x.reason for x in report.skipped] == ["its code names softmax: use ogive.intercept()"]
    torch.testing.assert_close(model(x), want, rtol=1e-14, atol=1e-15)
    assert torch.equal(model.first(x, inplace=True), x)  # as torch's own would
    assert ogive.restore(model) == ("first", "second", "third")
    assert (model.first, model.other) == (F.silu, torch.add)


def test_torch_s_own_transformer_layer() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
    x = torch.randn(2, 3, 8)
    layer.eval().requires_grad_(True)
    want = layer(x)
    report = ogive.accelerate(layer)
    assert [(r.name, r.new) for r in report.rows] == [("activation", "gelu")]
    assert [(x.name, x.reason) for x in report.skipped] == [
        ("self_attn", "its softmax is inside torch's attention")
    ]
    torch.testing.assert_close(layer(x), want)


# what is kept


def test_parameters_are_the_same_objects_under_the_same_keys() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.PReLU(3))
    keys, weight = list(model.state_dict()), model[1].weight
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    ogive.accelerate(model)
    assert list(model.state_dict()) == keys
    assert model[1].weight is weight
    model(torch.randn(5, 4)).sum().backward()
    before = weight.clone()
    optimiser.step()
    assert not torch.equal(model[1].weight, before)
    model.double()
    ogive.restore(model)
    assert type(model[1]) is nn.PReLU
    assert model[1].weight.dtype == torch.float64


def test_a_parameter_that_is_exchanged_meanwhile_comes_back_with_the_original() -> None:
    model = nn.Sequential(nn.PReLU(2))
    ogive.accelerate(model)
    model.load_state_dict({"0.weight": torch.tensor([0.5, 0.75])}, assign=True)
    ogive.restore(model)
    assert model[0].weight.tolist() == [0.5, 0.75]


def test_hooks_and_flags_go_along_and_come_back() -> None:
    seen: list[str] = []
    model = wrapped(nn.GELU()).eval()
    first = model[0].register_forward_hook(lambda m, i, o: seen.append("forward"))
    model[0].register_full_backward_hook(lambda m, i, o: seen.append("backward"))
    ogive.accelerate(model)
    assert model[0].training is False
    x = torch.randn(3, requires_grad=True)
    model(x).sum().backward()
    assert seen == ["forward", "backward"]
    first.remove()
    model[0].register_forward_pre_hook(lambda m, i: seen.append("before"))
    model.train()
    ogive.restore(model)
    assert model[0].training is True
    model(x).sum().backward()
    assert seen == ["forward", "backward", "before", "backward"]


def test_an_instance_in_several_places_stays_one() -> None:
    shared = nn.SiLU()
    model = nn.Sequential(nn.Linear(2, 2), shared, nn.Linear(2, 2), shared)
    report = ogive.accelerate(model)
    assert [r.name for r in report.rows] == ["1", "3"]
    assert model[1] is model[3]
    ogive.restore(model)
    assert model[1] is model[3] is shared


def test_twice_is_once() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.RReLU())
    ogive.accelerate(model)
    module = model[1]
    report = ogive.accelerate(model)
    assert report.rows == ()
    assert len(report.skipped) == 1
    assert model[1] is module


def test_twice_with_functions_is_once() -> None:
    model = nn.Module()
    model.act = F.gelu
    ogive.accelerate(model)
    report = ogive.accelerate(model)
    assert (report.rows, report.skipped) == ((), ())
    ogive.restore(model)
    assert model.act is F.gelu


def test_restoring_what_was_never_accelerated() -> None:
    assert ogive.restore(nn.Sequential(nn.GELU())) == ()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_can_be_restored_by_itself(again) -> None:
    model = nn.Sequential(nn.PReLU(3), nn.GELU("tanh"))
    ogive.accelerate(model)
    twin = again(model)
    assert ogive.restore(twin) == ("0", "1")
    assert twin[0].weight is not model[0].weight
    assert type(twin[0]) is nn.PReLU
    assert isinstance(model[0], Accelerated)
    x = torch.randn(2, 3)
    torch.testing.assert_close(twin(x), model(x))


# what is skipped


class GELU(nn.Module):
    """Only called so."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Louder(nn.GELU):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Renamed(nn.GELU):
    """Runs GELU's forward, and no other."""


class Weighted(nn.GELU):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))


class Bent(nn.GELU):
    def __call__(self, x: Tensor) -> Tensor:
        return -super().__call__(x)


def patched() -> nn.Module:
    module = nn.GELU()
    module.forward = lambda x: x  # type: ignore[method-assign]
    return module


def test_what_gains_nothing_is_skipped() -> None:
    for function in (nn.Hardswish(), nn.Hardswish(inplace=True), F.hardswish):
        model = wrapped(nn.Hardswish())
        model.act = function
        assert not ogive.accelerate(model).rows
        reasons = {x.reason for x in ogive.accelerate(model).skipped}
        assert reasons == {"torch is as fast, and keeps as much as ogive would"}
        assert len(ogive.accelerate(model, save="lean").rows) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of torch.jit
def test_every_reason() -> None:
    scripted = torch.jit.script(nn.GELU())
    found = {
        "only its name says what it computes": GELU(),
        "its forward is not that of GELU": Louder(),
        "ogive draws other random numbers than torch": nn.RReLU(),
        "its softmax is inside torch's attention": nn.MultiheadAttention(4, 2),
        "its activations are inside torch's recurrent kernel": nn.LSTM(2, 2),
        "its dim is left for torch to guess": nn.Softmax(),
        "it is scripted: accelerate the model before it is": scripted,
        "it is compiled: accelerate the model before it is": torch.compile(nn.GELU()),
        "alpha must be a number > 0, not -1.0": nn.CELU(-1.0),
    }
    for reason, module in found.items():
        report = ogive.accelerate(nn.Sequential(nn.Identity(), module))
        assert report.rows == ()
        assert [x.reason for x in report.skipped] == [reason]
        assert f"skipped: 1: {type(module).__name__}: {reason}" in str(report)
    for module, changed in ((patched(), "forward"), (Bent(), "__call__")):
        (skipped,) = ogive.accelerate(wrapped(module)).skipped
        assert skipped.reason == f"its {changed} is not that of GELU"


def gelu(x: Tensor) -> Tensor:
    """Only called so."""
    return x


def test_a_function_that_is_only_called_like_one_is_skipped() -> None:
    model = nn.Module()
    model.act, model.act_layer, model.loss = gelu, nn.GELU, F.cross_entropy
    report = ogive.accelerate(model)
    assert report.rows == ()
    assert [(x.name, x.reason) for x in report.skipped] == [("act", "a function that is not known")]
    assert model.act is gelu


def test_a_subclass_that_runs_the_known_forward_is_known() -> None:
    assert len(ogive.accelerate(wrapped(Renamed())).rows) == 1


def test_a_class_that_pretends_to_stand_in_torch_does_not() -> None:
    pretender = type(
        "GELU", (nn.Module,), {"__module__": nn.GELU.__module__, "forward": lambda self, x: x}
    )
    (skipped,) = ogive.accelerate(wrapped(pretender())).skipped
    assert skipped.reason == "only its name says what it computes"


def test_a_forward_that_somebody_replaced_in_the_class_is_seen(monkeypatch) -> None:
    monkeypatch.setattr(nn.Tanh, "forward", lambda self, x: x)
    (skipped,) = ogive.accelerate(wrapped(nn.Tanh())).skipped
    assert skipped.reason == "its forward is not that of Tanh"


def test_a_model_that_is_one_activation() -> None:
    model, x = nn.GELU(), torch.randn(5)
    assert [row.name for row in ogive.accelerate(model).rows] == [""]
    with ogive.served() as calls:
        torch.testing.assert_close(model(x), nn.GELU()(x))
    assert len(calls) == 1
    assert ogive.restore(model) == ("",)
    assert type(model) is nn.GELU


def test_a_parametrised_slope_is_skipped() -> None:
    module = nn.PReLU(3)
    nn.utils.parametrize.register_parametrization(module, "weight", nn.Identity())
    (skipped,) = ogive.accelerate(wrapped(module)).skipped
    assert skipped.reason == "its weight is computed from other parameters"


# the report


def test_the_report_in_both_forms() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.GELU("tanh"), nn.RReLU())
    report = ogive.accelerate(model)
    assert json.loads(json.dumps(report.to_dict())) == {
        "rows": [
            {
                "name": "1",
                "old": "GELU",
                "new": "GELUTanh",
                "kind": "module",
                "keeps": "the input",
                "bits": 32,
            }
        ],
        "skipped": [
            {
                "name": "2",
                "old": "RReLU",
                "reason": "ogive draws other random numbers than torch",
            }
        ],
        "engine": None,
    }
    assert str(report).splitlines() == [
        "name  from  to        kind    keeps",
        "1     GELU  GELUTanh  module  the input",
        "skipped: 2: RReLU: ogive draws other random numbers than torch",
    ]
    assert str(ogive.accelerate(nn.Linear(2, 2))) == ""


def test_what_is_kept_is_a_choice_and_is_reported() -> None:
    def model() -> nn.Sequential:
        return nn.Sequential(nn.GELU(), nn.LeakyReLU(0.2), nn.GLU(), nn.PReLU(), nn.Softmax(1))

    kept = {
        save: [row.keeps for row in ogive.accelerate(model(), save=save).rows]
        for save in ("exact", "lean", "input", "mask", "code8")
    }
    rest = ["the input"] * 3
    assert kept == {
        "exact": ["the input", "1 bit", *rest],
        "lean": ["the result and 1 bit", "the result", *rest],
        "input": ["the input", "the input", *rest],
        "mask": ["the input", "1 bit", *rest],  # gelu has no mask
        "code8": ["8 bits", "8 bits", *rest],
    }
    halved = ogive.accelerate(model().to(torch.bfloat16), save="lean").rows[0]
    assert (halved.keeps, halved.bits) == ("8 bits", 8)
    with pytest.raises(ParameterError, match=r"save must be one of .* not 'leen'; did you mean"):
        ogive.accelerate(model(), save="leen")


def test_a_function_that_is_held_saves_as_the_model_does() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = functools.partial(F.gelu, approximate="tanh")

        def forward(self, x: Tensor) -> Tensor:
            return self.act(x)

    for save, keeps in (("lean", "the result and 1 bit"), ("mask", "the input")):
        net = Net()
        assert [row.keeps for row in ogive.accelerate(net, save=save).rows] == [keeps]
        x = torch.randn(4, requires_grad=True)
        (got,) = torch.autograd.grad(net(x).sum(), x)
        (want,) = torch.autograd.grad(F.gelu(x, approximate="tanh").sum(), x)
        torch.testing.assert_close(got, want, atol=2e-3, rtol=0)


@pytest.mark.parametrize("title", OUTPUT_KEPT)
def test_where_torch_keeps_the_output_it_is_left_alone(title):
    """Exact mode never keeps more than the untouched model."""
    module = getattr(nn, title)()
    model = nn.Sequential(nn.Linear(2, 2), module)
    model.act = getattr(torch, title.lower())
    report = ogive.accelerate(model)
    assert model[1] is module
    assert not report.rows
    assert [(x.name, "keeps its output" in x.reason) for x in report.skipped] == [
        ("1", True),
        ("act", True),
    ]


def test_a_report_shows_formulas_and_curves_in_a_notebook() -> None:
    model = nn.Sequential(nn.GELU(), nn.Mish(), nn.RReLU())
    page = ogive.accelerate(model, engine="eager")._repr_html_()
    assert page.count("<math") == page.count("<svg xmlns") == 2
    assert "<p>skipped: 2: RReLU: ogive draws other random numbers than torch</p>" in page
    assert "<p>engine: eager, whatever is set</p>" in page
    assert "<table" not in ogive.accelerate(nn.Sequential(nn.Linear(2, 2)))._repr_html_()
