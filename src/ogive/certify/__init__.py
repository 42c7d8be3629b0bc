"""The judge: reference values by mpmath, and what can be computed about an entry. No torch here."""

from ogive.certify.pieces import joints, tail
from ogive.certify.properties import PROPERTIES, properties, property_of
from ogive.certify.reference import exact, limit, ulp, unit

__all__ = [
    "PROPERTIES",
    "exact",
    "joints",
    "limit",
    "properties",
    "property_of",
    "tail",
    "ulp",
    "unit",
]
