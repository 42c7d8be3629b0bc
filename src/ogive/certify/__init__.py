"""The judge: reference values by mpmath, and certificates: what is proved of an entry. No torch."""

from ogive.certify.pieces import breakpoints
from ogive.certify.reference import exact, limit, ulp, unit

__all__ = ["breakpoints", "exact", "limit", "ulp", "unit"]
