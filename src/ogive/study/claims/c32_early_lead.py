"""A study is often stopped early, and the function that is ahead then is taken. Six functions are
trained for a short and a long time, each budget with its own tuned learning rates. Wherever one
of the others is ahead of ReLU, or ReLU of it, by at least a point after the short training, and
the interval says so, its lead after the long training is measured.
"""

from __future__ import annotations

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, Arena, arenas, tuned_scores
from ogive.study.claims.measurements import Measurements
from ogive.study.data.splitting import DataArray

_OTHERS = ("sigmoid", "tanh", "elu", "gelu", "mish")


@claim(
    "C32",
    "An activation that is ahead after a short training is ahead after a long one.",
    source="the habit of judging by early curves",
    criterion="Ahead means by at least one point of test accuracy, with the whole interval. "
    "Where that is so after the short training, it still is after the long one, against ReLU.",
    verdict=generally,
)
def early_lead(effort: Effort) -> Finding:
    places = arenas(effort)
    pairs = [*zip(places[::2], places[1::2], strict=False)] or [(places[0], places[0])]
    early, late = Measurements(), Measurements()
    leads: dict[tuple[str, str, str], tuple[DataArray, DataArray]] = {}
    for short, long in pairs:
        for name in _OTHERS:
            lead = tuple(_lead(name, place, effort) for place in (short, long))
            leads[name, short.task, short.where["layers"]] = (lead[0], lead[1])
    for _, (first, _) in leads.items():
        early.mean("early", first, at_least=POINT)
        early.mean("early", -first, at_least=POINT)
    signs = iter(check.outcome for check in early.checks())
    for (name, task, layers), (_, last) in leads.items():
        ahead, behind = next(signs), next(signs)
        if ahead or behind:
            who = f"{name} over relu" if ahead else f"relu over {name}"
            where = {"who": who, "task": task, "layers": layers}
            late.mean("late lead", last if ahead else -last, where=where, at_least=POINT)
    curves = [
        measured_curve(" ".join(key), (0, 1), [100 * first.mean(), 100 * last.mean()])
        for key, (first, last) in leads.items()
        if key[0] in ("sigmoid", "tanh")
    ]
    chart = Chart("lead over ReLU", "short (0) or long (1) training", "points", tuple(curves))
    return Finding(late.checks(), charts=[chart], seeds=len(effort.seeds()))


def _lead(name: str, place: Arena, effort: Effort) -> DataArray:
    return tuned_scores(name, place, effort) - tuned_scores("relu", place, effort)
