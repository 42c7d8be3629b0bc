"""A parameter is the exact number given, or the tensor's exact value, and the result depends on
values alone: not on how a parameter is given, on the input's size or place in memory, on whether a
gradient is recorded, or on what was called before."""

import math

import mpmath
import pytest
import torch

import ogive
from ogive.catalogue import Spec, entries
from ogive.errors import ParameterError
from ogive.ops.native import NATIVE_UP_TO

WITH_NUMBERS = [s for s in entries().values() if s.parameters and s.kind != "rowwise"]
#: Entry and parameter, where it is one real number.
PAIRS = [(s, p) for s in WITH_NUMBERS for p in s.parameters if not isinstance(p.default, tuple)]
EACH = pytest.mark.parametrize(("spec", "parameter"), PAIRS, ids=lambda v: v.name)
X = torch.tensor([-6.0, -1.5, -0.25, -(2.0**-10), 0.0, 2.0**-10, 0.25, 1.5, 6.0])


def data(spec: Spec, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return (x, x.flip(-1)) if spec.kind == "gated" else (x,)


def ways(spec: Spec, name: str, number: float, x: torch.Tensor = X) -> list[torch.Tensor | str]:
    """What comes of each way of giving a number: the results, or the errors' type."""
    made: list[torch.Tensor | str] = []
    for engine in ("cpu", "eager"):
        for value in (number, torch.tensor(number, dtype=torch.float64), torch.tensor(number)):
            with ogive.engine(engine):
                try:
                    made.append(ogive.get(spec.name)(*data(spec, x), **{name: value}))
                except ParameterError:
                    made.append("refused")
    return made


def in_float64(spec: Spec, name: str, number: float) -> torch.Tensor:
    """What comes of a number in float64, by torch's operators: each number would be a kernel of its
    own, for nine values."""
    with ogive.engine("eager"):
        return ogive.get(spec.name)(*data(spec, X.double()), **{name: number})


@EACH
@pytest.mark.parametrize("end", [math.inf, -math.inf])
def test_an_infinite_parameter_gives_the_limit_or_is_refused(spec, parameter, end) -> None:
    made = ways(spec, parameter.name, end)
    if "refused" in made:
        assert made == ["refused"] * len(made)
        return
    limit = in_float64(spec, parameter.name, math.copysign(1e100, end)).float()
    for y in made:
        torch.testing.assert_close(y, limit)


@EACH
def test_at_0_a_parameter_gives_the_limit_or_is_refused(spec, parameter) -> None:
    made = ways(spec, parameter.name, 0.0)
    if "refused" in made:
        assert made == ["refused"] * len(made)
        return
    limit = in_float64(spec, parameter.name, 1e-9)
    for y in made:
        # at a jump, and on a line that turns upright, the limit is that of the points beside it
        usual = (limit.float() - y).abs() < 1e-4 * limit.float().abs().clamp(min=1.0)
        assert usual[X != 0].all() and not y.isnan().any(), y


#: What training may bring to 0.
LEARNED = [(s, p) for s, p in PAIRS if p.learnable and 0.0 in p.domain]


@pytest.mark.parametrize(("spec", "parameter"), LEARNED, ids=lambda v: v.name)
@pytest.mark.parametrize("engine", ["cpu", "eager"])
def test_at_and_near_0_gradients_are_the_limits(spec, parameter, engine) -> None:
    """At 1e-9 in float64 the limit is reached, and a cancelling derivative would
    have nothing left of it at the smaller numbers."""
    gradients = []
    for number, dtype in (
        (1e-9, torch.float64),
        (0.0, torch.float64),
        (0.0, torch.float32),
        (1e-15, torch.float64),
        (1e-30, torch.float32),
    ):
        inputs = [t.to(dtype).requires_grad_() for t in data(spec, X[X != 0])]
        p = torch.full_like(inputs[0], number, requires_grad=True)
        with ogive.engine(engine):
            y = ogive.get(spec.name)(*inputs, **{parameter.name: p})
            gradients.append(torch.autograd.grad(y.sum(), [*inputs, p]))
    for found in gradients[1:]:
        for g, wanted in zip(found, gradients[0], strict=True):
            torch.testing.assert_close(g.double(), wanted, rtol=1e-5, atol=1e-5)


#: Formulas with other forms for small parameters, as they are in books.
BOOKS = {
    "isru": lambda x, a: x / mpmath.sqrt(1 + a * x * x),
    "isrlu": lambda x, a: x if x > 0 else x / mpmath.sqrt(1 + a * x * x),
    "snake": lambda x, a: x + mpmath.sin(a * x) ** 2 / a,
    "soft_clipping": lambda x, a: (
        mpmath.log((1 + mpmath.exp(a * x)) / (1 + mpmath.exp(a * (x - 1)))) / a
    ),
}


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("number", [1e-12, 1e-5, 1e-3, 0.009, 0.011, 0.1, 0.24, 0.26, 0.6])
def test_every_form_of_a_formula_is_the_same_function(name, number) -> None:
    """At 50 digits, in float64: 8 units of the largest term, the input."""
    y = ogive.get(name)(X.double(), alpha=number)
    with mpmath.workdps(50):
        for got, x in zip(y.tolist(), X.tolist(), strict=True):
            wanted = BOOKS[name](mpmath.mpf(x), mpmath.mpf(number))
            assert abs(got - wanted) <= 8 * 2.0**-52 * max(abs(wanted), 1.0), (x, got, wanted)


#: Numbers that the dtype of the input cannot hold, with the parameters that may be them.
UNHELD = [(s, p, n) for s, p in PAIRS for n in (1e-45, 1e-30, 1e-3, 1 / 3) if n in p.domain]


@pytest.mark.parametrize(
    ("spec", "parameter", "number"), UNHELD, ids=[f"{s.name}-{p.name}-{n:.2}" for s, p, n in UNHELD]
)
def test_numbers_and_tensors_agree(spec, parameter, number) -> None:
    """Also where the input's dtype cannot hold the number: within the bar of a float32 kernel, or
    where terms cancel, of the largest of them."""
    exact = [y for i, y in enumerate(ways(spec, parameter.name, number)) if i % 3 < 2]
    if "refused" in exact:  # the other end of an interval is the smaller one
        assert exact == ["refused"] * len(exact)
        return
    wanted = in_float64(spec, parameter.name, number)
    for y in exact:
        torch.testing.assert_close(y, wanted.float(), rtol=2e-6, atol=1e-6)


@EACH
def test_a_tensor_outside_the_range_is_refused_as_a_number_is(spec, parameter) -> None:
    """Of float64, whose arithmetic needs no trial."""
    for number in (-1.0, -1e-30, 0.0, 0.5, 2.5):
        made = ways(spec, parameter.name, number, X.double())
        assert len({type(y) for y in made}) == 1
        assert type(made[0]) is str or number in parameter.domain


def chosen(spec: Spec, number: float) -> dict[str, float]:
    """The number for each parameter that may be it, and the default for the others."""
    return {
        p.name: number if number in p.domain and not isinstance(p.default, tuple) else p.default
        for p in spec.parameters
    }


#: Each entry in one of two cases: a number that becomes part of a kernel, and one that does not.
CASES = [
    (spec, *((0.3, torch.bfloat16), (1 / 3, torch.float32))[k % 2])
    for k, spec in enumerate(WITH_NUMBERS)
]


@pytest.mark.parametrize(
    ("spec", "number", "dtype"), CASES, ids=[f"{s.name}-{n:.2}-{d}" for s, n, d in CASES]
)
def test_a_result_depends_on_values_alone(spec, number, dtype) -> None:
    """On both sides of the sizes at which torch's own operator or a kernel serves."""
    function, numbers = ogive.get(spec.name), chosen(spec, number)
    generator = torch.Generator().manual_seed(0)
    x = (4 * torch.randn(NATIVE_UP_TO[dtype] + 100, generator=generator)).to(dtype)
    whole = function(*data(spec, x), **numbers)
    few = [t[:50] for t in data(spec, x)]
    alternatives = {
        "small": function(*few, **numbers),
        "strided": function(*[t.repeat_interleave(2)[::2] for t in few], **numbers),
        "recorded": function(*[t.clone().requires_grad_() for t in few], **numbers).detach(),
        "large recorded": function(*data(spec, x.clone().requires_grad_()), **numbers)[:50],
    }
    with ogive.engine("cpu"):
        alternatives["kernel"] = function(*few, **numbers)
    for k in range(20):
        function(*few, **chosen(spec, number + 0.1 / (k + 3)))
    alternatives["after others"] = function(*few, **numbers)
    for how, y in alternatives.items():
        assert torch.equal(y.nan_to_num(7.0), whole[:50].nan_to_num(7.0)), how


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.tensor(1j), "alpha must be real"),
        (torch.ones(6, 6), r"of shape \(6, 6\) does not broadcast to the shape \(6,\)"),
        (torch.ones(3), r"of shape \(3,\) does not broadcast"),
        (10**400, "too large a number"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused(value, words) -> None:
    with pytest.raises(ParameterError, match=words):
        ogive.get("elu")(torch.ones(6), alpha=value)


def test_one_number_has_no_shape() -> None:
    x, weight = torch.tensor(-1.0), torch.tensor([0.25])
    assert ogive.get("prelu")(x, weight=weight).shape == ()
    assert ogive.get("prelu")(x, weight=weight.requires_grad_()).shape == ()


def test_two_numbers_that_must_ascend() -> None:
    for make in (ogive.nn.RReLU, lambda *ends: ogive.get("rrelu")(X, *ends)):
        with pytest.raises(ParameterError, match=r"lower=0.5 must not exceed upper=0.1"):
            make(0.5, 0.1)


def test_a_tensor_that_holds_nan_gives_nan() -> None:
    y = ogive.get("softplus")(X, beta=torch.tensor(math.nan))
    assert y.isnan().all()


def test_numbers_of_numpy_are_numbers() -> None:
    import numpy as np

    assert torch.equal(ogive.get("elu")(X, alpha=np.float32(0.5)), ogive.get("elu")(X, alpha=0.5))


@pytest.mark.parametrize("size", [3, 300_000])
@pytest.mark.parametrize("recorded", [False, True])
def test_minus_zero_keeps_its_sign(size: int, recorded: bool) -> None:
    x = torch.full((size,), -1.0, requires_grad=recorded)
    for zero in (-0.0, torch.tensor(-0.0)):
        y = ogive.get("threshold")(x, threshold=0.1, value=zero)
        assert torch.signbit(y).all()
    assert not torch.signbit(ogive.get("threshold")(x, threshold=0.1, value=0.0)).any()
