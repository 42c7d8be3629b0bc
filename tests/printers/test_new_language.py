"""What one row of the table and one printer of a page give: everything, in all languages.

``script.py`` is such a page. It is run for each test as if it had just been written, and forgotten
after it.
"""

import json
import math
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import torch
from evaluate import evaluate as on_a_processor
from test_approximations import SPECIAL, points

import ogive
from ogive.catalogue import entries
from ogive.certify.proof.shape import shape
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.reference import exact, unit
from ogive.errors import FormulaError
from ogive.expr import PRIMITIVES, Program, diff, parse, symbol, to_text
from ogive.expr.primitives import call
from ogive.printers import base, languages, latex, printer, python_function
from ogive.printers.approximations import FORMS, approximation
from ogive.printers.machine import FLOAT64, Value

X = symbol("x")
PAGE = Path(__file__).with_name("script.py")
ROWS = ("gd", "logcosh", "softroot")
#: The approximations that need nothing of a language but arithmetic and roots.
ALONE = tuple(n for n in PRIMITIVES if n in FORMS["float64"] and n not in ("atan", "asinh", "pow"))
MATH = SimpleNamespace(
    abs=np.abs, sign=np.sign, min=np.minimum, max=np.maximum, sqrt=np.sqrt, sin=np.sin, cos=np.cos,
    atan=np.arctan, asinh=np.arcsinh, pow=np.power,
)  # fmt: skip


@pytest.fixture(autouse=True)
def page(monkeypatch):
    monkeypatch.setitem(base.PRINTERS, "script", None)
    written = runpy.run_path(str(PAGE))
    for row in written["ROWS"]:
        monkeypatch.setitem(PRIMITIVES, row.name, row)


def program(formula: str) -> Program:
    return Program("f", ("x",), (parse(formula),), ((0.4, math.inf, -math.inf),))


def script(formula: str):
    """The source, and what it computes of an array."""
    source = printer("script").source(program(formula))
    function = run_as_python(source)

    def run(x):
        with np.errstate(all="ignore"):
            return np.broadcast_to(function(np.asarray(x, float))[0], np.shape(x))

    return source, run


def run_as_python(source: str):
    """The function: each line of the language is Python's but for a few words."""
    text = source.removeprefix(printer("script").header)
    text = re.sub(r"^function (\w+)\((.*)\) \{$", r"def \1(\2):", text, flags=re.MULTILINE)
    text = re.sub(r"^( *)const |;$|^}$", r"\1", text, flags=re.MULTILINE)
    scope = {"Math": MATH, "select": np.where, "NaN": math.nan, "Infinity": math.inf}
    exec(text, scope)
    return scope["f"]


def by_node(source: str, x: np.ndarray) -> np.ndarray:
    """What node makes of the source; numbers go and come as text, for JSON has no infinity."""
    given = json.dumps([repr(v) for v in x.tolist()]).replace("inf", "Infinity")
    text = "v => Object.is(v, -0) ? '-0' : String(v)"
    code = f"{source}\nconsole.log({given}.map(v => f(+v)[0]).map({text}).join())"
    done = subprocess.run(["node", "-"], input=code, capture_output=True, text=True, check=True)
    words = done.stdout.strip().split(",")
    return np.array([float(w.replace("Infinity", "inf")) for w in words])


def assert_same(found, wanted):
    np.testing.assert_array_equal(found, wanted)
    zero = wanted == 0
    np.testing.assert_array_equal(np.signbit(found)[zero], np.signbit(wanted)[zero])


def test_a_row_is_read_and_written():
    for name in ROWS:
        node = parse(f"x * {name}(2 * x)")
        assert node is X * call(name, 2 * X)
        assert parse(to_text(node)) is node
    assert latex(parse("gd(x)**2 * softroot(x)")) == (
        r"\operatorname{gd}\left(x\right)^{2}\,\operatorname{softroot}\left(x\right)"
    )
    from ogive.expr.functions import gd

    assert gd(X) is parse("gd(x)")


def test_a_row_is_a_word_of_the_parser():
    with pytest.raises(FormulaError, match="gd takes 1 argument, 2 given, at position 4"):
        parse("2 + gd(x, 1)")
    with pytest.raises(FormulaError, match="did you mean 'logcosh'"):
        parse("logcos(x)")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_its_value_and_its_slope_in_every_language(name):
    slope = diff(call(name, X), X)
    f = Program("f", ("x",), (call(name, X), slope), ((0.4,),))
    x = np.array([-30.0, -2.5, -1.0, -1e-9, 0.0, 0.3, 1.0, 7.0])
    got = [
        python_function(f, "numpy")(x),
        python_function(f, "torch")(torch.tensor(x)),
        script_of(f)(x),
    ]
    for i, at in enumerate(x.tolist()):
        with mpmath.workdps(60):
            wanted = exact(f, at)
            bend = exact(Program("b", ("x",), (slope, diff(slope, X)), ((0.4,),)), at)
        for results in got:
            for k in (0, 1):
                # logcosh as it is defined cancels near 0, down to an error of log(2)'s last place
                error = 4 * unit(float(wanted[k]), at, float(bend[k])) + 2.0**-52
                assert abs(float(results[k][i]) - wanted[k]) <= error, (at, k)


def script_of(f: Program):
    formulas = [script(to_text(output))[1] for output in f.outputs]
    return lambda x: [run(x) for run in formulas]


@pytest.mark.parametrize("engine", ["eager", "cpu"])
def test_a_row_can_be_trained_in_every_engine(engine):
    f = ogive.define("slanted", "x * gd(a * x) + softroot(x)", a=1.5)
    x = torch.linspace(-4, 4, 33, dtype=torch.float64, requires_grad=True)
    with ogive.engine(engine):
        f(x).sum().backward()
    program = Program("d", ("x",), (f.spec.derived(1).expression,), ((0.4,),)).bind({"a": 1.5})
    wanted = [float(exact(program, at)[0]) for at in x.tolist()]
    np.testing.assert_allclose(x.grad, wanted, rtol=1e-14, atol=1e-14)


# formula: limits at both ends, how often it is differentiable
CERTIFIED = [
    ("gd(x)", -math.pi / 2, math.pi / 2, math.inf),
    ("gd(x) / (1 + x**2)", 0.0, 0.0, math.inf),
    ("logcosh(x) - abs(x)", -math.log(2), -math.log(2), 0),
    ("softroot(x)", -math.inf, math.inf, 1),  # f'' jumps at 0, within the row's definition
]


@pytest.mark.parametrize(("formula", "left", "right", "order"), CERTIFIED)
def test_a_row_is_proved(formula, left, right, order):
    spec = ogive.define("proved", formula).spec
    found = shape(under_proof(spec))
    for side, wanted in ((found.left, left), (found.right, right)):
        assert side.value.method == "ball"
        assert side.value.value == pytest.approx(wanted, abs=1e-12)
    assert smoothness(under_proof(spec)).order == order


def test_a_row_has_a_certificate():
    found = ogive.define("proved", "gd(x)").certificate()
    assert found.shape.symmetry == "odd"
    assert found.signal.moments.second.method == "ball"
    assert found.signal.moments.sparsity.value == 0


def test_the_page_is_a_language_like_the_others():
    assert "script" in languages()
    assert "function _ndtr(a) {" in ogive.get("gelu").source("script")
    assert len(PAGE.read_text().split("ROWS = (")[0].splitlines()) <= 70


def test_every_entry_is_written_in_it():
    for spec in entries().values():
        if spec.kind != "rowwise":
            given = [np.float64(samples[0]) for samples in spec.program.samples]
            source = printer("script").source(spec.program, "f")
            with np.errstate(all="ignore"):
                found = run_as_python(source)(*given)[0]
                wanted = python_function(spec.program, "numpy")(*given)[0]
            assert float(found) == pytest.approx(float(wanted), rel=1e-13, abs=1e-15), spec.name


@pytest.mark.parametrize("name", ALONE)
def test_a_language_of_arithmetic_has_every_approximation(name):
    """The numbers are those of a processor with fused multiply-adds, but that the last place may
    differ below 2**-969, where what a product loses is a subnormal number."""
    source, run = script(f"{name}(x)")
    x = np.concatenate([points(name, np.float64, 400), [v for v, _ in SPECIAL[name]]])
    found, wanted = run(x), on_a_processor(approximation(name, FLOAT64)(Value(X)).node, x=x)
    tiny = (found != 0) & (abs(found) < 2.0**-969)
    assert_same(found[~tiny], wanted[~tiny])
    assert np.all(abs(found[tiny] - wanted[tiny]) <= np.spacing(abs(wanted[tiny])))
    if shutil.which("node"):
        near = abs(x) < 2.0**26 if name in ("sin", "cos") else np.full(x.shape, True)
        assert_same(by_node(source, x)[near], found[near])


def test_what_nothing_defines_has_to_be_spelled(monkeypatch):
    page = base.PRINTERS["script"]
    spelled = {name: text for name, text in page.spell.items() if name != "libm"}
    monkeypatch.setattr(page, "spell", spelled)
    with pytest.raises(NotImplementedError, match=r"script needs a spelling of libm \(atan\)"):
        page().source(program("atan(x)"))
