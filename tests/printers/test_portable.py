"""Machine operations in plain arithmetic, against the processor's own."""

import math

import mpmath
import numpy as np
import pytest
from evaluate import SIMPLE, evaluate
from mpmath import mpf

from ogive.expr import symbol, walk
from ogive.printers.machine import Value
from ogive.printers.portable import PORTABLE

PLAIN = {"add", "sub", "mul", "div", "neg", "abs", "lt", "le", "eq", "where", "const", "symbol"}
INF, NAN = math.inf, math.nan
TINY = [5e-324, 1e-310, 2.0**-1023, 2.0**-1022, 2.5e-308, 1.1e-16]
SIZES = [0.0, *TINY, 0.3, 0.5, 1.0, 1.5, 2.5, 3.0, 6.5, 1e9, 2.0**51 - 1, 1e300, 2.0**1023, INF]
BOTH = np.array([s * v for v in SIZES for s in (1, -1)] + [NAN])
WHOLE = np.arange(-1022.0, 1024.0)
#: What each operation is given, within what machine.OPERATIONS promises.
GIVEN = {
    "round": [BOTH[abs(BOTH) < 2.0**51]],
    "exp2": [np.append(WHOLE, -1023.0)],
    "exponent": [BOTH[(BOTH >= 2.0**-1022) & (BOTH < INF)]],
    "copysign": np.meshgrid(BOTH, BOTH[~np.isnan(BOTH)]),
    "alternate": np.meshgrid(BOTH, WHOLE[::5]),
    "ldexp": np.meshgrid([0.5, 1.0, -1.9, 1.0 + 2.0**-52], np.arange(-2040.0, 2041.0, 17)),
}


def graph(name, count):
    return PORTABLE[name](*(Value(symbol(s)) for s in "abc"[:count])).node


def computed(name, *inputs):
    return evaluate(graph(name, len(inputs)), **dict(zip("abc", inputs, strict=False)))


@pytest.mark.parametrize("name", GIVEN)
def test_an_operation_is_exact(name):
    inputs = [np.ravel(i) for i in GIVEN[name]]
    with np.errstate(all="ignore"):
        wanted = SIMPLE[name](*inputs)
    found = computed(name, *inputs)
    np.testing.assert_array_equal(found, wanted)
    plain = ~np.isnan(wanted) & (name != "round")  # a zero is a zero
    np.testing.assert_array_equal(np.signbit(found[plain]), np.signbit(wanted[plain]))


def test_below_the_normal_numbers_and_at_infinity_an_exponent_is_one_further():
    assert computed("exponent", np.array([5e-324, 2.0**-1074 * 3, INF])).tolist()[2] == 1024
    assert set(computed("exponent", np.array([5e-324, 1e-309])).tolist()) == {-1023.0}


def test_a_fused_multiply_add_is_rounded_as_if_once():
    """Within a part in 2**50 of half a unit; cancelling sums, whose rest is exact, among them."""
    random = np.random.default_rng(0)
    a, b = random.uniform(1, 2, (2, 3000))
    c = -a * b * random.choice([1, 1 + 2.0**-52, 2.0**-53, 0.5, -3], 3000)
    found = computed("fma", a, b, c)
    with mpmath.workprec(300):
        for y, x1, x2, x3 in zip(*(v.tolist() for v in (found, a, b, c)), strict=True):
            exact = mpf(x1) * x2 + x3
            assert abs(y - exact) <= (0.5 + 2.0**-50) * np.spacing(abs(y))


def test_a_fused_multiply_add_of_huge_numbers():
    a, b = (
        np.array([2.0**1023, -(2.0**1000), 3.0, INF, 1.0]),
        np.array([1.25, 1e-5, 1e308, 2.0, NAN]),
    )
    found = computed("fma", a, b, np.full(5, -1.0))
    np.testing.assert_array_equal(found, [1.25 * 2.0**1023, -(2.0**1000) * 1e-5, INF, INF, NAN])


def test_the_operations_need_nothing_but_arithmetic_and_one_another():
    for name, count in (("fma", 3), *((name, len(given)) for name, given in GIVEN.items())):
        assert {n.op for n in walk(graph(name, count))} <= PLAIN | set(PORTABLE)
