"""What is JavaScript's own: names, and where its functions differ from C's."""

import pytest

import ogive
from ogive.expr import Program, parse
from ogive.printers import printer


def source(formula, *inputs):
    samples = ((0.4,),) * len(inputs)
    return printer("javascript").source(Program("f", inputs, (parse(formula, inputs),), samples))


def run(tab, formula, inputs, *values):
    code = source(formula, *inputs)
    return tab.evaluate(f"values => {{ {code} return f(...values)[0]; }}", list(values))


def test_a_program_is_plain_text_of_the_language():
    assert source("x * sigmoid(a)", "x", "a") == (
        "function f(x, a) {\n"
        "  const _t0 = Math.exp((-Math.abs(a)));\n"
        "  return [x * (((a < 0.0) ? _t0 : 1.0) / (1.0 + _t0))];\n"
        "}\n"
    )


def test_names_that_the_language_keeps_for_itself_are_changed(tab):
    words = ("new", "var", "default", "this", "Math", "NaN", "Infinity", "arguments", "eval")
    formula = " + ".join(f"tanh({w})" for w in words)
    assert run(tab, formula, words, *[0.0] * 8, 1.0) == pytest.approx(0.7615941559557649, rel=1e-15)
    own = ogive.define("let", "tanh(x) / new", new=2.0)
    assert own.source("javascript") == (
        "function let$(x, new$) {\n  return [Math.tanh(x) / new$];\n}\n"
    )


@pytest.mark.parametrize(
    ("base", "exponent", "power"),
    [
        (1.0, float("inf"), 1.0),
        (1.0, float("nan"), 1.0),
        (-1.0, float("-inf"), 1.0),
        (2.0, 0.5, 2**0.5),
    ],
)
def test_a_power_is_that_of_c(tab, base, exponent, power):
    assert run(tab, "x ** a", ("x", "a"), base, exponent) == power
