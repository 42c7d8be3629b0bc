"""One file per language a program is written in: text in, text out, always strict."""

from __future__ import annotations

import linecache
import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ogive.errors import OgiveError, among, unknown
from ogive.expr import Program
from ogive.printers.base import PRINTERS, Printer
from ogive.printers.latex import latex

__all__ = ["Printer", "languages", "latex", "printer", "python_function"]


@cache
def _import_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


def languages() -> tuple[str, ...]:
    """The languages with a printer: every file of this room that defines one."""
    _import_all()
    return tuple(sorted(PRINTERS))


def printer(language: str) -> Printer:
    """The printer of a language.

    Raises:
        OgiveError: for a language without a printer; the message lists those there are.
    """
    known = languages()
    if not among(language, known):
        raise OgiveError(unknown("printer for the language", language, known))
    return PRINTERS[language]()


def python_function(
    program: Program, language: str, name: str = "compute"
) -> Callable[..., tuple[Any, ...]]:
    """The program as a Python function, printed in a language that Python runs.

    Args:
        name: the function's name in the source; that of an entry may be one of the language's own.
    """
    source, filename = printer(language).source(program, name), f"<ogive {language} {program.name}>"
    # so that tracebacks and debuggers can show the generated lines
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    scope: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), scope)
    function: Callable[..., tuple[Any, ...]] = scope[name]
    return function
