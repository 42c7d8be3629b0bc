"""Short answers read off a certificate, by which entries are listed and compared.

Each property is one function of a certificate, and a row of ``PROPERTIES``; adding one is adding
the other. What the certificate does not prove has the answer "not proved".
"""

from __future__ import annotations

from collections.abc import Callable

from ogive.certify.proof.saturation import Side
from ogive.certify.proof.shape import Limit, Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.report.certificate import Certificate
from ogive.errors import OgiveError, nearest

Answer = bool | float | str | tuple[float, ...]
UNPROVED = NOT_PROVED.method


def properties(of: Certificate) -> dict[str, Answer]:
    """Every property by name; none of what works on rows.

    Example:
        >>> import ogive
        >>> properties(ogive.get("sigmoid").certificate())["saturates_left"]
        'soft'
    """
    return {} if of.rows else {name: answer(of) for name, answer in PROPERTIES.items()}


def property_of(of: Certificate, name: str) -> Answer:
    """One property.

    Raises:
        OgiveError: for a property there is not; the message lists those there are.
    """
    if name not in PROPERTIES:
        listed = ", ".join(PROPERTIES)
        raise OgiveError(f"no property {name!r}{nearest(name, PROPERTIES)} (there are {listed})")
    return PROPERTIES[name](of)


def _shape(of: Certificate) -> Shape:
    assert of.shape
    return of.shape


def _smoothness(of: Certificate) -> Smoothness:
    assert of.smoothness
    return of.smoothness


def _number(of: Quantity) -> Answer:
    return UNPROVED if of == NOT_PROVED else of.value


def _numbers(of: tuple[Quantity, ...] | None) -> Answer:
    return UNPROVED if of is None else tuple(place.value for place in of)


def limit_left(of: Certificate) -> Answer:
    """The limit at -inf, or at the lower end of the domain."""
    return _number(_shape(of).left.value)


def limit_right(of: Certificate) -> Answer:
    """The limit at +inf, or at the upper end of the domain."""
    return _number(_shape(of).right.value)


def growth_left(of: Certificate) -> Answer:
    """How the function grows towards -inf: bounded, linear, power 2, exponential ..."""
    return _growth(_shape(of).left)


def growth_right(of: Certificate) -> Answer:
    """How the function grows towards +inf."""
    return _growth(_shape(of).right)


def _growth(of: Limit) -> Answer:
    return of.growth


def saturates_left(of: Certificate) -> Answer:
    """``no``, ``soft`` or ``hard`` towards -inf; see ``saturation.Side``."""
    assert of.saturation
    return _saturates(of.saturation.left)


def saturates_right(of: Certificate) -> Answer:
    """``no``, ``soft`` or ``hard`` towards +inf."""
    assert of.saturation
    return _saturates(of.saturation.right)


def _saturates(side: Side) -> Answer:
    return "no" if side.kind == "none" else side.kind


def zero_at_zero(of: Certificate) -> Answer:
    """Whether f(0) is 0."""
    value = _number(_shape(of).at_zero)
    return value if value == UNPROVED else value == 0


def smooth(of: Certificate) -> Answer:
    """Whether every derivative exists everywhere."""
    found = _smoothness(of)
    unknown = found.order is None or (found.order < float("inf") and not found.exact)
    return UNPROVED if unknown else found.order == float("inf")


def jumps(of: Certificate) -> Answer:
    """The points where the function itself jumps."""
    return _numbers(_smoothness(of).jumps)


def kinks(of: Certificate) -> Answer:
    """The points where the function is continuous and its derivative jumps."""
    return _numbers(_smoothness(of).kinks)


def piecewise_linear(of: Certificate) -> Answer:
    """Whether the function is a line on every piece: the supremum of |f''| is 0."""
    bend = _smoothness(of).bend.value
    return UNPROVED if bend.low <= 0 < bend.high else bend.value == 0


def odd(of: Certificate) -> Answer:
    """Whether f(-x) = -f(x)."""
    return _symmetric(of, "odd")


def even(of: Certificate) -> Answer:
    """Whether f(-x) = f(x)."""
    return _symmetric(of, "even")


def _symmetric(of: Certificate, kind: str) -> Answer:
    found = _shape(of).symmetry
    return UNPROVED if found == UNPROVED else found == kind


def learnable(of: Certificate) -> Answer:
    """Whether training adjusts a parameter of the formula."""
    (few,) = (c for c in of.criteria if c.name == "few parameters")
    return few.number.value > 0


#: name -> function of a certificate; the order is that of every report.
PROPERTIES: dict[str, Callable[[Certificate], Answer]] = {
    f.__name__: f
    for f in (
        limit_left, limit_right, growth_left, growth_right, saturates_left, saturates_right,
        zero_at_zero, smooth, jumps, kinks, piecewise_linear, odd, even, learnable,
    )
}  # fmt: skip
