"""Code of one's own, named as ``module:function``."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ogive.catalogue import entries
from ogive.errors import OgiveError, briefly, nearest

_FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def imported(text: str, unknown: OgiveError | None = None) -> Any:
    """The object that ``module:function`` names, looked for in the current directory too.

    Args:
        text: the module, a colon, and the name in it, which may have dots.
        unknown: raised in place of the errors below where the module's name is a framework's,
            whose qualified names look the same.

    Raises:
        OgiveError: for other text, a module that cannot be imported, and a name that it lacks.

    Example:
        >>> imported("math:pi")
        3.141592653589793
    """
    if not _FORM.fullmatch(text):
        raise OgiveError(
            f"{briefly(text)} is neither a qualified name such as keras:gelu, nor code written as "
            f"module:function, such as acts:bump for the function bump in acts.py"
        )
    place, _, path = text.partition(":")
    try:
        return _attribute(_module(place), path, text)
    except OgiveError:
        if unknown is not None and place.lower() in _frameworks():
            raise unknown from None
        raise


def _frameworks() -> set[str]:
    aliases = (alias for spec in entries().values() for alias in spec.aliases)
    return {alias.partition(":")[0] for alias in aliases}


def _attribute(thing: Any, path: str, text: str) -> Any:
    for name in path.split("."):
        if not hasattr(thing, name):
            known = [n for n in dir(thing) if not n.startswith("_")]
            raise OgiveError(f"{text!r}: there is no {name!r}{nearest(name, known)}")
        thing = getattr(thing, name)
    return thing


def _module(place: str) -> ModuleType:
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(place)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if place == missing or place.startswith(f"{missing}."):
            raise OgiveError(_no_module(place)) from None
        raise OgiveError(f"importing {place!r} needs {missing!r}, which there is not") from None
    except (Exception, SystemExit) as error:  # whatever somebody's code raises
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise OgiveError(
            f"importing {place!r} raised {reason}; mend it, or name another"
        ) from error


def _no_module(place: str) -> str:
    said = f"there is no module {place!r}, neither in the current directory nor installed"
    if place.endswith(".py"):
        return f"{said}; leave out .py, as in {place.removesuffix('.py')}:function"
    return f"{said}{nearest(place, [path.stem for path in Path().glob('*.py')] + [*_frameworks()])}"
