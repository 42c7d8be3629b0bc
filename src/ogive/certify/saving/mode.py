"""A saving mode: what is kept for backward, and the programs that write and read it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ogive.expr import Node, Program, bind, diff, symbol
from ogive.expr.node import mul, where
from ogive.expr.program import DATA_SAMPLES, GRADIENT_SAMPLES

#: The gradient, the kept result and the kept code in a backward program.
GRADIENT_NAME, RESULT, CODE = "g", "y", "c"


class NotLegal(Exception):
    """Why a function does not have a mode."""


@dataclass(frozen=True)
class Mode:
    """A saving mode.

    Attributes:
        name: ``output``, ``mask``, ``code8`` or ``code4``.
        result: whether the result is kept, which the next layer often keeps anyway.
        bits: of the code for each element, 0 where there is none.
        forward: from the input to the result, and to the code as a number.
        backward: from the gradient of the result, then what is kept, to that of the input.
        places: where f turns or its pieces meet, as far as the mode cares.
        kinks: those of them at which f' jumps.
        rounded: whether f' is kept rounded, so that no gradient of it is exact.
        relative: whether f' is unbounded, so that errors beyond a slope of 1 are parts of it.
        bound: where f' is kept rounded, what that changes it by at most.
    """

    name: str
    result: bool
    bits: int
    forward: Program
    backward: Program
    places: tuple[float, ...] = ()
    kinks: tuple[float, ...] = ()
    rounded: bool = False
    relative: bool = False
    bound: float = math.inf

    @property
    def keeps(self) -> str:
        """What is kept of each element, in words."""
        code = f"{self.bits} bit{'s' * (self.bits > 1)}"
        said = ["the result"] * self.result + [code] * bool(self.bits)
        return " and ".join(said) or "nothing"

    def __hash__(self) -> int:
        return hash((self.name, self.forward))


def derivative(program: Program) -> Node:
    (x,) = program.inputs
    return bind(diff(program.outputs[0], symbol(x)), {})


def mode(
    name: str,
    program: Program,
    slope: Node,
    code: tuple[Node, int] | None = None,
    result: bool = False,
) -> Mode:
    """The mode of a function with its programs.

    Args:
        program: the function, of one input.
        slope: f' in terms of what is kept, ``RESULT`` and ``CODE``.
        code: the code in terms of the input, and its bits.
    """
    written, bits = ((), 0) if code is None else ((code[0],), code[1])
    kept = (RESULT,) * result + (CODE,) * len(written)
    forward = Program(
        f"{program.name}_{name}", program.inputs, (*program.outputs, *written), (DATA_SAMPLES,)
    )
    backward = Program(
        f"{program.name}_{name}_backward",
        (GRADIENT_NAME, *kept),
        (mul(symbol(GRADIENT_NAME), slope),),
        (GRADIENT_SAMPLES, *((1.0,) for _ in kept)),
    )
    return Mode(name, result, bits, forward, backward)


def choice(number: Node, options: list[Node]) -> Node:
    """The option that a whole number from 0 on points at."""
    chosen = options[-1]
    for k in reversed(range(len(options) - 1)):
        chosen = where(number < k + 0.5, options[k], chosen)
    return chosen
