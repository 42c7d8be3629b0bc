"""An activation as an object: copies, comparisons, derivatives, sources, text."""

import contextlib
import copy
import pickle

import pytest
import torch

import ogive
from ogive.errors import OgiveError, ParameterError
from ogive.printers import languages

POINTWISE = [n for n in ogive.names() if ogive.get(n).kind != "rowwise"]


@pytest.mark.parametrize("name", ogive.names())
def test_copies_are_equal_and_still_the_entry(name: str) -> None:
    function = ogive.get(name)
    for other in (pickle.loads(pickle.dumps(function)), copy.deepcopy(function)):
        assert other == function
        assert hash(other) == hash(function)
        assert other.spec is function.spec
        assert type(other) is type(function)


def test_a_preset_is_part_of_what_it_is() -> None:
    keras = ogive.get("keras:leaky_relu")
    assert keras != ogive.get("leaky_relu")
    assert pickle.loads(pickle.dumps(keras)).preset == keras.preset
    assert keras(torch.tensor(-1.0)).item() == pytest.approx(-0.2)
    assert keras(torch.tensor(-1.0), negative_slope=0.5).item() == -0.5


def test_derivatives_can_be_pickled_too() -> None:
    derivative = ogive.get("mish").derivative(2)
    restored = pickle.loads(pickle.dumps(derivative))
    x = torch.linspace(-3, 3, 7)
    assert torch.equal(restored(x), derivative(x))


@pytest.mark.parametrize("name", POINTWISE)
def test_derivatives_of_orders_0_to_3_are_activations(name: str) -> None:
    function = ogive.get(name)
    assert function.derivative(0) is function
    x = torch.linspace(-2, 2, 8, dtype=torch.float64)
    for order in (1, 2, 3):
        derivative = function.derivative(order)
        y = derivative(x)
        assert y.dtype == x.dtype
        assert derivative.formula
        assert not derivative.aliases


def test_the_derivative_of_a_derivative_is_the_next() -> None:
    x = torch.linspace(-3, 3, 11, dtype=torch.float64)
    once = ogive.get("silu").derivative().derivative()
    torch.testing.assert_close(once(x), ogive.get("silu").derivative(2)(x), rtol=1e-12, atol=0)


def test_the_derivative_with_respect_to_a_parameter() -> None:
    x = torch.linspace(-3, 3, 11, dtype=torch.float64)
    by_alpha = ogive.get("elu").derivative(variable="alpha")
    torch.testing.assert_close(by_alpha(x), torch.expm1(x.clamp(max=0)))


def test_derivatives_that_do_not_exist_are_refused() -> None:
    with pytest.raises(OgiveError, match="jacrev"):
        ogive.get("softmax").derivative()
    with pytest.raises(OgiveError, match="not -1"):
        ogive.get("mish").derivative(-1)
    with pytest.raises(ParameterError, match="has no 'beta'; it has x, alpha"):
        ogive.get("elu").derivative(variable="beta")


@pytest.mark.parametrize(
    "language", [n for n in languages() if n not in ("latex", "cpu", "javascript")]
)
def test_sources_of_every_entry_are_python(language: str) -> None:
    for name in POINTWISE:
        for order in (0, 1, 2):
            text = ogive.get(name).source(language, order)
            compile(text, f"{name}.{language}", "exec")
            assert "def " in text, name


def test_the_source_of_kernels_is_llvm() -> None:
    text = ogive.get("gelu").source("cpu")
    assert "define internal <16 x float> @ogive.gelu.program(<16 x float> %x)" in text
    assert "call <16 x float> @ogive.gelu(<16 x float> %x)" in text


def test_an_unknown_language_lists_the_known() -> None:
    with pytest.raises(OgiveError, match=r"no printer for .* 'cobol' \(there are .*torch"):
        ogive.get("mish").source("cobol")


def test_source_is_what_runs() -> None:
    scope: dict = {}
    exec(ogive.get("mish").source("torch"), scope)
    x = torch.linspace(-3, 3, 11)
    with ogive.engine("eager"):
        assert torch.equal(scope["mish"](x)[0], ogive.get("mish")(x))


@pytest.mark.parametrize("name", ogive.names())
def test_text_about_an_entry(name: str) -> None:
    function = ogive.get(name)
    assert repr(function).startswith(f"<ogive {function.kind} activation {name}")
    assert function.formula
    assert function.latex
    assert function.title[0].isupper()


def test_a_variant_is_the_entry_it_names() -> None:
    x = torch.linspace(-3, 3, 11)
    gelu = ogive.get("gelu")
    assert torch.equal(gelu(x, approximate="tanh"), ogive.get("gelu_tanh")(x))
    assert torch.equal(gelu(x, approximate="none"), gelu(x))


def test_a_call_changes_nothing_it_was_given() -> None:
    arguments = {"alpha": 0.5}
    x = torch.linspace(-3, 3, 11)
    kept = x.clone()
    ogive.get("elu")(x, **arguments)
    assert arguments == {"alpha": 0.5}
    assert torch.equal(x, kept)


LEARNED = [n for n in ogive.names("elementwise") if ogive.get(n).parameters]


@pytest.mark.parametrize("engine", ["eager", "cpu"])
@pytest.mark.parametrize("name", LEARNED)
def test_a_parameter_of_zero_hides_no_nan(name, engine) -> None:
    nan = torch.full((3,), torch.nan)
    function = ogive.get(name)
    with ogive.engine(engine):
        for parameter in function.parameters:
            with contextlib.suppress(ParameterError):  # where 0 is not allowed
                for zero in (0.0, torch.zeros(3)):
                    assert function(nan, **{parameter.name: zero}).isnan().all(), parameter
