"""Every primitive in every language: printed, run, and compared with the judge."""

import json

import flint
import mpmath
import numpy as np
import pytest
import torch

from ogive.certify.reference import exact, unit
from ogive.engine import Call, Output
from ogive.engine.cpu import kernels
from ogive.engine.triton import kernels as triton_kernels
from ogive.errors import OgiveError
from ogive.expr import PRIMITIVES, Program, diff, parse, symbol, walk
from ogive.expr.primitives import call
from ogive.printers import languages, latex, printer, python_function

POINTS = (-40.0, -3.3, -1.0, -0.2, 0.0, 1e-9, 0.3, 0.9, 1.0, 2.5, 30.0)


def python(enter):
    """Runs a program in a language that is a dialect of Python's, on numbers made by ``enter``."""

    def run(language, program, values):
        return python_function(program, language)(*map(enter, values))[0]

    return run


def machine_code(language, program, values):
    """Runs a program in the language of the CPU engine, in float64."""
    tensors = [torch.tensor([v], dtype=torch.float64) for v in values]
    call = Call(program, (Output(torch.float64),), (False,) * len(tensors))
    return kernels.prepare(call, tensors).run(*tensors)


def triton_interpreted(language, program, values):
    """The same by Triton's interpreter."""
    tensors = [torch.tensor([v], dtype=torch.float64) for v in values]
    call = Call(program, (Output(torch.float64),), (False,) * len(tensors))
    return triton_kernels.prepare(call, tensors).run(*tensors)


RUN = {
    "torch": python(lambda v: torch.tensor(v, dtype=torch.float64)),
    "numpy": python(lambda v: np.array(v, dtype=np.float64)),
    "mpmath": python(mpmath.mpf),
    "arb": python(flint.arb),
    "cpu": machine_code,
    "triton": triton_interpreted,
}


def test_each_language_has_a_way_to_be_run_here():
    assert {*RUN, "javascript"} == set(languages())


def one_primitive(name: str) -> Program:
    row = PRIMITIVES[name]
    arguments = [symbol(s) for s in "xyz"[: row.arity]]
    if name in ("lt", "le", "eq"):
        expression = call("where", call(name, *arguments), 1.0, 2.0)
    elif name == "where":
        expression = call("where", call("lt", arguments[0], 0.5), *arguments[1:])
    elif name == "pi":
        expression = symbol("x") + call("pi")
        return Program("f", ("x",), (expression,), ((0.4,),))
    else:
        expression = call(name, *arguments)
    return Program("f", tuple("xyz"[: row.arity]), (expression,), ((0.4,),) * row.arity)


def arguments(name: str) -> list[tuple[float, ...]]:
    """Points in the domain of a primitive, the other arguments the same at all of them."""
    low, high = PRIMITIVES[name].domain
    rest = (0.7, -0.4)[: len(one_primitive(name).inputs) - 1]
    return [(x, *rest) for x in POINTS if low < x < high]


def wanted(program: Program, values: tuple[float, ...]) -> tuple[float, float]:
    """The exact value and what an error may be: 4 units, for a definition is up to six correctly
    rounded operations deep."""
    slope = Program("s", program.inputs, (diff(program.outputs[0], symbol("x")),), program.samples)
    with mpmath.workdps(60):
        value = exact(program, *values)[0]
        return value, 4 * unit(value, values[0], exact(slope, *values)[0])


@pytest.mark.parametrize("language", RUN)
@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_primitive_has_its_value_in_every_language(name, language):
    program = one_primitive(name)
    for values in arguments(name):
        with mpmath.workdps(60), np.errstate(all="ignore"):
            got = float(RUN[language](language, program, values))
        value, tolerance = wanted(program, values)
        if name == "erfinv" and language == "numpy":
            tolerance = 1e-8  # inv_cdf of the standard library, meant for pictures
        assert abs(got - value) <= tolerance, (values, got, value)


def test_every_primitive_has_its_value_in_a_browser(tab):
    given = {name: [list(values) for values in arguments(name)] for name in PRIMITIVES}
    functions = [
        f"{json.dumps(name)}: (() => {{ {printer('javascript').source(one_primitive(name), 'f')} "
        f"return f; }})()"
        for name in PRIMITIVES
    ]
    found = tab.evaluate(
        f"given => {{ const functions = {{ {', '.join(functions)} }}; return Object.fromEntries("
        "Object.entries(given).map(([n, rows]) => [n, rows.map(v => functions[n](...v)[0])])); }",
        given,
    )
    for name, rows in given.items():
        for values, got in zip(rows, found[name], strict=True):
            value, tolerance = wanted(one_primitive(name), tuple(values))
            assert abs(got - value) <= tolerance, (name, values, got, value)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_primitive_can_be_written_in_latex(name):
    written = latex(one_primitive(name).outputs[0])
    assert written.count("{") == written.count("}")
    assert written.count(r"\left") == written.count(r"\right")


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        ("x * sigmoid(beta * x)", r"x\,\sigma\left(\beta\,x\right)"),
        (
            "where(x > 0, x, 0.01 * x)",
            r"\begin{cases} x & x > 0 \\ 0.01\,x & \text{otherwise} \end{cases}",
        ),
        ("sqrt(2 / pi) * x**2", r"\sqrt{\frac{2}{\pi}}\,x^{2}"),
        ("-(x + 1) * 3", r"-3\,\left(x + 1\right)"),
        ("exp(-x**2)", r"e^{-x^{2}}"),
    ],
)
def test_latex_reads_as_people_write(formula, written):
    assert latex(parse(formula, ["x", "beta"])) == written


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(OgiveError, match="torch"):
        printer("cobol")


def test_a_shared_value_is_computed_once():
    source = printer("torch").source(
        Program("f", ("x",), (parse("tanh(x) * exp(tanh(x))"),), ((0.4,),))
    )
    assert source.count("torch.tanh") == 1


def test_constants_are_folded_before_they_are_printed():
    program = Program("f", ("x",), (parse("x * sqrt(2 / pi)"),), ((0.4,),))
    assert not [n for n in walk(*printer("torch").outputs(program)) if n.op in ("sqrt", "pi")]
