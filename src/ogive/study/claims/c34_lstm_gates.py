"""A digit is read row by row by an LSTM of 16 units, whose gates or whose cell function are
replaced: gates by hard sigmoid, tanh and ReLU, the cell's tanh by sigmoid, ReLU and GELU.
Everything else stays, each has its own learning rate, and there is a short and a long training,
and two sizes.
"""

from __future__ import annotations

from ogive.study.claims.checks import always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, arena, tuned_scores
from ogive.study.claims.measurements import Measurements

_PARTS = {
    "lstm-gates": ("sigmoid", ("hardsigmoid", "tanh", "relu")),
    "lstm": ("tanh", ("sigmoid", "relu", "gelu")),
}


@claim(
    "C34",
    "In an LSTM, sigmoid for the gates and tanh for the cell are the best choice.",
    source="seeds 002 and 003",
    criterion="No alternative scores one point of test accuracy above them, in any case.",
    verdict=always,
)
def lstm_gates_and_cell(effort: Effort) -> Finding:
    measured = Measurements()
    for model, (usual, others) in _PARTS.items():
        for width in effort.pick((8,), (8, 24), (16, 64)):
            for epochs in effort.pick((1,), (3, 10), (4, 30)):
                place = arena("digits", (width,), epochs, model=model)
                for other in others:
                    lead = tuned_scores(other, place, effort) - tuned_scores(usual, place, effort)
                    where = {"instead": other, "width": str(width)} | dict(place.where)
                    measured.mean(f"{other} minus {usual}", lead, where=where, at_most=POINT)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
