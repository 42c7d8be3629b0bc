"""Python's operators on formulas and on machine values, each of which makes what it names."""

from __future__ import annotations

from typing import Any, Self


class Operators:
    __slots__ = ()

    @classmethod
    def _of(cls, op: str, *args: Any) -> Self:
        """The operation on these arguments, numbers among them."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Self:
        return self._of("add", self, other)

    def __radd__(self, other: Any) -> Self:
        return self._of("add", other, self)

    def __sub__(self, other: Any) -> Self:
        return self._of("sub", self, other)

    def __rsub__(self, other: Any) -> Self:
        return self._of("sub", other, self)

    def __mul__(self, other: Any) -> Self:
        return self._of("mul", self, other)

    def __rmul__(self, other: Any) -> Self:
        return self._of("mul", other, self)

    def __truediv__(self, other: Any) -> Self:
        return self._of("div", self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return self._of("div", other, self)

    def __pow__(self, other: Any) -> Self:
        return self._of("pow", self, other)

    def __rpow__(self, other: Any) -> Self:
        return self._of("pow", other, self)

    def __neg__(self) -> Self:
        return self._of("neg", self)

    def __abs__(self) -> Self:
        return self._of("abs", self)

    def __lt__(self, other: Any) -> Self:
        return self._of("lt", self, other)

    def __le__(self, other: Any) -> Self:
        return self._of("le", self, other)

    def __gt__(self, other: Any) -> Self:
        return self._of("lt", other, self)

    def __ge__(self, other: Any) -> Self:
        return self._of("le", other, self)
