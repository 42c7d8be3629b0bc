"""Values and mistakes that notes on the subject print, against the derived formulas.

Each wrong formula is written out here and shown to differ from the entry, and each true statement
that it contradicts is shown to hold. The reference is mpmath, by textbook definitions.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import cache

import mpmath as mp
import numpy as np
import pytest

from ogive.catalogue import resolve
from ogive.expr import diff, evaluate, symbol

INF = math.inf
GRID = [k / 8 for k in range(-80, 81)]
POINTS = (-2.0, -1.0, 0.0, 2.0, 3.0, 5.0)
# the printed table: float16 arithmetic, at POINTS
TABLE = {
    "relu": (0.0, 0.0, 0.0, 2.0, 3.0, 5.0),
    "keras:leaky_relu": (-0.4, -0.2, 0.0, 2.0, 3.0, 5.0),
    "gelu_tanh": (-0.0454, -0.1589, 0.0, 1.955, 2.996, 5.0),
    "tanh": (-0.964, -0.7617, 0.0, 0.964, 0.995, 1.0),
    "sigmoid": (0.1192, 0.2688, 0.5, 0.8804, 0.9526, 0.993),
}


@cache
def guarded(name, order):
    spec, preset = resolve(name)
    node = spec.expression
    for _ in range(order):
        node = diff(node, symbol("x"))
    defaults = {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    return replace(spec.program, outputs=(node,)).guarded[0], defaults | dict(preset)


def value(name, x, order=0, **parameters):
    """The entry's formula, or its derivative, as the printers get it."""
    node, defaults = guarded(name, order)
    return evaluate(node, **defaults | parameters, x=x)


def textbook(name, x):
    """Definitions as textbooks print them, with digits enough for what they cancel."""
    with mp.workdps(300):
        x = mp.mpf(x)
        return {
            "gelu": lambda: x / 2 * (1 + mp.erf(x / mp.sqrt(2))),
            "gelu_tanh": lambda: x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + 0.044715 * x**3))),
            "softplus": lambda: mp.log(1 + mp.exp(x)),
            "sigmoid": lambda: 1 / (1 + mp.exp(-x)),
            "elu": lambda: x if x > 0 else mp.exp(x) - 1,
            "tanhshrink": lambda: x - mp.tanh(x),
            "squareplus": lambda: (x + mp.sqrt(x * x + 4)) / 2,
            "bent_identity": lambda: (mp.sqrt(x * x + 1) - 1) / 2 + x,
            "sinc": lambda: mp.sin(x) / x if x else mp.mpf(1),
            "shifted_softplus": lambda: mp.log(1 + mp.exp(x)) - mp.log(2),
            "log_cosh": lambda: mp.log(mp.cosh(x)),
            "seagull": lambda: mp.log(1 + x * x),
            "sqrt_softplus": lambda: mp.sqrt(mp.log(1 + mp.exp(x))),
            "soft_root_sign": lambda: x / (x / 2 + mp.exp(-x / 3)),
            "soft_clipping": lambda: mp.log((1 + mp.exp(50 * x)) / (1 + mp.exp(50 * (x - 1)))) / 50,
            "elliott": lambda: x / (2 * (1 + abs(x))) + 0.5,
            "sinp": lambda: mp.sin(x) - x,
            "aria2": lambda: x * (1 + mp.exp(-2 * x)) ** mp.mpf(-1.5),
            "silu": lambda: x / (1 + mp.exp(-x)),
            "dsilu": lambda: mp.diff(lambda t: t / (1 + mp.exp(-t)), x),
            "logsigmoid": lambda: mp.log(1 / (1 + mp.exp(-x))),
            "aptx": lambda: (1 + mp.tanh(x)) * x / 2,
            "bipolar_sigmoid": lambda: (1 - mp.exp(-x)) / (1 + mp.exp(-x)),
        }[name]()


def _sinc(x):
    return mp.sin(x) / x


STABLE = [
    "gelu",
    "gelu_tanh",
    "softplus",
    "sigmoid",
    "elu",
    "tanhshrink",
    "squareplus",
    "bent_identity",
    "sinc",
    "shifted_softplus",
    "log_cosh",
    "seagull",
    "sqrt_softplus",
    "soft_root_sign",
    "soft_clipping",
    "elliott",
    "sinp",
    "aria2",
    "silu",
    "dsilu",
    "logsigmoid",
    "aptx",
    "bipolar_sigmoid",
]
SIZES = (1e-9, 1e-3, 0.3, 0.9, 1.1, 1.9, 2.1, 3.7, 6.5, 9.9, 31.0)
SPREAD = [sign * size for size in SIZES for sign in (1, -1)]


@pytest.mark.parametrize("name", STABLE)
def test_the_stable_form_is_the_textbook_formula(name):
    for x in SPREAD:
        exact, slope = textbook(name, x), value(name, x, 1)
        allowed = 16 * 2**-53 * (abs(exact) + abs(x * slope)) + 2**-1074
        assert abs(value(name, x) - exact) <= allowed, x


@pytest.mark.parametrize("name", TABLE)
def test_the_printed_table(name):
    for x, printed in zip(POINTS, TABLE[name], strict=True):
        assert np.float16(value(name, x)) == pytest.approx(printed, abs=6e-4, rel=1e-3)


def test_e14_the_printed_gelu_values_are_of_the_tanh_form():
    assert round(value("gelu_tanh", -2.0), 4) == -0.0454
    assert round(value("gelu", -2.0), 4) == -0.0455
    assert abs(value("gelu", -1.0) - -0.1589) < abs(value("gelu", -1.0) - -0.1588) + 2e-4
    assert round(value("gelu_tanh", -1.0), 4) == -0.1588


def test_e1_the_tanh_form_needs_its_factor_x():
    wrong = [0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) for x in GRID]
    assert max(abs(w - value("gelu_tanh", x)) for w, x in zip(wrong, GRID, strict=True)) > 8
    assert value("gelu_tanh", 0.0) == 0.0
    assert max(abs(value("gelu_tanh", x) - value("gelu", x)) for x in GRID) < 4.8e-4


def test_e2_softplus_is_positive():
    assert all(value("softplus", x) > 0 for x in GRID)
    wrong = [math.log(1 / (1 + math.exp(x))) for x in GRID]
    assert all(w < 0 for w in wrong)
    assert all(-value("softplus", x) == pytest.approx(w) for w, x in zip(wrong, GRID, strict=True))


@pytest.mark.parametrize(
    "wrong", [lambda s: -s * s * (0.5 - s), lambda s: s * s * (1 - s), lambda s: s - s * s * s]
)
def test_e3_the_derivative_of_sigmoid(wrong):
    for x in GRID:
        s = value("sigmoid", x)
        assert value("sigmoid", x, 1) == pytest.approx(s * (1 - s), rel=1e-11)
    assert max(abs(wrong(value("sigmoid", x)) - value("sigmoid", x, 1)) for x in GRID) > 0.05


def test_e4_sigmoid_saturates_at_0_and_1():
    assert (value("sigmoid", -INF), value("sigmoid", INF)) == (0.0, 1.0)
    assert all(value("sigmoid", x) > 0 for x in GRID)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_e5_elu_tends_to_minus_alpha(alpha):
    assert value("elu", -INF, alpha=alpha) == -alpha
    assert value("elu", -1e6, alpha=alpha) == -alpha
    assert value("elu", -2.0, alpha=alpha) != pytest.approx(-alpha * math.log(1 + 2.0), rel=0.1)


def test_e6_relu6_keeps_6_above_6():
    assert [value("relu6", x) for x in (5.5, 6.0, 6.5, 1e9, INF)] == [5.5, 6.0, 6.0, 6.0, 6.0]


def test_e7_relu_is_sparse_and_does_not_saturate_to_the_right():
    assert all(value("relu", x) == 0 and value("relu", x, 1) == 0 for x in GRID if x < 0)
    assert all(value("relu", x) == x and value("relu", x, 1) == 1 for x in GRID if x > 0)


def test_e10_the_derivative_of_tanh_lies_in_0_to_1():
    slopes = [value("tanh", x, 1) for x in GRID]
    assert min(slopes) > 0
    assert max(slopes) == value("tanh", 0.0, 1) == 1.0


def test_e11_leaky_relu_is_a_maximum_only_up_to_slope_1():
    for slope in (0.0, 0.01, 0.5, 1.0):
        assert all(value("leaky_relu", x, negative_slope=slope) == max(slope * x, x) for x in GRID)
    assert value("leaky_relu", -1.0, negative_slope=2.0) == -2.0 != max(-2.0, -1.0)


@pytest.mark.parametrize(("name", "bound"), [("sigmoid", 0.25), ("tanh", 1.0)])
def test_e12_saturation_makes_gradients_vanish(name, bound):
    slopes = [value(name, x, 1) for x in (0.0, 5.0, 10.0, 20.0, 100.0)]
    assert slopes[0] == bound
    assert all(b < a for a, b in itertools.pairwise(slopes))
    assert slopes[-1] < 1e-40


def test_e13_sigmoid_vanishes_on_both_sides():
    for x in (3.0, 10.0, 700.0):
        assert value("sigmoid", x, 1) == value("sigmoid", -x, 1)
    assert value("sigmoid", -10.0, 1) < 1e-4


def test_e15_a_monotonic_activation_does_not_make_one_layer_convex():
    """The squared error of one sigmoid unit, as a function of its weight, is above its chord."""

    def loss(weight):
        return (value("sigmoid", weight) - 1.0) ** 2

    assert loss(-6.0) > (loss(-8.0) + loss(-4.0)) / 2


def test_tanh_is_a_stretched_sigmoid():
    assert all(
        value("tanh", x) == pytest.approx(2 * value("sigmoid", 2 * x) - 1, abs=4e-16) for x in GRID
    )


def test_the_limits_of_swish_in_beta():
    assert all(value("swish", x, beta=0.0) == x / 2 for x in GRID)
    assert all(
        value("swish", x, beta=1e6) == pytest.approx(value("relu", x), abs=1e-300) for x in GRID
    )


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("leaky_relu", 0.0, 0.01),
        ("prelu", 0.0, 0.25),
        ("relu6", 0.0, 0.0),
        ("relu6", 6.0, 0.0),
        ("hardtanh", -1.0, 0.0),
        ("hardtanh", 1.0, 0.0),
        ("elu", 0.0, 1.0),
        ("hardsigmoid", -3.0, 0.0),
        ("hardsigmoid", 3.0, 0.0),
        ("hardswish", -3.0, 0.0),
        ("hardswish", 3.0, 1.0),
        ("softshrink", 0.5, 0.0),
        ("hardshrink", -0.5, 0.0),
        ("selu", 0.0, 1.7580993408473766),
        ("celu", 0.0, 1.0),
        ("absolute", 0.0, 0.0),
    ],
)
def test_the_derivative_at_a_kink_is_torchs(name, x, slope):
    assert value(name, x, 1) == slope


def test_where_the_plain_sum_of_squareplus_is_0():
    x = np.array([-5792.0, -5792.6187, -11585.22, -11586.0], dtype=np.float32)
    plain = (x + np.sqrt(x * x + np.float32(4))) / np.float32(2)
    assert (plain == 0).tolist() == [False, True, False, True]


def test_at_the_threshold_step_is_1():
    assert value("step", 0.0) == 1.0
