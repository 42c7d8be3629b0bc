"""What is known of functions of a whole row, which are no function of one number.

The table is written by hand, each line with its proof in words; the tests attack every line of it
with random rows. What is not in the table is not proved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ogive.catalogue import Spec
from ogive.certify.quantity import NOT_PROVED, Quantity, symbolic

#: Parameters by name.
_Values = Mapping[str, Any]


@dataclass(frozen=True)
class RowFacts:
    """What holds for every row of finite numbers; None where it is not proved.

    Attributes:
        nonnegative: whether no output is below 0.
        sums_to_one: whether the outputs sum to 1.
        sparse: whether outputs are exactly 0, in exact arithmetic, on more rows than those of
            probability 0.
        jacobian: a bound of the Jacobian's largest singular value wherever there is a Jacobian; in
            the Euclidean norm it is the Lipschitz constant's where the function is continuous.
            Infinite where there is proved to be none.
        times: what the bound is to be multiplied with for rows of n numbers, see ``BY_LENGTH``.
        reason: the proof, in words.
    """

    nonnegative: bool | None
    sums_to_one: bool | None
    sparse: bool | None
    jacobian: Quantity
    reason: str
    times: str = "1"


#: How a bound can depend on the length n of a row.
BY_LENGTH: Mapping[str, Callable[[int], float]] = {
    "1": lambda n: 1.0,
    "log(n)": math.log,
    "sqrt(n)": math.sqrt,
}
_UNKNOWN = RowFacts(None, None, None, NOT_PROVED, "")
_SHARES = (
    "positive terms over their sum; the Jacobian diag(p) - p p^T has rows of absolute sum "
    "2 p (1 - p) <= 1/2, which bounds its eigenvalues (Gershgorin)"
)


def _softmax(bound: float = 0.5, also: str = "") -> RowFacts:
    return RowFacts(True, True, False, symbolic(bound), _SHARES + also)


def _gumbel(values: _Values) -> RowFacts:
    bound = 0.5 / values["tau"]
    if not values["hard"]:
        return _softmax(bound, "; the logits are divided by tau")
    why = (
        "a row with one 1, constant between ties; what stands for its Jacobian in training is that "
        "of softmax at the logits over tau, and the bound is of that"
    )
    return RowFacts(True, True, True, symbolic(bound), why)


def _softpick(values: _Values) -> RowFacts:
    """The denominator a is at least eps and at least every |e^x - 1|."""
    eps = values["eps"]
    share = "max(e^x - 1, 0) over a sum a of sizes at least as large"
    if not eps:
        return RowFacts(True, False, True, NOT_PROVED, share)
    largest = max(1.0, 1 / eps)
    why = (
        "; with p the outputs and r = e^x / a the Jacobian is diag(r) where x > 0, less p times r "
        "with signs; |p| <= 1, r <= max(1, 1/eps) where x > 0, |r| <= sqrt(n) / eps + 1 as "
        "e^x <= 1 + |e^x - 1|"
    )
    return RowFacts(True, False, True, symbolic(largest + 1 + 1 / eps), share + why, "sqrt(n)")


def _passing(bound: float, why: str, nonnegative: bool = False, sparse: bool = False) -> RowFacts:
    return RowFacts(nonnegative, False, sparse, symbolic(bound), why)


def _spherical(values: _Values) -> RowFacts:
    if not values["eps"]:
        return _UNKNOWN
    bound = 0.5 / math.sqrt(values["eps"])
    return _softmax(bound, "; with a weight's |w'/w| = 2|x| / (x^2 + eps) <= 1 / sqrt(eps)")


#: entry -> what is proved of it, or what is at some parameters.
TABLE: Mapping[str, RowFacts | Callable[[_Values], RowFacts]] = {
    "softmax": _softmax(),
    "softmin": _softmax(also="; the row is negated before"),
    "safe_softmax": _softmax(also="; on rows that are not -inf throughout"),
    "quiet_softmax": _passing(
        0.5, "all but one output of a softmax, so a part of its Jacobian", True
    ),
    "gumbel_softmax": _gumbel,
    "taylor_softmax": _softmax(also="; times a weight's |w'/w| = |1 + x| / (1 + x + x^2/2) <= 1"),
    "spherical_softmax": _spherical,
    "sigsoftmax": _softmax(1.0, "; times a weight's w'/w = 1 + sigmoid(-x) < 2"),
    "scalable_softmax": lambda values: replace(
        _softmax(0.5 * abs(values["s"]), "; the logits are multiplied by s log(n)"), times="log(n)"
    ),
    "log_softmax": RowFacts(
        False, False, False, symbolic(1.0),
        "the Jacobian is the projection 1 - 1 p^T, and a projection is as large as its "
        "complement 1 p^T, which is sqrt(n) |p| <= sqrt(n); n > 1", "sqrt(n)"
    ),
    "solu": RowFacts(
        False, False, False, symbolic(math.inf),
        "at the row (t, t) the first output changes with the second input by -t/4: no bound"
    ),
    "sparsemax": RowFacts(
        True, True, True, symbolic(1.0),
        "the Euclidean projection onto the simplex, which is convex: no distance grows"
    ),
    "entmax15": RowFacts(
        True, True, True, symbolic(1.0),
        "the Jacobian is diag(s) - s s^T / sum(s) with s = sqrt(p) <= 1, which lies between 0 "
        "and diag(s)"
    ),
    "hardmax": RowFacts(True, True, True, symbolic(0.0), "a row with one 1, constant between ties"),
    "softpick": _softpick,
    "logsumexp": _passing(1.0, "its gradient is softmax, of length <= 1"),
    "logmeanexp": _passing(1.0, "its gradient is softmax, of length <= 1"),
    "squash": _passing(
        3 * math.sqrt(3) / 8,
        "along the row 2r / (1 + r^2)^2 <= 3 sqrt(3) / 8 at r = 1 / sqrt(3), across it "
        "r / (1 + r^2) <= 1/2, for r the row's length"
    ),
    "l2_normalize": lambda values: _passing(
        1 / values["eps"], "the row over a length of at least eps, less its part along the row"
    ),
    "maxout": _passing(1.0, "every output is an input, each input in one group"),
    "group_sort": _passing(1.0, "a permutation of the inputs between ties"),
    "lwta": _passing(1.0, "every output is its input, or 0, between ties", sparse=True),
    "k_wta": _passing(1.0, "every output is its input, or 0, between ties", sparse=True),
    "crelu": _passing(1.0, "of max(x, 0) and max(-x, 0) one follows x and one is 0", True, True),
    "ncrelu": _passing(1.0, "of max(x, 0) and min(x, 0) one follows x and one is 0", sparse=True),
}  # fmt: skip


def row_facts(spec: Spec, values: _Values) -> RowFacts:
    found = TABLE.get(spec.name, _UNKNOWN)
    return found if isinstance(found, RowFacts) else found(values)
