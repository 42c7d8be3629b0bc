"""Formulas that people type: the page's port of the language against the library's own."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ogive.catalogue import entries, resolve, user_spec
from ogive.errors import AmbiguousName, OgiveError
from ogive.expr import evaluate

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
#: Entries as functions, by every way of giving their parameters.
CALLS = (
    "gelu(2*x)", "elu(x, alpha=0.5)", "elu(x, 0.5)", "x*sigmoid(x) + tanh(x)", "mish(x)*sigmoid(x)",
    "leaky_relu(x - 1, 0.2)", "leaky_relu(-x, negative_slope=1/4)", "LeakyReLU(x) + hardswish(x)",
    "swish(x, beta=2)", "swish(x, beta=tanh(x))", "gelu(x, approximate='tanh')",
    'gelu(x + 1, approximate="none")', "softplus(x, 2) - softplus(x)", "softplus(x, 2, 20)",
    "swiglu(x, tanh(x))", "geglu(x, x)", "elu(elu(x), alpha=0.5)", "prelu(x, 0)", "gelu(x,)",
    "rational_a(x, b=(1, 0.5, 0, 0.25))", "rational_a(x, b=[1, 0.5, 0, 0.25],)",
    "rational_a(x, b=((1, 0.5, 0, x*x)))", "clamp(x, -1, max_val=2)", "vlrelu(x)", "QuickGELU(x)",
    "where(x > 0, mish(x), elu(x, alpha = 2))", "selu((x))",
    "softplus(x, beta=2) # a note", "snake( x , 1 )", "exp(gelu(-abs(x)))**2",
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
    "2**" * 200 + "x", "gleu(x)", "1 + gelu", "mish(x, 2)", "2*mish()", "swiglu(x)",
    "elu(x, beta=1)", "elu(x, 1, alpha=1)", "elu(x, alpha='a')", "softplus(x, -1)",
    "softplus(x, inf - inf)",
    "elu(x, alpha=(1, 2))", "elu(x, **x)", "elu(*x)", "gelu(x, approximate='tan')", "gelu('tanh')",
    "gelu(x, approximate=tanh)", "gelu(x, approximate=x)", "softmax(x)", "rrelu(x)", "srelu(x)",
    "clip(x)", "elu(x, alpha=1, alpha=2)", "elu(alpha=1, x)", "elu(x, alpha=x > 0)", "mish((x, x))",
    "mish(x > 0)", "elu(x, alpha=(1, 2) + 1)", "elu(x, alpha=[1, 2", "elu(x, alpha=)", "elu(x, =1)",
    "elu(x, lambda=1)", "elu(x, 1=1)", "elu(x, alpha==1)", "gelu(x, __proto__=1)", "gelu.name(x)",
    "gelu(x)(x)", "'tanh'", "tanh('x')", "tanh((x, 1))", "(x, 1)*2", "constructor(x)", "valueOf(x)",
    "gelu(__import__('os'))", "elu(x, alpha=x.real)", "elu(x, alpha=[x][0])", "prelu(x, 'a' + 'b')",
    " + ".join(f"rational_a({n}*x)" for n in range(40)), "mish(" * 60 + "x" + ")" * 60,
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
    for text, found in zip(FORMULAS + CALLS, answers(formulas, FORMULAS + CALLS), strict=True):
        assert_same(text, found)


def test_every_entry_is_called_as_define_calls_it(formulas):
    """With another value for every parameter; what is no function of a number is refused."""
    texts = [call_of(spec) for spec in entries().values()]
    for spec, text, found in zip(entries().values(), texts, answers(formulas, texts), strict=True):
        if spec.kind in ("rowwise", "stochastic"):
            assert found["error"], text
            continue
        assert found["error"] is None, (text, found["error"])
        expression = user_spec("mine", text, {}).program.guarded[0]
        for x, got in zip(POINTS, found["values"][0], strict=True):
            right = evaluate(expression, x=x)
            near = pytest.approx(right, rel=1e-9, abs=1e-13 * max(1, abs(x)), nan_ok=True)
            assert got == near, (text, x)


def call_of(spec):
    given = ["2*x - 1", "x/4"][: len(spec.data)]
    for parameter in spec.parameters:
        values = [
            (v if math.isfinite(v) else 5.0) + parameter.domain.whole for v in parameter.defaults
        ]
        told = repr(tuple(values)) if len(values) > 1 else repr(values[0] * 1.25)
        given.append(f"{parameter.name}={told}")
    return f"{spec.name}({', '.join(given)})"


def test_every_name_of_an_entry_means_in_the_page_what_it_means_to_define(formulas):
    bare = {a.partition(":")[2] for spec in entries().values() for a in spec.aliases}
    names = sorted({*bare, *(spec.title for spec in entries().values())})
    code = """(names) => names.map((name) => {
        const found = ogive.called(name);
        return found && (found.entry?.name ?? null);
    })"""
    for name, found in zip(names, formulas.evaluate(code, names), strict=True):
        try:
            assert found == resolve(name)[0].name, name
        except AmbiguousName:
            assert found is None, name


def test_what_the_library_refuses_is_refused_with_a_position(formulas):
    for text, found in zip(REFUSED, answers(formulas, REFUSED), strict=True):
        with pytest.raises(OgiveError):
            user_spec("mine", text, {})
        assert found["error"], text
        assert 0 <= found["position"] <= len(text), text


POSITIONS = {
    "x + y": 4, "tanh(x, 1)": 0, "2 * tahn(x)": 4, "x ^ 2": 2, "x + 1e999": 4, "where(x, 1, 2)": 6,
    "gelu(2*x, beta=1)": 10, "1 + elu(x, alpha='a')": 17, "x + softmax(x)": 4, "1 + gelu": 4,
    "softplus(x, -1)": 12, "1 + mish(x, x)": 4, "elu(x, 1, alpha=2)": 10, "swiglu(x, (1, 2))": 10,
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
        user_spec("mine", text, {})
    except OgiveError:
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
