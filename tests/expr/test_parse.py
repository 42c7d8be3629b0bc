"""The safe parser: what it reads, what it refuses, and that it never does anything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ogive.errors import FormulaError
from ogive.expr import evaluate, parse, to_text
from ogive.expr.functions import vocabulary
from ogive.expr.parse import MAX_DEPTH, MAX_LENGTH


def test_reads_arithmetic_as_python_does():
    for text in ("2 + 3 * 4 ** 2 / 8 - 1", "-2 ** 2", "2 ** -1", "(1 - 2) * -3"):
        assert evaluate(parse(text)) == eval(text)


def test_reads_functions_parameters_and_constants():
    text = "where(x >= limit, pi * x, e * max(x, -1))"
    assert evaluate(parse(text, ["x", "limit"]), x=2.0, limit=1.0) == pytest.approx(6.2831853)


REFUSED = [
    ("", "empty", 0),
    ("x +", "invalid syntax", 3),
    ("x ^ 2", r"\*\*, not \^", 2),
    ("2 * y", "unknown name 'y'", 4),
    ("x * tnh(x)", "unknown function 'tnh'; did you mean 'tanh'", 4),
    ("tanh", r"write tanh\(\.\.\.\)", 0),
    ("tanh(x, 2)", "takes 1 argument, 2 given", 0),
    ("x.real", "attribute access", 0),
    ("x[0]", "indexing", 0),
    ("(lambda: x)()", "call", 0),
    ("__import__('os')", "unknown function '__import__'", 0),
    ("1 + 'a'", "constant", 4),
    ("True * x", "True and False", 0),
    ("x < 1", "comparison", 0),
    ("1 + (x < 1)", "comparison", 5),
    ("where(x, 1, 2)", "comparison", 6),
    ("where(0 < x < 1, 1, 2)", "one at a time", 6),
    ("x if x else 1", "use where", 0),
    ("x and 1", "and/or", 0),
    ("x // 2", "operator", 0),
    ("exp(x=1)", "call", 0),
    ("exp(*x)", "Starred", 4),
    ("[x]", "List", 0),
    ("x; x", "invalid syntax", 1),
    ("σ(x)", "'σ' is not allowed", 0),
    ("1e400j", "constant", 0),
    ("1" + "0" * 400, "too large", 0),
]


@pytest.mark.parametrize(("text", "why", "position"), REFUSED, ids=[r[0][:20] for r in REFUSED])
def test_refuses_with_reason_and_position(text, why, position):
    with pytest.raises(FormulaError, match=why) as caught:
        parse(text)
    assert f"at position {position}" in str(caught.value)


def test_length_depth_and_size_are_bounded():
    for text in (
        "x" + "+x" * MAX_LENGTH,
        "(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1),
        "-" * 1500 + "x",
        "+".join(f"sin({i}*x)" for i in range(150)),
    ):
        with pytest.raises(FormulaError):
            parse(text)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="x0159.e+-*/()<>=, whersintaxp_[]'\"\\\n:%@!", max_size=60))
def test_any_text_gives_a_formula_or_a_formula_error(text):
    try:
        node = parse(text)
    except FormulaError as error:
        assert "position" in str(error) or "operations" in str(error)
    else:
        assert parse(to_text(node)) is node


def formulas():
    leaf = st.sampled_from(["x", "beta", "1", "0.5", "pi", "3e-7"])
    unary = [n for n, (_, arity) in vocabulary().items() if arity == 1]

    def grow(inner):
        return st.one_of(
            st.tuples(st.sampled_from(unary), inner).map("{0[0]}({0[1]})".format),
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(
                "({0[0]} {0[1]} {0[2]})".format
            ),
            st.tuples(inner, st.integers(-3, 5)).map("({0[0]})**{0[1]}".format),
            inner.map("-{}".format),
            st.tuples(inner, inner, inner).map("where({0[0]} < {0[1]}, {0[2]}, 2)".format),
        )

    return st.recursive(leaf, grow, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(formulas())
def test_what_is_printed_reads_back_as_the_same_expression(text):
    node = parse(text, ["x", "beta"])
    assert parse(to_text(node), ["x", "beta"]) is node
