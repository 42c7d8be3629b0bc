"""What the rowwise kernels do: walks through a row, each with its formulas.

Sums are made in float64 (compensated, where the numbers are float64 themselves), and what a
difference loses to rounding is put back into its exponential, so neither long rows nor numbers far
from 0 cost digits. 16-bit numbers are computed in float32, kept in a scratch of each thread's own,
and rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ogive.engine.call import RowFunction
from ogive.printers.llvm import I64, POINTER, Type, vector
from ogive.printers.machine import FLOAT32, FLOAT64, Format


class Walk(NamedTuple):
    """A formula for every vector; then the lanes of some fields are gathered, if they are those of
    one row, and another formula is computed of them."""

    step: str
    gathered: tuple[str, ...] = ()
    after: str = ""


class RowProgram(NamedTuple):
    """The operands (inputs, the output, perhaps e: exponentials that are kept) and the walks.

    One number a row is in the ``single`` operand: it is read or written between the walks.
    """

    operands: tuple[str, ...]
    walks: tuple[Walk, ...]
    single: str = ""

    @property
    def reduces(self) -> bool:
        """Whether the result has one number a row."""
        return self.single == "y"


_LARGEST = Walk("largest", ("m",))
_SCALE = Walk("largest_size", ("m",), "scale")
PROGRAMS = {
    "softmax": RowProgram(
        ("x", "y", "e"), (_LARGEST, Walk("add_and_keep", ("a",), "inverse"), Walk("scaled"))
    ),
    "log_softmax": RowProgram(
        ("x", "y"), (_LARGEST, Walk("add", ("a",), "logarithm"), Walk("below"))
    ),
    "softmax_backward": RowProgram(
        ("y", "g", "dx"), (Walk("add_products", ("a",), "sum"), Walk("slope"))
    ),
    "log_softmax_backward": RowProgram(
        ("y", "g", "dx"), (Walk("add_gradients", ("a",), "sum"), Walk("remainder_of_a_logarithm"))
    ),
    # 16 bits of the logarithm have too few digits for the share
    "log_softmax_backward_of_x": RowProgram(
        ("x", "g", "dx", "e"),
        (_LARGEST, Walk("add_and_keep_both", ("a", "b"), "quotient"), Walk("remainder")),
    ),
    "logsumexp": RowProgram(
        ("x", "y"), (_LARGEST, Walk("add", ("a",), "logarithm_of_sum")), single="y"
    ),
    "logsumexp_backward": RowProgram(
        ("x", "g", "dx", "e"),
        (_LARGEST, Walk("add_finite_and_keep", ("a",), "gradient_over_sum"), Walk("weighted")),
        single="g",
    ),
    "l2_normalize": RowProgram(
        ("x", "y"), (_SCALE, Walk("add_squares", ("a",), "inverse_length"), Walk("normalized"))
    ),
    "l2_normalize_backward": RowProgram(
        ("x", "g", "dx"),
        (_SCALE, Walk("add_squares_and_products", ("a", "b"), "inclination"), Walk("slope_across")),
    ),
}


@dataclass(frozen=True)
class Kind:
    """A kernel for x, and its gradient, of a dtype and results of a dtype, in rows or columns."""

    function: RowFunction
    dtype: str
    result: str
    layout: str

    @property
    def program(self) -> RowProgram:
        """Its operands and walks."""
        return PROGRAMS[self.function.name]

    @property
    def format(self) -> Format:
        """What it computes in."""
        return FLOAT64 if self.dtype == "float64" else FLOAT32

    @property
    def type(self) -> Type:
        """A vector of 64 bytes."""
        return vector(self.format)

    @property
    def narrow(self) -> bool:
        """Whether it computes in another format than results have."""
        return self.result != self.format.name

    @property
    def scratch(self) -> bool:
        """Whether the output cannot keep exponentials."""
        output = "dx" if "dx" in self.program.operands else "y"
        return "e" in self.program.operands and self.stored(output) != self.format.name

    def inputs(self, first: Mapping[str, Type]) -> dict[str, Type]:
        """A function's inputs: the first ones, then every operand's place and pace."""
        places = {"at": POINTER, "pace": I64}
        return {
            **first,
            **{f"{o}.{name}": t for o in self.program.operands for name, t in places.items()},
        }

    def stored(self, operand: str) -> str:
        """The dtype of an operand."""
        return {"e": self.format.name, "y": self.result, "g": self.result}.get(operand, self.dtype)

    @property
    def compensated(self) -> bool:
        """Whether sums are: float64 has nothing wider."""
        return self.format is FLOAT64

    @property
    def blocked(self) -> bool:
        """Whether a block is added up as it is: a length, the root of a sum, does not show it, and
        16 bits only in a logarithm near 0."""
        if self.function.name.startswith("l2_normalize"):
            return True
        return self.narrow and self.function.name not in ("log_softmax", "logsumexp")

    def variant(self, given: str) -> str:
        """Which of the formulas of that name is taken. Logsumexp and its gradient do without what
        a difference loses to rounding."""
        if given == "rest" and self.narrow:
            return "plain_rest"
        if given != "share":
            return given
        if self.function.tempered:
            return "tempered_share"
        if self.function.name == "logsumexp":
            return "share_of_a_logarithm"
        plain = self.narrow or self.function.name == "logsumexp_backward"
        return "plain_share" if plain else "share"
