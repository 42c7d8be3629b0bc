"""Formulas that people type: the page's port of the language against the library's own."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ogive.catalogue import user_spec
from ogive.errors import FormulaError
from ogive.expr import evaluate, parse, stabilise

INF = math.inf
POINTS = (-INF, -1000.0, -37.5, -3.0, -1.0, -0.25, 0.0, 1e-9, 0.5, 1.0, 2.0, 6.5, 40.0, 800.0, INF)
FORMULAS = (
    "x", "-x", "2", "pi*x", "e**x", "x**2", "-x**2", "x**-2", "2**x**0.5", "x**0.5", "x**17",
    "1_000*x", "0x10 + x", "0b11*x", ".5*x", "5.*x", "1e3*x", "1E-3*x", "x+1-2+3", "x/2/4",
    "x - -x", "+x", "--x", "(x)", "((x + 1))", "x*tanh(x)", "x*sigmoid(x)", "x/(1 + exp(-x))",
    "log(1 + exp(x))", "exp(x) - 1", "x*(1 + erf(x/sqrt(2)))/2", "0.5*x*(1 + erf(x/sqrt(2)))",
    "x*ndtr(x)", "x*exp(-x**2)", "1/x", "sin(x)/x", "where(x > 0, x, 0.1*x)",
    "where(x >= 0, x, expm1(x))", "where(x < 1, 0, where(x <= 2, x - 1, 1))", "where(1 < 2, x, 0)",
    "max(x, 0)", "min(max(x, -1), 1)", "clip(x, -1, 1)", "relu(x)", "silu(x)", "abs(x)", "sign(x)",
    "atan(x)", "asinh(x)", "softplus(x)", "softsign(x)", "algebraic(x)", "hypot1(x)", "rhypot(x)",
    "sech(x)", "cosh(x)", "sinh(x)", "log1p(x)", "erfinv(x)", "erfc(x)", "cos(x)", "sqrt(x)",
    "dsigmoid(x)", "x * 0", "0 * exp(x)", "x + inf", "x*tanh(softplus(x))", "exp(-exp(-x))",
    "max(x, 1,)", "x # a note", " x\t*\n2 ", "x*(x*(x*(x+1)+1)+1)", "x*x*x",
)  # fmt: skip
REFUSED = (
    "", "   ", "x +", "x * * 2", "(x", "x)", "2x", "x y", "x ^ 2", "x²", "y", "tahn(x)", "tanh",
    "tanh()", "tanh(x, 1)", "min(x)", "x > 0", "(x > 0) + 1", "where(x, 1, 2)", "where(x > 0, 1)",
    "where(0 < x < 1, 1, 2)", "x == 1", "x != 1", "x.real", "x[0]", "lambda: x", "x if x else 1",
    "x and 1", "not x", "True", "None", "'a'", '"a"', "f'x'", "[x]", "{x}", "(x, 1)", "()",
    "x // 2", "x % 2", "x @ x", "x << 1", "~x", "x | 1", "tanh(x=1)", "tanh(*x)", "x(1)", "1(x)",
    "__import__('os')", "x.__class__", "import os", "1j", "1e999", "1e309", "007", "0x", "1__0",
    "1_", "x := 2", "x; x", "x,", "\\x", "$x", "x?", "await x", "yield", "print(x)", "exec(x)",
    "eval('x')", "window", "constructor", "toString", "__proto__", "hasOwnProperty(x)", "alert(1)",
    "<script>", "x = 1", "@", "where(x>0,1,x<1)", "(" * 41 + "x" + ")" * 41, "-" * 200 + "x",
    "+".join(["x"] * 1500), "x" * 2001, "+".join(f"sin({k}*x)" for k in range(150)),
    "2**" * 200 + "x",
)  # fmt: skip


@pytest.fixture(scope="module")
def formulas(site, chromium):
    page = chromium.new_page()
    page.goto((site / "formula.html").as_uri())
    yield page
    page.close()


def answers(page, texts):
    """Of each text the values of f, f' and f'' at the points, or where it is refused."""
    return page.evaluate(
        "([texts, points]) => texts.map(t => { const f = ogive.formula(t); return {error: f.error, "
        "position: f.position, values: f.error ? [] : [0, 1, 2].map(k => points.map(x => "
        "k ? f.derivative(x, k) : f.value(x)))}; })",
        [list(texts), list(POINTS)],
    )


def wanted(text):
    """The library's own: what ``ogive.define`` would make of it."""
    spec = user_spec("mine", text, {})
    programs = [spec.program, spec.derived(1).program, spec.derived(2).program]
    return [[evaluate(p.guarded[0], x=x) for x in POINTS] for p in programs]


def assert_same(text, found):
    assert found["error"] is None, (text, found["error"])
    for order, (got, right) in enumerate(zip(found["values"], wanted(text), strict=True)):
        for x, a, b in zip(POINTS, got, right, strict=True):
            close = a == pytest.approx(
                b, rel=1e-9, abs=1e-13 * max(1.0, min(abs(x), 1e6)), nan_ok=True
            )
            assert close, (text, order, x, a, b)


def test_a_formula_has_the_values_and_derivatives_that_define_gives_it(formulas):
    for text, found in zip(FORMULAS, answers(formulas, FORMULAS), strict=True):
        assert_same(text, found)


def test_what_the_library_refuses_is_refused_with_a_position(formulas):
    for text, found in zip(REFUSED, answers(formulas, REFUSED), strict=True):
        with pytest.raises(FormulaError):
            user_spec("mine", text, {})
        assert found["error"], text
        assert 0 <= found["position"] <= len(text), text


POSITIONS = {
    "x + y": 4, "tanh(x, 1)": 0, "2 * tahn(x)": 4, "x ^ 2": 2, "x + 1e999": 4, "where(x, 1, 2)": 6,
    "  x.real": 2, "1 + (x > 0)": 4, "x % 2": 0, "3 * x[0]": 4, "x + 'a'": 4, "(x": 2, "x +": 3,
}  # fmt: skip


def test_an_error_says_where_it_is(formulas):
    for (text, position), found in zip(
        POSITIONS.items(), answers(formulas, POSITIONS), strict=True
    ):
        assert found["position"] == position, (text, found)
        assert f"character {position + 1}" in found["error"]


FUNCTIONS = (
    "exp", "tanh", "sigmoid", "softplus", "log1p", "abs", "sqrt", "erf", "ndtr", "sin", "atan",
    "expm1", "relu", "silu", "sech", "log",
)  # fmt: skip


def drawn(draw: random.Random, depth: int = 4) -> str:
    """A formula of random form."""
    if depth == 0:
        return draw.choice(["x", "x", "x", "1", "2.5", "0.1", "pi", "-3"])
    one, two = (drawn(draw, depth - draw.choice((1, 2)) if depth > 1 else 0) for _ in range(2))
    name = draw.choice(FUNCTIONS)
    ways = (
        f"({one} + {two})", f"({one} - {two})", f"({one}) * ({two})", f"({one}) / ({two})",
        f"-({one})", f"({one})**2", f"{name}({one})", f"{name}({two})", f"max({one}, {two})",
        f"where({one} > {two}, {one}, {two})", f"where(x <= 1, {one}, {two})",
    )  # fmt: skip
    return draw.choice(ways)


def test_random_formulas_agree(formulas):
    draw = random.Random(11)
    texts = [drawn(draw) for _ in range(150)]
    # not at 0: the sign of an infinity at a pole there is that of a zero, which max may choose
    usual = [i for i, x in enumerate(POINTS) if 0 < abs(x) < 40]
    for text, found in zip(texts, answers(formulas, texts), strict=True):
        assert found["error"] is None, (text, found["error"])
        mine, own = found["values"], wanted(text)
        for order in (0, 1):
            for i in usual:
                a, b = mine[order][i], own[order][i]
                assert a == pytest.approx(b, rel=1e-8, abs=1e-9, nan_ok=True), (
                    text,
                    order,
                    POINTS[i],
                    a,
                    b,
                )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="x0123456789.+-*/()<>=, _etanhpiwr'\"[]{}:@%&|~!#;\\", max_size=24))
def test_any_text_is_read_as_the_library_reads_it(formulas, text):
    (found,) = answers(formulas, [text])
    try:
        stabilise(parse(text))
    except FormulaError:
        assert found["error"], text
    else:
        assert found["error"] is None, (text, found["error"])


def test_what_is_written_is_read_back(formulas):
    texts = ["x*tanh(softplus(x))", "where(x > 0, x, 0.1*x)", "-x**2/(1 + x)", "x - (1 - x)"]
    code = "t => t.map(f => { const a = ogive.formula(f); return [1, 2].map(k => a.text(k)); })"
    for text, (first, second) in zip(texts, formulas.evaluate(code, texts), strict=True):
        again = answers(formulas, [first, second])
        own = answers(formulas, [text])[0]["values"]
        for k in (0, 1):
            assert again[k]["values"][0] == pytest.approx(
                own[k + 1], rel=1e-9, abs=1e-12, nan_ok=True
            )


HOSTILE = (
    "constructor.constructor('window.hit = 1')()", "x.constructor", "window.hit=1",
    "eval('window.hit=1')", "<img src=x onerror=window.hit=1>", "'); window.hit = 1; ('",
    "`${window.hit = 1}`", "__proto__", "this.hit = 1", "javascript:window.hit=1",
    "</script><script>window.hit=1</script>", "Function('window.hit=1')()",
    "((((((((((x))))))))))" * 40, "x" + "**x" * 300, "9" * 1900, "exp(" * 45 + "x" + ")" * 45,
)  # fmt: skip


def test_hostile_text_does_nothing(formulas, site):
    box = formulas.get_by_role("textbox", name="Your own formula")
    alert = formulas.get_by_role("alert")
    for text in HOSTILE:
        box.fill(text)
        assert formulas.evaluate("window.hit") is None
        assert alert.inner_text(), text
        assert box.get_attribute("aria-invalid") == "true"
        assert not formulas.locator("img").count()
    assert formulas.evaluate("({}).hit") is None
    box.fill("x*tanh(x)")
    assert alert.inner_text() == ""
    assert box.get_attribute("aria-invalid") == "false"
    formulas.goto("about:blank")
    formulas.goto((site / "formula.html").as_uri() + "#f=" + "%3Cimg+src%3Dx+onerror%3Dhit%3D1%3E")
    assert alert.inner_text()
    assert formulas.evaluate("window.hit") is None
