"""The facts of a row hold: parity, monotony, domain, and what it is far out."""

import itertools
import math

import pytest

from ogive.expr import PRIMITIVES, evaluate, symbol
from ogive.expr.node import Node

ROWS = [row for row in PRIMITIVES.values() if row.arity == 1]
POINTS = [-30.0, -8.0, -2.5, -1.0, -0.6, -0.3, 0.0, 0.2, 0.5, 0.9, 1.0, 3.0, 7.0, 40.0, 700.0]
POINTS = sorted({s * p for p in POINTS for s in (1, -1)})


def inside(row):
    return [p for p in POINTS if row.domain[0] < p < row.domain[1]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_a_number_within_its_domain_and_none_outside(row):
    assert not any(math.isnan(row.value(p)) for p in inside(row))
    low, high = row.domain
    assert all(math.isnan(row.value(p)) for p in POINTS if p < low or p > high)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_as_even_or_odd_as_it_says(row):
    pairs = [(row.value(p), row.value(-p)) for p in inside(row) if p > 0 and -p in inside(row)]
    signs = {sign for sign in (1, -1) if pairs and all(a == sign * b for a, b in pairs)}
    assert signs == ({row.parity} if row.parity else set())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_rises_or_falls_as_it_says(row):
    values = [row.value(p) for p in inside(row) if p >= 0 or row.parity < 1]
    steps = {math.copysign(1, b - a) for a, b in itertools.pairwise(values) if a != b}
    assert steps == ({row.rises} if row.rises else {1, -1})


FAR = [(r, side) for r in ROWS for side in (-1, 1) if (r.left if side < 0 else r.right) is not None]


@pytest.mark.parametrize(("row", "side"), FAR, ids=lambda v: getattr(v, "name", str(v)))
def test_a_row_is_far_out_what_it_says(row, side):
    form = row.left if side < 0 else row.right
    if isinstance(form, Node):
        assert row.value(side * math.inf) == evaluate(form)
        return
    for size in (0.7, 2.0, 5.0, 20.0):
        node = form(symbol("x"))
        # log(hypot1(v) - v), which is exact on paper, cancels in floats
        assert evaluate(node, x=side * size) == pytest.approx(row.value(side * size), rel=1e-3)


def test_every_row_that_has_a_limit_far_out_says_so():
    """But for those whose growth the proofs know by themselves."""
    known = {"neg", "abs", "sign", "sqrt", "exp", "log"}
    for row in ROWS:
        for limit, form in ((row.value(-math.inf), row.left), (row.value(math.inf), row.right)):
            if row.name not in known:
                assert (form is None) == math.isnan(limit), row.name
