"""The main parts of the pages that are tools: gallery, compare, input, depth, your own formula."""

from __future__ import annotations

from ogive.explorer.strings import Texts


def gallery_body(texts: Texts) -> str:
    return f'<h1>{texts("site.title.gallery")}</h1>\n<div id="gallery"></div>'


def compare_body(texts: Texts) -> str:
    return f'<h1>{texts("site.title.compare")}</h1>\n<div id="compare"></div>'


def pushed_body(texts: Texts) -> str:
    return f'<h1>{texts("site.title.input")}</h1>\n<div id="input"></div>'


def depth_body(texts: Texts) -> str:
    return f'<h1>{texts("site.title.depth")}</h1>\n<div id="depth"></div>'


def own_formula_body(texts: Texts) -> str:
    return f'<h1>{texts("site.title.formula")}</h1>\n<div id="formula"></div>'
