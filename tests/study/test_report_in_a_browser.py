"""The report as people read it: on a screen, light and dark, on a phone, and printed."""

import pytest

from browser import barriers
from ogive.study import run_study

PHONE, DESK, PAPER = 375, 1280, 718
ASKED = {
    "study": {"activations": ["relu", "tanh", "x*tanh(x)"], "seeds": 6, "lr": [0.01, 0.03]},
    "swept": {"activations": ["relu", "swiglu"], "seeds": 2, "sweep": "depth=1,2", "lr": 0.01},
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return {
        name: run_study("circles", epochs=2, out=out, **asked).report
        for name, asked in ASKED.items()
    }


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ASKED)
def test_everybody_can_read_it(tab, reports, name, scheme, width):
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    tab.goto(reports[name].as_uri())
    assert barriers(tab) == []
    assert not tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    light = (
        sum(map(int, tab.evaluate("getComputedStyle(document.body).color.match(/\\d+/g)"))) < 384
    )
    assert light == (scheme == "light")
    assert tab.watch.requests == [reports[name].as_uri()]
    assert tab.watch.errors == []


CUT_OFF = (
    "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth).length"
)


@pytest.mark.parametrize("name", ASKED)
def test_nothing_is_cut_off_on_a_desk_or_on_paper(tab, reports, name):
    tab.set_viewport_size({"width": DESK, "height": 800})
    tab.goto(reports[name].as_uri())
    assert tab.evaluate(CUT_OFF) == 0
    tab.emulate_media(media="print", color_scheme="dark")
    tab.set_viewport_size({"width": PAPER, "height": 1000})
    assert tab.evaluate(CUT_OFF) == 0
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.pdf(format="A4").startswith(b"%PDF")


def test_a_phone_scrolls_a_wide_table_and_keeps_the_names(tab, reports):
    tab.set_viewport_size({"width": PHONE, "height": 800})
    tab.goto(reports["study"].as_uri())
    table = tab.locator(".wide").first
    table.evaluate("e => e.scrollLeft = 200")
    name = table.locator("tbody th").first
    assert table.evaluate("e => e.scrollLeft") > 0
    assert name.bounding_box()["x"] >= table.bounding_box()["x"] - 1
