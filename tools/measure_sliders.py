"""Moves a slider of every kind of page in Chromium for two seconds, and says what a frame costs.

    python tools/measure_sliders.py

Every frame gets another value of the slider. `frames` are those that the page had a second: where a
screen has sixty, one that is missed in two seconds takes half of one off. `slowest` is the longest
time between two in milliseconds. Both need a quiet machine: the first row is a page that does
nothing else, and shows how well the machine keeps time by itself.

The rest is milliseconds of the processor for a frame, which hardly depend on what else the machine
does: `script`, `style`, `layout` and `all`, with painting, of the page's thread, of which a frame
has 16.7; `p95` of it, which 19 frames of 20 stay below, and `raster`, what other threads need to
make pictures of what was painted, where no graphics card does it. These two are of a run that is
traced, which costs a little itself.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from statistics import mode
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
    "playground.html": "width",
    "lessons/nonlinearity.html": "figure-width",
    "lessons/choose.html": "figure-width",
    "lessons/relus.html": "figure-alpha",
    "lessons/gates.html": "figure-beta",
    "lessons/softmax.html": "figure-temperature",
    "lessons/saturation.html": "figure-scale",
    "lessons/saturation.html#depth=30": "figure-depth",
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
#: A page that does nothing, and how long a browser that was started or has loaded a page is busy.
_EMPTY = "data:text/html,<input type=range id=nothing max=1>"
_SETTLING = 300
_METRICS = {
    "script": "ScriptDuration",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
    "all": "TaskDuration",
}


_TRACED = ("toplevel", "cc")
_TASK, _FRAME = "ThreadControllerImpl::RunTask", "ProxyMain::BeginMainFrame"
_RASTER = "RasterizerTaskImpl::RunOnWorkerThread"


class Cost(NamedTuple):
    """Frames a second, the slowest one, and milliseconds of the processor a frame."""

    frames: float
    slowest: float
    parts: dict[str, float]


def measured(page: Any, slider: str, milliseconds: int = 2000) -> Cost:
    """Moves the slider of the open page; a first time to have everything compiled."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(_MOVE, [slider, 500])
    before = _metrics(session)
    times = page.evaluate(_MOVE, [slider, milliseconds])
    after = _metrics(session)
    frames = len(times) - 1
    steps = [b - a for a, b in pairwise(times)]
    parts = {name: 1000 * (after[name] - before[name]) / frames for name in _METRICS}
    parts |= _traced(page, slider, milliseconds // 2)
    return Cost(1000 * frames / (times[-1] - times[0]), max(steps), parts)


def _metrics(session: Any) -> dict[str, float]:
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return {name: found[key] for name, key in _METRICS.items()}


def _traced(page: Any, slider: str, milliseconds: int) -> dict[str, float]:
    """What only a trace tells: the page's thread frame by frame, and the threads that rasterise."""
    session = page.context.browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    ended: list[Any] = []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    session.on("Tracing.tracingComplete", lambda told: ended.append(told))
    config = {"includedCategories": list(_TRACED)}
    session.send("Tracing.start", {"traceConfig": config, "transferMode": "ReportEvents"})
    page.evaluate(_MOVE, [slider, milliseconds])
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    session.detach()
    begun = [e for e in events if e["name"] == _FRAME]
    process = mode(e["pid"] for e in begun)  # the browser's own windows have frames too
    own = [e for e in events if e["ph"] == "X" and e["pid"] == process]
    starts = sorted(e["ts"] for e in begun if e["pid"] == process)
    thread = next(e["tid"] for e in begun if e["pid"] == process)
    tasks = [e for e in own if e["name"] == _TASK and e["tid"] == thread]
    # a frame begins within its task, and that task ends within the frame
    sums = [_spent(e for e in tasks if a < e["ts"] + e["dur"] <= b) for a, b in pairwise(starts)]
    raster = _spent(e for e in own if e["name"] == _RASTER)
    return {"p95": sorted(sums)[int(0.95 * len(sums))], "raster": raster / len(starts)}


def _spent(events: Iterable[dict[str, Any]]) -> float:
    return sum(e.get("tdur", 0) for e in events) / 1000


def main() -> None:
    from playwright.sync_api import sync_playwright

    heads = ("frames", "slowest", *_METRICS, "p95", "raster")
    print(f"{'page':34}{'slider':20}" + "".join(f"{h:>9}" for h in heads))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = write_site(Path(folder)).parent
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        pages = {_EMPTY: "nothing", **{f"{site.as_uri()}/{p}": s for p, s in SLIDERS.items()}}
        for place, slider in pages.items():
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(place)
            page.wait_for_timeout(_SETTLING)
            cost = measured(page, slider)
            numbers = (cost.frames, cost.slowest, *cost.parts.values())
            name = place.removeprefix(f"{site.as_uri()}/")[:33]
            print(f"{name:34}{slider:20}" + "".join(f"{n:9.1f}" for n in numbers), flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
