"""window.ogive in the browser: every entry against the judge, and what it refuses.

Each entry is asked once, for a grid with tails, kinks and their neighbours; infinities and NaN are
held to the limits. The bars are those of the issue that asked for the explorer: 1e-12 relative, or
2e-15 max(1, |x|) where a root is near; 1e-10 for second derivatives.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from functools import partial

import mpmath
import numpy as np
import pytest
import torch

import ogive
from ogive.catalogue import entries
from ogive.certify.reference import exact, limit
from ogive.certify.univariate import breakpoints_of
from ogive.expr import Program, bind, diff, symbol, walk
from ogive.ops import ActivationFunction
from ogive.printers import python_function

INF, NAN = math.inf, math.nan
RELATIVE = {0: 1e-12, 1: 1e-12, 2: 1e-10}
GRID = (
    0.0, -0.0, 1e-150, 1e-12, 3e-5, 0.011, 0.35, 0.5, 0.999, 1.0, 1.7, 2.5, 3.0, 4.4, 6.0, 8.3,
    13.3, 19.7, 26.1, 38.0, 104.0, 700.5, 1234.5, 1e6, 1e12,
)  # fmt: skip
DATA = {"value": (-1.3, 0.0, 0.7, 8.0), "gate": (-9.0, -1.1, 0.0, 0.4, 2.0, 12.0)}
SINGLE = [s.name for s in entries().values() if len(s.data) == 1 and s.kind != "rowwise"]
GATED = [s.name for s in entries().values() if s.kind == "gated"]
ROWS = [s.name for s in entries().values() if s.kind == "rowwise"]


def kinks(spec) -> set[float]:
    """The numbers that a formula compares with, at its default parameters."""
    program = spec.program.bind(defaults(spec))
    constants = {a.value for n in walk(*program.outputs) for a in n.args if a.op == "const"}
    return {float(v) for v in constants if math.isfinite(v) and abs(v) < 1e6}


def defaults(spec) -> dict[str, float]:
    return {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}


def points(spec) -> list[float]:
    near = {
        p * s
        for k in kinks(spec)
        for s in (1, -1)
        for p in (k, *(math.nextafter(k, e) for e in (-INF, INF)))
    }
    low, high = spec.domain
    return sorted(x for x in {*GRID, *(-x for x in GRID), *near} if low < x < high)


def judged(spec) -> Program:
    """f and its derivatives as the judge takes them, parameters at their defaults."""
    outputs = [bind(spec.expression, defaults(spec))]
    for _ in range(2):
        outputs.append(diff(outputs[-1], symbol(spec.data[0])))
    return Program(f"judged_{spec.name}", spec.data, tuple(outputs), ((0.4,),))


def errors(spec, program: Program, got: list[float], x: float) -> list[float]:
    """``off`` of f, f' and f'' at x; where pieces meet within a few roundings, at one of its
    sides."""
    sides = [x]
    near = any(0 < abs(x - k) <= 4e-15 * abs(k) for k in breakpoints_of(spec))
    if near:
        sides += [x * (1 + 1e-15), x * (1 - 1e-15)]
    found = []
    for side in sides:
        wanted = exact(program, side)
        found.append([off(got[k], wanted[k], x, k) for k in (0, 1, 2)])
    return [min(of_order) for of_order in zip(*found, strict=True)]


def off(got: float, wanted, x: float, order: int) -> float:
    """How far a value is off, 1 being what is allowed."""
    if abs(wanted) > 1.7976931348623157e308:
        return 0.0 if math.isinf(got) and (got > 0) == (wanted > 0) else INF
    if not math.isfinite(got):
        return 0.0 if abs(wanted) > 1.79e308 and math.isinf(got) else INF
    allowed = max(RELATIVE[order] * abs(wanted), 2e-15 * max(1.0, abs(x)))
    return float(abs(got - wanted) / allowed)


@pytest.fixture(scope="module")
def asked(site, chromium):
    """A page of the site, to be asked what its functions are."""
    page = chromium.new_page()
    page.goto((site / "index.html").as_uri())
    yield page
    page.close()


@pytest.fixture(scope="module")
def answers(asked):
    """f, f' and f'' of every entry of one number at its points, and at infinities and NaN."""
    given = {name: [*points(entries()[name]), INF, -INF, NAN] for name in SINGLE}
    found = asked.evaluate(
        "given => Object.fromEntries(Object.entries(given).map(([name, x]) => "
        "[name, [0, 1, 2].map(order => ogive.derivative(name, x, {}, order))]))",
        given,
    )
    return {name: (given[name], found[name]) for name in SINGLE}


@pytest.mark.parametrize("name", SINGLE)
def test_an_entry_agrees_with_the_judge(answers, name):
    spec = entries()[name]
    program = judged(spec)
    xs, values = answers[name]
    with mpmath.workdps(50):
        for i, x in enumerate(xs[:-3]):
            got = [column[i] for column in values]
            assert max(errors(spec, program, got, x)) <= 1, (x, got)


@pytest.mark.parametrize("name", SINGLE)
def test_at_infinity_is_the_limit_and_nan_stays(answers, name):
    spec = entries()[name]
    whole = judged(spec)
    for order, column in enumerate(answers[name][1]):
        program = replace(whole, outputs=(whole.outputs[order],))
        at_inf, at_minus, at_nan = column[-3:]
        assert math.isnan(at_nan) or program.outputs[0].op == "const" or order, order
        for sign, got in ((1.0, at_inf), (-1.0, at_minus)):
            if sign * INF in spec.domain and not math.isnan(wanted := limit(program, sign)):
                assert got == pytest.approx(wanted, rel=1e-12, abs=1e-300), (order, sign)


def test_what_is_asked_one_by_one_is_the_same(asked, answers):
    name, (xs, values) = "gelu", answers["gelu"]
    code = "x => x.map(v => [0, 1, 2].map(k => ogive.derivative('gelu', v, {}, k)))"
    found = asked.evaluate(code, xs[:-1])
    assert found == [[v[i] for v in values] for i in range(len(xs) - 1)], name
    assert asked.evaluate("ogive.value('gelu', 1.5)") == asked.evaluate(
        "ogive.bound('gelu').value(1.5)"
    )


@pytest.mark.parametrize("name", GATED)
def test_a_gated_unit_agrees_with_the_judge(asked, name):
    spec = entries()[name]
    pairs = list(itertools.product(DATA["value"], DATA["gate"]))
    found = asked.evaluate(
        "([name, pairs]) => pairs.map(p => [0, 1, 2].map(k => ogive.derivative(name, p, {}, k)))",
        [name, pairs],
    )
    f = bind(spec.expression, defaults(spec))
    slopes = [diff(f, symbol(v)) for v in spec.data]
    bends = [diff(s, symbol(v)) for s in slopes for v in spec.data]
    program = Program(f"judged_{name}", spec.data, (f, *slopes, *bends), ((0.4,),) * 2)
    with mpmath.workdps(50):
        for pair, (value, gradient, hessian) in zip(pairs, found, strict=True):
            got = [value, *gradient, *hessian[0], *hessian[1]]
            wanted = exact(program, *pair)
            for k, (a, b) in enumerate(zip(got, wanted, strict=True)):
                assert off(a, b, max(map(abs, pair)), 0 if k < 3 else 2) <= 1, (pair, k, a, b)


@pytest.mark.parametrize(
    "name", [s.name for s in entries().values() if s.parameters and s.kind != "rowwise"]
)
def test_parameters_are_used(asked, name):
    """Another value of every parameter, against torch's operators in float64."""
    spec = entries()[name]
    changed = {p.name: other(p) for p in spec.parameters}
    x = [-2.5, -0.4, 0.3, 1.9]
    rows = [[v, 0.8] if spec.kind == "gated" else v for v in x]
    got = asked.evaluate(
        "([name, x, p]) => x.map(v => ogive.value(name, v, p))",
        [name, rows, {n: list(v) if isinstance(v, tuple) else v for n, v in changed.items()}],
    )
    data = [torch.tensor(x, dtype=torch.float64)]
    data += [torch.full_like(data[0], 0.8)] * (len(spec.data) - 1)
    given = {
        n: torch.tensor(v, dtype=torch.float64) if isinstance(v, tuple) else v
        for n, v in changed.items()
    }
    wanted = ActivationFunction(spec)(*data, **given).tolist()
    assert got == pytest.approx(wanted, rel=1e-12, abs=1e-14, nan_ok=True)


def other(parameter):
    """A value that is not the default."""

    def moved(value):
        if math.isinf(value):
            return 3.0
        found = (value * 1.5 + 0.25, value * 0.5, value + 1)
        return next(v for v in found if v in parameter.domain and v != value)

    values = tuple(map(moved, parameter.defaults))
    return values if isinstance(parameter.default, tuple) else values[0]


# rows


class Mathematics:
    """The functions that the references of rows take."""

    mpf, exp, log, sqrt, expm1, inf = (
        mpmath.mpf, mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.expm1, mpmath.inf,
    )  # fmt: skip


def drawn_rows() -> list[list[float]]:
    draw = random.Random(5)
    rows = [
        [draw.gauss(0, size) for _ in range(n)] for n in (2, 4, 6, 6) for size in (0.3, 1.5, 9.0)
    ]
    return [*rows, [0.5, -0.25, 0.01, 3.0], [30.0, -20.0, 28.9, 1.0]]


def reference(spec, row, **changed):
    values = {p.name: mpmath.mpf(changed.get(p.name, p.default)) for p in spec.parameters}
    noise = [[mpmath.exp(-1)] * len(row)] * len(spec.noise)  # Gumbel numbers that are 0
    return spec.body([mpmath.mpf(x) for x in row], Mathematics, *noise, **values)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_agrees_with_the_judge(asked, name):
    spec = entries()[name]
    rows = drawn_rows()
    found = asked.evaluate(
        "([name, rows]) => rows.map(r => [0, 1].map(k => ogive.derivative(name, r, {}, k)))",
        [name, rows],
    )
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -25
        for row, (value, jacobian) in zip(rows, found, strict=True):
            flat = value if isinstance(value, list) else [value]
            matrix = jacobian if isinstance(jacobian[0], list) else [jacobian]
            for a, b in zip(flat, reference(spec, row), strict=True):
                assert off(a, b, max(map(abs, row)), 0) <= 1, (row, a, b)
            if name == "hardmax":
                assert not any(map(any, matrix))
                continue
            for j in range(len(row)):
                up, down = (
                    [x + s * step * (i == j) for i, x in enumerate(map(mpmath.mpf, row))]
                    for s in (1, -1)
                )
                ends = zip(reference(spec, up), reference(spec, down), strict=True)
                for i, (high, low) in enumerate(ends):
                    wanted = (high - low) / (2 * step)
                    assert off(matrix[i][j], wanted, max(map(abs, row)), 0) <= 1, (row, i, j)


SPECIAL_ROWS = (
    [-INF, 1.0, 2.0, -INF], [-INF] * 4, [INF, 1.0, 0.0, 2.0], [NAN, 1.0, 0.0, 2.0], [0.0] * 4,
    [1e300, -1e300, 3.0, 2.0], [1000.0, 999.0, -1000.0, 0.0], [1e-200, 0.0, -1e-200, 0.0],
    [2.0, 2.0, 2.0, 1.0],
)  # fmt: skip
#: Of rows of ordinary numbers these may be 0, near which a page is held to 2e-15.
WITH_ROOTS = ("logmeanexp", "logsumexp")


@pytest.mark.parametrize("name", [n for n in ROWS if n != "gumbel_softmax"])
def test_rows_with_infinities_nan_and_ties_are_those_of_tensors(asked, name):
    found = asked.evaluate(
        "([n, rows]) => rows.map(r => ogive.value(n, r, {}))", [name, SPECIAL_ROWS]
    )
    for row, got in zip(SPECIAL_ROWS, found, strict=True):
        wanted = ogive.get(name)(torch.tensor(row, dtype=torch.float64), dim=-1).tolist()
        near = 2e-15 if name in WITH_ROOTS else 1e-300
        assert got == pytest.approx(wanted, rel=1e-12, abs=near, nan_ok=True), row


@pytest.mark.parametrize("name", [n for n in ROWS if n != "gumbel_softmax"])
def test_jacobians_at_kinks_and_ties_are_those_of_tensors(asked, name):
    rows = [[0.5, -0.25, 0.0, 3.0], [30.0, -20.0, 29.0, 1.0], [2.0, 2.0, 2.0, 1.0], [0.0] * 4]
    found = asked.evaluate("([n, rows]) => rows.map(r => ogive.derivative(n, r))", [name, rows])
    f = partial(ogive.get(name), dim=-1)
    for row, got in zip(rows, found, strict=True):
        wanted = torch.autograd.functional.jacobian(f, torch.tensor(row, dtype=torch.float64))
        assert np.asarray(got) == pytest.approx(wanted.numpy(), rel=1e-12, abs=1e-15), row


def test_gumbel_softmax_takes_its_noise(asked):
    got = asked.evaluate(
        "ogive.value('gumbel_softmax', [1, 2, 0.5], {tau: 0.5, uniform: [0.2, 0.6, 0.9]})"
    )
    with mpmath.workdps(30):
        spec, uniform = entries()["gumbel_softmax"], [mpmath.mpf(u) for u in (0.2, 0.6, 0.9)]
        wanted = spec.body([1, 2, mpmath.mpf(0.5)], Mathematics, uniform, mpmath.mpf(0.5), 0.0)
    assert got == pytest.approx([float(w) for w in wanted], rel=1e-13)


REFUSED = {
    "ogive.value('gelo', 1, {})": "no activation",
    "ogive.value('elu', 1, {beta: 2})": "elu has no parameter beta; it has: alpha",
    "ogive.value('leaky_relu', 1, {negative_slope: 'steep'})": "negative_slope must be",
    "ogive.value('gaussian_rbf', 1, {width: 0})": "width must be a number > 0, not 0",
    "ogive.value('swiglu', 1, {})": "takes a pair",
    "ogive.value('softmax', 1, {})": "takes a row",
    "ogive.derivative('gelu', 1, {}, 3)": "not 3 times",
    "ogive.derivative('softmax', [1, 2], {}, 2)": "Jacobian only",
    "ogive.bound('softmax')": "takes rows",
    "ogive.value('maxout', [1, 2, 3], {})": "groups of 2 do not fit",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_asked_is_refused_with_a_reason(asked, code):
    message = asked.evaluate(
        f"(() => {{ try {{ return {code} }} catch (e) {{ return e.message }} }})()"
    )
    assert REFUSED[code] in str(message)


@pytest.mark.parametrize("name", [s.name for s in entries().values() if s.kind == "stochastic"])
def test_the_training_form_takes_its_noise(asked, name):
    spec = entries()[name]
    assert asked.evaluate("n => ogive.entry(n).noise", name) == dict(spec.noise)
    points = [(-2.0, 0.3), (-0.4, 0.8), (0.0, 0.1), (1.3, 0.45), (4.0, 0.99)]
    got = asked.evaluate(
        "([n, points]) => { const e = ogive.entry(n); "
        "return points.map(p => e.training(...p, ...ogive.numbers(e))); }",
        [name, points],
    )
    compute = python_function(spec.training_program, "numpy")
    values = [np.float64(v) for v in defaults(spec).values()]
    wanted = [float(compute(np.float64(x), np.float64(u), *values)[0]) for x, u in points]
    assert got == pytest.approx(wanted, rel=1e-12, abs=1e-15)
