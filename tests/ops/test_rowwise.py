"""Rowwise implementations against their references, and the properties each is known for."""

from __future__ import annotations

import itertools
import math
from functools import partial

import mpmath as mp
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch.autograd import gradcheck, gradgradcheck

import ogive
from ogive.catalogue import entries, resolve
from ogive.errors import InputError
from ogive.ops.rowwise import IMPLEMENTATIONS, gumbel_noise, gumbel_softmax_of

# torch warns about its own forward-mode decompositions when they are first needed
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")

ENTRIES = {name: spec for name, spec in entries().items() if spec.kind == "rowwise"}
NAMES = sorted(IMPLEMENTATIONS)
DETERMINISTIC = [name for name in NAMES if name != "gumbel_softmax"]
INF, NAN = math.inf, math.nan
UNLIKELY = 1e-6

# How far the implementation may be from the reference, in machine epsilons: of the value, times
# 1 + the largest |x| where an exponential makes an input's rounding count so much, and absolutely
# where a difference of numbers of that size is the result.
EXPONENTIAL = {
    "softmax", "softmin", "safe_softmax", "quiet_softmax", "sigsoftmax", "scalable_softmax",
    "solu", "softpick",
}  # fmt: skip
LOGARITHMIC = {"log_softmax", "logsumexp", "logmeanexp"}
THRESHOLDED = {"sparsemax", "entmax15"}
COPYING = {"hardmax", "maxout", "lwta", "k_wta", "group_sort", "crelu", "ncrelu"}
ALGEBRAIC = {"taylor_softmax", "spherical_softmax", "squash", "l2_normalize"}


def test_the_implementations_are_the_catalogues_rowwise_entries():
    assert IMPLEMENTATIONS.keys() == ENTRIES.keys()


def test_every_implementation_has_a_bar():
    bars = (EXPONENTIAL, LOGARITHMIC, THRESHOLDED, COPYING, ALGEBRAIC)
    assert sorted(itertools.chain(*bars)) == DETERMINISTIC


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_its_formula(name):
    spec = ENTRIES[name]
    assert spec.formula_text and spec.latex_text and spec.doc


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_are_the_entrys(name):
    """One default for the reference and the implementation, so one call means one function."""
    import inspect

    signature = inspect.signature(IMPLEMENTATIONS[name]).parameters
    given_here = {n: float(p.default) for n, p in list(signature.items())[2:]}
    assert given_here == {p.name: p.default for p in ENTRIES[name].parameters}


# The reference


def reference(name, x, dim, **parameters):
    """The entry's body along one dimension, as nested lists of mpmath numbers and their shape."""
    moved = x.double().movedim(dim, -1)
    rows = moved.reshape(-1, moved.shape[-1]).tolist()
    return [ENTRIES[name].body([mp.mpf(v) for v in row], mp.mp, **parameters) for row in rows]


def rows_of(y, x, dim):
    """The output's rows, in the order of the reference's."""
    kept = y if y.dim() == x.dim() else y.unsqueeze(dim)
    moved = kept.double().movedim(dim, -1)
    return moved.reshape(-1, moved.shape[-1]).tolist()


def bar(name, wanted, row, eps, smallest):
    size = max(abs(v) for v in row)
    if name in EXPONENTIAL:  # below the smallest normal number there are no relative errors
        return eps * (4 + 4 * size) * abs(wanted) + smallest
    if name in LOGARITHMIC:
        return 4 * eps * max(1, size)
    if name in THRESHOLDED:
        return 8 * eps
    return 8 * eps * abs(wanted) if name in ALGEBRAIC else 0


def compare(name, x, dim, **parameters):
    limits = torch.finfo(x.dtype)
    y = IMPLEMENTATIONS[name](x, dim, **parameters)
    with mp.workdps(40):
        wanted = reference(name, x, dim, **parameters)
        inputs = rows_of(x, x, dim)
        for row, got, want in zip(inputs, rows_of(y, x, dim), wanted, strict=True):
            assert len(got) == len(want)
            for g, w in zip(got, want, strict=True):
                assert abs(g - w) <= bar(name, w, row, limits.eps, limits.tiny), (row, got)


numbers = st.floats(-40, 40).map(lambda v: v if abs(v) > 1e-30 else 0.0)


@st.composite
def tensors(draw, dtype=torch.float64):
    """(tensor, dim) with an even size along dim; some have ties, some are not contiguous."""
    rank = draw(st.integers(1, 3))
    dim = draw(st.integers(-rank, rank - 1))
    shape = [draw(st.integers(1, 3)) for _ in range(rank)]
    shape[dim] = 2 * draw(st.integers(1, 4))
    size = math.prod(shape)
    values = draw(st.lists(numbers, min_size=size, max_size=size))
    x = torch.tensor(values, dtype=torch.float64).to(dtype).reshape(shape[::-1])
    return x.permute(*reversed(range(rank))), dim


PARAMETERS = {
    "maxout": ({"k": 1}, {"k": 2}),
    "lwta": ({"group": 1}, {"group": 2}),
    "group_sort": ({"group": 1}, {"group": 2}),
    "k_wta": ({"k": 1}, {"k": 2}),
    "scalable_softmax": ({"s": 1.0}, {"s": 0.43}),
    "spherical_softmax": ({"eps": 1e-8}, {"eps": 0.5}),
    "softpick": ({"eps": 1e-8}, {"eps": 0.5}),
    "l2_normalize": ({"eps": 1e-12}, {"eps": 2.0}),
    "logsumexp": ({"keepdim": 0.0}, {"keepdim": 1.0}),
    "logmeanexp": ({"keepdim": 0.0}, {"keepdim": 1.0}),
}


@pytest.mark.parametrize("name", DETERMINISTIC)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(tensors())
def test_float64_agrees_with_the_reference(name, drawn):
    x, dim = drawn
    for parameters in PARAMETERS.get(name, ({},)):
        compare(name, x, dim, **parameters)


@pytest.mark.parametrize("name", DETERMINISTIC)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(tensors(torch.float32))
def test_float32_agrees_with_the_reference(name, drawn):
    compare(name, *drawn)


@pytest.mark.parametrize("name", DETERMINISTIC)
@pytest.mark.parametrize("dtype", (torch.bfloat16, torch.float16))
def test_half_precision_is_one_rounding_of_float32(name, dtype):
    x = spread((4, 6, 2)).to(dtype)
    y = IMPLEMENTATIONS[name](x, 1)
    assert y.dtype == dtype
    assert torch.equal(y, IMPLEMENTATIONS[name](x.float(), 1).to(dtype))


def test_the_sum_of_many_half_precision_terms_is_not_lost():
    x = torch.zeros(100_000, dtype=torch.bfloat16)
    assert IMPLEMENTATIONS["logsumexp"](x, 0).item() == pytest.approx(math.log(1e5), rel=4e-3)


def test_gumbel_softmax_agrees_with_the_reference_for_the_same_noise():
    x, uniform = spread((5, 6)), torch.rand(5, 6, generator=seeded(), dtype=torch.float64)
    body = ENTRIES["gumbel_softmax"].body
    with mp.workdps(40):
        for row, u, tau, hard in itertools.product(x, uniform, (0.3, 1.0, 7.0), (0.0, 1.0)):
            got = gumbel_softmax_of(row, -(-u.log()).log(), 0, tau, hard).tolist()
            exact = [[mp.mpf(v) for v in numbers.tolist()] for numbers in (row, u)]
            wanted = body(exact[0], mp.mp, exact[1], tau=tau, hard=hard)
            assert all(abs(g - w) <= 1e-13 * abs(w) for g, w in zip(got, wanted, strict=True))


# What the implementations have in common


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def spread(shape, dtype=torch.float64, seed=3):
    """Random numbers of which no two are close, nor any to 0: away from ties and kinks."""
    count = math.prod(shape)
    steps = torch.randperm(count, generator=seeded(seed)).to(dtype) - count / 2 + 0.5
    moved = steps + 0.3 * torch.rand(count, generator=seeded(seed), dtype=dtype)
    return (moved * 4 / count).reshape(shape)


def quiet(name):
    """The implementation without randomness: the noise of gumbel_softmax is held."""
    if name != "gumbel_softmax":
        return IMPLEMENTATIONS[name]

    def held(x, dim):
        noise = torch.linspace(-1, 2, x.shape[dim], dtype=x.dtype)
        shape = [1] * x.dim()
        shape[dim] = -1
        return gumbel_softmax_of(x, noise.view(shape), dim, 0.7, 0.0)

    return held


@pytest.mark.parametrize("name", NAMES)
def test_gradients(name):
    x = spread((3, 4, 2)).requires_grad_()
    assert gradcheck(partial(quiet(name), dim=1), (x,), check_forward_ad=True)


@pytest.mark.parametrize("name", NAMES)
def test_second_gradients(name):
    x = spread((3, 4, 2)).requires_grad_()
    assert gradgradcheck(partial(quiet(name), dim=1), (x,))


@pytest.mark.parametrize("name", NAMES)
def test_vmap_agrees_with_a_loop(name):
    x, function = spread((6, 4, 2)), partial(quiet(name), dim=0)
    for along in (0, 2):
        looped = torch.stack([function(row) for row in x.unbind(along)])
        torch.testing.assert_close(torch.vmap(function, in_dims=along)(x), looped)


@pytest.mark.parametrize("name", NAMES)
def test_forward_mode_agrees_with_reverse_mode(name):
    x, function = spread((6,)), partial(quiet(name), dim=0)
    jacobian = torch.func.jacrev(function)(x)
    torch.testing.assert_close(torch.func.jacfwd(function)(x), jacobian)
    along = torch.linspace(-1, 1, 6, dtype=x.dtype)
    tangent = torch.func.jvp(function, (x,), (along,))[1]
    torch.testing.assert_close(tangent, jacobian @ along)


@pytest.mark.parametrize("name", NAMES)
def test_forward_mode_over_reverse_mode_under_vmap(name):
    x, function = spread((3, 4)), partial(quiet(name), dim=0)
    hessians = torch.vmap(torch.func.hessian(lambda row: function(row).square().sum()))(x)
    assert hessians.shape == (3, 4, 4)
    torch.testing.assert_close(hessians, hessians.mT)


@pytest.mark.parametrize("name", NAMES)
def test_a_negative_dim_counts_from_the_end(name):
    x, function = spread((2, 4, 6)), quiet(name)
    for dim in (0, 1, 2):
        assert torch.equal(function(x, dim), function(x, dim - 3))


@pytest.mark.parametrize("name", NAMES)
def test_a_dim_is_worked_along_wherever_it_lies(name):
    x, function = spread((2, 4, 6)), quiet(name)
    if name in ("logsumexp", "logmeanexp"):
        function = partial(function, keepdim=1.0)
    for dim in (0, 1, 2):
        moved = function(x.movedim(dim, -1).contiguous(), -1).movedim(-1, dim)
        torch.testing.assert_close(function(x, dim), moved, rtol=1e-14, atol=1e-15)


SIZES = {"maxout": 0.5, "crelu": 2, "ncrelu": 2}


@pytest.mark.parametrize("name", NAMES)
def test_shapes(name):
    y = IMPLEMENTATIONS[name](spread((3, 4, 2)), 1)
    removed = name in ("logsumexp", "logmeanexp")
    assert y.shape == ((3, 2) if removed else (3, int(4 * SIZES.get(name, 1)), 2))


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_no_rows(name):
    x = torch.zeros(0, 4, requires_grad=True)
    y = IMPLEMENTATIONS[name](x, 1)
    assert y.numel() == 0 and y.shape[0] == 0
    y.sum().backward()


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("logsumexp", "logmeanexp")])
def test_empty_rows_give_empty_rows(name):
    assert IMPLEMENTATIONS[name](torch.zeros(3, 0), 1).shape == (3, 0)


def test_the_logarithm_of_an_empty_sum():
    empty = torch.zeros(2, 0)
    assert IMPLEMENTATIONS["logsumexp"](empty, 1).tolist() == [-INF, -INF]
    assert IMPLEMENTATIONS["logmeanexp"](empty, 1).isnan().all()


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("maxout", "lwta", "group_sort")])
def test_a_number_is_a_row_of_one(name):
    x = torch.tensor(0.7)
    row = IMPLEMENTATIONS[name](x[None], 0)
    for dim in (0, -1):
        assert torch.equal(IMPLEMENTATIONS[name](x, dim).flatten(), row.flatten())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", (2, -3))
def test_a_wrong_dim_says_which_there_are(name, dim):
    with pytest.raises(InputError, match=rf"{name} .*dim {dim}.*\(2, 4\).*-2 to 1"):
        IMPLEMENTATIONS[name](torch.zeros(2, 4), dim)


@pytest.mark.parametrize("name", NAMES)
def test_whole_numbers_are_refused(name):
    with pytest.raises(InputError, match=r"torch\.int64.*x\.float\(\)"):
        IMPLEMENTATIONS[name](torch.zeros(2, 4, dtype=torch.int64), 0)


@pytest.mark.parametrize(
    "name, argument", (("maxout", "k"), ("lwta", "group"), ("group_sort", "group"))
)
def test_channels_that_do_not_divide(name, argument):
    message = rf"given 7 channels along dim 1, {name}\({argument}=2\) needs a multiple of 2"
    with pytest.raises(InputError, match=message):
        IMPLEMENTATIONS[name](torch.zeros(3, 7), 1)


@pytest.mark.parametrize("k", (0, 5))
def test_winners_that_are_not_there(k):
    with pytest.raises(InputError, match="needs k from 1 to 4"):
        IMPLEMENTATIONS["k_wta"](torch.zeros(3, 4), 1, k=k)


# Infinities, NaN, ties

ALL_NAN = (NAN, NAN, NAN)
FIRST = (1.0, 0.0, 0.0)
MASKED = {
    "softmax": ALL_NAN, "log_softmax": ALL_NAN, "safe_softmax": (0, 0, 0),
    "quiet_softmax": (0, 0, 0), "sparsemax": ALL_NAN, "entmax15": ALL_NAN,
    "gumbel_softmax": ALL_NAN, "sigsoftmax": ALL_NAN, "scalable_softmax": ALL_NAN,
    "softpick": (0, 0, 0), "solu": ALL_NAN, "hardmax": FIRST, "taylor_softmax": ALL_NAN,
    "spherical_softmax": ALL_NAN, "squash": ALL_NAN, "l2_normalize": ALL_NAN,
}  # fmt: skip


def assert_same(got, wanted):
    torch.testing.assert_close(got, torch.tensor(wanted, dtype=got.dtype), equal_nan=True)


@pytest.mark.parametrize("name", MASKED)
def test_a_row_of_minus_infinity(name):
    row = torch.full((3,), -INF, dtype=torch.float64)
    assert_same(IMPLEMENTATIONS[name](row, 0), MASKED[name])


@pytest.mark.parametrize("name", sorted(MASKED.keys() - {"hardmax"}))
def test_a_row_with_plus_infinity_is_nan(name):
    row = torch.tensor([1.0, INF, 0.0], dtype=torch.float64)
    assert IMPLEMENTATIONS[name](row, 0).isnan().all()


@pytest.mark.parametrize("name", sorted({*MASKED, "softmin"}))
def test_nan_spreads_over_its_row_and_no_further(name):
    rows = torch.tensor([[1.0, NAN, 0.0], [1.0, 2.0, 0.0]], dtype=torch.float64)
    y = IMPLEMENTATIONS[name](rows, 1)
    assert y[0].isnan().all() and not y[1].isnan().any()


@pytest.mark.parametrize("name", sorted({*COPYING} - {"hardmax"}))
def test_nan_stays_where_numbers_are_only_moved(name):
    y = IMPLEMENTATIONS[name](torch.tensor([[1.0, NAN, 0.0, 2.0]]), 1)
    assert y.isnan().any()


ONE_MASKED = sorted(
    MASKED.keys() - {"taylor_softmax", "spherical_softmax", "squash", "l2_normalize", "log_softmax"}
)


@pytest.mark.parametrize("name", ONE_MASKED)
def test_one_masked_element_is_as_if_it_were_not_there(name):
    function = partial(quiet(name), dim=0)
    if name == "gumbel_softmax":  # the same noise for the others

        def function(row):
            return gumbel_softmax_of(row, torch.arange(len(row)).double(), 0, 0.7, 0.0)

    if name == "scalable_softmax":  # the length is that of the whole row
        without = torch.softmax(math.log(4) * torch.tensor([1.0, 0.5, -2.0]).double(), 0)
    else:
        without = function(torch.tensor([1.0, 0.5, -2.0], dtype=torch.float64))
    row = torch.tensor([1.0, 0.5, -2.0, -INF], dtype=torch.float64, requires_grad=True)
    y = function(row)
    assert y[3] == 0
    torch.testing.assert_close(y[:3].detach(), without)
    (gradient,) = torch.autograd.grad(y[0], row)
    assert gradient.isfinite().all() and gradient[3] == 0


def test_a_safe_row_has_no_gradient():
    row = torch.full((2, 3), -INF, requires_grad=True)
    IMPLEMENTATIONS["safe_softmax"](row, 1).sum().backward()
    assert (row.grad == 0).all()


def test_reductions_at_infinity():
    rows = torch.tensor([[-INF, -INF], [INF, 1.0], [NAN, 1.0]])
    for name in ("logsumexp", "logmeanexp"):
        assert_same(IMPLEMENTATIONS[name](rows, 1), (-INF, INF, NAN))


@pytest.mark.parametrize("name", sorted({*NAMES} - {"logmeanexp", "logsumexp"}))
@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_the_largest_and_smallest_numbers_give_numbers(name, dtype):
    limits = torch.finfo(dtype)
    for row in ((limits.max / 4, -limits.max / 4, 1.0, 0.0), (limits.tiny, -limits.tiny, 0.0, 0.0)):
        x = torch.tensor(row, dtype=dtype, requires_grad=True)
        y = IMPLEMENTATIONS[name](x, 0)
        assert y.isfinite().all()
        (y * torch.linspace(1, 2, y.numel(), dtype=dtype)).sum().backward()
        assert not x.grad.isnan().any()


def gradient_of(name, row, output, **parameters):
    x = torch.tensor(row, requires_grad=True)
    y = IMPLEMENTATIONS[name](x, 0, **parameters)
    return torch.autograd.grad(y[output], x)[0].tolist()


class TestTies:
    def test_maxout_shares_the_gradient(self):
        assert gradient_of("maxout", [2.0, 2.0], 0) == [0.5, 0.5]

    def test_lwta_and_k_wta_and_hardmax_choose_the_first(self):
        tied = torch.tensor([1.0, 3.0, 3.0, 3.0])
        assert IMPLEMENTATIONS["lwta"](tied, 0).tolist() == [0, 3, 3, 0]
        assert IMPLEMENTATIONS["k_wta"](tied, 0, k=2).tolist() == [0, 3, 3, 0]
        assert IMPLEMENTATIONS["hardmax"](tied, 0).tolist() == [0, 1, 0, 0]
        assert gradient_of("k_wta", [3.0, 3.0], 0) == [1.0, 0.0]

    def test_sorting_keeps_the_order_of_equal_elements(self):
        assert gradient_of("group_sort", [3.0, 3.0], 0) == [1.0, 0.0]

    @pytest.mark.parametrize("name, row", (("sparsemax", [1.0, 0.0]), ("entmax15", [2.0, 0.0])))
    def test_an_element_at_the_threshold_has_no_share_and_no_gradient(self, name, row):
        assert IMPLEMENTATIONS[name](torch.tensor(row), 0).tolist() == [1.0, 0.0]
        assert gradient_of(name, row, 0) == [0.0, 0.0]

    def test_crelu_has_no_gradient_at_zero(self):
        assert gradient_of("crelu", [0.0], 0) == [0.0] and gradient_of("crelu", [0.0], 1) == [0.0]

    def test_squash_has_value_and_derivative_zero_at_zero(self):
        jacobian = torch.func.jacrev(partial(IMPLEMENTATIONS["squash"], dim=0))(torch.zeros(3))
        assert (jacobian == 0).all()

    def test_hardmax_has_gradient_zero(self):
        assert gradient_of("hardmax", [1.0, INF], 1) == [0.0, 0.0]


# Compilation


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles_without_a_break(name):
    torch.compiler.reset()  # or the functions tested before count as recompilations of this one
    x, function = spread((3, 4)).requires_grad_(), quiet(name)
    compiled = torch.compile(lambda x: function(x, 1), fullgraph=True, backend="aot_eager")
    y, wanted = compiled(x), function(x, 1)
    torch.testing.assert_close(y, wanted)
    weights = torch.linspace(1, 2, y.numel(), dtype=y.dtype).reshape(y.shape)
    found = torch.autograd.grad((y * weights).sum(), x)
    torch.testing.assert_close(found, torch.autograd.grad((wanted * weights).sum(), x))


def test_sampling_compiles_without_a_break():
    sample = torch.compile(
        lambda x: IMPLEMENTATIONS["gumbel_softmax"](x, -1, hard=1.0),
        fullgraph=True,
        backend="aot_eager",
    )
    assert sample(torch.zeros(50, 3)).sum(0).min() > 2


# Softmax


class TestSoftmax:
    def test_its_jacobian(self):
        x = spread((5,))
        y = torch.softmax(x, 0)
        jacobian = torch.func.jacrev(partial(IMPLEMENTATIONS["softmax"], dim=0))(x)
        torch.testing.assert_close(jacobian, y.diag() - y.outer(y))

    @pytest.mark.parametrize("shift", (-1000.0, 3.0, 1e5))
    def test_a_shift_changes_nothing(self, shift):
        x = spread((4, 6))
        y = IMPLEMENTATIONS["softmax"](x + shift, 1)
        torch.testing.assert_close(y, IMPLEMENTATIONS["softmax"](x, 1), rtol=1e-10, atol=0)

    def test_with_two_classes_it_is_the_sigmoid(self):
        x = torch.linspace(-30, 30, 61, dtype=torch.float64)
        rows = torch.stack([x, torch.zeros_like(x)])
        torch.testing.assert_close(IMPLEMENTATIONS["softmax"](rows, 0)[0], torch.sigmoid(x))

    def test_softmin_turns_it_round(self):
        x = spread((4, 6))
        assert torch.equal(IMPLEMENTATIONS["softmin"](x, 1), IMPLEMENTATIONS["softmax"](-x, 1))

    def test_quiet_softmax_leaves_a_share_to_nothing(self):
        x = spread((4, 6))
        y = IMPLEMENTATIONS["quiet_softmax"](x, 1)
        torch.testing.assert_close(1 - y.sum(1), 1 / (1 + x.exp().sum(1)))

    def test_scalable_softmax_does_not_fade_in_long_rows(self):
        for n in (10, 1000, 100_000):
            row = torch.zeros(n, dtype=torch.float64)
            row[0] = 2.0
            assert IMPLEMENTATIONS["scalable_softmax"](row, 0)[0] > 0.9

    def test_logmeanexp_of_a_constant_is_the_constant(self):
        assert IMPLEMENTATIONS["logmeanexp"](torch.full((7,), 300.0), 0).item() == 300.0


# Sparse maps


def entmax_objective(p, x):
    """What 1.5-entmax maximises: <p, x> plus the Tsallis entropy."""
    return (p * x).sum(-1) + 4 / 3 * (p - p**1.5).sum(-1)


def distributions(count, size):
    """Points of the simplex, from its corners to its middle."""
    weights = torch.rand(count, size, generator=seeded(9), dtype=torch.float64)
    weights = weights ** torch.linspace(1, 30, count, dtype=torch.float64)[:, None]
    return torch.cat([weights / weights.sum(1, keepdim=True), torch.eye(size, dtype=torch.float64)])


class TestSparse:
    @pytest.mark.parametrize("name", ("sparsemax", "entmax15"))
    @pytest.mark.parametrize("scale", (0.1, 1.0, 10.0, 1e6))
    def test_a_row_is_a_distribution(self, name, scale):
        y = IMPLEMENTATIONS[name](spread((20, 8)) * scale, 1)
        assert (y >= 0).all()
        torch.testing.assert_close(y.sum(1), torch.ones(20).double(), rtol=1e-14, atol=0)

    @pytest.mark.parametrize("name", ("sparsemax", "entmax15"))
    def test_it_is_sparse(self, name):
        y = IMPLEMENTATIONS[name](spread((20, 8)) * 2, 1)
        assert (y == 0).double().mean() > 0.4

    def test_sparser_than_entmax_than_softmax(self):
        x = spread((20, 8))
        zeros = [
            (IMPLEMENTATIONS[n](x, 1) == 0).sum() for n in ("sparsemax", "entmax15", "softmax")
        ]
        assert zeros[0] > zeros[1] > zeros[2] == 0

    def test_sparsemax_is_the_nearest_distribution(self):
        for x in spread((20, 8)):
            y = IMPLEMENTATIONS["sparsemax"](x, 0)
            others = distributions(300, 8)
            for p in (others, 0.999 * y + 0.001 * others):
                assert ((x - y).norm() <= (x - p).norm(dim=1) + 1e-12).all()

    def test_entmax_maximises_its_objective(self):
        for x in spread((20, 8)):
            y = IMPLEMENTATIONS["entmax15"](x, 0)
            others = distributions(300, 8)
            for p in (others, 0.999 * y + 0.001 * others):
                assert (entmax_objective(y, x) >= entmax_objective(p, x) - 1e-12).all()

    def test_sparsemaxs_jacobian(self):
        x = spread((6,))
        inside = (IMPLEMENTATIONS["sparsemax"](x, 0) > 0).double()
        jacobian = torch.func.jacrev(partial(IMPLEMENTATIONS["sparsemax"], dim=0))(x)
        torch.testing.assert_close(jacobian, inside.diag() - inside.outer(inside) / inside.sum())

    def test_entmaxs_jacobian(self):
        x = spread((6,))
        s = IMPLEMENTATIONS["entmax15"](x, 0).sqrt()
        jacobian = torch.func.jacrev(partial(IMPLEMENTATIONS["entmax15"], dim=0))(x)
        torch.testing.assert_close(jacobian, s.diag() - s.outer(s) / s.sum())

    def test_hardmax_is_where_sparsemax_goes_with_scale(self):
        x = spread((20, 8)) * 100
        torch.testing.assert_close(
            IMPLEMENTATIONS["sparsemax"](x, 1), IMPLEMENTATIONS["hardmax"](x, 1)
        )


# Gumbel-softmax


class TestGumbelSoftmax:
    logits = torch.tensor([1.0, 0.0, -0.5, 2.0], dtype=torch.float64)

    def samples(self, count=20_000, seed=5, **arguments):
        torch.manual_seed(seed)
        return IMPLEMENTATIONS["gumbel_softmax"](self.logits.expand(count, 4), 1, **arguments)

    @pytest.mark.parametrize("tau", (0.1, 1.0, 10.0))
    def test_the_largest_follows_the_categorical(self, tau):
        counts = self.samples(tau=tau, hard=1.0).sum(0)
        expected = 20_000 * torch.softmax(self.logits, 0)
        assert stats.chisquare(counts.numpy(), expected.numpy()).pvalue > UNLIKELY

    def test_the_noise_is_gumbels(self):
        torch.manual_seed(7)
        noise = gumbel_noise(torch.zeros(20_000))
        assert stats.kstest(noise.numpy(), stats.gumbel_r.cdf).pvalue > UNLIKELY

    def test_one_uniform_a_class_is_enough(self):
        uniform = torch.rand(20_000, 4, generator=seeded(8), dtype=torch.float64)
        hard = gumbel_softmax_of(self.logits, -(-uniform.log()).log(), 1, 1.0, 1.0)
        expected = 20_000 * torch.softmax(self.logits, 0)
        assert stats.chisquare(hard.sum(0).numpy(), expected.numpy()).pvalue > UNLIKELY

    def test_the_mean_is_softmax_only_for_small_tau(self):
        wanted = torch.softmax(self.logits, 0)
        assert (self.samples(tau=1e-3).mean(0) - wanted).abs().max() < 0.02
        assert (self.samples(tau=5.0).mean(0) - wanted).abs().max() > 0.1

    def test_small_tau_is_one_hot_and_large_tau_uniform(self):
        cold, hot = self.samples(50, tau=1e-300), self.samples(50, tau=1e300)
        assert ((cold == 0) | (cold == 1)).all() and (cold.sum(1) == 1).all()
        torch.testing.assert_close(hot, torch.full((50, 4), 0.25).double())

    @pytest.mark.parametrize("tau", (0.25, 3.0))
    def test_the_derivative_has_one_over_tau(self, tau):
        noise = torch.tensor([0.3, -0.2, 1.1, 0.0], dtype=torch.float64)
        y = gumbel_softmax_of(self.logits, noise, 0, tau, 0.0)
        jacobian = torch.func.jacrev(lambda x: gumbel_softmax_of(x, noise, 0, tau, 0.0))(
            self.logits
        )
        torch.testing.assert_close(jacobian, (y.diag() - y.outer(y)) / tau)

    def test_hard_is_one_hot_with_the_soft_gradient(self):
        noise = torch.tensor([0.3, -0.2, 1.1, 0.0], dtype=torch.float64)
        weights = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
        gradients = []
        for hard in (0.0, 1.0):
            x = self.logits.clone().requires_grad_()
            y = gumbel_softmax_of(x, noise, 0, 0.5, hard)
            gradients += torch.autograd.grad((y * weights).sum(), x)
        assert y.tolist() == [0.0, 0.0, 0.0, 1.0]
        assert torch.equal(*gradients)

    @pytest.mark.parametrize("hard", (False, True))
    def test_the_same_seed_gives_torchs_sample(self, hard):
        ours = self.samples(200, tau=0.8, hard=float(hard))
        torch.manual_seed(5)
        logits = self.logits.expand(200, 4)
        theirs = torch.nn.functional.gumbel_softmax(logits, tau=0.8, hard=hard, dim=1)
        torch.testing.assert_close(ours, theirs)

    @pytest.mark.parametrize("drawn", (0.0, INF))
    @pytest.mark.parametrize("dtype", (torch.float32, torch.float64, torch.bfloat16, torch.float16))
    def test_a_draw_at_the_end_of_its_range_gives_numbers(self, monkeypatch, drawn, dtype):
        monkeypatch.setattr(torch.Tensor, "exponential_", lambda self: self.fill_(drawn))
        x = torch.tensor([1.0, -2.0, 0.0], dtype=dtype)
        for tau in (1e-30, 1.0):
            assert IMPLEMENTATIONS["gumbel_softmax"](x, 0, tau=tau).isfinite().all()

    @pytest.mark.parametrize("tau", (0.0, -1.0, NAN))
    def test_tau_must_be_positive(self, tau):
        with pytest.raises(InputError, match="tau > 0"):
            IMPLEMENTATIONS["gumbel_softmax"](self.logits, 0, tau=tau)

    def test_tau_may_be_learned(self):
        tau = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        noise = torch.tensor([0.3, -0.2, 1.1, 0.0], dtype=torch.float64)
        assert gradcheck(lambda t: gumbel_softmax_of(self.logits, noise, 0, t, 0.0), (tau,))

    def test_a_masked_class_is_never_drawn(self):
        row = torch.tensor([0.0, -INF, 0.0])
        y = IMPLEMENTATIONS["gumbel_softmax"](row.expand(1000, 3), 1)
        assert (y[:, 1] == 0).all() and y.isfinite().all()

    def test_vmap_draws_as_it_is_told(self):
        def sample(row):
            return IMPLEMENTATIONS["gumbel_softmax"](row, 0)

        x = torch.zeros(6, 4)
        different = torch.vmap(sample, randomness="different")(x)
        same = torch.vmap(sample, randomness="same")(x)
        assert not torch.equal(different[0], different[1])
        assert torch.equal(same[0], same[1])
        with pytest.raises(RuntimeError, match="randomness"):
            torch.vmap(sample)(x)


# Pooling, sorting, concatenating


def pieces(*functions):
    """Maxout behind a layer whose units are these functions of x."""

    def pooled(x):
        stacked = torch.stack([f(x) for f in functions], -1)
        return IMPLEMENTATIONS["maxout"](stacked, -1, k=len(functions)).squeeze(-1)

    return pooled


class TestMaxout:
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)

    def test_it_contains_relu(self):
        assert torch.equal(pieces(torch.zeros_like, lambda x: x)(self.x), torch.relu(self.x))

    def test_it_contains_the_absolute_value(self):
        assert torch.equal(pieces(lambda x: -x, lambda x: x)(self.x), self.x.abs())

    @pytest.mark.parametrize("count", (8, 32))
    def test_tangents_come_as_close_to_a_parabola_as_they_must(self, count):
        """Between tangents h apart the largest gap is h**2 / 4: any convex function can be met."""
        touching = torch.linspace(-3, 3, count, dtype=torch.float64)
        tangents = [lambda x, t=t: 2 * t * x - t * t for t in touching]
        gap = (self.x**2 - pieces(*tangents)(self.x)).abs().max()
        assert gap <= (6 / (count - 1)) ** 2 / 4 + 1e-12

    def test_it_learns_the_absolute_value(self):
        torch.manual_seed(0)
        x = torch.linspace(-1, 1, 64)[:, None]
        layer = torch.nn.Linear(1, 4)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
        for _ in range(200):
            loss = (IMPLEMENTATIONS["maxout"](layer(x), 1, k=4) - x.abs()).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss.item() < 1e-3

    def test_neighbours_form_a_group(self):
        assert IMPLEMENTATIONS["maxout"](torch.arange(6.0), 0, k=3).tolist() == [2.0, 5.0]


class TestSorting:
    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(tensors())
    def test_it_permutes_within_groups(self, drawn):
        x, dim = drawn
        y = IMPLEMENTATIONS["group_sort"](x, dim)
        for row, output in zip(rows_of(x, x, dim), rows_of(y, x, dim), strict=True):
            assert all(sorted(row[i : i + 2]) == output[i : i + 2] for i in range(0, len(row), 2))

    @pytest.mark.parametrize("group", (2, 4, 8))
    def test_it_is_1_lipschitz_and_keeps_the_gradients_length(self, group):
        sort = partial(IMPLEMENTATIONS["group_sort"], dim=1, group=group)
        a, b = spread((50, 8), seed=1), spread((50, 8), seed=2)
        assert ((sort(a) - sort(b)).norm(dim=1) <= (a - b).norm(dim=1) + 1e-12).all()
        x = a.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(sort(x), x, grad_outputs=b)
        torch.testing.assert_close(gradient.norm(dim=1), b.norm(dim=1))

    def test_maxmin_is_group_sort_of_two(self):
        assert resolve("MaxMin") == (ENTRIES["group_sort"], {"group": 2.0})

    def test_k_wta_with_k_the_size_is_the_identity(self):
        x = spread((3, 4))
        assert torch.equal(IMPLEMENTATIONS["k_wta"](x, 1, k=4), x)


class TestConcatenating:
    x = spread((2, 6, 3))

    def test_crelus_halves_differ_by_the_input_and_sum_to_its_size(self):
        up, down = IMPLEMENTATIONS["crelu"](self.x, 1).chunk(2, 1)
        assert torch.equal(up - down, self.x) and torch.equal(up + down, self.x.abs())
        assert (torch.minimum(up, down) == 0).all()

    def test_ncrelus_halves_sum_to_the_input(self):
        up, down = IMPLEMENTATIONS["ncrelu"](self.x, 1).chunk(2, 1)
        assert torch.equal(up + down, self.x)
        assert (up >= 0).all() and (down <= 0).all()


# Lengths, attention


class TestLengths:
    def test_squash_keeps_the_direction_and_stays_below_one(self):
        x = spread((9, 4)) * torch.logspace(-3, 3, 9, dtype=torch.float64)[:, None]
        y = IMPLEMENTATIONS["squash"](x, 1)
        length = x.norm(dim=1)
        torch.testing.assert_close(y.norm(dim=1), length**2 / (1 + length**2))
        assert torch.cosine_similarity(x, y).min() > 1 - 1e-12

    @pytest.mark.parametrize("name", ("squash", "l2_normalize"))
    def test_a_square_beyond_the_range_does_no_harm(self, name):
        y = IMPLEMENTATIONS[name](torch.tensor([3e30, 4e30]), 0)
        torch.testing.assert_close(y, torch.tensor([0.6, 0.8]))

    def test_normalize_is_torchs(self):
        x = spread((5, 4))
        torch.testing.assert_close(
            IMPLEMENTATIONS["l2_normalize"](x, 1), torch.nn.functional.normalize(x, dim=1)
        )


class TestSoftpick:
    def test_a_row_without_positive_elements_gives_nothing(self):
        assert (IMPLEMENTATIONS["softpick"](torch.tensor([0.0, -1.0, -9.0]), 0) == 0).all()

    def test_it_keeps_its_digits_near_zero(self):
        x = torch.tensor([1e-12, -1e-12], dtype=torch.float64)
        assert IMPLEMENTATIONS["softpick"](x, 0, eps=0.0)[0].item() == pytest.approx(0.5, rel=1e-14)

    def test_large_logits_do_not_overflow(self):
        assert_same(IMPLEMENTATIONS["softpick"](torch.tensor([1e4, 1e4, -1e4]), 0), (0.5, 0.5, 0.0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "bad", [(NAN,), (INF,), (-INF,), (INF, NAN), (INF, INF), (-INF, -INF, -INF)]
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_both_engines_have_one_gradient_at_rows_that_are_not_finite(name, bad, dtype):
    """And where a whole row is NaN its gradient is, but hardmax's, which is 0 everywhere."""
    start = torch.tensor([[0.5, 1.0, -0.25, 3.0], [0.5, *bad, 1.0, -0.25, 2.0][:4]], dtype=dtype)
    if len(bad) == 3:
        start[1] = -INF
    found = []
    for engine in ("cpu", "eager"):
        x = start.clone().requires_grad_()
        torch.manual_seed(0)
        with ogive.engine(engine):
            y = ogive.get(name)(x, dim=1)
        weight = torch.linspace(-1, 1, y.numel(), dtype=dtype).reshape(y.shape)
        y.backward(weight)
        found.append((y.detach(), x.grad))
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0.02, atol=0.01, equal_nan=True)
    for y, gradient in found:
        if y.shape[1:] == gradient.shape[1:] and y[1].isnan().all() and name != "hardmax":
            assert gradient[1].isnan().all()
