"""Functional calls computed by ogive: which, which not, nesting, threads, tasks, autograd."""

import asyncio
import threading
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

import ogive
from ogive.errors import OgiveError, ParameterError
from ogive.nn.intercept import REPEATED, Intercepted
from ogive.nn.recognise import OUTPUT_KEPT, torch_functions

X = torch.linspace(-3, 3, 24).reshape(4, 6)
CALLS = {
    "F.relu": (lambda x: F.relu(x), "relu"),
    "torch.relu": (lambda x: torch.relu(x), "relu"),
    "x.relu": (lambda x: x.relu(), "relu"),
    "F.relu6": (lambda x: F.relu6(x), "relu6"),
    "F.gelu": (lambda x: F.gelu(x), "gelu"),
    "F.gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), "gelu"),
    "F.silu": (lambda x: F.silu(x), "silu"),
    "F.mish": (lambda x: F.mish(x), "mish"),
    "F.elu": (lambda x: F.elu(x, 0.5), "elu"),
    "F.celu": (lambda x: F.celu(x, alpha=0.5), "celu"),
    "torch.celu": (lambda x: torch.celu(x, 0.5), "celu"),
    "F.selu": (lambda x: F.selu(x), "selu"),
    "F.leaky_relu": (lambda x: F.leaky_relu(x, 0.2), "leaky_relu"),
    "F.hardtanh": (lambda x: F.hardtanh(x, -0.5, 0.75), "hardtanh"),
    "F.hardswish": (lambda x: F.hardswish(x), "hardswish"),
    "F.hardsigmoid": (lambda x: F.hardsigmoid(x), "hardsigmoid"),
    "F.hardshrink": (lambda x: F.hardshrink(x, 0.3), "hardshrink"),
    "F.softshrink": (lambda x: F.softshrink(x, 0.3), "softshrink"),
    "F.threshold": (lambda x: F.threshold(x, 0.1, -0.3), "threshold"),
    "F.softplus": (lambda x: F.softplus(x, 2.0), "softplus"),
    "F.softplus threshold": (lambda x: F.softplus(x, 2.0, 3.0), "softplus"),
    "F.logsigmoid": (lambda x: F.logsigmoid(x), "logsigmoid"),
    "F.softsign": (lambda x: F.softsign(x), "softsign"),
    "F.tanhshrink": (lambda x: F.tanhshrink(x), "tanhshrink"),
    "torch.tanh": (lambda x: torch.tanh(x), "tanh"),
    "torch.tanh by name": (lambda x: torch.tanh(input=x), "tanh"),
    "x.tanh": (lambda x: x.tanh(), "tanh"),
    "F.tanh": (lambda x: F.tanh(x), "tanh"),
    "torch.sigmoid": (lambda x: torch.sigmoid(x), "sigmoid"),
    "x.sigmoid": (lambda x: x.sigmoid(), "sigmoid"),
    "expit": (lambda x: torch.special.expit(x), "sigmoid"),
    "F.glu": (lambda x: F.glu(x), "glu"),
    "F.glu dim": (lambda x: F.glu(x, 0), "glu"),
    "F.softmax": (lambda x: F.softmax(x, -1), "softmax"),
    "torch.softmax": (lambda x: torch.softmax(x, dim=0), "softmax"),
    "x.softmax": (lambda x: x.softmax(0), "softmax"),
    "F.log_softmax": (lambda x: F.log_softmax(x, dim=1, dtype=torch.float32), "log_softmax"),
    "F.softmin": (lambda x: F.softmin(x, 1), "softmin"),
    "nn.GELU": (nn.GELU(), "gelu"),
    "nn.Softmax": (nn.Softmax(1), "softmax"),
}
SKIPPED = {
    "F.relu in place": (lambda x: F.relu(x.clone(), inplace=True), "it writes over its input"),
    "out": (lambda x: torch.tanh(x, out=torch.empty(4, 6)), "it writes to out="),
    "dtype": (
        lambda x: F.softmax(x, 1, dtype=torch.float64),
        "it converts to torch.float64",
    ),
    "int": (lambda x: torch.relu(x.int()), "its input is torch.int32"),
    "complex": (lambda x: torch.tanh(x + 1j), "its input is torch.complex64"),
    "sparse": (
        lambda x: torch.relu(x.to_sparse()).to_dense(),
        "its input is no plain tensor but Tensor",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_taken_with_its_values_and_gradients(name: str) -> None:
    """To 1e-6, as torch's own float32 kernels are: its gelu is off by 5e-7 at -3."""
    call, entry = CALLS[name]
    x, own = (X.clone().requires_grad_() for _ in range(2))
    with ogive.intercept() as seen, torch.set_grad_enabled(entry not in OUTPUT_KEPT):
        got = call(x)
    assert dict(seen.taken) == {entry: 1}
    assert not seen.skipped
    want = call(own)
    if entry in OUTPUT_KEPT:
        torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-6)
        return
    got.square().sum().backward()  # outside of the block
    want.square().sum().backward()
    torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(x.grad, own.grad, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("entry", OUTPUT_KEPT)
def test_where_torch_keeps_the_result_a_recorded_call_is_torchs(entry: str) -> None:
    """The input may be overwritten then, which ogive would keep."""
    leaf, call = X.clone().requires_grad_(), getattr(torch, entry)
    for save, skipped in (("input", 1), ("exact", 1), ("lean", 0)):
        with ogive.intercept(save=save) as seen:
            call(leaf * 1)
        assert sum(seen.skipped.values()) == skipped
    with ogive.intercept():
        x = leaf * 1
        y = call(x)
        x.add_(1)
        y.sum().backward()
    (want,) = torch.autograd.grad(call(leaf).sum(), leaf)
    torch.testing.assert_close(leaf.grad, want)


@pytest.mark.parametrize("name", SKIPPED)
def test_a_call_is_skipped_with_its_reason(name: str) -> None:
    call, reason = SKIPPED[name]
    with ogive.intercept() as seen:
        got = call(X)
    assert not seen.taken
    assert [why for _, why in seen.skipped] == [reason]
    assert torch.equal(got, call(X))


def test_softplus_turns_straight_where_torch_s_does() -> None:
    x = torch.tensor([19.0, 21.0], dtype=torch.float64)
    with ogive.intercept():
        y = F.softplus(x)
    assert (y > x).tolist() == (F.softplus(x) > x).tolist() == [True, False]


def test_a_missing_dim_is_torch_s_to_guess() -> None:
    with (
        pytest.warns(UserWarning, match="Implicit dimension"),
        ogive.intercept() as seen,
    ):
        F.softmax(X)
    assert list(seen.skipped) == [("softmax", "its dim is left for torch to guess")]


def test_in_place_methods_are_not_touched() -> None:
    x = X.clone()
    with ogive.intercept() as seen:
        y = x.tanh_()
    assert y is x
    assert not seen.taken


def test_a_tensor_of_a_class_of_its_own_is_skipped() -> None:
    class Named(torch.Tensor):
        pass

    x = X.as_subclass(Named)
    with ogive.intercept() as seen:
        assert type(torch.tanh(x)) is Named
    assert not seen.taken


def test_blocks_nest_and_each_counts_what_it_took() -> None:
    with ogive.intercept() as outer:
        torch.tanh(X)
        with ogive.intercept() as inner:
            torch.tanh(X)
        torch.sigmoid(X)
    assert dict(outer.taken) == {"tanh": 1, "sigmoid": 1}
    assert dict(inner.taken) == {"tanh": 1}


def test_an_exception_leaves_the_block() -> None:
    with pytest.raises(RuntimeError, match="mine"), ogive.intercept() as seen:
        raise RuntimeError("mine")
    torch.tanh(X)
    assert not seen.taken


def test_the_block_holds_for_its_thread() -> None:
    with ogive.intercept() as seen:
        thread = threading.Thread(target=lambda: torch.tanh(X))
        thread.start()
        thread.join()
    assert not seen.taken


def kept(compute: Callable[[Tensor], Tensor], **given: str) -> set[tuple[torch.dtype, int]]:
    """What backward holds besides the result, by dtype and number of elements."""
    found: list[Tensor] = []
    x = torch.randn(64, requires_grad=True)
    hooks = saved_tensors_hooks(lambda t: found.append(t) or t, lambda t: t)
    with hooks, ogive.intercept(**given):
        y = compute(x)
    return {(t.dtype, t.numel()) for t in found if t.numel() and t.data_ptr() != y.data_ptr()}


def test_calls_keep_what_is_asked_for() -> None:
    for given in ({}, {"save": "input"}, {"save": "mask"}):  # gelu has no mask
        assert kept(F.gelu, **given) == {(torch.float32, 64)}
    assert kept(F.gelu, save="lean") == {(torch.uint8, 8)}
    assert kept(F.leaky_relu) == {(torch.float32, 64)}
    assert kept(F.leaky_relu, save="exact") == {(torch.float32, 64)}  # a bit would save nothing
    assert kept(F.leaky_relu, save="output") == set()
    assert kept(F.leaky_relu, save="mask") == {(torch.uint8, 8)}


def test_a_kind_that_needs_its_input_keeps_it() -> None:
    assert kept(lambda x: F.glu(x), save="mask") == {(torch.float32, 64)}
    assert kept(lambda x: F.softmax(x, -1), save="mask") == set()


ARGUMENTS = {"threshold": (0.1, 0.2), "softmax": (-1,), "log_softmax": (-1,), "softmin": (-1,)}


@pytest.mark.filterwarnings("ignore:.*use_reentrant:UserWarning")
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("use_reentrant", [True, False])
@pytest.mark.parametrize("save", ["input", "exact", "lean", "code8"])
def test_checkpointed_calls_train_in_every_mode(
    save: str, use_reentrant: bool, inside: bool
) -> None:
    """torch calls again in backward, outside of the block, what it has called inside."""
    for name in torch_functions():
        call, arguments = getattr(F, name), ARGUMENTS.get(name, ())
        x, own = (X.clone().requires_grad_() for _ in range(2))
        call(own, *arguments).square().sum().backward()
        with ogive.intercept(save=save) as seen:
            y = checkpoint(call, x, *arguments, use_reentrant=use_reentrant).square().sum()
            if inside:
                y.backward()
        if not inside:
            y.backward()
        torch.testing.assert_close(x.grad, own.grad, rtol=1e-5, atol=1e-5)
        if not use_reentrant:
            assert not seen.taken
            assert {why for _, why in seen.skipped} == {REPEATED}


def test_a_block_inside_of_what_is_checkpointed_is_entered_again() -> None:
    def call(x: Tensor) -> Tensor:
        with ogive.intercept(save="lean") as seen:
            blocks.append(seen)  # torch leaves the second call as soon as it has what it needs
            return F.gelu(x)

    blocks: list[Intercepted] = []
    x, own = (X.clone().requires_grad_() for _ in range(2))
    checkpoint(call, x, use_reentrant=False).sum().backward()
    assert [dict(seen.taken) for seen in blocks] == [{"gelu": 1}] * 2
    F.gelu(own).sum().backward()
    torch.testing.assert_close(x.grad, own.grad, rtol=2e-3, atol=2e-3)


def test_without_a_word_a_result_may_be_overwritten() -> None:
    x = torch.randn(5, requires_grad=True)
    with ogive.intercept():
        F.leaky_relu(x).mul_(2).sum().backward()
    torch.testing.assert_close(x.grad, torch.where(x > 0, 2.0, 0.02))


def test_calls_run_on_the_engine_given() -> None:
    x = torch.randn(5, requires_grad=True)
    with ogive.served() as calls:
        with ogive.intercept(engine="eager"):
            y = F.gelu(x)
        y.sum().backward()
    assert [call.engine for call in calls] == ["eager", "eager"]


def test_what_cannot_be_is_refused_at_the_door() -> None:
    with pytest.raises(ParameterError, match=r"save must be one of .* not 'leen'; did you mean"):
        ogive.intercept(save="leen").__enter__()
    with pytest.raises(OgiveError, match="no engine 'eagre'"):
        ogive.intercept(engine="eagre").__enter__()


def test_the_numbers_are_ogive_s() -> None:
    """GELU's left tail, where torch 2.13 gives -0.0."""
    x = torch.tensor([-10.0])
    with ogive.intercept():
        assert F.gelu(x).item() == pytest.approx(-7.6199e-23, rel=1e-4)


def test_derivatives_of_higher_order_and_function_transforms() -> None:
    with ogive.intercept() as seen:
        slope = torch.func.vmap(torch.func.grad(torch.func.grad(lambda x: F.silu(x))))(X.flatten())
    assert sum(seen.taken.values()) + sum(seen.skipped.values()) == 1
    own = torch.func.vmap(torch.func.grad(torch.func.grad(F.silu)))(X.flatten().double())
    torch.testing.assert_close(slope.double(), own, rtol=1e-5, atol=1e-6)


def test_a_task_s_block_is_its_own() -> None:
    """Tasks take turns in one thread, and leave their blocks in any order."""

    async def intercepting(turns: int, found: list[Intercepted]) -> None:
        with ogive.intercept() as seen:
            found.append(seen)
            for _ in range(turns):
                torch.tanh(X)
                await asyncio.sleep(0)

    async def bare() -> None:
        for _ in range(5):
            torch.sigmoid(X)
            await asyncio.sleep(0)

    async def main() -> list[dict[str, int]]:
        found: list[Intercepted] = []
        first, second = intercepting(2, found), intercepting(4, found)
        await asyncio.gather(first, bare(), second, bare())
        torch.sigmoid(X)
        return [dict(seen.taken) for seen in found]

    assert asyncio.run(main()) == [{"tanh": 2}, {"tanh": 4}]


def test_the_innermost_block_counts() -> None:
    with ogive.intercept() as outer, ogive.intercept(engine="eager") as inner:
        torch.tanh(X)
        F.softmax(X.int(), 0, dtype=torch.float32)
    assert dict(inner.taken) == {"tanh": 1}
    assert list(inner.skipped) == [("softmax", "its input is torch.int32")]
    assert not outer.taken
    assert not outer.skipped
