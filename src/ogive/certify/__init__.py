"""The judge: reference values by mpmath, and certificates: what is proved of an entry. No torch."""

from ogive.certify.pieces import joints
from ogive.certify.reference import exact, limit, ulp, unit

__all__ = ["exact", "joints", "limit", "ulp", "unit"]
