"""Short answers read off a certificate, by which entries are listed and compared.

Each property is a row of ``PROPERTIES``. What the certificate does not prove has the answer "not
proved".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ogive.certify.proof.saturation import Side
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.report.certificate import Certificate
from ogive.errors import OgiveError, unknown

Section = TypeVar("Section")
Answer = bool | float | str | tuple[float, ...]
_UNPROVED = NOT_PROVED.method


def properties(of: Certificate) -> dict[str, Answer]:
    """Every property by name; none of what works on rows."""
    return {} if of.rows else {name: answer(of) for name, answer in PROPERTIES.items()}


def property_of(of: Certificate, name: str) -> Answer:
    """One property.

    Raises:
        OgiveError: for a property there is not; the message lists those there are.
    """
    if name not in PROPERTIES:
        raise OgiveError(unknown("property", name, PROPERTIES))
    return PROPERTIES[name](of)


def _known(section: Section | None) -> Section:
    """A section that every certificate but those of rowwise entries has."""
    assert section
    return section


def _number(of: Quantity) -> Answer:
    return _UNPROVED if of == NOT_PROVED else of.value


def _numbers(of: tuple[Quantity, ...] | None) -> Answer:
    return _UNPROVED if of is None else tuple(place.value for place in of)


def _saturates(side: Side) -> Answer:
    return "no" if side.kind == "none" else side.kind


def _is_zero(number: Quantity) -> Answer:
    """Whether a number is 0; what is 0 within an error need not be."""
    return _UNPROVED if number.low < 0 < number.high else number.value == 0


def _smooth(of: Certificate) -> Answer:
    found = _known(of.smoothness)
    unknown = found.order is None or (found.order < float("inf") and not found.exact)
    return _UNPROVED if unknown else found.order == float("inf")


def _symmetric(of: Certificate, kind: str) -> Answer:
    found = _known(of.shape).symmetry
    return _UNPROVED if found == _UNPROVED else found == kind


#: name -> function of a certificate; the order is that of every report.
PROPERTIES: dict[str, Callable[[Certificate], Answer]] = {
    # towards -inf and +inf, or the ends of the domain: the limit; bounded, linear, power 2,
    # exponential ...; no, soft or hard saturation
    "limit_left": lambda of: _number(_known(of.shape).left.value),
    "limit_right": lambda of: _number(_known(of.shape).right.value),
    "growth_left": lambda of: _known(of.shape).left.growth,
    "growth_right": lambda of: _known(of.shape).right.growth,
    "saturates_left": lambda of: _saturates(_known(of.saturation).left),
    "saturates_right": lambda of: _saturates(_known(of.saturation).right),
    "zero_at_zero": lambda of: _is_zero(_known(of.shape).at_zero),  # f(0) is 0
    "smooth": _smooth,  # every derivative exists everywhere
    "jumps": lambda of: _numbers(_known(of.smoothness).jumps),  # where f itself jumps
    "kinks": lambda of: _numbers(_known(of.smoothness).kinks),  # where only f' does
    "piecewise_linear": lambda of: _is_zero(_known(of.smoothness).bend.value),  # f'' is 0
    "odd": lambda of: _symmetric(of, "odd"),  # f(-x) = -f(x)
    "even": lambda of: _symmetric(of, "even"),  # f(-x) = f(x)
    # training adjusts a parameter of the formula
    "learnable": lambda of: {c.name: c.number.value for c in of.criteria}["few parameters"] > 0,
}
