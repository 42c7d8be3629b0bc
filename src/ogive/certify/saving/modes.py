"""The modes by name, and how each is derived from what is known of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ogive.certify.proof.shape import Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.saving.code import code
from ogive.certify.saving.mask import mask
from ogive.certify.saving.mode import Mode, NotLegal
from ogive.certify.saving.output import output
from ogive.expr import Program


class _Known(Protocol):
    """A function of one number with numbers for its parameters, and what is proved of it."""

    @property
    def program(self) -> Program: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def smoothness(self) -> Smoothness: ...


#: The modes besides ``input``, those that keep least first.
MODES: dict[str, Callable[[_Known], Mode]] = {
    "output": lambda of: output(of.program, of.shape, of.smoothness),
    "mask": lambda of: mask(of.program),
    "code4": lambda of: code(of.program, of.smoothness.slopes, 4),
    "code8": lambda of: code(of.program, of.smoothness.slopes, 8),
}


@dataclass(frozen=True)
class Proved:
    """What is proved, in one place."""

    program: Program
    shape: Shape
    smoothness: Smoothness


def bits_kept(of: _Known) -> dict[str, int]:
    """The modes that a function has, with the bits of each element that they keep.

    For ``output`` they are those beside the result, which the next layer keeps anyway.
    """
    found = {}
    for name, derive in MODES.items():
        try:
            found[name] = derive(of).bits
        except NotLegal:
            continue
    return found
