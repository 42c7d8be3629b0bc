"""What moving a slider costs, by counting: one drawing a frame, few new elements, few evaluations.

Times are no test's; ``python tools/measure_sliders.py`` measures frames a second.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from browser import until

_PATH = Path(__file__).resolve().parents[2] / "tools" / "measure_sliders.py"
_TOOL = importlib.util.spec_from_file_location("measure_sliders", _PATH)
measure_sliders = importlib.util.module_from_spec(_TOOL)
_TOOL.loader.exec_module(measure_sliders)
#: What is there is kept: elements are made where a grid has more lines, and a table other rows.
MOST_ELEMENTS = 30
#: f, f' and f'' at 480 places each, both sides of jumps, and the zones at 400; a surface of 27 by
#: 27; 1,500 quantiles and an integral of 681 under f and f' each; 100 layers of 281 points each
#: under f and f', of which none is looked up.
MOST_EVALUATIONS = {"functions": 4_000, "input.html": 5_500, "depth.html": 60_000}
# theirs are not counted: they keep functions of their own
MOST_EVALUATIONS |= {"lessons": 0, "playground.html": 0}
_COUNT = """([id, events]) => new Promise((done) => {
    const slider = document.getElementById(id);
    const [low, high] = [Number(slider.min), Number(slider.max)];
    const found = { elements: 0, evaluations: 0, addresses: 0 };
    const counted = (f) => (...given) => (found.evaluations++, f(...given));
    for (const entry of ogive.entries.values())
        entry.functions = entry.functions?.map((f) => [f].flat().map(counted))
            .map((f, order) => (Array.isArray(entry.functions[order]) ? f : f[0]));
    const picker = document.querySelector("select#name");
    if (picker) { // what was picked is held: pick another, which is counted
        picker.value = "silu";
        picker.dispatchEvent(new Event("change"));
        found.evaluations = 0;
    }
    const write = history.replaceState.bind(history);
    history.replaceState = (...given) => (found.addresses++, write(...given));
    const observer = new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
            found.elements += [...addedNodes].filter((node) => node.nodeType === 1).length;
    });
    observer.observe(document.body, { childList: true, subtree: true });
    for (let k = 0; k < events; k++) {
        slider.value = low + ((high - low) * (k + 1.5)) / (events + 2);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
        done(found);
    })));
})"""


@pytest.mark.parametrize(("place", "slider"), measure_sliders.SLIDERS.items())
def test_however_often_it_moves_in_a_frame_it_is_drawn_once(tab, site, place, slider):
    tab.goto(f"{site.as_uri()}/{place}")
    tab.wait_for_timeout(100)  # what is drawn first is drawn
    found = tab.evaluate(_COUNT, [slider, 12])
    kind = next(kind for kind in MOST_EVALUATIONS if place.startswith(kind))
    assert found["elements"] <= MOST_ELEMENTS
    assert found["evaluations"] <= (MOST_EVALUATIONS[kind] or 10**9)
    assert found["addresses"] <= 2  # at once, and at rest
    assert not tab.watch.errors


def test_the_address_has_the_last_value(tab, site):
    tab.goto((site / "functions" / "elu.html").as_uri())
    value = tab.evaluate(
        """() => {
            const slider = document.getElementById("parameter-alpha");
            for (let k = 0; k < 30; k++) {
                slider.value = 0.5 + k / 20;
                slider.dispatchEvent(new Event("input"));
            }
            return slider.value;
        }"""
    )
    until(tab, lambda: f"alpha%3A{value}" in tab.url)


def test_the_tool_measures_frames(tab, site):
    tab.goto((site / "functions" / "elu.html").as_uri())
    cost = measure_sliders.measured(tab, "parameter-alpha", milliseconds=200)
    assert 0 < cost.frames <= 61
    assert 0 < cost.parts["script"] < cost.parts["all"]
    assert cost.parts["p95"] > 0
    assert cost.parts["raster"] > 0
