"""Functions and certificates as HTML: well formed, with a formula and the curve that f has."""

import re
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from ogive.catalogue import entries, user_spec
from ogive.certify.report.certificate import certificate
from ogive.certify.report.notebook import (
    AROUND,
    PICTURE,
    function_page,
    mathematics,
    pictured,
    sketch,
    spec_of_certificate,
)

DRAWN = [name for name, spec in entries().items() if spec.kind != "rowwise"]


def points(svg, order=0):
    """The points of a curve, in the picture's coordinates; the function is drawn last."""
    paths = re.findall(r'<path d="([^"]*)"', svg)
    numbers = re.findall(r"([-\d.]+),([-\d.]+)", paths[-1 - order])
    return np.array(numbers, dtype=float)


@pytest.mark.parametrize("name", entries())
def test_a_page_is_well_formed_and_has_a_formula(name):
    page = function_page(entries()[name])
    tree = ElementTree.fromstring(page)
    assert any(part.tag.endswith("math") for part in tree.iter())
    assert (name in DRAWN) is ("<svg" in page)
    assert len(page) < 60_000


def test_a_formula_is_text_where_latex2mathml_is_missing(monkeypatch):
    for module in [m for m in sys.modules if m.split(".")[0] == "latex2mathml"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert mathematics(entries()["mish"]) == "<code>x * tanh(softplus(x))</code>"
    assert mathematics(entries()["relu"]) == "<code>max(x, 0)</code>"


def test_the_sketch_is_of_the_function():
    """tanh at the edges and in the middle, in the picture's coordinates."""
    found = points(sketch(entries()["tanh"], (0,)))
    left, top, right, bottom = AROUND
    high = 1.06 * 1 + 0.06 * 1  # the window is [-1, 1] and a margin of 6 % of its height
    x = (found[:, 0] - left) / (PICTURE[0] - left - right) * 12 - 6
    y = high - (found[:, 1] - top) / (PICTURE[1] - top - bottom) * 2 * high
    assert np.abs(y - np.tanh(x)).max() < 0.02
    assert len(found) > 200


def test_a_jump_is_no_line():
    path = re.findall(r'<path d="([^"]*)"', sketch(entries()["step"], (0,)))[0]
    assert path.count("M") == 2


def test_every_order_has_its_curve_and_its_name():
    svg = sketch(entries()["gelu"], (0, 1, 2))
    assert svg.count("<path") == 3
    assert all(f">f{mark}</text>" in svg for mark in ("", "\N{PRIME}", "\N{PRIME}\N{PRIME}"))


@pytest.mark.parametrize("name", ["gelu", "swiglu", "rrelu", "softmax"])
def test_a_certificate_has_formula_curve_words_and_sections(name):
    spec = entries()[name]
    page = certificate(spec)._repr_html_()
    tree = ElementTree.fromstring(page)
    assert any(part.tag.endswith("math") for part in tree.iter())
    sections = {s.text.partition(" (")[0] for s in tree.iter("summary")}
    assert sections >= ({"rows"} if name == "softmax" else {"shape", "signal", "cost"})
    assert ("<svg" in page) is (name != "softmax")


def test_a_certificate_shows_the_parameters_that_it_is_of():
    steep = certificate(entries()["leaky_relu"], {"negative_slope": 0.5})
    assert spec_of_certificate(steep).parameters[0].default == 0.5
    assert steep._repr_html_() != certificate(entries()["leaky_relu"])._repr_html_()


def test_a_certificate_of_what_is_not_registered_has_its_formula():
    found = certificate(user_spec("gone", "abs(x) + x", {}))
    assert spec_of_certificate(found) is None
    assert "<code>" in found._repr_html_()


def test_a_row_of_a_report():
    formula, curve = pictured("Mish")
    assert "<math" in formula and curve.count("<path") == 1
    assert pictured("LlamaMLP") == ("", "")
