"""Moves a slider of every kind of page in Chromium for two seconds, and says what a frame costs.

    python tools/measure_sliders.py

Every frame gets another value of the slider. `script`, `style`, `layout` and `all` are milliseconds
of the processor that the page's thread needs for a frame, `all` with painting: a frame has 16.7.
They hardly depend on what else the machine does. `frames` are those that were drawn a second, 60 at
most, and `slowest` is the longest time between two in milliseconds; both need a quiet machine.
"""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ogive.explorer import write_site

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
#: Page -> the slider that is moved, by its id.
SLIDERS = {
    "functions/elu.html": "parameter-alpha",
    "functions/gelu.html": "x",
    "functions/rational_a.html": "parameter-a0",
    "functions/rrelu.html": "parameter-lower",
    "functions/swiglu.html": "turn",
    "functions/swiglu_oai.html": "parameter-alpha",
    "functions/softmax.html": "x0",
    "functions/gumbel_softmax.html": "t",
    "functions/entmax15.html": "t",
    "input.html": "sigma",
    "depth.html": "w",
    "depth.html#layers=100": "b",
    "lessons/relus.html": "figure-alpha",
    "lessons/gates.html": "figure-beta",
    "lessons/softmax.html": "figure-temperature",
    "lessons/saturation.html": "figure-scale",
}
_MOVE = """([id, milliseconds]) => new Promise((done) => {
    const slider = document.getElementById(id);
    const [low, high] = [Number(slider.min), Number(slider.max)];
    const times = [];
    const move = (now) => {
        times.push(now);
        if (now - times[0] > milliseconds) return done(times);
        slider.value = low + (high - low) * (0.5 + 0.45 * Math.sin(now / 300));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
})"""
_METRICS = {
    "script": "ScriptDuration",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
    "all": "TaskDuration",
}


class Cost(NamedTuple):
    """Frames a second, the slowest one, and milliseconds of the processor a frame."""

    frames: float
    slowest: float
    parts: dict[str, float]


def measured(page: Any, slider: str, milliseconds: int = 2000) -> Cost:
    """Moves the slider of the open page; a first time to have everything compiled."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(_MOVE, [slider, 300])
    before = _metrics(session)
    times = page.evaluate(_MOVE, [slider, milliseconds])
    after = _metrics(session)
    frames = len(times) - 1
    steps = [b - a for a, b in pairwise(times)]
    parts = {name: 1000 * (after[name] - before[name]) / frames for name in _METRICS}
    return Cost(1000 * frames / (times[-1] - times[0]), max(steps), parts)


def _metrics(session: Any) -> dict[str, float]:
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return {name: found[key] for name, key in _METRICS.items()}


def main() -> None:
    from playwright.sync_api import sync_playwright

    heads = ("frames", "slowest", *_METRICS)
    print(f"{'page':34}{'slider':20}" + "".join(f"{h:>9}" for h in heads))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = write_site(Path(folder)).parent
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for place, slider in SLIDERS.items():
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(f"{site.as_uri()}/{place}")
            cost = measured(page, slider)
            numbers = (cost.frames, cost.slowest, *cost.parts.values())
            print(f"{place:34}{slider:20}" + "".join(f"{n:9.1f}" for n in numbers), flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
