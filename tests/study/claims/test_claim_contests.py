"""Claims about trained networks, from data to verdict, with networks of seconds."""

from dataclasses import replace

import numpy as np
import pytest

from ogive.study.claims import Effort, always, decide, find_claims
from ogive.study.claims.contests import arena, arenas, best_rate, networks, score_of, tuned_scores
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.signals import passage, sigma_of

#: 6 epochs of circles, at a rate that suits both.
PLACE = arena("circles", (8,), 6)
SETTINGS = replace(PLACE.settings, lr=0.03)


@pytest.fixture(scope="module")
def found():
    """The scores of 160 seeds, of a network that can enclose a disc and of one that cannot."""
    seeds = range(160)
    return {
        name: np.array([score_of(n, "circles") for n in networks(name, "circles", SETTINGS, seeds)])
        for name in ("tanh", "identity")
    }


@pytest.mark.parametrize("repetition", range(20))
def test_a_true_claim_holds_and_a_planted_false_one_fails(found, repetition):
    seeds = slice(8 * repetition, 8 * repetition + 8)
    lead = found["tanh"][seeds] - found["identity"][seeds]
    for sign, word in ((1, "holds"), (-1, "fails")):
        measured = Measurements()
        measured.mean("lead", sign * lead, where=PLACE.where, at_least=0.1)
        assert always(measured.checks()).word == word


def test_scores_are_paired_and_the_same_every_time():
    one, again = (tuned_scores("tanh", PLACE, Effort(0)) for _ in range(2))
    assert (one == again).all()
    shifted = tuned_scores("tanh", PLACE, Effort(0, first_seed=1))
    assert len(one) == 6 and not (one == shifted).all()


def test_a_rate_is_chosen_by_validation_rows_among_those_of_the_grid():
    assert best_rate("tanh", "circles", PLACE.settings, range(2)) in (0.01, 0.03, 0.1)


def test_arenas_have_two_tasks_two_depths_and_two_budgets():
    places = [place.where for place in arenas(Effort())]
    assert len(places) == 8
    for condition in ("task", "layers"):
        assert len({where[condition] for where in places}) == 2
    for task in ("digits", "spirals"):
        assert len({where["epochs"] for where in places if where["task"] == task}) == 2


def test_a_passage_agrees_with_the_theory_of_relu():
    found = passage("relu", 5, sigma_of("He", "relu"), range(8), width=128)
    growth = found.square[:, 4] / found.square[:, 0]
    assert growth.log().mean().abs() < 0.3
    assert (found.zeros - 0.5).abs().max() < 0.1
    assert (found.gradient[:, -1] == 1).all()


def test_matched_weights_keep_the_size_of_a_signal():
    found = passage("tanh", 10, sigma_of("matched", "tanh"), range(4), width=256)
    settled = found.square[:, 5:]  # inputs are no outputs of tanh, so the first layers are not
    assert (settled.mean(0) - 1).abs().max() < 0.2


@pytest.mark.parametrize("name", ["C7", "C24"])
def test_a_claim_about_training_is_decided_from_end_to_end(name):
    decided = decide(*find_claims([name]), Effort(0))
    assert decided.seeds == 6
    assert decided.checks and all(check.where or check.name for check in decided.checks)
