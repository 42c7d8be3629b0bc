"""Which engine serves a call: by the setting, by the tensors, and when kernels cannot be had."""

import math
import os
import pickle
import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
from torch.testing._internal.logging_tensor import LoggingTensorMode

import ogive
from ogive.engine import cpu, eager, selection
from ogive.engine.call import KernelRunner
from ogive.engine.cpu import kernels
from ogive.errors import EngineError, EngineWarning, OgiveError
from ogive.ops import owning

mish = ogive.get("mish")


def engines(compute):
    with ogive.served() as calls:
        compute()
    return [c.engine for c in calls]


def test_kernels_serve_forward_and_backward():
    x = torch.randn(5, requires_grad=True)
    assert engines(lambda: mish(x).sum().backward()) == ["cpu", "cpu"]


def test_the_setting_holds_for_a_block_or_from_now_on():
    x = torch.randn(5)
    with ogive.engine("eager"):
        assert engines(lambda: mish(x)) == ["eager"]
        with ogive.engine("cpu"):
            assert engines(lambda: mish(x)) == ["cpu"]
        assert engines(lambda: mish(x)) == ["eager"]
    assert engines(lambda: mish(x)) == ["cpu"]
    setting = ogive.engine("eager")
    assert engines(lambda: mish(x)) == ["eager"]
    setting.__exit__(None, None, None)
    assert engines(lambda: mish(x)) == ["cpu"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mish", {}),
        ("mish", {"inplace": True}),
        ("elu", {"alpha": torch.tensor(0.5)}),
        ("gelu", {"save": "code8"}),
        ("glu", {}),
        ("rrelu", {"training": True}),
        ("gumbel_softmax", {}),
    ],
)
def test_a_function_may_have_an_engine_of_its_own(name, arguments):
    def compute(engine):
        x = torch.randn(6, requires_grad=True)
        owning(ogive.get(name), engine)(x * 1, **arguments).sum().backward()

    with ogive.engine("eager"):
        assert engines(lambda: compute("cpu")) == ["cpu", "cpu"]
    assert set(engines(lambda: compute("eager"))) == {"eager"}


def test_derivatives_of_every_kind_run_on_a_function_s_own_engine():
    slow = owning(mish, "eager")
    x = torch.randn(5, requires_grad=True)

    def second():
        (slope,) = torch.autograd.grad(slow(x).sum(), x, create_graph=True)
        slope.sum().backward()

    func = torch.func
    for compute in (
        second,
        lambda: slow.derivative()(x),
        lambda: func.jvp(slow, (x.detach(),), (x.detach(),)),
        lambda: func.vmap(func.grad(lambda v: slow(v).sum()))(x.detach().view(5, 1)),
    ):
        assert set(engines(compute)) == {"eager"}


def test_functions_with_engines_of_their_own_are_told_apart():
    slow = owning(mish, "eager")
    assert slow != mish
    assert slow is owning(ogive.get("mish"), "eager")
    assert pickle.loads(pickle.dumps(slow)) is slow
    assert repr(slow).startswith("<ogive elementwise activation mish, engine='eager': ")


def test_a_mode_of_the_dispatcher_sees_a_function_with_its_own_engine():
    x = torch.randn(3)
    for engine in ("eager", "cpu", "eager"):
        with LoggingTensorMode(), ogive.served() as calls:
            owning(mish, engine)(x)
        assert [c.engine for c in calls] == [engine]


def test_an_unknown_engine_is_refused():
    with pytest.raises(
        OgiveError, match="there are auto, cpu, triton, eager; did you mean 'eager'"
    ):
        ogive.engine("eagre")


def test_other_memory_goes_to_torch_operators():
    assert engines(lambda: mish(torch.empty(3, device="meta"))) == ["eager"]
    z = torch.randn(1, dtype=torch.complex64)
    negative = z.conj().imag
    assert negative.is_neg()
    assert engines(lambda: mish(negative)) == ["eager"]
    torch.testing.assert_close(mish(negative), mish(negative.clone()))


def test_a_trace_sees_torch_operators():
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(lambda x: mish(x))(torch.randn(3))
    assert "aten.exp" in graph.code
    assert "ogive" not in graph.code


def test_torch_func_reaches_the_kernels():
    x = torch.randn(4, 3)
    assert engines(lambda: torch.func.vmap(mish)(x)) == ["cpu"]
    assert engines(lambda: torch.func.grad(lambda t: mish(t).sum())(x)) == ["cpu", "cpu"]
    assert engines(lambda: torch.func.jvp(mish, (x,), (x,))) == ["cpu", "cpu"]


def test_a_prepared_call_gives_what_the_general_call_gives():
    x = torch.randn(1000)
    for name in ("mish", "elu", "relu", "leaky_relu", "rrelu"):
        function = ogive.get(name)
        prepared = function(x)
        with ogive.served():  # which takes the general call
            assert torch.equal(prepared, function(x))


def test_the_setting_can_come_from_the_environment():
    code = "import ogive.engine.selection as c; print(c.state.engine)"
    for name in ("eager", "cpu", "auto"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OGIVE_ENGINE": name},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == name


@pytest.fixture
def broken(monkeypatch):
    """A process in which no kernel can be compiled."""

    def fail(*args, **kwargs):
        raise EngineError("no kernels today; install some")

    monkeypatch.setattr(kernels, "compiled_kernel", fail)
    monkeypatch.setattr(cpu, "check", fail)
    before = selection.state.broken
    yield
    selection.state.change(broken=before)


def test_without_kernels_a_call_is_slow_and_says_so_once(broken):
    x = torch.randn(7)
    function = ogive.define("unseen", "x * exp(-x*x)")
    with pytest.warns(EngineWarning, match="no kernels today; install some"):
        got = function(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = function(x)
    with ogive.engine("eager"):
        assert torch.equal(got, function(x))
    assert torch.equal(got, again)
    assert engines(lambda: function(x)) == ["eager"]


def test_kernels_that_are_asked_for_and_cannot_be_had_are_an_error(broken):
    with pytest.raises(EngineError, match="no kernels today"):
        ogive.engine("cpu")


def test_a_function_that_asks_for_kernels_does_not_do_without(broken):
    x = torch.randn(7)
    function = ogive.define("unseen_too", "x * exp(-x*x)")
    with pytest.warns(EngineWarning, match="no kernels today"):
        function(x)
    with pytest.raises(EngineError, match="no kernels today"):
        owning(function, "cpu")(x)


def test_without_llvmlite_everything_works():
    code = (
        "import sys, warnings; sys.modules['llvmlite'] = None\n"
        "import torch, ogive\n"
        "x = torch.randn(9, requires_grad=True)\n"
        "with warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n"
        "    y = ogive.get('mish')(x); y.sum().backward(); ogive.get('gelu')(x)\n"
        "assert len(seen) == 1 and 'pip install llvmlite' in str(seen[0].message), seen\n"
        "torch.testing.assert_close(y, torch.nn.functional.mish(x))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_batch_of_gradients_is_no_tensor_with_memory():
    x = torch.randn(4, requires_grad=True)
    slopes = torch.eye(4)
    (rows,) = torch.autograd.grad(mish(x), x, slopes, is_grads_batched=True)
    (alone,) = torch.autograd.grad(mish(x).sum(), x)
    torch.testing.assert_close(rows.sum(0), alone)


def test_a_number_that_changes_in_every_step_compiles_no_kernel_in_every_step():
    function = ogive.define("annealed", "x * sigmoid(beta * x)", beta=1.0)
    x, made = torch.linspace(-5, 5, 101), kernels.compiled_kernel.cache_info().misses
    for k in range(60):
        beta = math.exp(k / 60)
        leaf = x.clone().requires_grad_()
        function(leaf, beta=beta).sum().backward()
        torch.testing.assert_close(function(x, beta=beta), x * torch.sigmoid(beta * x))
    # a forward and a backward kernel for the default, and a pair that takes the others
    assert kernels.compiled_kernel.cache_info().misses - made <= 4
    assert len(function._serving) <= 2


def test_another_engine_is_one_row(monkeypatch):
    started = []

    def prepare(call, tensors):
        def run(*tensors):
            started.append(call.label)
            return eager.run(call, tensors)[0]

        return KernelRunner(run)

    toy = SimpleNamespace(
        DEVICES=("cpu",), serves=lambda tensors: True, prepare=prepare, check=lambda: None
    )
    monkeypatch.delitem(selection.KERNELS, "cpu")
    monkeypatch.setitem(selection.KERNELS, "toy", toy)
    function = ogive.define("served_elsewhere", "x * exp(-x*x)")
    x = torch.linspace(-2, 2, 9, requires_grad=True)
    for _ in range(2):
        y = function(x)
        y.sum().backward()
    torch.testing.assert_close(y, x * torch.exp(-x * x))
    assert started == ["served_elsewhere", "served_elsewhere_backward"] * 2
    assert engines(lambda: torch.softmax(x, 0) + ogive.get("softmax")(x)) == ["toy"]


def test_a_program_that_would_be_compiled_for_minutes_runs_as_torch_operators(monkeypatch):
    from ogive.engine.cpu import kernels

    long = ogive.define("long", " * ".join(f"sigmoid(x - {k})" for k in range(12)), replace=True)
    x = torch.linspace(-3, 3, 50, dtype=torch.float64, requires_grad=True)
    wanted = torch.autograd.grad(long(x).sum(), x)[0]
    monkeypatch.setattr(kernels, "LONGEST_PROGRAM", long.spec.program.size)
    for engine in ("auto", "cpu"):
        with ogive.engine(engine), ogive.served() as calls:
            got = torch.autograd.grad(long(x).sum(), x)[0]
        assert [c.engine for c in calls] == ["cpu", "eager"]
        assert "operations" in calls[1].reason
        torch.testing.assert_close(got, wanted)
