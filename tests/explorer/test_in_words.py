"""What is said of an activation in plain words, and the mistakes that are drawn."""

import math

import pytest

from ogive.catalogue import entries
from ogive.certify.univariate import function_of_one_number, with_defaults
from ogive.explorer.facts import certificate_of, marks, zones
from ogive.explorer.in_words import BAD, GOOD, WHEN, View, sentences_of
from ogive.explorer.strings import Texts
from ogive.explorer.wrong_forms import WRONG_FORMS
from ogive.expr import evaluate, parse

SINGLE = [s for s in entries().values() if s.kind != "rowwise"]


def said(name: str, language: str = "en") -> dict[str, list[str]]:
    spec = entries()[name]
    found = sentences_of(spec, certificate_of(spec), Texts(language))
    return {title.removeprefix("words."): list(told) for title, told in found}


@pytest.mark.parametrize("name", entries())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_something_is_said_of_every_activation(name, language):
    told = said(name, language)
    assert list(told) == ["purpose_title", "good_title", "bad_title", "when_title"]
    assert all(told.values()), told
    assert not any("{" in s or "nan" in s for sentences in told.values() for s in sentences)


#: Of the seeds' own functions, what must be said and what must not.
EXPECTED = {
    "relu": (("Units can die: for inputs below 0", "share of 50%", "Cheap"), ("both sides",)),
    "sigmoid": (("both sides", "mean output is 0.5", "outputs and gates"), ("Units can die",)),
    "tanh": (
        ("Zero-centred", "stay in (\N{MINUS SIGN}1, 1)", "No unit can die"), ("Not zero-centred",),
    ),
    "leaky_relu": (("No unit can die", "gradient steps at 0"), ("Units can die",)),
    "gelu": (("Smooth", "saturates for negative inputs: below −3.81"), ("Monotone",)),
    "step": (("gradient is 0 wherever", "It jumps"), ("hidden layers",)),
    "softmax": (("shares", "probabilities of classes"), ("exactly 0",)),
    "sparsemax": (("can be exactly 0", "sparse attention"), ()),
    "swiglu": (("twice the weights", "feed-forward block"), ()),
    "exponential": (("slope has no bound", "inputs stay small"), ("also of many",)),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_said_is_what_is_known(name):
    told = "\n".join(s for sentences in said(name).values() for s in sentences)
    wanted, unwanted = EXPECTED[name]
    assert all(w in told for w in wanted), told
    assert not [w for w in unwanted if w in told], told


@pytest.mark.parametrize("table", [GOOD, BAD, WHEN], ids=["good", "bad", "when"])
def test_every_rule_holds_of_some_activation_and_not_of_all(table):
    views = [View(s, certificate_of(s), Texts()) for s in SINGLE]
    for name, rule in table.items():
        holds = [rule(v) is not None for v in views]
        assert any(holds), name
        assert not all(holds), name


@pytest.mark.parametrize("spec", SINGLE, ids=lambda s: s.name)
def test_zones_are_what_they_are_called(spec):
    """At points of every zone, by the formula's own derivatives."""
    one = function_of_one_number(spec)
    values = {s: v for p in one.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    formulas = [one.expression, *(one.derived(k).expression for k in (1, 2))]
    for zone in zones(certificate_of(spec)):
        low = zone.low if math.isfinite(zone.low) else min(zone.high, 0.0) - 30
        high = zone.high if math.isfinite(zone.high) else max(zone.low, 0.0) + 30
        for share in (0.1, 0.5, 0.9):
            x = low + share * (high - low)
            f, slope, bend = (evaluate(e, **values, x=x) for e in formulas)
            if zone.kind == "zero":
                assert f == 0
            elif zone.kind == "dead":
                assert slope == 0
            elif zone.kind == "linear":
                assert slope != 0
                assert bend == pytest.approx(0, abs=1e-12)
            else:
                assert 0 < abs(slope) < 1e-3 or (slope == 0 and abs(x) > 10)


def test_marks_are_few_and_known():
    known = {m for s in entries().values() for m in marks(certificate_of(s))}
    assert {"smooth", "monotone", "bounded", "sparse", "sums_to_one"} <= known


@pytest.mark.parametrize("row", WRONG_FORMS, ids=lambda r: f"{r.entry} {r.pitfall}")
def test_a_mistake_belongs_to_a_pitfall_and_is_one(row):
    spec = entries()[row.entry]
    assert [p for p in spec.pitfalls if p.startswith(row.pitfall)], "no pitfall begins so"
    right = with_defaults(spec, row.parameters).derived(row.order).expression
    values = {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    values |= row.parameters
    wrong = parse(row.formula)
    gaps = [
        abs(evaluate(right, **values, x=x) - evaluate(wrong, x=x))
        for x in (-2.5, -0.7, 0.4, 1.3, 7.0)
    ]
    assert max(g for g in gaps if math.isfinite(g)) > 1e-4
