"""The reference: far arguments, every digit, and without the fast integers of gmpy2."""

import math
import os
import subprocess
import sys
from pathlib import Path

import mpmath
import pytest

from ogive.catalogue import entries
from ogive.certify.reference import exact, limit, ulp, unit


def program(name):
    return entries()[name].program


def test_a_value_has_fifty_right_digits():
    with mpmath.workdps(60):
        got = exact(program("silu"), 0.7)[0]
        x = mpmath.mpf(0.7)
        assert abs(got - x / (1 + mpmath.exp(-x))) < mpmath.mpf(10) ** -50


def test_small_arguments_get_more_digits():
    cube = exact(program("tanhshrink"), 1e-100)[0]
    assert float(cube * 10**300) == pytest.approx(1 / 3, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [("gelu", 0.0, math.inf), ("tanh", -1.0, 1.0), ("softplus", 0.0, math.inf), ("log_log", 0, 1)],
)
def test_limits_at_infinity(name, left, right):
    infinite = [p.default for p in entries()[name].parameters]
    bound = program(name).bind(dict(zip(program(name).inputs[1:], infinite, strict=True)))
    assert (limit(bound, -1.0), limit(bound, 1.0)) == (left, right)


def test_a_periodic_function_has_no_limit():
    assert math.isnan(limit(program("sine"), 1.0, 1.0))


def test_a_unit_is_the_spacing_of_floats_where_nothing_else_matters():
    assert ulp(1.5) == math.ulp(1.5)
    assert unit(1.5, 0.0, 3.0) == math.ulp(1.5)
    assert unit(1.0, 2.0, 3.0) == math.ulp(1.0) * 7 + 5e-324 * 4


def test_the_judge_does_without_gmpy2():
    """mpmath falls back to Python's integers, some of whose limits it does not expect."""
    code = (
        "import mpmath; assert mpmath.libmp.BACKEND == 'python'\n"
        "from ogive.catalogue import entries\n"
        "from seen import far\n"
        "for name in ('gelu', 'mish', 'serf', 'erf', 'tanhexp', 'snake', 'squareplus'):\n"
        "    far(entries()[name], 1.0)\n"
        "    far(entries()[name], -1.0, 1)\n"
    )
    paths = os.pathsep.join(p for p in (str(Path(__file__).parent), os.getenv("PYTHONPATH")) if p)
    environment = {**os.environ, "MPMATH_NOGMPY": "1", "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
