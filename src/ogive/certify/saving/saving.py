"""Which saving modes a function has: those its formula allows, and why not the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import TypeVar

from ogive.catalogue import Parameter, Spec
from ogive.certify.proof.shape import Shape, shape
from ogive.certify.proof.smoothness import Smoothness, smoothness
from ogive.certify.proof.under_proof import FunctionUnderProof, under_proof
from ogive.certify.saving.code import code
from ogive.certify.saving.error import Error, error
from ogive.certify.saving.mask import mask, slopes
from ogive.certify.saving.mode import Mode, NotLegal
from ogive.certify.saving.output import output
from ogive.certify.serialize import decoded
from ogive.certify.shipped import key, shipped
from ogive.certify.univariate import defaults, with_defaults
from ogive.errors import MissingExtra
from ogive.printers.machine import FORMATS

_Section = TypeVar("_Section", Shape, Smoothness)


class Saving:
    """What backward may keep in the place of the input of a function of one number."""

    def __init__(self, spec: Spec, values: Mapping[str, float]) -> None:
        self._spec = spec
        self._values = {p.name: _of(p, values) for p in spec.parameters}
        self.program = spec.program.bind({**defaults(spec), **values})
        self._found: dict[str, Mode | str] = {}
        self._chosen: dict[tuple[str, str], Mode | None] = {}

    def mode(self, name: str) -> Mode:
        """A mode by name, derived when it is first asked for.

        Raises:
            NotLegal: where the formula does not allow it, or python-flint is missing to prove a
                range.
        """
        found = self._mode(name)
        if isinstance(found, str):
            raise NotLegal(found)
        return found

    @property
    def bits(self) -> dict[str, int]:
        """The modes there are, with the bits that they keep of each element beside the result."""
        modes = map(self._mode, MODES)
        return {m.name: m.bits for m in modes if isinstance(m, Mode)}

    def _mode(self, name: str) -> Mode | str:
        """The mode, or why there is none; no exception is kept, which would keep tensors alive."""
        if name not in self._found:
            try:
                self._found[name] = MODES[name](self)
            except (NotLegal, MissingExtra) as reason:
                self._found[name] = str(reason)
        return self._found[name]

    def error(self, name: str, dtype: str) -> Error:
        """How far off the slope is that a mode gives; see ``mode`` for what is raised."""
        return error(self.program, self.mode(name), dtype)

    def exact(self, name: str, dtype: str) -> bool:
        """Whether the gradient is the one that the input gives, to the last bit."""
        if self.mode(name).rounded or not self._straight:  # a curve's gradient has one of its own
            return False
        return self.error(name, dtype).exact

    def choose(self, save: str, dtype: str) -> Mode | None:
        """A mode by name, or that which keeps least of the ``exact`` or of the ``lean`` ones.

        Exact modes keep no result, which whoever gets it may overwrite. Lean is a slope no further
        off than bfloat16's rounding of the largest one; where f' is unbounded, of 1 or of itself,
        whichever is larger. None is the input. See ``mode`` for
        what is raised.
        """
        if save == "input":
            return None
        if save in MODES:
            return self.mode(save)
        if (save, dtype) not in self._chosen:
            self._chosen[save, dtype] = self._least(save, dtype)
        return self._chosen[save, dtype]

    def _least(self, save: str, dtype: str) -> Mode | None:
        if save == "exact" and not self._straight:
            return None
        modes = map(self._mode, MODES)
        found = [m for m in modes if isinstance(m, Mode) and m.bits < FORMATS[dtype].bits]
        if save == "exact":
            found = [m for m in found if not m.result and self.exact(m.name, dtype)]
        else:
            found = [m for m in found if self.error(m.name, dtype).most <= self.rounding]
        return min(found, key=lambda m: (m.bits, m.result), default=None)

    @cached_property
    def rounding(self) -> float:
        """Half a unit in the last place of bfloat16 at the largest slope; at 1 if there is none."""
        ends = self._straight
        if not ends:
            interval = self.smoothness.slopes
            ends = [interval.low.value, interval.high.value]
        largest = max(abs(e) for e in ends if e == e)
        return math.ldexp(1.0, math.frexp(largest if math.isfinite(largest) else 1.0)[1] - 9)

    @cached_property
    def _straight(self) -> list[float]:
        """The slopes of a piecewise linear function; none of another."""
        try:
            return slopes(self.program)
        except NotLegal:
            return []

    @cached_property
    def shape(self) -> Shape:
        return self._proved(Shape, shape)

    @cached_property
    def smoothness(self) -> Smoothness:
        return self._proved(Smoothness, smoothness)

    def _proved(
        self, kind: type[_Section], prove: Callable[[FunctionUnderProof], _Section]
    ) -> _Section:
        """A section of the certificate that the package ships, or the same proved now."""
        known = shipped(key(self._spec, self._values))
        if known is None:
            return prove(under_proof(with_defaults(self._spec, self._values)))
        found: _Section = decoded(kind, known[prove.__name__])
        return found


#: The modes besides ``input``, those that keep least first.
MODES: dict[str, Callable[[Saving], Mode]] = {
    "output": lambda of: output(of.program, of.shape, of.smoothness),
    "mask": lambda of: mask(of.program),
    "code4": lambda of: code(of.program, of.smoothness.slopes, 4),
    "code8": lambda of: code(of.program, of.smoothness.slopes, 8),
}


@lru_cache(maxsize=1024)
def saving(spec: Spec, values: tuple[tuple[str, float], ...] = ()) -> Saving:
    """The saving modes of an elementwise entry with numbers for some symbols of its formula."""
    return Saving(spec, dict(values))


def _of(parameter: Parameter, values: Mapping[str, float]) -> float | tuple[float, ...]:
    given = zip(parameter.symbols, parameter.defaults, strict=True)
    found = tuple(values.get(symbol, default) for symbol, default in given)
    return found if isinstance(parameter.default, tuple) else found[0]
