"""Calls that keep less than their input: the same values, stated errors, clear refusals."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

import ogive
from ogive.errors import OgiveError, ParameterError

GELU, LEAKY = ogive.get("gelu"), ogive.get("leaky_relu")
MODES = ["output", "code8", "code4", "lean"]


def points(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).to(dtype)


def gradient(function: Callable[..., Tensor], x: Tensor, **arguments: object) -> Tensor:
    x = x.detach().requires_grad_()
    y = function(x, **arguments)
    weight = torch.linspace(-1, 1, x.numel()).to(x.dtype).view(x.shape)
    return torch.autograd.grad(y, x, weight)[0]


def kept(call: Callable[[], Tensor]) -> list[Tensor]:
    found: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        if tensor.numel():  # an exact mode's link to its input is empty
            found.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        call()
    return found


def sizes(x: Tensor, save: str) -> set[tuple[torch.dtype, int]]:
    return {(t.dtype, t.numel()) for t in kept(lambda: GELU(x, save=save))}


@pytest.mark.parametrize("engine", ["cpu", "eager"])
@pytest.mark.parametrize("save", MODES)
def test_values_are_the_same_and_gradients_within_the_stated_error(save: str, engine: str) -> None:
    x = points(1000)
    with ogive.engine(engine):
        assert torch.equal(GELU(x.clone().requires_grad_(), save=save), GELU(x))
        off = gradient(GELU, x, save=save) - gradient(GELU, x)
    name = GELU.mode(save).name
    errors = {row.name: row.errors for row in GELU.saving().rows}
    assert 0 < off.abs().max() <= 1.01 * errors[name]["float32"].most


def test_what_is_kept() -> None:
    x = points(8, 1000).requires_grad_()
    assert sizes(x, "input") == {(torch.float32, 8000)}
    assert sizes(x, "output") == {(torch.float32, 8000), (torch.uint8, 1000)}
    assert sizes(x, "code4") == {(torch.uint8, 4000)}
    assert sizes(x, "code8") == {(torch.uint8, 8000)}
    assert [t.numel() for t in kept(lambda: LEAKY(x, save="mask"))] == [1000]
    assert kept(lambda: ogive.get("identity")(x, save="mask")) == []


def test_exact_is_exact_also_when_differentiated_again() -> None:
    x = points(100).requires_grad_()
    first, second = [], []
    for save in ("input", "exact", "mask", "output"):
        y = LEAKY(x, save=save).square().sum()
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        first.append(slope.detach())
        second.append(torch.autograd.grad(slope.sum(), x)[0])
    assert all(torch.equal(first[0], other) for other in first)
    assert all(torch.equal(second[0], other) for other in second)


@pytest.mark.parametrize("size", [100, 100_000])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "hardtanh"])
def test_exact_survives_what_overwrites_its_result(name: str, size: int) -> None:
    function, x = ogive.get(name), points(size)
    wanted = 2 * gradient(function, x)
    assert torch.equal(gradient(lambda x: function(x, save="exact").mul_(2), x), wanted)


def test_exact_packs_what_is_worth_it() -> None:
    """Up to 32 KiB the input is kept: packing takes as long as two such calls."""
    for name, size, held in (
        ("leaky_relu", 8192, (torch.float32, 8192)),
        ("leaky_relu", 8193, (torch.uint8, 1025)),
        ("relu", 8, (torch.uint8, 1)),  # torch keeps the result, so its input may be overwritten
    ):
        x = torch.randn(size, requires_grad=True)
        found = kept(lambda n=name, t=x: ogive.get(n)(t, save="exact"))
        assert [(t.dtype, t.numel()) for t in found] == [held], (name, size)


def test_exact_may_go_backward_twice() -> None:
    x = points(10).requires_grad_()
    y = LEAKY(x, save="exact").sum()
    once = torch.autograd.grad(y, x, retain_graph=True)[0]
    assert torch.equal(once, torch.autograd.grad(y, x)[0])


def test_lean_goes_backward_once() -> None:
    x = points(10).requires_grad_()
    y = GELU(x, save="lean").sum()
    y.backward(retain_graph=True)
    with pytest.raises(OgiveError, match=r"cannot give a second backward; .* with save='exact'"):
        y.backward()


def test_lean_is_not_differentiated_again() -> None:
    x = points(10).requires_grad_()
    with pytest.raises(OgiveError, match="cannot give the gradient of a gradient"):
        torch.autograd.grad(GELU(x, save="code8").sum(), x, create_graph=True)


def test_a_result_that_was_overwritten_is_noticed() -> None:
    x = points(10).requires_grad_()
    y = GELU(x, save="output")
    y.add_(1)
    with pytest.raises(
        OgiveError, match=r"was kept for backward .save='output'. and has been over"
    ):
        y.sum().backward()
    z = GELU(x, save="code8")  # which does not need it
    z.add_(1)
    z.sum().backward()


def test_an_input_may_be_overwritten() -> None:
    base = points(100).requires_grad_()
    x = base * 1
    GELU(x, save="code8", inplace=True).sum().backward()
    assert torch.equal(x, GELU(base))
    (want,) = torch.autograd.grad(GELU(base).sum(), base)
    assert base.grad is not None and 0 < (base.grad - want).abs().max() < 3e-3
    with pytest.raises(RuntimeError, match="leaf Variable"):
        GELU(base, save="output", inplace=True)


@pytest.mark.parametrize("save", [*MODES, "input"])
def test_an_input_that_is_not_dense_may_be_overwritten(save: str) -> None:
    weight = points(64, 40)
    found = []
    for inplace in (True, False):
        base = points(64, 40).requires_grad_()
        x = base * 1
        if inplace:
            GELU(x[:, ::2], save=save, inplace=True)
        else:
            x = torch.stack([GELU(x[:, ::2], save=save), x[:, 1::2]], 2).flatten(1)
        (x * weight).sum().backward()
        found.append((x.detach(), base.grad))
    assert torch.equal(found[0][0], found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1], atol=1e-6, rtol=1e-6)


def test_a_mode_of_the_dispatcher_sees_what_is_written_over() -> None:
    for save in ("input", "code8"):
        with Seen() as seen:
            GELU(points(8).requires_grad_() * 1, save=save, inplace=True)
        assert {"ogive.call.default", "aten.copy_.default"} <= {*seen.names}


class Seen(TorchDispatchMode):
    """Lists the operators that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("save", MODES)
def test_any_layout(save: str) -> None:
    image = points(2, 3, 4, 5).to(memory_format=torch.channels_last)
    layouts = [image, points(6, 4).t(), points(10, 10)[::2, ::3], points(4, 1).expand(4, 3)]
    for x in [*layouts, points(0, 3), points(1)[0]]:
        want = gradient(GELU, x.contiguous(), save=save)
        assert torch.equal(gradient(GELU, x, save=save), want)
        assert torch.equal(GELU(x.clone().requires_grad_(), save=save), GELU(x))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("save", MODES)
def test_other_dtypes(save: str, dtype: torch.dtype) -> None:
    x = points(1001, dtype=dtype)
    off = (gradient(GELU, x, save=save) - gradient(GELU, x)).abs().max()
    assert 0 < off < (0.05 if save == "code4" else 0.02)


def test_a_number_of_the_call_belongs_to_the_formula() -> None:
    x = points(100)
    for slope in (0.1, 0.3):
        want = gradient(LEAKY, x, negative_slope=slope)
        assert torch.equal(gradient(LEAKY, x, negative_slope=slope, save="mask"), want)


def test_a_parameter_that_is_a_tensor_needs_the_input() -> None:
    x, weight = points(4), torch.tensor(0.3, requires_grad=True)
    assert ogive.get("prelu").mode("lean", weight=weight) is None
    with pytest.raises(ParameterError, match="a parameter that is a tensor needs the input"):
        gradient(ogive.get("prelu"), x, weight=weight, save="mask")


def test_what_cannot_be_had_is_refused_with_the_reason() -> None:
    x = points(4).requires_grad_()
    with pytest.raises(ParameterError, match=r"gelu cannot save its mask: f' takes a continuum"):
        GELU(x, save="mask")
    with pytest.raises(ParameterError, match=r"swiglu cannot save its code8: .* need both"):
        ogive.get("swiglu")(x, save="code8")
    with pytest.raises(ParameterError, match=r"save must be one of 'input', .*, not 'less'"):
        GELU(x, save="less")
    with pytest.raises(ParameterError, match=r"save must be one of 'input', .*, not 'less'"):
        ogive.nn.GELU(save="less")
    with pytest.raises(ParameterError, match="cannot save its mask"):
        ogive.nn.GELU(save="mask")


def test_a_parameter_that_changes_in_every_step_needs_the_input() -> None:
    spare = ogive.define("spare_leak", "where(x > 0, x, s * x)", s=0.5)
    assert spare.mode("exact", s=0.77) is not None
    assert spare.mode("exact", s=1 / 3) is None
    with pytest.raises(ParameterError, match="a number of more than six digits"):
        spare.mode("mask", s=1 / 3)


def test_torch_func_takes_the_input() -> None:
    x = points(5)
    slopes = [
        torch.func.vmap(torch.func.grad(lambda t, s=save: GELU(t, save=s)))(x)
        for save in ("lean", "input")
    ]
    assert torch.equal(*slopes)


def test_checkpointing_computes_again() -> None:
    x = points(100).requires_grad_()
    again = checkpoint(lambda t: GELU(t, save="lean"), x, use_reentrant=False)
    weight = torch.linspace(-1, 1, 100)
    assert torch.equal(torch.autograd.grad(again, x, weight)[0], gradient(GELU, x, save="lean"))


def test_both_engines_write_the_same_codes() -> None:
    x = points(997).requires_grad_()
    for function, save in ((GELU, "code8"), (GELU, "code4"), (GELU, "output"), (LEAKY, "mask")):
        codes = []
        for engine in ("cpu", "eager"):
            with ogive.engine(engine):
                found = kept(lambda f=function, s=save: f(x, save=s))
            codes.append(found[-1].to(torch.int)[:-1])
        assert (codes[0] - codes[1]).abs().float().mean() < 0.01
