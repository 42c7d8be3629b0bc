"""Calls of every shape through the interpreter: layouts, parameters, packed units, saving modes."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from judged import EPS

import ogive
from ogive.certify.saving.mode import NotLegal
from ogive.certify.saving.saving import MODES, saving
from ogive.engine.call import Call, Output
from ogive.engine.triton import compilation, launch
from ogive.errors import EngineError, OgiveError

pytestmark = pytest.mark.usefixtures("interpreted")


def both(compute, *tensors):
    """The result and the gradients by Triton's kernels and by the CPU's."""
    found = []
    for engine in ("triton", "cpu"):
        given = [t.detach().clone().requires_grad_() for t in tensors]
        with ogive.engine(engine), ogive.served() as calls:
            y = compute(*given)
            weights = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).to(y.dtype)
            gradients = torch.autograd.grad(y, given, weights.view(y.shape))
        assert {c.engine for c in calls} == {engine}
        found.append((y.detach(), *gradients))
    return zip(*found, strict=True)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def close(got, wanted, terms=1):
    """Alike, and laid out alike; sums of so many terms are added up in another order."""
    assert got.dtype == wanted.dtype
    assert got.stride() == wanted.stride()
    eps = EPS if got.dtype == torch.float32 else torch.finfo(got.dtype).eps
    largest = wanted.double().abs().max().item() if wanted.numel() else 1.0
    scale = max(terms**0.5, largest)
    assert ((got.double() - wanted.double()).abs() <= 8 * eps * scale).all()


LAYOUTS = {
    "transposed": lambda x: x.t(),
    "every other": lambda x: x[::2, ::3],
    "reversed dimensions": lambda x: x.view(5, 6, 44).permute(2, 0, 1),
    "one row repeated": lambda x: x[:1].expand(7, 44),
    "without elements": lambda x: x[:0],
    "a single number": lambda x: x[3, 4],
    "not a multiple of 16": lambda x: x.reshape(-1)[: 30 * 44 - 7],
    "misaligned": lambda x: x.reshape(-1)[1:],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_any_layout_is_served(layout, dtype):
    x = torch.randn(30, 44).to(dtype)
    for got, wanted in both(lambda t: ogive.get("silu")(LAYOUTS[layout](t)), x):
        close(got, wanted)


PARAMETERS = {
    "one": ((12, 33), (1,)),
    "one without dimensions": ((12, 33), ()),
    "for each column": ((12, 33), (33,)),
    "for each row": ((12, 33), (12, 1)),
    "for each channel": ((4, 6, 5, 7), (6, 1, 1)),
    "for each channel and row": ((4, 6, 5, 7), (6, 5, 1)),
    "for two dimensions apart": ((4, 6, 5, 7), (4, 1, 5, 1)),
    "for each number": ((3, 5), (3, 5)),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_the_gradient_of_a_parameter_is_summed_where_it_was_broadcast(case):
    shape, parameter = PARAMETERS[case]
    x, weight = torch.randn(shape), torch.rand(parameter) + 0.5
    for got, wanted in both(ogive.get("prelu"), x, weight):
        close(got, wanted, x.numel())


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_parameter_without_dimensions_gets_a_gradient_of_its_own_shape(rows):
    for got, wanted in both(ogive.get("isrlu"), torch.randn(rows, 3), torch.tensor(0.5)):
        close(got, wanted, 3 * rows)
    plan = ogive.get("isrlu").spec.program.vjp((0,))
    call = Call(plan, (Output(torch.float32, shape=()),), (False,) * len(plan.inputs))
    given = [torch.ones(4, 3), torch.ones(4, 3), torch.ones(())]
    assert call.empty(call.results[0], given, "meta").shape == ()


def test_a_power_that_is_given_for_each_column():
    x = torch.randn(4, 6).half()
    for got, wanted in both(lambda t, n: ogive.get("polu")(t, n=n), x, torch.full((6,), 2.0)):
        close(got, wanted, x.numel())


def test_sums_are_the_same_every_time():
    x, w = torch.randn(300, 40), torch.rand(40).requires_grad_()
    sums = [torch.autograd.grad(ogive.get("prelu")(x, w).sum(), w)[0] for _ in range(2)]
    assert torch.equal(*sums)


def test_channels_last_stay_last():
    x = torch.randn(2, 6, 5, 7).to(memory_format=torch.channels_last)
    for got, wanted in both(ogive.get("prelu"), x, torch.rand(6, 1, 1)):
        close(got, wanted, x.numel())


@pytest.mark.parametrize("gate", ["first", "second"])
@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("dim", [1, -1])
def test_a_packed_unit_is_read_in_place(gate, interleave, dim):
    packing = {"gate": gate, "interleave": interleave, "dim": dim}
    x = torch.randn(3, 10, 6)
    for got, wanted in both(lambda t: ogive.get("swiglu")(t, **packing), x):
        close(got, wanted)


def test_a_packed_unit_with_parameters():
    x, beta = torch.randn(4, 30), torch.rand(1)
    name = next(n for n in ogive.names("gated") if ogive.get(n).spec.parameters)
    parameter = ogive.get(name).spec.parameters[0].name
    for got, wanted in both(lambda t, b: ogive.get(name)(t, **{parameter: b}), x, beta + 0.5):
        close(got, wanted, x.numel())


ELEMENTWISE = ogive.names("elementwise")


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_saving_mode_changes_no_value(name):
    """Each entry in one of the modes that it has, by turns, in float32 or bfloat16."""
    function, ways = ogive.get(name), saving(ogive.get(name).spec)
    number, legal = ELEMENTWISE.index(name), []
    for mode in MODES:
        try:
            legal.append((mode, ways.mode(mode)))
        except NotLegal:
            continue
    if not legal:
        assert function(torch.ones(3)) is not None
        return
    mode, _ = legal[number % len(legal)]
    dtype = (torch.float32, torch.bfloat16)[number % 2]
    x = torch.cat([torch.linspace(-9, 9, 1003), torch.tensor([torch.nan, torch.inf])]).to(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = list(both(lambda t: function(t, save=mode), x))
    plain = function(x)
    (got, _), (slope, wanted) = pairs
    assert torch.equal(got.nan_to_num(7.0), plain.nan_to_num(7.0))
    # a code in the middle between two may fall on either side
    step = (
        0.0 if ways.exact(mode, str(dtype)[6:]) else 1.3 / (2 ** max(ways.mode(mode).bits, 4) - 1)
    )
    place = torch.finfo(dtype).eps * wanted.double().abs().nan_to_num(0.0).clamp(min=1)
    near = ((slope.double() - wanted.double()).abs() <= step + 8 * place) | wanted.isnan()
    assert near.double().mean() > 0.99


def test_written_over_its_input():
    x = torch.randn(100)
    y = ogive.get("mish")(x)
    z = x.clone()
    assert ogive.get("mish")(z, inplace=True).data_ptr() == z.data_ptr()
    assert torch.equal(y, z)


def test_a_number_that_changes_in_every_step_is_passed_in():
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.randn(64).to(dtype)
        for got, wanted in both(lambda t: ogive.get("elu")(t, alpha=1.123456789), x):
            close(got, wanted)


def test_two_programs_of_the_grid_and_more(monkeypatch):
    monkeypatch.setattr(compilation, "INTERPRETED", 64)
    x = torch.randn(200)
    for got, wanted in both(lambda t: ogive.get("gelu")(t, save="code4"), x):
        assert torch.allclose(got, wanted, atol=0.05)
    for shape, parameter in PARAMETERS.values():
        x = torch.randn(shape)
        for got, wanted in both(ogive.get("prelu"), x, torch.rand(parameter)):
            close(got, wanted, x.numel())


def test_batches_of_any_size_share_a_few_kernels(monkeypatch):
    """What a program adds up, one tile after another, is a constant of its kernel."""
    from ogive.engine.triton import building

    started = []
    start = building.start

    def noted(kernel, grid, arguments, constants, device):
        started.append(constants.get("TURNS", 1))
        start(kernel, grid, arguments, constants, device)

    monkeypatch.setattr(launch, "SUMMING", 4)
    monkeypatch.setattr(compilation, "INTERPRETED", 64)
    monkeypatch.setattr(building, "start", noted)
    for rows in range(100, 180, 10):
        x, w = torch.randn(rows, 8), torch.rand(8)
        for got, wanted in both(ogive.get("prelu"), x, w):
            close(got, wanted, rows)
    assert max(started) > 1
    assert len(set(started)) <= 3


def test_threads_take_turns_in_the_interpreter(monkeypatch):
    monkeypatch.setattr(compilation, "INTERPRETED", 64)
    x, gelu = torch.randn(2048), ogive.get("gelu")
    wanted = gelu(x)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: gelu(x), range(4)))
    assert all(torch.equal(y, wanted) for y in made)


def test_without_a_gpu_and_an_interpreter_the_engine_is_refused(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    if torch.cuda.is_available() or torch.xpu.is_available():
        return
    with pytest.raises(EngineError, match="TRITON_INTERPRET=1"):
        ogive.engine("triton")


def test_without_triton_the_error_says_what_to_install(monkeypatch):
    from ogive.engine.triton import building

    monkeypatch.setattr(building, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match="pip install triton"):
        ogive.engine("triton")
    assert issubclass(EngineError, OgiveError)
