"""What accelerate leaves as it is: it computes the same as ever, and the report says why."""

import functools
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import others
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from situations import ROWS, Case, llama
from torch import Tensor, nn
from transformers import GptOssConfig
from transformers.models.bloom.modeling_bloom import BloomGelu
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssExperts

import ogive
from ogive.errors import OgiveError
from ogive.nn.accelerated import Accelerated

X = torch.linspace(-3, 3, 12).reshape(3, 4)


def reasons(module: nn.Module) -> list[str]:
    """Why nothing of a module was replaced."""
    report = ogive.accelerate(module)
    assert report.rows == ()
    return [x.reason for x in report.skipped]


# subclasses and instances


class Trained(nn.GELU):
    def train(self, mode: bool = True) -> "Trained":
        self.approximate = "tanh" if mode else "none"
        return super().train(mode)


class Evaluated(nn.GELU):
    def eval(self) -> "Evaluated":
        self.approximate = "tanh"
        return super().eval()


class Called(nn.GELU):
    def __call__(self, x: Tensor) -> Tensor:
        return -super().__call__(x)


class CalledInside(nn.GELU):
    def _call_impl(self, *args: Any, **kwargs: Any) -> Any:
        return -super()._call_impl(*args, **kwargs)


class Wrapped(nn.GELU):
    def _wrapped_call_impl(self, *args: Any, **kwargs: Any) -> Any:
        return -super()._wrapped_call_impl(*args, **kwargs)


class Forwarded(nn.GELU):
    def forward(self, x: Tensor) -> Tensor:
        return -super().forward(x)


class Read(nn.GELU):
    def __getattribute__(self, name: str) -> Any:
        return "tanh" if name == "approximate" else super().__getattribute__(name)


class Computed(nn.GELU):
    @property
    def approximate(self) -> str:
        return "tanh"

    @approximate.setter
    def approximate(self, value: str) -> None:
        pass


class Mixin:
    def forward(self, x: Tensor) -> Tensor:
        return -F.gelu(x)


class Mixed(Mixin, nn.GELU):
    """A forward that comes from beside."""


OVERRIDES = {
    Trained: "train", Evaluated: "eval", Called: "__call__", CalledInside: "_call_impl",
    Wrapped: "_wrapped_call_impl", Forwarded: "forward", Read: "__getattribute__",
    Computed: "approximate", Mixed: "forward",
}  # fmt: skip


@pytest.mark.parametrize("cls", OVERRIDES)
def test_a_subclass_that_computes_something_else_is_left(cls: type[nn.Module]) -> None:
    model = nn.Sequential(cls())
    want = model(X)
    assert reasons(model) == [f"its {OVERRIDES[cls]} is not that of GELU"]
    assert torch.equal(model(X), want)


@pytest.mark.parametrize("name", ["forward", "_call_impl", "train", "eval", "_wrapped_call_impl"])
def test_an_instance_with_a_method_of_its_own_is_left(name: str) -> None:
    module = nn.GELU()
    setattr(module, name, lambda *args: X)
    assert reasons(nn.Sequential(module)) == [f"its {name} is not that of GELU"]


class Harmless(nn.GELU):
    """States what computes nothing."""

    unit = 3

    def __init__(self) -> None:
        super().__init__("tanh")
        self.scale = nn.Parameter(torch.ones(1))

    def describe(self) -> str:
        return f"a {self.approximate} GELU"

    def extra_repr(self) -> str:
        return self.describe()


def test_methods_and_parameters_of_a_subclass_stay() -> None:
    model = nn.Sequential(Harmless())
    assert len(ogive.accelerate(model).rows) == 1
    assert (model[0].describe(), model[0].unit) == ("a tanh GELU", 3)
    assert repr(model[0]) == "AcceleratedHarmless(a tanh GELU)"
    assert list(model.state_dict()) == ["0.scale"]
    assert isinstance(model[0], Harmless)


def test_a_constant_that_was_changed_before_is_seen() -> None:
    module = nn.ReLU6()
    module.max_val = 4.0
    assert reasons(nn.Sequential(module)) == ["its max_val is not that of ReLU6"]


def test_the_sign_of_a_zero_counts() -> None:
    model = nn.Sequential(nn.Threshold(0.1, 0.0), nn.Threshold(0.1, -0.0))
    ogive.accelerate(model)
    x = torch.tensor([-1.0])
    assert [torch.signbit(m(x)).item() for m in model] == [False, True]
    model[0].value, model[1].value = -0.0, 0.0
    assert [torch.signbit(m(x)).item() for m in model] == [True, False]


def test_a_value_that_is_a_tensor_is_torchs_to_read() -> None:
    """It may change in place, and is no learned parameter."""
    for module in (nn.ELU(torch.tensor(0.3)), nn.LeakyReLU(torch.tensor(0.3))):
        model = nn.Sequential(module)
        want = model(X)
        assert [reason.endswith("is a tensor") for reason in reasons(model)] == [True]
        assert torch.equal(model(X), want)


@pytest.mark.parametrize("block", [nullcontext, ogive.intercept])
def test_a_minimum_above_the_maximum_is_refused_as_torch_does(block: Any) -> None:
    model = nn.Sequential(nn.Hardtanh())
    ogive.accelerate(model)
    model[0].min_val = 2.0
    for module in (model, nn.Sequential(nn.Hardtanh(-1, 1))):
        module[0].min_val = 2.0
        with block(), pytest.raises(ValueError, match="min_val cannot be greater"):
            module(X)


def test_numbers_of_numpy_are_numbers() -> None:
    model = nn.Sequential(nn.LeakyReLU(np.float32(0.1)))
    assert len(ogive.accelerate(model).rows) == 1
    torch.testing.assert_close(model(X), F.leaky_relu(X, 0.1))


# functions that a model holds


class Held(nn.Module):
    def __init__(self, act: Callable[..., Tensor]) -> None:
        super().__init__()
        self.act = act


class Calling(Held):
    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)

    def extra_repr(self) -> str:
        return self.act.__name__


class Comparing(Held):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.act(x) if self.act is F.gelu else x


class Containing(Held):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.act(x) if self.act in (F.gelu, F.silu) else x


class Passing(Held):
    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x) if getattr(self, "act") is F.gelu else x  # noqa: B009


class Outside(nn.Module):
    """Compares what another module holds."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Calling(F.gelu)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) if self.inner.act == F.gelu else x


@pytest.mark.parametrize(
    "make", [lambda c=c: c(F.gelu) for c in (Comparing, Containing, Passing)] + [Outside]
)
def test_a_held_function_that_is_compared_is_left(make: Callable[[], nn.Module]) -> None:
    model = make()
    want = model(X)
    compared = "the model's code does more with it than call it, or cannot be read"
    assert compared in reasons(model)
    assert torch.equal(model(X), want)


class Typed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act, self.other = nn.GELU(), nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.other(x)
        return 2 * self.act(x) if type(self.act) is nn.GELU else x


class OfClass(Typed):
    def forward(self, x: Tensor) -> Tensor:
        return (1 + (self.act.__class__ is nn.GELU)) * self.act(self.other(x))


class OfChildren(Typed):
    def forward(self, x: Tensor) -> Tensor:
        return (1 + sum(type(m) in (nn.GELU,) for m in self.modules())) * self.act(self.other(x))


def doubled(act: nn.Module, x: Tensor) -> Tensor:
    return 2 * act(x) if type(act) is nn.GELU else act(x)


class ByHelper(Typed):
    def forward(self, x: Tensor) -> Tensor:
        return doubled(self.act, self.other(x))


@pytest.mark.parametrize("make", [Typed, OfClass, OfChildren, ByHelper])
def test_a_module_whose_type_is_asked_for_is_left(make: Callable[[], nn.Module]) -> None:
    model = make()
    want = model(X)
    report = ogive.accelerate(model)
    assert [row.name for row in report.rows] == ["other"]
    assert [x.reason for x in report.skipped] == ["the model's code asks for its type"]
    torch.testing.assert_close(model(X), want)


def test_a_held_function_whose_class_cannot_be_read_is_left() -> None:
    hidden: dict[str, Any] = {"Held": Held}
    exec("class Unread(Held):\n    def forward(self, x):\n        return self.act(x)", hidden)
    (reason,) = reasons(hidden["Unread"](F.gelu))
    assert reason.endswith("or cannot be read")


def test_a_held_function_is_equal_to_the_original() -> None:
    model = Calling(functools.partial(F.gelu, approximate="tanh"))
    model.other = F.silu
    original = model.act
    assert len(ogive.accelerate(model).rows) == 2
    assert model.other == F.silu
    assert F.silu == model.other
    assert model.other in (F.gelu, F.silu)
    assert {F.silu: 1}[model.other] == 1
    assert (model.act.func, model.act.keywords) == (F.gelu, {"approximate": "tanh"})
    assert model.other.__name__ == "silu"
    assert model.act == original
    assert repr(Calling(F.gelu)) == "Calling(gelu)"


def test_a_held_function_is_called_with_arguments_that_rule_its_mode_out() -> None:
    model = nn.Module()
    model.act = F.elu
    assert [row.keeps for row in ogive.accelerate(model, save="lean").rows] == ["the result"]
    x, own = (X.clone().requires_grad_() for _ in range(2))
    model.act(x, -1.0).sum().backward()
    F.elu(own, -1.0).sum().backward()
    torch.testing.assert_close(x.grad, own.grad)


# what is seen, and cannot be replaced


class Named(nn.Module):
    @property
    def act(self) -> Callable[..., Tensor]:
        return F.gelu

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


class Helped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return self._helper(x)

    def _helper(self, x: Tensor) -> Tensor:
        return (lambda y: torch.sigmoid(y) * y)(x)


def holding(value: Any) -> nn.Module:
    module = nn.Module()
    module.act = value
    return module


def experts() -> nn.Module:
    config = GptOssConfig(hidden_size=8, intermediate_size=8, num_local_experts=2)
    return GptOssExperts(config)


class ByClass(nn.Module):
    act = staticmethod(F.gelu)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


class Choosing(nn.Module):
    choices = {"gelu": F.gelu}  # noqa: RUF012

    def forward(self, x: Tensor) -> Tensor:
        return self.choices["gelu"](x)


def helper(x: Tensor) -> Tensor:
    return F.gelu(x)


class Helping(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return helper(x)


class Taking(nn.Module):
    def forward(self, x: Tensor, act: Callable[..., Tensor] = F.gelu) -> Tensor:
        return act(x)


class ByName(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.name = "gelu"

    def forward(self, x: Tensor) -> Tensor:
        return getattr(F, self.name)(x)


class Gelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return F.gelu(x)


class Applying(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Gelu.apply(x)


class Overwriting(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.relu_()


class Partial(nn.Module):
    act = functools.partialmethod(lambda self, x, alpha: F.elu(x, alpha), alpha=0.3)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


def closure(function: Callable[..., Tensor] = F.gelu) -> nn.Module:
    return holding(lambda x: function(x))


IN_CONTAINER = "it is held in a {}: use ogive.intercept()"
SEEN: dict[str, tuple[Callable[[], nn.Module], str, str]] = {
    "list": (lambda: holding([F.gelu]), "act", IN_CONTAINER.format("list")),
    "list of modules": (
        lambda: holding([nn.GELU(), "relu", 3, None]),
        "act",
        IN_CONTAINER.format("list"),
    ),
    "dict": (lambda: holding({"a": F.gelu}), "act", IN_CONTAINER.format("dict")),
    "dicts in a dict": (lambda: holding({"a": {"b": F.gelu}}), "act", IN_CONTAINER.format("dict")),
    "namespace": (
        lambda: holding(SimpleNamespace(a=F.gelu)),
        "act",
        IN_CONTAINER.format("SimpleNamespace"),
    ),
    "partial": (lambda: holding(functools.partial(F.gelu, X)), "act", "its code names gelu"),
    "closure": (closure, "act", "its code names gelu"),
    "helper": (Helping, "", "its code names gelu"),
    "default": (Taking, "", "its code names gelu"),
    "name": (ByName, "", "its code names gelu"),
    "Function": (Applying, "", "its code names gelu"),
    "lambda": (lambda: holding(lambda x: F.gelu(x)), "act", "its code names gelu"),
    "class": (ByClass, "act", "it is held in its class"),
    "dict of the class": (Choosing, "choices", IN_CONTAINER.format("dict")),
    "property": (Named, "", "its code names gelu"),
    "method": (Helped, "", "its code names sigmoid"),
    "in place": (Overwriting, "", "its code names relu_: it writes over its input"),
    "partialmethod": (Partial, "", "its code names elu"),
    "BloomGelu": (lambda: nn.Sequential(BloomGelu()), "0", "only its name says what it computes"),
    "gpt-oss": (experts, "", "its code names sigmoid"),
}


@pytest.mark.parametrize("kind", SEEN)
def test_the_report_names_what_it_saw(kind: str) -> None:
    make, name, reason = SEEN[kind]
    report = ogive.accelerate(make())
    assert report.rows == ()
    (skipped,) = report.skipped
    assert skipped.name == name
    assert skipped.reason.startswith(reason)


# what may follow


@pytest.mark.parametrize("follower", [nn.Dropout(0.5, inplace=True), nn.ReLU(inplace=True)])
def test_lean_does_not_keep_what_the_next_module_overwrites(follower: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.GELU(), follower, nn.LeakyReLU(), nn.Hardtanh())
    rows = ogive.accelerate(model, save="lean").rows
    assert [row.keeps for row in rows] == [
        "the input, as 2 writes over the result", "the result", "the result",
    ]  # fmt: skip
    model(X).sum().backward()


def test_where_nobody_can_know_lean_refuses_before_it_is_wrong() -> None:
    case = Case(ROWS["torch.nn.modules.activation:GELU"].net())
    case.net.follow = lambda x, y: y.add_(1)
    ogive.accelerate(case.net, save="lean")
    with pytest.raises(OgiveError, match=r"kept for backward .* overwritten .* save='input'"):
        case.run()
    assert case.x.grad is None


@pytest.mark.parametrize("make", [nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU])
@pytest.mark.parametrize("hooks", ["save_on_cpu", "checkpoint"])
def test_lean_refuses_where_hooks_hide_that_a_result_was_overwritten(
    make: Callable[[], nn.Module], hooks: str
) -> None:
    """What is packed by hooks, as on the CPU or under checkpointing, torch does not count."""
    model, last = nn.Sequential(nn.Linear(4, 4), make()), nn.Linear(4, 4)
    assert "result" in ogive.accelerate(model, save="lean").rows[0].keeps

    def call(x: Tensor) -> Tensor:
        y = model(x)
        y += 1
        return last(y)

    x = X.clone().requires_grad_()
    if hooks == "checkpoint":
        y = torch.utils.checkpoint.checkpoint(call, x, use_reentrant=False)
    else:
        with torch.autograd.graph.save_on_cpu():
            y = call(x)
    with pytest.raises(OgiveError, match="has been overwritten since"):
        y.sum().backward()


def test_a_hook_on_the_activation_of_a_fused_block_is_called() -> None:
    block, seen = llama(), []
    x = torch.randn(2, 6)
    want = block(x)
    assert len(ogive.accelerate(block).rows) == 1
    block.act_fn.register_forward_hook(lambda m, i, y: seen.append(1))
    torch.testing.assert_close(block(x), want)
    assert seen == [1]


def test_an_attribute_of_the_activation_of_a_fused_block_is_obeyed() -> None:
    block = others.timm.layers.GluMlp(6, 8, act_layer=nn.GELU)
    twin = others.timm.layers.GluMlp(6, 8, act_layer=nn.GELU)
    twin.load_state_dict(block.state_dict())
    ogive.accelerate(block)
    block.act.approximate = twin.act.approximate = "tanh"
    x = torch.randn(2, 6)
    assert torch.equal(block(x), twin(x))


# in place


@pytest.mark.parametrize("make", [nn.SiLU, nn.LeakyReLU, nn.Mish])
def test_a_tensor_of_inference_is_refused_outside_of_it(make) -> None:
    with torch.inference_mode():
        x = X.clone()
    model = nn.Sequential(make(inplace=True))
    ogive.accelerate(model)
    for call in (model, functools.partial(ogive.get(make.__name__.lower()), inplace=True)):
        with pytest.raises(RuntimeError, match="Inplace update to inference tensor"):
            call(x)
    with torch.inference_mode():
        assert model(x) is x


def test_an_expanded_tensor_is_written_to_as_torch_does() -> None:
    model = nn.Sequential(nn.Threshold(0.1, 0.2, inplace=True))
    ogive.accelerate(model)
    assert model(torch.zeros(1).expand(3)).tolist() == [pytest.approx(0.2)] * 3


# other compilers


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of torch.jit
def test_torch_jit_script_says_what_to_do() -> None:
    model = nn.Sequential(nn.GELU())
    ogive.accelerate(model)
    with pytest.raises(OgiveError, match=r"call ogive.restore\(model\) before"):
        torch.jit.script(model)
    ogive.restore(model)
    torch.testing.assert_close(torch.jit.script(model)(X), F.gelu(X))


class Beside(nn.Module):
    """Rows beside one another."""

    def __init__(self, kinds: tuple[str, ...] = ("",)) -> None:
        super().__init__()
        rows = [row for name, row in ROWS.items() if name.startswith(kinds) and not row.called]
        nets = [row.net().float() for row in rows]
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [net(x) for net in self.nets]


@pytest.fixture
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def test_a_compiler_finds_no_break(fresh: None) -> None:
    kinds, x = ("torch.nn", "held:timm.layers.activations.", "block"), torch.randn(2, 3, 6)
    model = Beside(kinds)
    model.nets.append(nn.Sequential(nn.Linear(6, 6), nn.SiLU(inplace=True)))
    model.nets.append(nn.Sequential(nn.Linear(6, 6), nn.Unflatten(-1, (2, 3)), nn.SELU(True)))
    want = model(x)
    assert len(ogive.accelerate(model).rows) > 30
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    for got, wanted in zip(compiled(x), want, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)


def test_an_attribute_is_obeyed_in_a_compiled_model(fresh: None) -> None:
    model = nn.Sequential(nn.LeakyReLU(0.1))
    ogive.accelerate(model)
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(X), F.leaky_relu(X, 0.1))
    model[0].negative_slope = 0.5
    torch.testing.assert_close(compiled(X), F.leaky_relu(X, 0.5))


@pytest.mark.parametrize("save", ["exact", "lean"])
def test_an_export_packs_nothing_and_takes_any_batch(save: str) -> None:
    model, x = Beside(), torch.randn(2, 3, 6)
    ogive.accelerate(model, save=save)
    assert sum(isinstance(m, Accelerated) for m in model.modules()) > 50
    batch = ({0: torch.export.Dim("batch")},)
    exported = torch.export.export(model, (x,), dynamic_shapes=batch, strict=False)
    assert not any("uint8" in str(n.meta.get("val")) for n in exported.graph.nodes)
    x = torch.randn(5, 3, 6)
    for got, want in zip(exported.module()(x), Beside()(x), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5)
