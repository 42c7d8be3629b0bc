"""One setting that takes several values, everything else being equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ogive.errors import nearest
from ogive.study.errors import StudyError
from ogive.study.requirements import require_above_zero, require_positive
from ogive.study.settings import DEEPEST, Settings

SweptValue = int | float


@dataclass(frozen=True)
class Swept:
    """A setting that can be swept: whether its values are whole numbers, and how one is set."""

    whole: bool
    apply: Callable[[Settings, Any], Settings]


def _of_all_layers(settings: Settings, width: int) -> Settings:
    return replace(settings, hidden=(width,) * len(settings.hidden))


def _of_the_first_layer(settings: Settings, depth: int) -> Settings:
    return replace(settings, hidden=settings.hidden[:1] * depth)


SWEEPS = {
    "width": Swept(True, _of_all_layers),
    "depth": Swept(True, _of_the_first_layer),
    "epochs": Swept(True, lambda settings, value: replace(settings, epochs=value)),
    "batch_size": Swept(True, lambda settings, value: replace(settings, batch_size=value)),
    "rows": Swept(True, lambda settings, value: replace(settings, rows=value)),
    "lr": Swept(False, lambda settings, value: replace(settings, lr=value)),
    "init_scale": Swept(False, lambda settings, value: replace(settings, init_scale=value)),
}
MOST_VALUES = 100


@dataclass(frozen=True)
class Sweep:
    """A setting by its name, and its values in ascending order."""

    name: str
    values: tuple[SweptValue, ...]

    @classmethod
    def parse(cls, text: str) -> Sweep:
        """Read ``width=2:32`` or ``lr=0.001,0.01``.

        A range doubles from its low to its high end when the high end is at least four times the
        low one or the values are no whole numbers, and takes every integer otherwise. Both ends
        are always among the values.

        >>> Sweep.parse("width=2:32").values
        (2, 4, 8, 16, 32)
        >>> Sweep.parse("depth=2:5").values
        (2, 3, 4, 5)
        >>> Sweep.parse("lr=0.01:0.05").values
        (0.01, 0.02, 0.04, 0.05)
        """
        name, equals, values = (part.strip() for part in text.partition("="))
        name = name.replace("-", "_")
        if not equals or name not in SWEEPS:
            near = "" if name in SWEEPS else nearest(name, SWEEPS)
            raise StudyError(
                f"sweep {text!r} not understood; expected one of {', '.join(SWEEPS)} and its "
                f"values, such as width=2:32 or depth=1,2,4{near}"
            )
        listed = _numbers(name, values, text)
        return cls(name, tuple(sorted(set(listed))))

    def __post_init__(self) -> None:
        if self.name not in SWEEPS or not self.values:
            raise StudyError(
                f"a sweep over {self.name!r} with values {self.values} cannot be made; "
                f"name one of {', '.join(SWEEPS)} and at least one value"
            )
        for value in self.values:
            _require_possible(self.name, value)
        if len(self.values) > MOST_VALUES:
            raise StudyError(
                f"the sweep over {self.name} has {len(self.values)} values; at most "
                f"{MOST_VALUES} are taken: list some, such as {self.name}=2,8,32"
            )

    def apply(self, settings: Settings, value: SweptValue) -> Settings:
        """The settings with the swept one set to ``value``."""
        return SWEEPS[self.name].apply(settings, value)


def _require_possible(name: str, value: SweptValue) -> None:
    what = f"a value of the sweep over {name}"
    if not SWEEPS[name].whole:
        require_above_zero(what, value, 0.01)
        return
    require_positive(what, value)
    if name == "depth" and value > DEEPEST:
        raise StudyError(f"{what} is {value}; at most {DEEPEST} layers are built")


def _numbers(name: str, values: str, text: str) -> list[SweptValue]:
    whole = SWEEPS[name].whole
    try:
        read = [(int if whole else float)(part) for part in values.replace(":", ",").split(",")]
    except ValueError:
        kind = "integers" if whole else "numbers"
        raise StudyError(
            f"sweep {text!r} has values that are no {kind}; write 2:32 or 2,4,8"
        ) from None
    for value in read:
        _require_possible(name, value)
    if ":" not in values:
        return read
    if len(read) != 2 or not read[0] <= read[1]:
        raise StudyError(f"the range in {text!r} must be low:high with low <= high, such as 2:32")
    return _spread(read[0], read[1], whole)


def _spread(low: SweptValue, high: SweptValue, whole: bool) -> list[SweptValue]:
    if whole and high < 4 * low:
        return list(range(int(low), int(min(high, low + MOST_VALUES)) + 1))
    doubled = [low]
    while doubled[-1] * 2 < high:
        doubled.append(doubled[-1] * 2)
    return [*doubled, high] if high > low else doubled
