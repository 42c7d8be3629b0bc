"""One file per language a program is written in: text in, text out, always strict."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from ogive.errors import OgiveError
from ogive.printers.base import Printer
from ogive.printers.latex import latex

__all__ = ["Printer", "languages", "latex", "printer"]


@cache
def languages() -> tuple[str, ...]:
    """The languages with a printer: every file of this room that defines one."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return tuple(sorted(cls.language for cls in Printer.__subclasses__()))


@cache
def printer(language: str) -> Printer:
    """The printer of a language.

    Raises:
        OgiveError: for a language without a printer; the message lists those there are.
    """
    known = languages()
    for cls in Printer.__subclasses__():
        if cls.language == language:
            return cls()
    raise OgiveError(f"no printer writes {language!r}; there are {', '.join(known)}")
