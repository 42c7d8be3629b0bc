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
    one row, and another formula is computed of them.

    Attributes:
        moved: the formula of what the sums of a piece of a row are to be multiplied by, if the
            piece was walked through with an m of its own, which is given as ``logit``.
        repeated: whether the walk is taken until ``moving`` is positive no more.
    """

    step: str
    gathered: tuple[str, ...] = ()
    after: str = ""
    moved: str = ""
    repeated: bool = False


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


#: A repeated walk is taken so often at most; see newton.py for how often it is.
MOST_TURNS = 64
_LARGEST = Walk("largest", ("m",))
_SCALE = Walk("largest_size", ("m",), "scale")
_ONE, _BOTH = ("a",), ("a", "b")


def _kept(*walks: Walk, single: str = "") -> RowProgram:
    return RowProgram(("x", "y", "e"), walks, single)


def _of_y(*walks: Walk) -> RowProgram:
    return RowProgram(("y", "g", "dx"), walks)


def _of_x(*walks: Walk, single: str = "", keeps: bool = False) -> RowProgram:
    return RowProgram(("x", "g", "dx", "e")[: 3 + keeps], walks, single)


PROGRAMS = {
    "softmax": _kept(
        _LARGEST, Walk("add_and_keep", _ONE, "inverse", "moved_shares"), Walk("scaled")
    ),
    "safe_softmax": _kept(
        Walk("largest", ("m",), "largest_or_nothing"),
        Walk("add_and_keep", _ONE, "inverse_or_nothing", "moved_shares"),
        Walk("scaled"),
    ),
    "quiet_softmax": _kept(
        Walk("largest", ("m",), "largest_or_zero"),
        Walk("add_and_keep", _ONE, "inverse_with_nothing", "moved_shares"),
        Walk("scaled"),
    ),
    "log_softmax": RowProgram(
        ("x", "y"), (_LARGEST, Walk("add", _ONE, "logarithm", "moved_shares"), Walk("below"))
    ),
    "softmax_backward": _of_y(Walk("add_products", _ONE, "sum"), Walk("slope")),
    "log_softmax_backward": _of_y(
        Walk("add_gradients", _ONE, "sum"), Walk("remainder_of_a_logarithm")
    ),
    # 16 bits of the logarithm have too few digits for the share
    "log_softmax_backward_of_x": _of_x(
        _LARGEST,
        Walk("add_and_keep_both", _BOTH, "quotient", "moved_share"),
        Walk("remainder"),
        keeps=True,
    ),
    "logsumexp": RowProgram(
        ("x", "y"), (_LARGEST, Walk("add", _ONE, "logarithm_of_sum", "moved_shares")), single="y"
    ),
    "logmeanexp": RowProgram(
        ("x", "y"), (_LARGEST, Walk("add", _ONE, "logarithm_of_mean", "moved_shares")), single="y"
    ),
    "logsumexp_backward": _of_x(
        _LARGEST,
        Walk("add_finite_and_keep", _ONE, "gradient_over_sum", "moved_shares"),
        Walk("weighted"),
        single="g",
        keeps=True,
    ),
    "l2_normalize": RowProgram(
        ("x", "y"),
        (_SCALE, Walk("add_squares", _ONE, "inverse_length", "moved_lengths"), Walk("normalized")),
    ),
    "l2_normalize_backward": _of_x(
        _SCALE,
        Walk("add_squares_and_products", _BOTH, "inclination", "moved_lengths"),
        Walk("slope_across"),
    ),
    "squash": RowProgram(
        ("x", "y"),
        (_SCALE, Walk("add_squares", _ONE, "squashed_length", "moved_lengths"), Walk("stretched")),
    ),
    "squash_backward": _of_x(
        _SCALE,
        Walk("add_squares_and_products", _BOTH, "squashed_slope", "moved_lengths"),
        Walk("slope_of_stretched"),
    ),
    "solu": _kept(
        _LARGEST, Walk("add_and_keep", _ONE, "inverse", "moved_shares"), Walk("unit_times_share")
    ),
    "solu_backward": _of_x(
        _LARGEST,
        Walk("add_and_keep_finite_products", _BOTH, "quotient_of_shares", "moved_shares"),
        Walk("slope_of_unit"),
        keeps=True,
    ),
    "sigsoftmax": _kept(
        _LARGEST,
        Walk("add_and_keep_weights", _ONE, "inverse", "moved_logistic"),
        Walk("scaled"),
    ),
    "sigsoftmax_backward": _of_x(
        _LARGEST,
        Walk("add_and_keep_weights_and_products", _BOTH, "quotient_of_shares", "moved_logistic"),
        Walk("logistic_slope"),
        keeps=True,
    ),
    "softpick": _kept(
        Walk("largest", ("m",), "largest_or_zero"),
        Walk("add_and_keep_sizes", _ONE, "inverse_with_eps", "moved_sizes"),
        Walk("picked"),
    ),
    "softpick_backward": _of_x(
        Walk("largest", ("m",), "largest_or_zero"),
        Walk("add_sizes_and_products", _BOTH, "quotient_with_eps", "moved_sizes"),
        Walk("picked_slope"),
    ),
    **{
        f"{name}_softmax{end}": program
        for name, largest in (
            ("taylor", Walk("largest_shifted", ("m",), "scale")),
            ("spherical", Walk("largest_size", ("m",), "spherical_scale")),
        )
        for end, program in {
            "": _kept(
                largest,
                Walk("add_and_keep_weights", _ONE, "inverse", "moved_squares"),
                Walk("scaled"),
            ),
            "_backward": _of_x(
                largest,
                Walk(
                    "add_and_keep_weights_and_products",
                    _BOTH,
                    "quotient_of_shares",
                    "moved_squares",
                ),
                Walk("slope_of_squares"),
                keeps=True,
            ),
        }.items()
    },
    "sparsemax": RowProgram(
        ("x", "y"),
        (
            Walk("largest", ("m",), "one_below"),
            Walk("add_over", _BOTH, "raised", repeated=True),
            Walk("excess"),
        ),
    ),
    "sparsemax_backward": _of_y(Walk("add_supported", _BOTH, "mean"), Walk("slope_of_supported")),
    "entmax15": RowProgram(
        ("x", "y"),
        (
            Walk("largest", ("m",), "two_below"),
            Walk("add_squares_over", _BOTH, "raised", repeated=True),
            Walk("quarter_square"),
        ),
    ),
    "entmax15_backward": _of_y(Walk("add_roots", _BOTH, "mean"), Walk("slope_of_roots")),
}
#: What a function is given under a name, where that depends on the function.
_VARIANTS = {
    "sigsoftmax": {"weight": "logistic"},
    "taylor_softmax": {"weight": "taylor_weight", "normal": "shifted"},
    "spherical_softmax": {"weight": "spherical_weight"},
    "sparsemax": {"delta": "excess_delta"},
    "entmax15": {"delta": "length_delta"},
}
#: What is kept under e, where that is no share.
_KEPT = {
    "sigsoftmax": "weight",
    "taylor_softmax": "weight",
    "spherical_softmax": "weight",
    "softpick": "size",
}
#: What numbers of 16 bits have in a plainer form.
_PLAIN = {
    *("rest", "over", "unsettled", "add_over", "add_squares_over"),
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
    def _base(self) -> str:
        """The function, of which this may be the gradient."""
        return self.function.name.removesuffix("_backward")

    @property
    def kept(self) -> str:
        """What is kept under e: it can be computed again."""
        return _KEPT.get(self._base, "share")

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
        own = {"e": self.format.name, "y": self.result, "g": self.result, "seed": "int64"}
        return own.get(operand, self.dtype)

    @property
    def compensated(self) -> bool:
        """Whether sums are: float64 has nothing wider."""
        return self.format is FLOAT64

    def blocked(self, field: str) -> bool:
        """Whether a block is added up as it is: a length, the root of a sum, does not show it, and
        16 bits only in a logarithm near 0; of a threshold, the slope may be off."""
        if self.function.name.startswith("l2_normalize"):
            return True
        if any(walk.repeated for walk in self.program.walks):
            return field == "b"
        return self.narrow and self.function.name not in ("log_softmax", "logsumexp", "logmeanexp")

    def variant(self, given: str) -> str:
        """Which of the formulas of that name is taken. Logsumexp and its gradient do without what
        a difference loses to rounding."""
        own = _VARIANTS.get(self._base, {})
        given = own.get(given, given)
        if given in _PLAIN and self.narrow:
            return f"plain_{given}"
        if given != "share":
            return given
        if self.function.tempered:
            return "tempered_share"
        if self.function.name in ("logsumexp", "logmeanexp"):
            return "share_of_a_logarithm"
        plain = self.narrow or self.function.name == "logsumexp_backward"
        return "plain_share" if plain else "share"
