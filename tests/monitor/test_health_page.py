"""The page of a report: it says what was found, needs nothing else, and everybody can read it."""

import re
from pathlib import Path

import numpy as np
import pytest
from reports import SICK_FINDINGS, health, healthy, report, sick

from browser import barriers
from ogive.errors import MissingExtra, OgiveError
from ogive.monitor import HealthFinding, HealthReport, History
from ogive.monitor.finding import FINDING_CAUSES, FINDING_KINDS
from ogive.monitor.page import health_figures
from ogive.monitor.page.finding_words import KIND_WORDS, groups
from ogive.monitor.page.health_page import health_page
from ogive.monitor.page.heat_maps import heat_maps
from ogive.monitor.page.usual_flatness import usual_flat_share
from ogive.monitor.page.z_pictures import z_pictures

REPORTS = {"healthy": healthy, "sick": sick}
EMPTY = HealthReport(-1, {}, (), History())


# what it says


def test_findings_come_first_with_evidence_cause_and_remedy():
    page = health_page(sick())
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Found: 2 errors, 1 warning, 1 note." in said
    assert "25 % to 50 % of the units at layers.3.act and layers.2.act are dead" in said
    assert "Draw the incoming weights of the 32 dead units anew (layers.3.act)" in said
    assert FINDING_CAUSES["learning_rate"] in said
    assert "gradient ratio 2.5e-07" in said
    assert "The inputs of the model are far off centre" in said
    assert "scaled_dot_product_attention hides its softmax" in said
    assert said.index("are dead") < said.index("Gradients vanish") < said.index("Layer by layer")


def test_text_from_models_is_text():
    assert "before &lt;each&gt; activation" in health_page(sick())


def test_a_healthy_report_says_so():
    page = health_page(healthy())
    assert "Nothing is wrong" in page
    assert "What was found" not in page


def test_a_report_before_the_first_step_is_a_page():
    assert "nothing measured yet" in health_page(EMPTY)
    assert health_figures(EMPTY) == {}


def test_every_kind_of_finding_has_its_words():
    assert KIND_WORDS.keys() == FINDING_KINDS.keys()
    for kind in FINDING_KINDS:
        (group,) = groups([HealthFinding(kind, "act", "note", 0.5, {}, "unknown", 0)])
        assert "{" not in group.title
        assert "act" in group.title


def test_findings_of_one_kind_and_cause_stand_together():
    together = groups(SICK_FINDINGS)
    assert [len(group.findings) for group in together] == [2, 1, 1]
    many = [HealthFinding("dead", f"a{i}", "error", 0.5, {}, "data", i) for i in range(9)]
    (group,) = groups(many)
    assert group.title == "50 % of the units in 9 places are dead"
    assert group.since == 0


# maps


def test_maps_show_what_the_history_holds():
    found = {each.name: each for each in heat_maps(sick())}
    assert set(found) == {"dead", "saturated", "gradient", "second_moment"}
    dead = {row.place: row for row in found["dead"].rows}
    assert "attention.softmax" not in dead
    assert dead["layers.3.act"].last == "50 %"
    assert dead["layers.3.act"].levels[0] == 0.0
    assert dead["layers.3.act"].levels[-1] == 0.5
    assert "0 % at step 0, 50 % at step" in dead["layers.3.act"].summary
    gradient = [row.levels[-1] for row in found["gradient"].rows]
    assert gradient == sorted(gradient)
    assert gradient[0] < 0 < gradient[-2]
    moments = [row.levels[-1] for row in found["second_moment"].rows]
    assert moments == [0.0, *[1.0] * 3]


def test_time_is_cut_into_few_columns_that_keep_the_mean():
    (dead, *_) = heat_maps(sick())
    (*_, row) = dead.rows
    assert len(dead.edges) == len(row.values) + 1 == 61
    widths = np.diff(dead.edges)
    assert np.average(row.values, weights=widths) == pytest.approx(0.25, abs=0.01)


def test_what_is_usual_for_a_function_has_no_colour():
    usual = {"a": [health("relu", saturated_left=0.5, saturated_right=0.0)]}
    saturated = next(m for m in heat_maps(report(usual)) if m.name == "saturated")
    assert not saturated.rows[0].levels.any()
    assert saturated.rows[0].last == "50 %"


@pytest.mark.parametrize(
    ("entry", "share"), [("relu", 0.5), ("gelu", 0.0), ("leaky_relu", 0.0), ("softmax", 0.0)]
)
def test_the_usual_share(entry, share):
    assert usual_flat_share(entry) == pytest.approx(share, abs=2e-3)


# pictures


def test_pictures_are_of_the_very_activation():
    pictures = {picture.place: picture for picture in z_pictures(sick())}
    assert set(pictures) == {f"layers.{i}.act" for i in range(4)}
    first = pictures["layers.0.act"]
    assert first.flat[0][1] == pytest.approx(0.0, abs=0.1)
    assert first.in_flat == pytest.approx(0.5, abs=0.1)
    assert first.counts.sum() >= 0.99 * 500
    np.testing.assert_allclose(first.function.y, np.maximum(first.function.x, 0))


def test_figures(tmp_path):
    figures = sick().figures()
    assert {"dead", "saturated", "gradient", "second_moment", "z layers.0.act"} <= set(figures)
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name.replace(' ', '-')}.png")
    (axes, *_) = figures["dead"].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        f"layers.{i}.act" for i in range(4)
    ]


# the file


def test_it_refers_to_nothing_outside_and_has_no_scripts():
    page = health_page(sick())
    assert not re.search(r"<script|<link|@import|<iframe|<img|url\(|\bsrc=|href=", page)


def test_a_page_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OgiveError, match="cannot write the page"):
        sick().to_html(tmp_path / "none" / "health.html")
    assert not list(tmp_path.iterdir())


def test_without_jinja_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(MissingExtra, match="jinja2"):
        health_page(sick())


# in a browser

PHONE, DESK = 375, 1280


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_everybody_can_read_it(tab, tmp_path: Path, name: str, scheme: str, width: int):
    path = tmp_path / "health.html"
    REPORTS[name]().to_html(path)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    tab.goto(path.as_uri())
    assert barriers(tab) == []
    assert not tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert dark == (scheme == "dark")
    assert tab.watch.requests == [path.as_uri()]
    assert tab.watch.errors == []
