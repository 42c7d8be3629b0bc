"""How numbers become verdicts, for every set of numbers that there can be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ogive.certify.quantity import NOT_PROVED
from ogive.errors import OgiveError
from ogive.study.claims.checks import Check, Verdict, always, cases_of, depends_on, generally
from ogive.study.claims.estimates import Estimate, exactly, proved

NUMBERS = st.floats(-1e3, 1e3)
WHERE = st.dictionaries(st.sampled_from("ab"), st.sampled_from("123"), max_size=2)
OUTCOMES = {True: exactly(1.0), False: exactly(-1.0), None: Estimate(0.0, -1.0, 1.0)}


@st.composite
def estimates(draw):
    low, value, high = sorted(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    return Estimate(value, low, high)


@st.composite
def checks(draw):
    low, high = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
    bounds = draw(st.sampled_from([(low, high), (-math.inf, high), (low, math.inf)]))
    return Check("number", draw(estimates()), *bounds, draw(WHERE))


def with_outcomes(outcomes, where=None):
    places = where or [{"case": str(i)} for i in range(len(outcomes))]
    return [
        Check("n", OUTCOMES[o], at_least=0.0, where=w)
        for o, w in zip(outcomes, places, strict=True)
    ]


@given(checks())
def test_an_outcome_says_where_the_whole_interval_lies(check):
    inside = [
        check.at_least <= end <= check.at_most for end in (check.estimate.low, check.estimate.high)
    ]
    apart = check.estimate.high < check.at_least or check.estimate.low > check.at_most
    assert check.outcome == (True if all(inside) else False if apart else None)


@given(checks(), st.floats(0, 1))
def test_a_narrower_interval_never_turns_an_outcome_round(check, part):
    value, low, high = check.estimate.value, check.estimate.low, check.estimate.high
    closer = Estimate(value, value + part * (low - value), value + part * (high - value))
    narrower = Check("number", closer, check.at_least, check.at_most)
    assert check.outcome is None or narrower.outcome == check.outcome


@given(st.lists(checks(), max_size=8))
def test_the_words_follow_from_the_cases(found):
    outcomes = set(cases_of(found).values())
    if not found:
        words = ("undecided", "undecided")
    elif outcomes == {True}:
        words = ("holds", "holds")
    else:
        against = False in outcomes
        strict = "fails" if against else "undecided"
        if {True, False} <= outcomes:
            loose = "depends"
        else:
            loose = "undecided" if None in outcomes else "fails"
        words = (strict, loose)
    assert (always(found).word, generally(found).word) == words


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6), st.randoms())
def test_the_order_of_checks_does_not_matter(outcomes, random):
    found = with_outcomes(outcomes)
    shuffled = random.sample(found, len(found))
    assert always(found).word == always(shuffled).word
    assert generally(found).word == generally(shuffled).word


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6))
def test_the_opposite_claim_gets_the_opposite_verdict(outcomes):
    opposite = {"holds": "fails", "fails": "holds"}
    turned = with_outcomes([None if o is None else not o for o in outcomes])
    word = generally(with_outcomes(outcomes)).word
    assert generally(turned).word == opposite.get(word, word)


def test_checks_under_the_same_conditions_must_all_be_met():
    where = [{"task": "a"}, {"task": "a"}, {"task": "b"}]
    assert generally(with_outcomes([True, False, True], where)) == Verdict(
        "depends", "task: holds at b; fails at a"
    )


def test_what_it_depends_on_is_the_fewest_conditions_that_tell():
    grid = [{"task": t, "depth": d} for t in "ab" for d in "12"]
    by_depth = dict(zip([tuple(w.items()) for w in grid], [True, False, True, False], strict=True))
    assert depends_on(by_depth) == "depth: holds at 1; fails at 2"
    crossed = dict(zip([tuple(w.items()) for w in grid], [True, False, False, True], strict=True))
    assert depends_on(crossed) == "task and depth: holds at (a, 1), (b, 2); fails at (a, 2), (b, 1)"


def test_conditions_that_tell_every_case_apart_explain_nothing():
    places = [{"layers": a, "epochs": b} for a in "123" for b in "456"]
    told = [True, False, True, True, True, False, False, False, True]
    cases = {tuple(where.items()): outcome for where, outcome in zip(places, told, strict=True)}
    assert depends_on(cases).startswith("more than two conditions; by layers it holds in 2 of 3")


def test_a_few_cases_against_it_are_named():
    places = [{"layers": a, "epochs": b} for a in "123" for b in "456"]
    cases = {tuple(w.items()): w != {"layers": "2", "epochs": "5"} for w in places}
    assert depends_on(cases) == "fails in 1 of 9 cases: layers 2, epochs 5"
    turned = {where: not outcome for where, outcome in cases.items()}
    assert depends_on(turned) == "holds in 1 of 9 cases: layers 2, epochs 5"


def test_what_is_open_is_said_beside_what_is_not():
    found = with_outcomes([True, True, None])
    assert generally(found) == Verdict(
        "undecided", "2 of 3 cases as claimed, 0 not; open at case 2"
    )


def test_a_condition_that_only_some_cases_have_is_named():
    trained = {(("norm", norm),): norm == "none" for norm in ("none", "batch")}
    start = {
        (("weights", w), ("norm", n), ("width", width)): w == "He" and n == "none"
        for w in ("He", "torch", "matched")
        for n in ("none", "batch", "layer")
        for width in ("32", "128")
    }
    assert depends_on(start | trained) == (
        "weights and norm: holds at (He, none), norm none; fails at (He, batch), (He, layer), "
        "(torch, none), (torch, batch), (torch, layer), (matched, none), (matched, batch), "
        "(matched, layer), norm batch"
    )


def test_open_cases_are_named_beside_those_that_differ():
    verdict = generally(with_outcomes([True, False, None]))
    assert verdict.on == "case: holds at 0; fails at 1; open at case 2"


def test_a_claim_that_says_always_names_where_it_fails():
    assert always(with_outcomes([True, False, None])) == Verdict("fails", "case 1")


def test_what_is_not_proved_decides_nothing():
    assert generally([Check("n", proved(NOT_PROVED), at_least=0.0)]).word == "undecided"


def test_a_verdict_is_one_of_four_words():
    with pytest.raises(OgiveError, match="a verdict is holds, fails, depends, undecided"):
        Verdict("maybe")
