"""Stochastic entries in Triton's kernels: noise is made in them, again in backward, from a seed."""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import ogive
from ogive.bench.memory import held
from ogive.engine import compiled, philox, triton
from ogive.engine.call import RowCall, RowFunction, TooLong
from ogive.engine.triton import row_kernels
from ogive.ops.parameters import planned
from ogive.ops.record import apply_plan

pytestmark = pytest.mark.usefixtures("interpreted")
STOCHASTIC = ogive.names("stochastic")
SHAPES = {"a block and a rest": (1030,), "rows": (3, 50), "one number": ()}
rrelu = ogive.get("rrelu")


def by_engine(engine, name, x, seed):
    """Result and gradient of the training formula, of the noise of a seed."""
    spec, x = ogive.get(name).spec, x.detach().requires_grad_()
    kinds = tuple(philox.kind_of(law, x.dtype) for law in spec.noise.values())
    values = {p.name: p.default for p in spec.parameters}
    with ogive.engine(engine), ogive.served() as calls:
        plan, tensors = planned(spec.training_program, [x, seed], values, None, seeds=("", *kinds))
        y = apply_plan(plan, *tensors)
        (slope,) = torch.autograd.grad(y.sum(), x)
    assert {call.engine for call in calls} == {engine}
    return y.detach(), slope


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("name", STOCHASTIC)
def test_every_engine_has_the_noise_of_a_seed(name, dtype) -> None:
    seed = torch.tensor([2**40 + 3, 5])
    for shape in SHAPES.values():
        x = torch.linspace(-3, 3, torch.Size(shape).numel()).reshape(shape).to(dtype)
        found = by_engine("triton", name, x, seed)
        for engine in ("cpu", "eager"):
            for got, wanted in zip(found, by_engine(engine, name, x, seed), strict=True):
                off = (got.double() - wanted.double()).abs() / wanted.double().abs().clamp(min=1)
                assert (off <= 64 * torch.finfo(dtype).eps).all(), (engine, shape)


def drawn(x, seed=0, generator=None):
    torch.manual_seed(seed)
    return rrelu(x, training=True, generator=generator)


def test_seeds_and_generators_are_torchs() -> None:
    x = -torch.ones(1000)
    assert torch.equal(drawn(x), drawn(x))
    assert not torch.equal(drawn(x), rrelu(x, training=True))
    assert not torch.equal(drawn(x), drawn(x, seed=1))
    own = [drawn(x, k, torch.Generator().manual_seed(5)) for k in range(2)]
    assert torch.equal(*own)
    assert not torch.equal(own[0], drawn(x))


def test_noise_counts_in_the_order_of_indices() -> None:
    x = -torch.rand(40, 30, 6)
    for laid in (x.permute(2, 0, 1), x[::2, ::3], x.transpose(0, 1)):
        assert torch.equal(drawn(laid), drawn(laid.contiguous()))


def test_the_gradient_is_that_of_the_draw_and_only_the_seed_is_kept() -> None:
    x = (-torch.rand(2000) - 0.5).requires_grad_()
    y = drawn(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(slope, (y / x).detach())
    assert 1 / 8 < slope.min() < slope.max() < 1 / 3
    assert slope.unique().numel() > 1990
    assert held(lambda: drawn(x)) == x.nbytes + 16


def test_a_checkpoint_draws_the_same_again() -> None:
    def noisy(x):
        return rrelu(x, training=True)

    slopes = []
    for call in (noisy, lambda x: checkpoint(noisy, x, use_reentrant=False)):
        x = torch.linspace(-3, -1, 500).requires_grad_()
        torch.manual_seed(0)
        y = call(x)
        torch.rand(1)  # whoever draws in between changes nothing
        y.sum().backward()
        slopes.append(x.grad)
    assert torch.equal(*slopes)


def test_written_over_its_input() -> None:
    x = torch.linspace(-3, 3, 500)
    wanted = drawn(x)
    torch.manual_seed(0)
    assert rrelu(x, training=True, inplace=True) is x
    assert torch.equal(x, wanted)


def test_a_learned_parameter_has_its_gradient() -> None:
    sigma, x = torch.tensor([0.5], requires_grad=True), torch.zeros(300)
    torch.manual_seed(0)
    y = ogive.get("probact")(x, sigma=sigma, training=True)
    (slope,) = torch.autograd.grad(y.sum(), sigma)
    wanted = (y.sum() / 0.5).detach().view(1)
    torch.testing.assert_close(slope, wanted, rtol=1e-5, atol=1e-5)  # sums in another order


@pytest.mark.parametrize("target", [("cuda", 80), ("cuda", 90), ("cuda", 100), ("hip", "gfx942")])
@pytest.mark.parametrize("name", ["rrelu", "noisy_hardtanh"])
def test_kernels_for_gpus(name, target) -> None:
    wide = "v4.b32" if target[0] == "cuda" else "load_dwordx4"
    for order in (0, 1):
        kernel = compiled(name, torch.bfloat16, order, target)
        assert wide in kernel.ptx
        assert kernel.n_spills == 0


gumbel_softmax = ogive.get("gumbel_softmax")
#: In one tile, along another dimension, of rows of one number, and in pieces, of few rows and many.
ROWS = [((3, 50), 1), ((2, 30, 3), 1), ((4, 1), 1), ((2, 590), 1), ((5, 590), 1), ((7,), 0)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
def test_rows_have_the_noise_of_a_seed_on_every_engine(dtype, monkeypatch) -> None:
    monkeypatch.setattr(row_kernels, "LARGEST_TILE", 2048)
    function, seed = RowFunction("softmax", tempered=True, noise="gumbel"), torch.tensor([3, 2**40])
    for shape, dim in ROWS:
        call = RowCall("gumbel_softmax", function, dim, dtype, dtype, 2)
        x = torch.linspace(-3, 3, torch.Size(shape).numel()).to(dtype)
        x[:4:3] = -torch.inf  # classes that are never drawn, and one row of nothing else
        x = x.reshape(shape)
        got = row_kernels.prepare_rows(call, (x, seed)).run(x, seed)
        plain, (moved,) = call.with_noise((x, seed))
        wanted = torch.softmax(moved * 2, dim)
        assert plain.function == RowFunction("softmax", tempered=True)
        assert got.dtype is dtype
        assert torch.equal(got.isnan(), wanted.isnan())
        off = (got.double() - wanted.double()).abs() / wanted.double().clamp(min=1e-30)
        # noise of ten has a rounding of 1e-6, which the factor doubles
        assert (
            off.nan_to_num().max() <= 128 * torch.finfo(torch.float32).eps + torch.finfo(dtype).eps
        ), shape


def drawn_rows(x, seed=0, **arguments):
    torch.manual_seed(seed)
    return gumbel_softmax(x, **arguments)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_gumbel_softmax_draws_in_the_kernel(dtype) -> None:
    """Reproducibly, along any dimension; hard ones are the largest of the soft ones."""
    x = torch.randn(6, 40).to(dtype).requires_grad_()
    with ogive.served() as calls:
        y = drawn_rows(x, tau=0.5)
    assert [(c.program, c.engine) for c in calls] == [("gumbel_softmax", "triton")]
    assert torch.equal(y, drawn_rows(x, tau=0.5))
    assert not torch.equal(y, drawn_rows(x, seed=1, tau=0.5))
    assert torch.equal(y.t(), drawn_rows(x.t(), tau=0.5, dim=0))
    hard = drawn_rows(x, tau=0.5, hard=True)
    assert hard.dtype is y.dtype is dtype
    assert torch.equal(hard.sum(1), torch.ones_like(hard[:, 0]))
    assert (y.gather(1, hard.argmax(1, True)) == y.amax(1, True)).all()


def test_the_gradient_is_that_of_the_drawn_shares() -> None:
    x = torch.randn(6, 40).requires_grad_()
    given, tau = torch.randn(6, 40), 0.5
    slopes = []
    for hard in (False, True):
        y = drawn_rows(x, tau=tau, hard=hard)
        slopes += torch.autograd.grad((y * given).sum(), x)
    y = drawn_rows(x, tau=tau).detach()
    wanted = y * (given - (y * given).sum(1, keepdim=True)) / tau
    for slope in slopes:
        torch.testing.assert_close(slope, wanted)
    y = drawn_rows(x, tau=tau)
    (once,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    assert torch.autograd.grad(once.sum(), x)[0].isfinite().all()


def test_classes_are_drawn_as_often_as_they_should_be() -> None:
    x = torch.tensor([0.0, 1.0, -1.0, 0.5, -torch.inf])
    counts = drawn_rows(x.expand(20_000, 5), hard=True).sum(0)
    shares = torch.softmax(x, 0)
    deviation = (20_000 * shares * (1 - shares)).sqrt()
    assert ((counts - 20_000 * shares).abs() <= 4 * deviation).all()


@pytest.mark.parametrize("name", ["rrelu", "gumbel_softmax"])
def test_what_kernels_refuse_gets_its_noise_from_torchs_operators(name, monkeypatch) -> None:
    def refuse(call, tensors):
        raise TooLong("refused")

    x = -torch.rand(6, 40)
    arguments = {"training": True} if name == "rrelu" else {}
    torch.manual_seed(0)
    wanted = ogive.get(name)(x, **arguments)
    monkeypatch.setattr(triton, "prepare", refuse)
    torch.manual_seed(0)
    torch.testing.assert_close(ogive.get(name)(x, **arguments), wanted)
