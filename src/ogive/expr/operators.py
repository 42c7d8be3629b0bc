"""Python's operators on formulas and on machine values, each of which makes what it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

_T = TypeVar("_T", bound="Operators")


def _unary(op: str) -> Callable[[_T], _T]:
    return lambda a: a._of(op, a)


def _binary(op: str) -> Callable[[_T, Any], _T]:
    return lambda a, b: a._of(op, a, b)


def _reflected(op: str) -> Callable[[_T, Any], _T]:
    return lambda b, a: b._of(op, a, b)


class Operators:
    __slots__ = ()

    @classmethod
    def _of(cls, op: str, *args: Any) -> Self:
        """The operation on these arguments, numbers among them."""
        raise NotImplementedError

    __add__, __radd__ = _binary("add"), _reflected("add")
    __sub__, __rsub__ = _binary("sub"), _reflected("sub")
    __mul__, __rmul__ = _binary("mul"), _reflected("mul")
    __truediv__, __rtruediv__ = _binary("div"), _reflected("div")
    __pow__, __rpow__ = _binary("pow"), _reflected("pow")
    __lt__, __gt__ = _binary("lt"), _reflected("lt")
    __le__, __ge__ = _binary("le"), _reflected("le")
    __neg__, __abs__ = _unary("neg"), _unary("abs")
