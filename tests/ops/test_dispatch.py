"""A prepared call gives what the general call gives, and leaves alone what is not for it."""

import gc
import weakref
from dataclasses import replace

import pytest
import torch
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

import ogive
from ogive.engine import Output, cpu
from ogive.engine.call import KernelRunner, NoMemory
from ogive.ops.dispatch import MOST_PREPARED
from ogive.ops.plan import Plan

X = torch.linspace(-3, 3, 32).reshape(4, 8)
W = torch.full((1,), 0.2)
#: How a call is made.
CALLS = {
    "one tensor": lambda x: ogive.get("mish")(x),
    "a number": lambda x: ogive.get("elu")(x, alpha=0.7),
    "a number by position": lambda x: ogive.get("celu")(x, 0.7),
    "torch's own operator": lambda x: ogive.get("leaky_relu")(x, negative_slope=0.3),
    "a variant": lambda x: ogive.get("gelu")(x, approximate="tanh"),
    "a tensor for a parameter": lambda x: ogive.get("prelu")(x, weight=W),
    "a tensor for a parameter, by position": lambda x: ogive.get("prelu")(x, W),
    "a packed gate": lambda x: ogive.get("glu")(x),
    "a packed gate in rows": lambda x: ogive.get("swiglu")(x, dim=-1, interleave=True),
    "two tensors": lambda x: ogive.get("swiglu")(x, x),
    "rows": lambda x: ogive.get("softmax")(x),
    "rows along a dimension": lambda x: ogive.get("log_softmax")(x, dim=0),
    "rows without a kernel": lambda x: ogive.get("squash")(x, dim=0),
}


@pytest.fixture(params=CALLS)
def call(request):
    """A call that has been made before, so that everything is known."""
    found = CALLS[request.param]
    for x in (X, X.t(), X.double(), X[:, :4]):
        found(x)
    return found


def general(call, x):
    with ogive.served():  # lists who serves, which a prepared call does not
        return call(x)


@pytest.mark.parametrize(
    "x",
    [
        X,
        X.t(),
        X[:, ::2],
        X.double(),
        X.bfloat16(),
        X[0],
        X[:0],
        torch.nn.Parameter(X),
        torch.nn.Parameter(X, requires_grad=False),
        torch._neg_view(X),
        X.to(torch.complex64).conj().imag,
        X[:1, :1].expand(2, 6),
    ],
    ids=["contiguous", "transposed", "strided", "double", "bfloat16", "row", "empty", "parameter",
         "frozen", "negative", "imaginary", "expanded"],
)  # fmt: skip
def test_the_values_are_those_of_the_general_call(call, x):
    for _ in range(2):
        got, wanted = call(x), general(call, x)
        assert torch.equal(got.nan_to_num(7.0), wanted.nan_to_num(7.0))
        assert got.requires_grad == wanted.requires_grad


def test_a_zero_tensor_and_an_inference_tensor(call):
    zero = torch._efficientzerotensor(4, 8)
    torch.testing.assert_close(call(zero), call(torch.zeros(4, 8)))
    with torch.inference_mode():
        x = X.clone()
        assert torch.equal(call(x), call(x))
    assert torch.equal(call(x), call(X))


def test_a_mode_sees_the_call(call):
    class Seen(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.names = []

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.names.append(str(function))
            return function(*args, **(kwargs or {}))

    with Seen() as seen:
        call(X)
    assert any("empty" not in name for name in seen.names)


@pytest.mark.parametrize("early", [False, True])
def test_a_trace_records_the_operators(call, early):
    graph = make_fx(call, pre_dispatch=early)(X)
    torch.testing.assert_close(graph(X + 1), call(X + 1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_jit_trace_records_the_operators(call):
    torch.testing.assert_close(torch.jit.trace(call, X)(X + 1), call(X + 1))


def test_torch_func_and_tangents(call):
    torch.testing.assert_close(torch.func.vmap(call)(X[None]), call(X)[None])
    leaf = X.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(call(leaf).sum(), leaf)
    torch.testing.assert_close(torch.func.grad(lambda x: call(x).sum())(X), wanted)
    with forward_ad.dual_level():
        y, tangent = forward_ad.unpack_dual(call(forward_ad.make_dual(X, torch.ones_like(X))))
        assert torch.equal(y, call(X))
        torch.testing.assert_close(tangent.sum(), wanted.sum(), atol=1e-5, rtol=1e-5)


def test_a_subclass_stays_one(call):
    class Sub(torch.Tensor):
        pass

    assert type(call(X.as_subclass(Sub))) is Sub


def test_gradients_are_recorded_whenever_they_are_wanted(call):
    leaf = X.clone().requires_grad_()
    assert call(leaf).requires_grad
    with torch.no_grad():
        assert not call(leaf).requires_grad
    assert call(leaf).requires_grad
    assert not call(X).requires_grad


def test_what_was_first_seen_without_gradients_is_recorded_with_them():
    function = ogive.define("first_seen", "a * x + tanh(x)", a=1.0)
    leaf, a = X.clone().requires_grad_(), torch.nn.Parameter(torch.ones(1))
    for inputs, arguments in [((leaf,), {}), ((X,), {"a": a})]:
        with torch.no_grad():
            for _ in range(2):
                assert not function(*inputs, **arguments).requires_grad
        assert function(*inputs, **arguments).requires_grad
        with torch.no_grad():
            assert not function(*inputs, **arguments).requires_grad


def test_the_engine_is_asked_for(call):
    with ogive.engine("eager"), ogive.served() as calls:
        call(X)
    assert {c.engine for c in calls} <= {"eager"}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("threshold", {"value": 0.0}, {"value": -0.0}), ("elu", {"alpha": 1.0}, {"alpha": True})],
)
def test_equal_arguments_are_not_the_same(name, first, second):
    function = ogive.get(name)
    function(X, **first)
    if name == "elu":
        with pytest.raises(ogive.errors.ParameterError, match="not bool"):
            function(X, **second)
    else:
        assert torch.signbit(function(torch.full((3,), -1.0), **second)).all()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_a_nested_tensor_does_not_end_the_process():
    relu = ogive.get("relu")
    nested = torch.nested.nested_tensor([torch.ones(2), -torch.ones(3)])
    assert relu(X[0]) is not None
    assert [t.tolist() for t in relu(nested).unbind()] == [[1.0, 1.0], [0.0, 0.0, 0.0]]


def test_nothing_is_kept_alive():
    x = torch.randn(3, 8)
    w = torch.full((1,), 0.3)
    y = ogive.get("prelu")(x, weight=w)
    gone = [weakref.ref(t) for t in (x, w, y)]
    del x, w, y
    gc.collect()
    assert [r() for r in gone] == [None, None, None]


def plan_of(name):
    program = ogive.get(name).spec.program
    return Plan(program, (Output(torch.float32),), (False,) * len(program.inputs))


def test_shapes_that_change_in_every_step_do_not_pile_up():
    plan = plan_of("swiglu")
    for n in range(1, 2 * MOST_PREPARED + 9):
        x, gate = torch.ones(n, 3), torch.ones(3, n).t()
        torch.testing.assert_close(plan.dispatch(x, gate), torch.nn.functional.silu(x))
        assert len(plan.dispatch._table) <= MOST_PREPARED


@pytest.mark.parametrize("save", ["input", "code8"])
def test_a_call_in_place(save):
    silu = ogive.get("silu")
    for x in (X, X.t(), X.double(), X[:, :4], X.clone().requires_grad_()):
        for _ in range(2):  # the second one is prepared
            y = x * 1
            assert silu(y, inplace=True, save=save) is y
            assert torch.equal(y, silu(x))
    y.sum().backward()
    torch.testing.assert_close(x.grad, silu.derivative()(X), atol=2.0**-8, rtol=0)


@pytest.fixture
def prepare(monkeypatch):
    """Sets what the engine prepares, for a plan that nobody has called before."""

    def set_to(function):
        monkeypatch.setattr(cpu, "prepare", function)
        return replace(plan_of("mish"))

    return set_to


def test_without_kernels_the_general_call_is_taken(prepare):
    def fail(*args):
        raise ogive.errors.EngineError("no kernels today; install some")

    assert prepare(fail).dispatch(X) is None


def test_a_tensor_without_memory_is_left_to_the_general_call(prepare):
    def missing(*args):
        raise NoMemory

    assert prepare(lambda *_: KernelRunner(missing)).dispatch(X) is None


@pytest.mark.parametrize("recorded", [False, True])
def test_a_fault_of_a_kernel_is_not_hidden(prepare, recorded):
    def broken(*args):
        raise RuntimeError("a fault of the kernel's own")

    plan = prepare(lambda *_: KernelRunner(broken))
    with pytest.raises(RuntimeError, match="a fault of the kernel's own"):
        plan.dispatch(X.clone().requires_grad_(recorded))
