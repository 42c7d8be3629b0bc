"""The health of a model in the terminal while it trains: a table that is drawn anew at every step.

It takes what a logger takes, so that a monitor treats it as one more of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ogive.monitor.loggers.health_logger import HealthLogger, Snapshot

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Steps that a curve of a place reaches back, and the characters that it is drawn with.
CURVE_LENGTH, _BLOCKS = 16, " ▁▂▃▄▅▆▇█"
#: Redrawings a second at most: a fast training is not held up by its own picture.
REFRESHES = 8
#: Places and findings shown at most; a terminal is only so high.
PLACES_SHOWN, FINDINGS_SHOWN = 24, 6
_COLOURS = {"note": "cyan", "warning": "yellow", "error": "red"}


class LiveView(HealthLogger):
    """Draws each snapshot over the last one; where there is no terminal, the last one at the end.

    Args:
        console: where to; standard error by default.
    """

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._curves: dict[str, deque[float]] = {}
        self._live = Live(
            console=console or Console(stderr=True),
            refresh_per_second=REFRESHES,
            auto_refresh=True,
            vertical_overflow="ellipsis",
        )
        self._started = False

    def write(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        self._remember(snapshot["places"])
        self._live.update(self._drawn(snapshot))
        if not self._started:
            self._live.start()
            self._started = True

    def close(self) -> None:
        """Leave the last drawing where it is."""
        if self._started:
            self._live.stop()
            self._started = False

    def _remember(self, places: Mapping[str, Mapping[str, Any]]) -> None:
        for place, row in places.items():
            curve = self._curves.setdefault(place, deque(maxlen=CURVE_LENGTH))
            curve.append(float(row.get("dead") or 0.0))

    def _drawn(self, snapshot: Snapshot) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = [Text(f"step {snapshot['step']}", style="bold")]
        parts.append(self._table(snapshot))
        hidden = len(snapshot["places"]) - PLACES_SHOWN
        if hidden > 0:
            parts.append(Text(f"and {hidden} more places", style="dim"))
        return Group(*parts, *_findings(snapshot["findings"]))

    def _table(self, snapshot: Snapshot) -> RenderableType:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for head in ("place", "function"):
            table.add_column(head, overflow="fold")
        for head in ("dead", "", "flat", "mean z", "std z", "gain / theory", "gradient"):
            table.add_column(head, justify="right", no_wrap=True)
        worst = _worst(snapshot["findings"])
        for place in _chosen(snapshot["places"], worst):
            style = _COLOURS.get(worst.get(place, ""))
            table.add_row(*self._cells(place, snapshot["places"][place]), style=style)
        return table

    def _cells(self, place: str, row: Mapping[str, Any]) -> Iterator[str]:
        yield place
        yield row["entry"]
        yield _share(row.get("dead"))
        yield sparkline(self._curves[place])
        sides = row.get("saturated_left"), row.get("saturated_right")
        yield _share(None if None in sides else sum(map(float, sides)))  # type: ignore[arg-type]
        yield _rounded(row.get("mean_z"))
        yield _rounded(row.get("std_z"))
        yield f"{_rounded(row.get('gain'))} / {_rounded(row.get('gain_expected'))}"
        yield _rounded(row.get("gradient_in"))


def sparkline(shares: deque[float]) -> str:
    """Shares as a curve of characters.

    >>> sparkline(deque([0.0, 0.1, 0.5, 1.0]))
    ' ▁▄█'
    """
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[min(top, max(round(share * top), int(share > 0)))] for share in shares)


def _worst(findings: list[Mapping[str, Any]]) -> dict[str, str]:
    """The severity of the first finding of each place, which is its worst."""
    found: dict[str, str] = {}
    for finding in findings:
        found.setdefault(finding["place"], finding["severity"])
    return found


def _chosen(places: Mapping[str, Any], worst: Mapping[str, str]) -> list[str]:
    """As many places as there is room for, those with findings before others, in their order."""
    wanted = sorted(places, key=lambda place: place not in worst)[:PLACES_SHOWN]
    return [place for place in places if place in wanted]


def _findings(findings: list[Mapping[str, Any]]) -> Iterator[RenderableType]:
    from rich.text import Text

    for finding in findings[:FINDINGS_SHOWN]:
        line = Text(f"{finding['severity']}: ", style=_COLOURS[finding["severity"]])
        line.append(f"{finding['kind']} at {finding['place']}, cause: {finding['cause']}")
        yield line.append(f"; {finding['remedy']}" if finding["remedy"] else "")
    if len(findings) > FINDINGS_SHOWN:
        yield Text(f"and {len(findings) - FINDINGS_SHOWN} more findings", style="dim")


def _share(value: Any) -> str:
    return "-" if value is None else f"{float(value):.0%}"


def _rounded(value: Any) -> str:
    return "-" if value is None else f"{float(value):.2g}"
