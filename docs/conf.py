"""Sphinx: the hand-written pages, a page for each activation, and the API from docstrings.

Nothing is fetched: formulas become MathML while the pages are built, and curves SVG.
"""

import re
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

import ogive

HERE = Path(__file__).parent

project, author, copyright = "ogive", "the ogive authors", "the ogive authors, Apache-2.0"
version = release = ogive.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "README.md"]

myst_enable_extensions = ["dollarmath", "attrs_inline"]
myst_heading_anchors = 4
# GitHub's links: other files of the repository are no pages
myst_links_external_new_tab = False
suppress_warnings = ["misc.highlighting_failure"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"ogive {release}"
html_static_path = ["_static"]
html_css_files = ["ogive.css"]
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f6fae", "color-brand-content": "#1f6fae"},
    "dark_css_variables": {"color-brand-primary": "#6cb4ee", "color-brand-content": "#6cb4ee"},
}


def _inline_math(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block_math(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def _write_pages(app: Sphinx) -> None:
    """Before pages are read: those of the activations, and those that stand outside of docs/."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    from activation_pages import write

    write(HERE, bare=app.config.bare_pages)


#: The pages of the repository's root, which links leave docs/ for.
OUTSIDE = re.compile(r"\]\((?:\.\./)+(CONTRIBUTING|CHANGELOG|SECURITY)\.md")


def _turn_links(app: Sphinx, name: str, text: list[str]) -> None:
    """Links that leave docs/ lead to the copies that are in it."""
    text[0] = OUTSIDE.sub(lambda link: f"](/outside/{link[1].lower()}.md", text[0])
    if name == "index":  # of whose patterns some may match nothing
        text[0] = "\n".join(line for line in text[0].split("\n") if _matches(line))


def _matches(line: str) -> bool:
    pattern = re.fullmatch(r"[\w/]*\*", line)
    return pattern is None or any(HERE.glob(f"{line}.md"))


def setup(app: Sphinx) -> None:
    # whether the pages of activations are only named, as for a check of the others' links
    app.add_config_value("bare_pages", False, "env", [bool, str])
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
    app.connect("builder-inited", _write_pages)
    app.connect("source-read", _turn_links)
