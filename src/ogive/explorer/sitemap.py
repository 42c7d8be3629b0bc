"""The pages of the site, in the order of the navigation."""

from __future__ import annotations

from ogive.explorer import tools
from ogive.explorer.lessons import lesson_pages
from ogive.explorer.playground import playground_body
from ogive.explorer.shell import CATALOGUE, SitePage

#: Every page but those of single functions.
PAGES: tuple[SitePage, ...] = (
    SitePage(
        "index.html", "site.title.gallery", tools.gallery_body,
        (CATALOGUE, "gallery.js"), ("gallery",), "site.nav.gallery",
    ),
    SitePage(
        "compare.html", "site.title.compare", tools.compare_body,
        (CATALOGUE, "picker.js", "compare.js"), ("tools", "report"), "site.nav.compare",
    ),
    SitePage(
        "input.html", "site.title.input", tools.pushed_body,
        (CATALOGUE, "sliders.js", "picker.js", "normal.js", "input.js"), ("tools",),
        "site.nav.input",
    ),
    SitePage(
        "depth.html", "site.title.depth", tools.depth_body,
        (CATALOGUE, "sliders.js", "picker.js", "normal.js", "depth.js"), ("tools",),
        "site.nav.depth",
    ),
    SitePage(
        "formula.html", "site.title.formula", tools.own_formula_body,
        ("normal.js", "formula.js"), ("tools",), "site.nav.formula",
    ),
    SitePage(
        "playground.html", "playground.title", playground_body,
        ("random.js", "planes.js", "layer_functions.js", "network.js", "training.js",
         "plane_view.js", "network_view.js", "strip.js", "playground.js", "experiments.js"),
        ("playground",), "site.nav.playground",
    ),
    *lesson_pages(),
)  # fmt: skip
