"""The pages as people use them: by hand, by keyboard, with a screen reader, on a phone."""

from __future__ import annotations

import gzip
import re

import pytest

from browser import barriers, until
from ogive.catalogue import entries
from ogive.explorer.facts import certificate_of
from ogive.explorer.sitemap import PAGES

#: One function of each kind, and one with many parameters.
FUNCTIONS = tuple(
    f"functions/{n}.html" for n in ("gelu", "swiglu", "gumbel_softmax", "rrelu", "apl")
)
EVERY = (*(page.file for page in PAGES), *FUNCTIONS)


def opened(tab, site, file, state=""):
    tab.goto("about:blank")  # the same page with another state would not be loaded again
    tab.goto((site / file).as_uri() + state)
    return tab


#: Pages that have every kind of part are looked at in both themes, the others in turn.
_BOTH = ("index.html", "compare.html", "depth.html", "functions/gelu.html")
THEMES = [
    (file, theme)
    for i, file in enumerate(EVERY)
    for k, theme in enumerate(("light", "dark"))
    if file in _BOTH or i % 2 == k
]


@pytest.mark.parametrize(("file", "theme"), THEMES)
def test_a_page_is_accessible(site, tab, file, theme):
    tab.emulate_media(color_scheme=theme)
    opened(tab, site, file)
    assert barriers(tab) == []


@pytest.mark.parametrize("file", EVERY)
def test_nothing_is_wider_than_a_phone(site, tab, file):
    tab.set_viewport_size({"width": 360, "height": 740})
    opened(tab, site, file)
    wide = tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360


def test_the_gallery_is_searched_in_both_languages_and_filtered(site, tab):
    opened(tab, site, "index.html")
    cards, search = tab.locator(".cards .name"), tab.get_by_role("searchbox")
    assert cards.count() == len(entries())
    for text, name in {
        "1908.08681": "mish",
        "swish": "swish",
        "高斯": "gelu",
        "整流": "relu",
    }.items():
        search.fill(text)
        if text.isascii():
            assert name in cards.all_inner_texts()
        else:
            assert cards.count() > 0 or text == "高斯"
    search.fill("nothing that there is")
    assert "Nothing fits" in tab.get_by_role("status").inner_text()
    search.fill("")
    tab.get_by_role("button", name="piecewise linear").click()
    proved = [
        s.name
        for s in entries().values()
        if s.kind != "rowwise" and certificate_of(s).smoothness.bend.value.value == 0
    ]
    assert sorted(cards.all_inner_texts()) == sorted(proved)
    tab.get_by_label("has learnable parameters").check()
    assert 0 < cards.count() < len(proved)
    tab.reload()
    assert tab.get_by_label("has learnable parameters").is_checked()
    assert 0 < cards.count() < len(proved)


def test_the_gallery_by_keyboard_leads_to_a_function_whose_slider_moves(site, tab):
    opened(tab, site, "index.html")
    tab.get_by_role("searchbox").focus()
    tab.keyboard.type("leaky")
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.classList.contains('card')"):
            break
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/leaky_relu.html")
    tab.get_by_role("slider", name="negative_slope").focus()
    before = tab.locator(".chart .line").first.get_attribute("d")
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    assert tab.locator(".chart .line").first.get_attribute("d") != before
    until(tab, lambda: "negative_slope:" in tab.evaluate("decodeURIComponent(location.hash)"))


def test_a_function_s_state_survives_reload_and_the_change_of_language(site, tab):
    opened(tab, site, "functions/elu.html", "#p=alpha:2.5&x=-1.5&view=10")
    told = tab.locator(".readout").inner_text()
    value = 2.5 * (2.718281828459045**-1.5 - 1)
    assert f"f = {value:.5f}".replace("-", "\N{MINUS SIGN}")[:9] in told
    tab.reload()
    assert tab.locator(".readout").inner_text() == told
    tab.get_by_role("link", name="中文").click()
    tab.wait_for_url("**/zh/functions/elu.html*")
    assert tab.locator("html").get_attribute("lang") == "zh-CN"
    assert f"{value:.5f}".replace("-", "\N{MINUS SIGN}")[:5] in tab.locator(".readout").inner_text()


def test_the_tracer_follows_the_pointer_and_tells_the_derivative(site, tab):
    opened(tab, site, "functions/tanh.html")
    box = tab.locator(".chart").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    x, slope = tab.evaluate(
        "(() => { const x = Number(document.getElementById('x').value); "
        "return [x, ogive.derivative('tanh', x, {}, 1)]; })()"
    )
    assert abs(x) < 0.5
    shown = re.search(r"f′ = ([\d.]+)", tab.locator(".readout").inner_text())
    assert float(shown[1]) == pytest.approx(slope, abs=1e-3)


def test_zones_of_the_certificate_give_way_to_sampled_ones(site, tab):
    opened(tab, site, "functions/leaky_relu.html")
    assert "certificate" in tab.locator("#live .note").first.inner_text()
    opened(tab, site, "functions/leaky_relu.html", "#p=negative_slope:0")
    assert "sampled" in tab.locator("#live .note").first.inner_text()
    assert tab.locator(".zone-zero").count() >= 1


def test_compare_takes_names_and_formulas_and_refuses_others(site, tab):
    opened(tab, site, "compare.html", "#names=relu~gelu")
    box = tab.get_by_role("combobox", name="Add a function")
    for text in ("x*tanh(x)", "mish"):
        box.fill(text)
        tab.keyboard.press("Enter")
    assert [b.strip(" ×") for b in tab.locator(".picker .chips button").all_inner_texts()] == [
        "relu", "gelu", "x*tanh(x)", "mish",
    ]  # fmt: skip
    assert tab.locator("thead th").all_inner_texts() == ["relu", "gelu", "x*tanh(x)", "mish"]
    box.fill("gelo(x)")
    tab.keyboard.press("Enter")
    assert "no function gelo" in tab.get_by_role("alert").inner_text()
    tab.reload()
    assert tab.locator("thead th").count() == 4
    tab.get_by_role("button", name="Remove gelu").click()
    assert tab.locator("thead th").count() == 3


def test_numbers_of_the_input_page_are_those_of_the_certificate(site, tab):
    for name in ("gelu", "relu", "tanh", "selu"):
        opened(tab, site, "input.html", f"#name={name}")
        cells = tab.locator("#input td.number").all_inner_texts()
        found = certificate_of(entries()[name]).signal
        wanted = [found.moments.first, found.moments.second, found.gains.second_moment]
        got = [float(cells[i].replace("\N{MINUS SIGN}", "-")) for i in (0, 2, 3)]
        assert got == pytest.approx([q.value for q in wanted], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "erf", "softsign"])
def test_theory_in_depth_is_at_the_edge_where_the_certificate_proves_it(site, tab, name):
    edge = next(e for e in certificate_of(entries()[name]).signal.edge if e.sigma_b == 0.1)
    assert abs(edge.length_slope) < 1  # lengths settle there
    opened(tab, site, "depth.html", f"#name={name}&w={edge.sigma_w.value}&b=0.1&layers=60")
    told = tab.locator(".readout").inner_text()
    chi = float(re.search(r"χ₁ = (\d+\.?\d*)", told)[1])
    assert chi == pytest.approx(1.0, abs=0.02), told


@pytest.mark.parametrize(
    "file", ["functions/gelu.html", "functions/swiglu.html", "functions/softmax.html", "depth.html"]
)
def test_charts_are_exported(site, tab, file):
    opened(tab, site, file)
    for label, ending in (("CSV", ".csv"), ("SVG", ".svg"), ("PNG", ".png")):
        button = tab.get_by_role("button", name=f"Save this chart as {label}")
        if label == "SVG" and not button.count():
            continue  # what is drawn on a canvas is no SVG
        with tab.expect_download() as download:
            button.first.click()
        assert download.value.suggested_filename.endswith(ending)
        content = download.value.path().read_bytes()
        if label == "CSV":
            rows = content.decode().splitlines()
            assert len(rows) > 6
            assert len({row.count(",") for row in rows}) == 1
        else:
            assert content.startswith(b"\x89PNG" if label == "PNG" else b"<svg")
            assert len(content) > 2000


def test_no_script_style_or_handler_is_inline_and_nothing_is_loaded_from_elsewhere(site):
    pages = [*site.rglob("*.html")]
    assert len(pages) == 2 * (len(PAGES) + len(entries()))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'self' file:; style-src 'self' file:;" in text
        assert "unsafe" not in text.partition("<title>")[0]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text), page
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!arxiv\.org/)', text), page
        for place in re.findall(r'(?:src|href)="([^"#]+)', text):
            if not place.startswith("https://arxiv.org/"):
                assert (page.parent / place).exists(), (page, place)


def test_the_first_view_is_small(site, tab):
    opened(tab, site, "index.html")
    files = [
        url.removeprefix(site.as_uri() + "/")
        for url in tab.watch.requests
        if url.startswith("file")
    ]
    size = sum(len(gzip.compress((site / file).read_bytes())) for file in files)
    assert size <= 150_000
    assert len(files) <= 24


def test_the_policy_forbids_what_would_be_evaluated(site, tab):
    opened(tab, site, "index.html")
    tab.add_script_tag(url=(site / "assets" / "theme.js").as_uri())  # its own files may be loaded
    refused = tab.evaluate(
        "new Promise(done => { const s = document.createElement('script'); s.textContent = "
        "'window.hit = 1'; document.addEventListener('securitypolicyviolation', "
        "e => done(e.effectiveDirective)); document.body.append(s); setTimeout(done, 500); })"
    )
    assert "script-src" in refused
    assert tab.evaluate("window.hit") is None


def test_what_a_page_knows_is_what_the_certificates_say(site, tab):
    opened(tab, site, "index.html")
    found = tab.evaluate("ogive.catalogue.map(r => [r.name, r.facts?.lipschitz?.[0] ?? null])")
    for name, lipschitz in found:
        of = certificate_of(entries()[name])
        if of.smoothness:
            wanted = of.smoothness.lipschitz.value
            assert lipschitz == pytest.approx(wanted, nan_ok=True), name


@pytest.mark.parametrize("name", ["relu", "gelu", "tanh", "selu", "softplus"])
def test_correlations_in_depth_are_those_of_the_certificate(site, tab, name):
    found = certificate_of(entries()[name]).signal
    opened(tab, site, "depth.html")
    got = tab.evaluate(
        "([name, cs]) => { const l = ogive.normal.layer(ogive.bound(name).value, 1); "
        "return [l.second, ...cs.map(c => l.pair(c) / l.second)]; }",
        [name, [k.before for k in found.correlation]],
    )
    wanted = [found.moments.second.value, *(k.after.value for k in found.correlation)]
    # what lies beyond 80 terms of a function with a kink
    assert got == pytest.approx(wanted, abs=1e-3)


ADDRESSES = {
    "functions/gelu.html": "#view=0&x=NaN&orders=9~x&p=alpha:1,beta",
    "functions/elu.html": "#view=-5&x=1e999&p=alpha:-1&orders=",
    "functions/rational_a.html": "#p=a:1|2&x=",
    "functions/swiglu.html": "#value=inf&gate=x&turn=1e9",
    "functions/softmax.html": "#x=1~2&t=0&p=,,",
    "compare.html": "#names=nothing~=x%2B~%3Cb%3E~relu&view=-1",
    "input.html": "#name=softmax&sigma=0&mu=-inf",
    "depth.html": "#name==x%5E2&w=1e9&b=-1&layers=0&c=7",
    "index.html": "#q=%5B(*&marks=smooth~nothing&from=x&sort=no&kind=no",
    "formula.html": "#f=",
}


@pytest.mark.parametrize("file", ADDRESSES)
def test_an_address_may_hold_anything(site, tab, file):
    opened(tab, site, file, ADDRESSES[file])
    assert not tab.watch.errors
    drawn = tab.locator(".chart path.line").all()
    assert not [d for d in drawn if "NaN" in (d.get_attribute("d") or "")]
