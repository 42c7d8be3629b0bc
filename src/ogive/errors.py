"""The errors a user can meet. Each says what was given, what was expected and how to mend it."""

from __future__ import annotations

import difflib
import importlib
import reprlib
from collections.abc import Container, Iterable
from types import ModuleType

#: So many characters a name may have, and of a value are shown.
LONGEST_NAME = 80
#: So many characters a message has at most.
LONGEST_MESSAGE = 500


class OgiveError(ValueError):
    """Base of every error that ogive raises on bad input.

    A message is one line; of one that shows something long, the middle is left out.
    """

    def __init__(self, message: str = "") -> None:
        if "\n" in message and not isinstance(self, FormulaError):  # as repr of a tensor has it
            message = " ".join(message.split())
        if len(message) > LONGEST_MESSAGE:
            half = LONGEST_MESSAGE // 2 - 3
            message = f"{message[:half]} ... {message[-half:]}"
        super().__init__(message)


class UnknownName(OgiveError):
    """No entry has this name."""


class AmbiguousName(OgiveError):
    """Several entries are known by this name."""


class FormulaError(OgiveError):
    """A formula that cannot be read; the message points at the position."""


class ParameterError(OgiveError):
    """A parameter that is unknown or outside its range."""


class InputError(OgiveError, TypeError):
    """An input of the wrong type, dtype or shape."""


class MissingExtra(OgiveError, ImportError):
    """A package that only some features need is not installed."""


class EngineError(OgiveError, RuntimeError):
    """An activation could not be compiled for this machine."""


class EngineWarning(UserWarning):
    """Kernels cannot be compiled; activations run as torch operators, correctly but slowly."""


class CacheWarning(UserWarning):
    """Compiled kernels cannot be kept on the disk; everything works, but starts more slowly."""


class MonitorWarning(UserWarning):
    """Something of a model is not watched; training goes on."""


class LoggerWarning(UserWarning):
    """A logger of a monitor failed; the training and its other loggers go on."""


class VersionWarning(UserWarning):
    """torch is newer than every release that ogive was tested with."""


def require(module: str, extra: str) -> ModuleType:
    """Import ``module`` or raise MissingExtra, naming the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"this needs {module.partition('.')[0]}, which is not installed ({error}); "
            f"install it with: pip install 'ogive[{extra}]'"
        ) from error


def briefly(value: object) -> str:
    """The value as an error shows it: of what is long, both ends; of what cannot be shown, the
    class."""
    try:
        return _BRIEF.repr(value)
    except Exception:  # whatever a class of somebody's raises; of too long a number Python's own
        return f"<{type(value).__name__}>"


def among(name: object, known: Container[str]) -> bool:
    """Whether a name is one of some; what is no text is none, though it may compare as it likes."""
    return isinstance(name, str) and name in known


_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxlong = _BRIEF.maxother = LONGEST_NAME


def nearest(name: object, known: Iterable[str]) -> str:
    """A ' did you mean ...?' sentence for a misspelt name, or an empty string."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return ""
    close = difflib.get_close_matches(name, list(dict.fromkeys(known)), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(c) for c in close)}?" if close else ""


def unknown(what: str, given: object, known: Iterable[str]) -> str:
    """The sentence about a name that there is not, the same wherever one is chosen from a list.

    Example:
        >>> unknown("kind", "gatd", ["elementwise", "gated"])
        "no kind 'gatd'; did you mean 'gated'? (there are elementwise, gated)"
    """
    names = list(dict.fromkeys(known))
    return f"no {what} {briefly(given)}{nearest(given, names)} (there are {', '.join(names)})"
