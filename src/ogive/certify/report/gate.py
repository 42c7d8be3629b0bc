"""What a gated unit adds to the certificate of its gate: how it depends on the value."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.catalogue import Spec
from ogive.certify.proof.shape import shape
from ogive.certify.proof.under_proof import FunctionUnderProof
from ogive.certify.quantity import NOT_PROVED, ProvedInterval
from ogive.certify.univariate import defaults
from ogive.expr import Node, bind, diff, substitute, symbol, walk


@dataclass(frozen=True)
class Gate:
    """How a gated unit depends on its value; the other sections are those of its gate at value = 1.

    Attributes:
        linear_in_value: whether the derivative with respect to the value is free of the value.
        value_slope: the range of that derivative over all gates, where it is so.
        product: whether the unit is the value times a function of the gate, so that its derivative
            with respect to the gate is at most |value| times the slope in ``smoothness``; None
            where that is not proved.
    """

    linear_in_value: bool
    value_slope: ProvedInterval
    product: bool | None


def gate(spec: Spec) -> Gate:
    value, other = spec.data
    formula = bind(spec.expression, defaults(spec))
    slope = diff(formula, symbol(value))
    linear = all(node != symbol(value) for node in walk(slope))
    if not linear:
        return Gate(False, ProvedInterval(NOT_PROVED, NOT_PROVED, None, None), False)
    rest = _range(substitute(formula, {value: 0.0}), other)
    known = NOT_PROVED not in (rest.low, rest.high)
    exact = known and rest.low.error == rest.high.error == 0
    product = rest.low.value == rest.high.value == 0 if exact else None
    return Gate(True, _range(slope, other), product)


def _range(slope: Node, gate: str) -> ProvedInterval:
    return shape(FunctionUnderProof(substitute(slope, {gate: symbol("x")}))).range
