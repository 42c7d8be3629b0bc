"""What a benchmark is asked for, checked before any time is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ogive.bench.measure import Pace
from ogive.bench.models import SMALL, Scale
from ogive.errors import OgiveError, unknown

DTYPE_NAMES = ("float64", "float32", "bfloat16", "float16")
#: Forward without gradients; the backward of a prepared forward; a forward and its backward.
DIRECTIONS = ("forward", "backward", "both")
#: Seconds after which no further round of a model begins.
MODEL_BUDGET = 10.0
SIZES = (1, 64, 1024, 65_536, 1_048_576, 16_777_216)


@dataclass(frozen=True)
class Settings:
    """Where the activations are measured.

    Attributes:
        sizes: numbers of elements of the input.
        dtypes: names of torch's dtypes.
        directions: of ``DIRECTIONS``.
        threads: torch's threads; None leaves their number as it is.
        compiled: whether ``torch.compile`` takes part.
        pace: how long is measured.
        seed: of the inputs.
    """

    sizes: Sequence[int] = SIZES
    dtypes: Sequence[str] = ("float32", "bfloat16")
    directions: Sequence[str] = DIRECTIONS
    threads: int | None = None
    compiled: bool = False
    pace: Pace = field(default_factory=Pace)
    seed: int = 0

    def __post_init__(self) -> None:
        _check_each("dtype", self.dtypes, DTYPE_NAMES)
        _check_each("direction", self.directions, DIRECTIONS)
        _check_some("size", self.sizes)
        for size in self.sizes:
            check_positive("a size", size)
        _check_run(self.threads, self.pace)


@dataclass(frozen=True)
class ModelSettings:
    """How models are measured.

    Attributes:
        dtypes: names of torch's dtypes, of parameters and images.
        scale: how large the models and their inputs are.
        threads: torch's threads; None leaves their number as it is.
        compiled: whether all of them, the untouched one too, are given to torch.compile.
        pace: how long steps are timed.
    """

    dtypes: Sequence[str] = ("float32", "bfloat16")
    scale: Scale = SMALL
    threads: int | None = None
    compiled: bool = False
    pace: Pace = field(default_factory=lambda: Pace(budget=MODEL_BUDGET))

    def __post_init__(self) -> None:
        _check_each("dtype", self.dtypes, DTYPE_NAMES)
        _check_run(self.threads, self.pace)


def _check_run(threads: int | None, pace: Pace) -> None:
    if threads is not None:
        check_positive("the number of threads", threads)
    check_positive("the number of rounds", pace.rounds)


def _check_some(what: str, given: Sequence[object]) -> None:
    if not given:
        raise OgiveError(f"no {what} given; name at least one, with commas between")


def _check_each(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    _check_some(what, given)
    for name in given:
        if name not in known:
            raise OgiveError(unknown(what, name, known))


def check_positive(what: str, value: int) -> None:
    """Raise unless the value is at least 1."""
    if value < 1:
        raise OgiveError(f"{what} must be a whole number from 1 on, not {value}")
