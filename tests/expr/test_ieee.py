"""Formulas mean what IEEE arithmetic says: NumPy's doubles, number by number, are the judge."""

import math

import numpy as np
import pytest
import torch
from flint import arb

import ogive
from ogive.catalogue import entries
from ogive.errors import FormulaError
from ogive.expr import evaluate, fold, parse, to_text
from ogive.expr.program import program
from ogive.printers import python_function

ZERO, ONE, TWO, INF = map(np.float64, (0, 1, 2, math.inf))
POINTS = (1.0, 0.0, -0.0, -1.0, 0.5, -2.0, 3.0, 1e300, -1e300, math.inf, -math.inf, math.nan)
FORMULAS = {
    "0/0 + x": lambda x: ZERO / ZERO + x,
    "0*x + 1": lambda x: ZERO * x + ONE,
    "x*0": lambda x: x * ZERO,
    "0/x": lambda x: ZERO / x,
    "1/(0*x)": lambda x: ONE / (ZERO * x),
    "1/(0/x)": lambda x: ONE / (ZERO / x),
    "0 - 0*x": lambda x: ZERO - ZERO * x,
    "-0*x": lambda x: -ZERO * x,
    "1/-0 + x": lambda x: ONE / -ZERO + x,
    "0*(x + 1)*x": lambda x: ZERO * (x + ONE) * x,
    "0*inf + x": lambda x: ZERO * INF + x,
    "(0*3)*x": lambda x: (ZERO * 3) * x,
    "(0*-1)*x": lambda x: (ZERO * -ONE) * x,
    "log(1)*x": lambda x: np.log(ONE) * x,
    "inf - inf + x": lambda x: INF - INF + x,
    "inf*x": lambda x: INF * x,
    "x**inf": lambda x: x**INF,
    "x**-inf": lambda x: x**-INF,
    "0**x": lambda x: ZERO**x,
    "2**x": lambda x: TWO**x,
    "x**-17": lambda x: x ** np.float64(-17),
    "x**33": lambda x: x ** np.float64(33),
    "x**-0.5": lambda x: x ** np.float64(-0.5),
    "x**0": lambda x: x**ZERO,
    "max(x, 0/0)": lambda x: np.maximum(x, ZERO / ZERO),
    "where(0/0 < x, 1, 2)": lambda x: TWO,
}


def same(got, wanted):
    return got == wanted or (math.isnan(got) and math.isnan(wanted))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_has_ieee_values(text):
    written = parse(text)
    for node in (written, fold(written), parse(to_text(written))):
        for x in POINTS:
            with np.errstate(all="ignore"):
                wanted = float(FORMULAS[text](np.float64(x)))
            assert same(evaluate(node, x=x), wanted), (x, node)


@pytest.mark.parametrize("engine", ("eager", "cpu"))
@pytest.mark.parametrize("text", ("0/0 + x", "0*x + 1", "0/x", "0*(x + 1)*x", "x**inf"))
def test_so_do_engines(text, engine):
    x = torch.tensor(POINTS, dtype=torch.float64)
    with ogive.engine(engine):
        got = ogive.define("ieee", text, replace=True)(x).tolist()
    with np.errstate(all="ignore"):
        wanted = [float(FORMULAS[text](np.float64(p))) for p in POINTS]
    assert all(map(same, got, wanted)), got


def test_a_parameter_that_is_0_is_a_limit():
    """What a parameter multiplies is gone when that is 0; only what the formula says is IEEE's."""
    bound = entries()["leaky_relu"].program.bind({"negative_slope": 0.0})
    assert evaluate(bound.guarded[0], x=-math.inf) == 0.0


@pytest.mark.parametrize("text", ("x**1e400", "x + " + "9" * 400, "1e400 * x"))
def test_a_number_that_is_no_float_is_refused_where_it_stands(text):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    position = max(text.find("1e400"), text.find("999"))
    assert f"too large for a float; infinity is written inf, at position {position}" in str(
        caught.value
    )


@pytest.mark.parametrize("language", ("torch", "numpy", "mpmath", "arb"))
def test_a_long_sum_can_be_printed_for_python(language):
    """Python reads parentheses that nest 200 deep."""
    node = parse(" + ".join(f"x / {k}" for k in range(1, 132)))
    function = python_function(program("long", node, ("x",), {}), language)
    x = {"torch": torch.ones(1).double(), "arb": arb(1)}.get(language, 1.0)
    assert float(function(x)[0]) == pytest.approx(evaluate(node, x=1.0))


@pytest.mark.parametrize("sign", "+-*/")
def test_a_flat_sum_or_product_is_not_deep(sign):
    terms = [f"(x + {k})" for k in range(2, 132)]
    node = parse(sign.join(terms))
    with np.errstate(all="ignore"):
        wanted = eval(sign.join(terms), {"x": np.float64(0.5)})
    assert evaluate(node, x=0.5) == wanted
    assert parse(to_text(node)) is node
    assert len(parse(sign.join("x" * 161)).args) == 2
