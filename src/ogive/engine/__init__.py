"""One file per way to run a program: ``eager`` runs it as torch operators."""

from ogive.engine import eager

__all__ = ["eager"]
