"""What determines a run apart from its activation and seed, and how it may be swept.

Apart from the training itself so that a setting is checked once, before any time is spent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ogive.errors import nearest
from ogive.study.errors import StudyError

DEFAULT_RATES = {"adamw": 3e-3, "sgd": 5e-2}
SWEEPS = ("width", "depth", "epochs")


@dataclass(frozen=True)
class Defaults:
    """The settings a data set is studied with when the user names none."""

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int


@dataclass(frozen=True)
class Settings:
    """How one network is built and trained."""

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    threads: int

    def __post_init__(self) -> None:
        if not self.hidden:
            raise StudyError("no hidden layer given; an activation needs at least one: hidden=(8,)")
        for width in self.hidden:
            require_positive("the width of a hidden layer", width)
        require_positive("epochs", self.epochs)
        require_positive("batch size", self.batch_size)
        require_positive("threads", self.threads)
        if not 0 < self.lr < float("inf"):
            raise StudyError(f"learning rate {self.lr} given; it must be positive, such as 0.003")


def require_positive(what: str, value: int) -> None:
    """Raise unless ``value`` is at least 1."""
    if value < 1:
        raise StudyError(f"{what} is {value}; it must be at least 1")


def learning_rate(optimizer: str, lr: float | None) -> float:
    """The given rate, or the default rate of the optimizer."""
    if optimizer not in DEFAULT_RATES:
        known = ", ".join(DEFAULT_RATES)
        hint = nearest(optimizer, DEFAULT_RATES)
        raise StudyError(f"unknown optimizer {optimizer!r}; there are: {known}{hint}")
    return DEFAULT_RATES[optimizer] if lr is None else lr


@dataclass(frozen=True)
class Sweep:
    """One setting that takes several values, everything else being equal."""

    name: str
    values: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Sweep:
        """Read ``width=2:32`` or ``width=2,4,8``.

        A range doubles from its low to its high end when the high end is at least four times the
        low one, and takes every integer otherwise. Both ends are always among the values.

        >>> Sweep.parse("width=2:32").values
        (2, 4, 8, 16, 32)
        >>> Sweep.parse("depth=2:5").values
        (2, 3, 4, 5)
        """
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or name not in SWEEPS:
            raise StudyError(
                f"sweep {text!r} not understood; expected {', '.join(SWEEPS)} and its values, "
                f"such as width=2:32 or depth=1,2,4{nearest(name, SWEEPS)}"
            )
        numbers = _integers(values, text)
        return cls(name, tuple(sorted(set(numbers))))

    def apply(self, settings: Settings, value: int) -> Settings:
        """The settings with the swept one set to ``value``."""
        if self.name == "width":
            return replace(settings, hidden=(value,) * len(settings.hidden))
        if self.name == "depth":
            return replace(settings, hidden=settings.hidden[:1] * value)
        return replace(settings, epochs=value)


def _integers(values: str, text: str) -> list[int]:
    try:
        numbers = [int(part) for part in values.replace(":", ",").split(",")]
    except ValueError:
        raise StudyError(
            f"sweep {text!r} has values that are no integers; write 2:32 or 2,4,8"
        ) from None
    for number in numbers:
        require_positive(f"a value of the sweep {text!r}", number)
    if ":" not in values:
        return numbers
    if len(numbers) != 2 or numbers[0] > numbers[1]:
        raise StudyError(f"the range in {text!r} must be low:high with low <= high, such as 2:32")
    return _spread(*numbers)


def _spread(low: int, high: int) -> list[int]:
    if high < 4 * low:
        return list(range(low, high + 1))
    doubled = [low]
    while doubled[-1] * 2 < high:
        doubled.append(doubled[-1] * 2)
    return [*doubled, high]
