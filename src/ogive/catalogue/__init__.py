"""The entries, one file per family: definitions and nothing else.

An entry is a function whose body is the mathematics; the decorator keeps it as a frozen ``Spec``.
Adding an activation is adding one function to one file of this room.
"""

from ogive.catalogue._formulas import user_spec
from ogive.catalogue._registry import add, entries, find_alias, plain, resolve, until_added
from ogive.catalogue._spec import KINDS, Domain, Parameter, Spec

__all__ = [
    "KINDS",
    "Domain",
    "Parameter",
    "Spec",
    "add",
    "entries",
    "find_alias",
    "plain",
    "resolve",
    "until_added",
    "user_spec",
]
