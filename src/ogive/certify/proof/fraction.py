"""Expressions of t that are quotients of polynomials with rational coefficients, reduced exactly.

Apart because the derivatives of such a quotient are sums in which the leading terms cancel: their
growth shows only in lowest terms.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ogive.certify.proof.polynomials import Polynomial, T
from ogive.errors import require
from ogive.expr import Node
from ogive.expr.node import constant_value

#: Numerator and denominator without a common factor, as polynomials of flint.
Quotient = tuple[Any, Any]


def quotient(node: Node) -> tuple[Polynomial, Polynomial] | None:
    """Numerator and denominator in lowest terms; None for what is no rational function of t.

    Example:
        >>> from ogive.expr import parse
        >>> numerator, denominator = quotient(parse("1/t - t/(t*t + t)", ["t"]))
        >>> len(numerator), len(denominator)
        (1, 2)
    """
    found = _quotient(node)
    return None if found is None else (_terms(found[0]), _terms(found[1]))


def _terms(poly: Any) -> Polynomial:
    coefficients = [Fraction(int(c.p), int(c.q)) for c in poly.coeffs()]
    return {frozenset({(T, k)} if k else ()): c for k, c in enumerate(coefficients) if c}


@lru_cache(maxsize=4096)
def _quotient(node: Node) -> Quotient | None:
    fmpq, fmpq_poly = (getattr(require("flint", "certify"), n) for n in ("fmpq", "fmpq_poly"))
    one = fmpq_poly([1])
    if node is T:
        return fmpq_poly([0, 1]), one
    value = constant_value(node)
    if value is not None:
        exact = value.as_integer_ratio() if math.isfinite(value) else None
        return None if exact is None else (fmpq_poly([fmpq(*exact)]), one)
    args = [_quotient(a) for a in node.args]
    if node.op not in ("add", "sub", "neg", "mul", "div") or any(a is None for a in args):
        return None
    return _combined(node.op, [a for a in args if a is not None])


def _combined(op: str, args: list[Quotient]) -> Quotient | None:
    (a, b), (c, d) = args[0], args[-1]
    if op == "neg":
        return -a, b
    top, bottom = {
        "add": (a * d + c * b, b * d),
        "sub": (a * d - c * b, b * d),
        "mul": (a * c, b * d),
        "div": (a * d, b * c),
    }[op]
    common = top.gcd(bottom)
    return (top // common, bottom // common) if bottom != 0 else None
