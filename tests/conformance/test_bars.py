"""The bars of torch's operators: what they rest on, what other processors gave, what they catch."""

import math

import mpmath
import numpy as np
import pytest
import torch
from allowance import EXACT, MKL, allowances, graph, stated
from bars import FACTOR, size
from measure import cases, changed, parameters_of, rounded
from records import ALLOWED, CASES
from test_mutants import replaced, taken

from ogive.engine import eager
from ogive.expr import const, walk
from ogive.printers import printer

#: Functions of one number, and where they are tried.
FUNCTIONS = {
    "exp": (-80, 80), "expm1": (-20, 20), "log": (1e-6, 1e6), "log1p": (-0.99, 1e3),
    "tanh": (-9, 9), "sinh": (-20, 20), "cosh": (-20, 20), "erf": (-4, 4), "erfc": (-4, 8),
    "sin": (-100, 100), "cos": (-100, 100), "atan": (-50, 50), "asinh": (-50, 50), "sqrt": (0, 9),
    "erfinv": (-0.99, 0.99),
}  # fmt: skip
#: What an AMD EPYC with AVX2 gave where it was furthest off (torch 2.13): case, dtype, quantity,
#: point, result, exact value.
ELSEWHERE = [
    ("soft_root_sign:x(alpha=3.2,beta=4.7)", "float64", 1,
     -7.500924021861207, -0.43860225680867115, -0.4386022568086706),
    ("seagull:x", "float64", 2, 1.7900470105831783, -0.24940985176617653, -0.24940985176617678),
    ("smish:x", "float64", 0, -1.5994764668253358, -0.24648295452329946, -0.2464829545232994),
    ("serf:x", "float64", 1, -2.0397059004017564, -0.12368073762616535, -0.12368073762616544),
    ("gaussian:x", "float32", 1, 0.7626834511756897, -0.852611780166626, -0.8526116813662611),
    ("multiquadratic:x", "float32", 0,
     0.024648519232869148, 0.9996964931488037, 0.9996963635984187),
    ("gaussian:x", "float32", 0, 0.7626834511756897, 0.426305890083313, 0.42630584068313054),
    ("sqrt_softplus:x", "float32", 2,
     0.2274085134267807, 0.031230472028255463, 0.03123051204769356),
    ("arctan:x", "float32", 1, 0.024648519232869148, 0.999393105506897, 0.9993928193919018),
    ("isru:x", "float32", 1, 0.024648519232869148, 0.999089777469635, 0.9990893673524556),
]  # fmt: skip
#: Smooth ones, of which every constant matters.
SMOOTH = ("silu", "gelu_tanh", "quick_gelu", "softplus", "mish", "snake")
DEFAULTS = {c.spec.name: c for c in cases("elementwise") if not changed(c)}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_torch_holds_the_stated_accuracy(name, dtype):
    low, high = FUNCTIONS[name]
    x = torch.linspace(low, high, 211, dtype=torch.float64).to(getattr(torch, dtype))
    got = getattr(torch, name)(x).double().tolist()
    with mpmath.workdps(50):
        wanted = [getattr(mpmath, name)(mpmath.mpf(v)) for v in x.double().tolist()]
        off = [abs(a - b) for a, b in zip(got, wanted, strict=True)]
    eps = torch.finfo(x.dtype).eps
    places = [math.ldexp(eps, math.frexp(float(w))[1] - 1) if w else eps**2 for w in wanted]
    assert max(float(e) / p for e, p in zip(off, places, strict=True)) <= stated(name, dtype)


def test_every_function_of_the_engine_has_a_stated_accuracy():
    arithmetic = {
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "pi",
        "rarely",
    }  # the last is where's other name
    assert printer("torch").spoken() - set(EXACT) - arithmetic == set(FUNCTIONS)
    assert set(MKL) <= set(FUNCTIONS)


@pytest.mark.parametrize(("name", "dtype", "order", "x", "got", "wanted"), ELSEWHERE)
def test_what_another_processor_gave_is_within_the_bar(name, dtype, order, x, got, wanted):
    case = rounded(CASES[name], getattr(torch, dtype))
    allowed = allowances(case, np.array([x]), dtype, parameters_of(case))[order][0]
    assert abs(got - wanted) <= allowed <= 10 * abs(got - wanted)


@pytest.mark.parametrize("name", CASES)
def test_the_bars_are_no_larger_than_recorded(name):
    for label, found in size(CASES[name]).items():
        for now, recorded in zip(found, ALLOWED[name][label], strict=True):
            assert now <= FACTOR * recorded, label


@pytest.mark.parametrize("name", SMOOTH)
def test_a_constant_that_is_off_by_a_thousand_roundings_is_caught(name):
    case, x = DEFAULTS[name], np.linspace(-4.0, 4.0, 81)
    program = case.spec.program
    fixed = [torch.tensor(v, dtype=torch.float64) for _, v in case.values]
    allowed = allowances(case, x, "float64", ())[0]

    def values(expression):
        made = type(program)("mutant", program.inputs, (expression,), program.samples)
        return eager.compiled_formula(made)(torch.from_numpy(x), *fixed)[0].numpy()

    expression = taken(case)
    right = values(expression)
    for node in walk(expression):
        if node.op == "const" and node.value not in (0.0, math.inf):
            off = values(replaced(expression, node, const(node.value * (1 + 2.0**-42))))
            assert (abs(off - right) > 2 * allowed).any(), node


def test_an_operation_is_counted_once_however_often_it_is_used():
    """x * x has one rounding and x - x none, however large x is."""
    case = DEFAULTS["square"]
    assert len(graph(case, ()).outputs) == 3
    (f, _, second) = allowances(case, np.array([3.0, 1e3 / 3]), "float64", ())
    assert f.tolist() == pytest.approx([1.05 * 0.5 * 2.0**-49, 1.05 * 0.5 * 2.0**-36])
    assert second.tolist() == [0.0, 0.0]
