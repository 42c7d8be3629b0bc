"""Functions of rows as differentiable functions, served by kernels."""

import itertools
from functools import partial

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx

import ogive
from ogive.ops.rows import ROWS, along
from ogive.ops.rowwise import IMPLEMENTATIONS, gumbel_softmax_of

# torch warns about its own forward-mode decompositions when they are first needed
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


def softmax_at(x, dim, tau=0.7):
    """Softmax at a temperature, as a part of gumbel_softmax."""
    return along("gumbel_softmax", x, dim, tau)


NAMES = ("softmax", "softmin", "log_softmax", "gumbel_softmax", "logsumexp", "l2_normalize")
#: Those whose properties test_rowwise.py tests, on kernels as well.
ALL = (*NAMES, *sorted({*ROWS} - {*NAMES}))
CONSTANT_SUM = ("softmax", "softmin", "gumbel_softmax")
NARROW = (torch.bfloat16, torch.float16)
INF = float("inf")


def function(name):
    """The map along a dimension; of gumbel_softmax its softmax, with tau 0.7."""
    return partial(softmax_at, tau=0.7) if name == "gumbel_softmax" else IMPLEMENTATIONS[name]


def composed(name, x, dim):
    """The map as torch operators."""
    if name == "log_softmax":
        return torch.log_softmax(x, dim)
    if name == "logsumexp":
        return torch.logsumexp(x, dim)
    if name == "l2_normalize":
        return torch.nn.functional.normalize(x, dim=dim)
    return torch.softmax({"softmin": -x, "gumbel_softmax": x / 0.7}.get(name, x), dim)


def numbers(*shape, dtype=torch.float64, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def gradient(y, x, g, **options):
    return torch.autograd.grad(y, x, g, **options)[0]


@pytest.mark.parametrize("name", ALL)
def test_a_kernel_serves_forward_and_backward(name):
    x = numbers(3, 5).requires_grad_()
    with ogive.engine("cpu"), ogive.served() as calls:
        y = function(name)(x, 1)
        y.sum().backward()
    assert [(c.program, c.engine) for c in calls] == [(name, "cpu"), (f"{name}_backward", "cpu")]


@pytest.mark.parametrize("name", sorted({*ALL} - {*NAMES}))
def test_the_kernels_are_what_torchs_operators_compute_in_float64(name):
    """In rows and columns, 16 bits too; the gradient by autograd, and composed for a second."""
    for dtype, dim in itertools.product((torch.float32, torch.float64, *NARROW), (0, 1)):
        x = (numbers(7, 40) * 3).to(dtype).requires_grad_()
        wide, eps = x.detach().double().requires_grad_(), torch.finfo(dtype).eps
        y = function(name)(x, dim)
        with ogive.engine("eager"):
            wanted = function(name)(wide, dim)
        g = numbers(*y.shape, dtype=dtype, seed=1)
        slope = gradient(wanted, wide, g.double())
        bar = 16 * eps * slope.abs().max().item()
        torch.testing.assert_close(y.double(), wanted, rtol=4 * eps, atol=eps)
        torch.testing.assert_close(
            gradient(y, x, g, retain_graph=True).double(), slope, rtol=0, atol=bar
        )
        recorded = gradient(y, x, g, create_graph=True).double()
        torch.testing.assert_close(recorded, slope, rtol=0, atol=bar)


@pytest.mark.parametrize("name", NAMES)
def test_the_eager_engine_is_torchs_operators(name):
    x = numbers(3, 5).requires_grad_()
    with ogive.engine("eager"), ogive.served() as calls:
        y = function(name)(x, 1)
        y.sum().backward()
    assert [(c.program, c.engine, c.reason) for c in calls] == [(name, "eager", "set")]
    torch.testing.assert_close(y, composed(name, x, 1), rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", (0, 1))
def test_gradients_of_both_orders_in_both_modes(name, dim):
    x = numbers(3, 4).requires_grad_()
    compute = partial(function(name), dim=dim)
    assert gradcheck(compute, (x,), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(compute, (x,), check_batched_grad=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", (torch.float32, torch.float64, *NARROW))
def test_the_kernels_gradient_is_torchs(name, dtype):
    x = numbers(6, 40, dtype=dtype).requires_grad_()
    wide = x.detach().double().requires_grad_()
    for dim in (0, 1):
        y = function(name)(x, dim)
        g = numbers(*y.shape, dtype=dtype, seed=1)
        got = gradient(y, x, g)
        wanted = gradient(composed(name, wide, dim), wide, g.double())
        assert got.dtype == dtype
        torch.testing.assert_close(got.double(), wanted, rtol=0, atol=8 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", NARROW)
def test_a_recorded_gradient_is_the_kernels(name, dtype):
    """Torch computes it with create_graph; 16-bit numbers are rounded once there, too."""
    x = numbers(6, 40, dtype=dtype).requires_grad_()
    y = function(name)(x, 1)
    g = numbers(*y.shape, dtype=dtype, seed=1)
    kernel = gradient(y, x, g, retain_graph=True)
    recorded = gradient(y, x, g, create_graph=True)
    assert recorded.dtype == dtype and recorded.requires_grad
    torch.testing.assert_close(kernel, recorded)


def test_log_softmax_of_16_bits_keeps_the_digits_of_its_gradient():
    x = torch.tensor([[20.0, 0.0, 10.0, 9.0]], dtype=torch.bfloat16, requires_grad=True)
    got = gradient(IMPLEMENTATIONS["log_softmax"](x, 1), x, torch.tensor([[1.0, 0, 0, 0]]).to(x))
    shares = torch.softmax(x.detach().double(), 1)
    torch.testing.assert_close(got[0, 1:], -shares[0, 1:].to(x.dtype), rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_expanded_gradients_and_transposed_inputs(name):
    x = numbers(5, 7).t().requires_grad_()
    wide = x.detach().clone().requires_grad_()
    g = torch.ones(()).double().expand(7, 5)
    for dim in (0, 1):
        got = gradient(function(name)(x, dim)[..., :3].sum() * 2, x, None)
        wanted = gradient(composed(name, wide, dim)[..., :3].sum() * 2, wide, None)
        torch.testing.assert_close(got, wanted)
        if name in CONSTANT_SUM:
            assert gradient(function(name)(x, dim), x, g).abs().max() < 1e-15


@pytest.mark.parametrize("name", NAMES)
def test_torch_func(name):
    x, compute = numbers(6), partial(function(name), dim=0)
    reverse = torch.func.jacrev(compute)(x)
    torch.testing.assert_close(torch.func.jacfwd(compute)(x), reverse)
    torch.testing.assert_close(reverse, torch.func.jacrev(partial(composed, name, dim=0))(x))
    rows = numbers(3, 4, seed=2)
    batched = torch.func.vmap(torch.func.hessian(lambda row: compute(row).square().sum()))(rows)
    wanted = torch.func.hessian(lambda row: composed(name, row, 0).square().sum())(rows[1])
    torch.testing.assert_close(batched[1], wanted)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("along", (0, 1, 2))
def test_vmap_runs_the_kernel_once(name, along):
    x, compute = numbers(4, 5, 6), partial(function(name), dim=1)
    with ogive.served() as calls:
        y = torch.func.vmap(compute, in_dims=along)(x)
    assert [c.engine for c in calls] == ["cpu"]
    torch.testing.assert_close(y, torch.stack([compute(part) for part in x.unbind(along)]))


@pytest.mark.parametrize("name", NAMES)
def test_a_tangent(name):
    x, t = numbers(3, 5), numbers(3, 5, seed=1)
    with forward_ad.dual_level():
        dual = function(name)(forward_ad.make_dual(x, t), 1)
        value, tangent = forward_ad.unpack_dual(dual)
    wanted = torch.func.jvp(partial(composed, name, dim=1), (x,), (t,))
    torch.testing.assert_close((value, tangent), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_traces_and_fake_tensors_see_torchs_operators(name):
    x = numbers(3, 5)
    graph = make_fx(partial(function(name), dim=1))(x)
    assert "ogive" not in graph.code
    torch.testing.assert_close(graph(x), function(name)(x, 1))
    wanted = composed(name, x, 1).shape
    with FakeTensorMode() as mode:
        fake = mode.from_tensor(x).requires_grad_()
        y = function(name)(fake, 1)
        assert y.shape == wanted
        assert gradient(y.sum(), fake, None).shape == x.shape


@pytest.mark.parametrize("name", sorted({*NAMES} - {"gumbel_softmax"}))
def test_other_modes_see_torchs_operators(name):
    from torch.utils.flop_counter import FlopCounterMode

    x = numbers(3, 5)
    with FlopCounterMode(display=False), ogive.served() as calls:
        function(name)(x, 1)
    assert [c.reason for c in calls] == ["torch's dispatcher is being watched"]


@pytest.mark.parametrize("name", NAMES)
def test_a_meta_tensor_has_a_shape(name):
    wanted = composed(name, torch.ones(2, 3), 1).shape
    assert function(name)(torch.ones(2, 3, device="meta"), 1).shape == wanted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", ((0, 4), (3, 0), (2, 0, 5)))
def test_nothing(name, shape):
    x = torch.zeros(shape, requires_grad=True)
    y = IMPLEMENTATIONS[name](x, 1)
    assert y.shape == composed(name, torch.zeros(shape), 1).shape
    y.sum().backward()
    assert x.grad.shape == shape


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_and_inference(name):
    x = torch.nn.Parameter(numbers(3, 5))
    y = function(name)(x, 1)
    assert type(y) is torch.Tensor and y.requires_grad
    with torch.inference_mode():
        assert torch.equal(function(name)(x, 1), y)


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_a_temperature_may_be_as_extreme_as_it_likes(dtype):
    x = torch.tensor([[1.0, 0.0, -INF]], dtype=dtype, requires_grad=True)
    for tau, wanted in ((1e-300, [1.0, 0.0, 0.0]), (1e300, [0.5, 0.5, 0.0])):
        y = softmax_at(x, 1, tau)
        assert y.tolist() == [wanted]
        assert gradient(y[0, 0], x, None).isfinite().all()


def test_a_learned_temperature_is_differentiated():
    x, tau = numbers(2, 3), torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda t: gumbel_softmax_of(x, torch.zeros_like(x), 1, t, 0.0), (tau,))


def test_kernels_that_cannot_be_had_are_replaced(monkeypatch):
    from ogive.engine import selection
    from ogive.engine.cpu import kernels
    from ogive.errors import EngineError, EngineWarning

    def refuse(*_):
        raise EngineError("no compiler here")

    monkeypatch.setattr(kernels, "RowLaunch", refuse)
    x = numbers(2, 3).requires_grad_()
    try:
        with pytest.warns(EngineWarning, match="no compiler here"):
            y = IMPLEMENTATIONS["softmax"](x, 1)
        y.sum().backward()
        torch.testing.assert_close(y, torch.softmax(x, 1))
    finally:
        selection.state.change(broken={})


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
@pytest.mark.parametrize("size", (1e-3, 1.0, 1e3))
def test_below_eps_a_row_is_only_scaled(size, dtype):
    x = torch.tensor([[3e-3, 4e-3], [3.0, 4.0]], dtype=dtype) * size
    x, g = x.requires_grad_(), torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=dtype)
    y = IMPLEMENTATIONS["l2_normalize"](x, 1, eps=size)
    torch.testing.assert_close(y[0], x[0] / size)
    torch.testing.assert_close(y[1], torch.tensor([0.6, 0.8], dtype=dtype))
    torch.testing.assert_close(gradient(y, x, g)[0], g[0] / size)


def test_gradients_of_both_orders_on_both_sides_of_eps():
    x = (numbers(4, 3) * torch.tensor([[0.1], [0.2], [5.0], [9.0]])).double().requires_grad_()
    compute = partial(IMPLEMENTATIONS["l2_normalize"], dim=1, eps=1.5)
    assert gradcheck(compute, (x,), check_forward_ad=True) and gradgradcheck(compute, (x,))


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_eps_may_be_as_extreme_as_it_likes(dtype):
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=dtype)
    assert (IMPLEMENTATIONS["l2_normalize"](x, 1, eps=1e300) < 1e-30).all()
    tiny = IMPLEMENTATIONS["l2_normalize"](x, 1, eps=1e-320)
    torch.testing.assert_close(tiny, torch.tensor([[0.0, 0.0], [0.6, 0.8]], dtype=dtype))


def test_a_learned_eps_is_differentiated():
    x, eps = numbers(2, 3) * 0.1, torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda e: IMPLEMENTATIONS["l2_normalize"](x, 1, eps=e), (eps,))


def test_the_dimension_of_a_logarithm_can_be_kept():
    x = numbers(3, 4, 5)
    for dim in (0, 1, -1):
        kept = IMPLEMENTATIONS["logsumexp"](x, dim, keepdim=True)
        torch.testing.assert_close(kept, torch.logsumexp(x, dim, keepdim=True))


@pytest.mark.parametrize("shape, dim", [((64, 50), -1), ((3, 70, 40), 1), ((2, 3), 0)])
@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("name", [n for n in NAMES if n != "gumbel_softmax"])
def test_a_wider_result_is_made_in_the_kernel(name, dtype, shape, dim):
    """As if x were converted before, to the last bit; but nothing is."""
    compute = partial(ogive.get(name), dim=dim)
    x, own = (numbers(*shape, dtype=dtype).requires_grad_() for _ in range(2))
    wanted = compute(own.float())
    g = numbers(*wanted.shape, dtype=torch.float32, seed=1)
    compute(x, dtype=torch.float32)  # the first call checks its arguments
    with torch.profiler.profile(acc_events=True) as seen:  # torch 2.11 warns without
        y = compute(x, dtype=torch.float32)
        made = gradient(y, x, g)
    assert "aten::to" not in {event.name for event in seen.events()}
    assert torch.equal(y, wanted) and y.dtype is torch.float32
    assert torch.equal(made, gradient(wanted, own, g)) and made.dtype is dtype
    assert torch.equal(compute(x.detach(), dtype=torch.float32), wanted)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "gumbel_softmax"])
def test_a_wider_result_is_differentiated_again_and_forward(name):
    compute = partial(ogive.get(name), dim=1, dtype=torch.float32)
    x, own = (numbers(4, 5, dtype=torch.bfloat16).requires_grad_() for _ in range(2))
    seconds = []
    for leaf, y in ((x, compute(x)), (own, composed(name, own.float(), 1))):
        slope = gradient(y.square().sum(), leaf, None, create_graph=True)
        seconds.append(gradient(slope.float().square().sum(), leaf, None))
    torch.testing.assert_close(*seconds, rtol=2e-2, atol=2e-2)
    tangent = numbers(4, 5, dtype=torch.bfloat16, seed=2)
    alike = lambda x: composed(name, x.float(), 1)  # noqa: E731
    made, wanted = (torch.func.jvp(f, (x.detach(),), (tangent,))[1] for f in (compute, alike))
    torch.testing.assert_close(made, wanted)
    rows = torch.func.vmap(partial(ogive.get(name), dim=0, dtype=torch.float32))(x.detach())
    assert torch.equal(rows, compute(x.detach()))
