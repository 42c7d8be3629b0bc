"""Writes the site: pages in every language, and what they load."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path

import ogive
from ogive.catalogue import Spec, entries
from ogive.explorer.bundle import functions_script
from ogive.explorer.catalogue_data import catalogue_script
from ogive.explorer.function_page import function_page
from ogive.explorer.language import language_script
from ogive.explorer.shell import CORE_TEXTS, SitePage, page_html, text_script
from ogive.explorer.sitemap import PAGES
from ogive.explorer.strings import FOLDERS, LANGUAGES, Texts, namespace_texts


def write_site(directory: Path) -> Path:
    """Writes the explorer, with what was defined in this process, and returns its first page.

    Args:
        directory: a folder, made if it is not there; files of the same names are replaced.

    Raises:
        MissingExtra: without latex2mathml, which writes the formulas.
        OSError: where the folder cannot be written.
    """
    for place, content in content_of_site():
        path = directory / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    with as_file(files("ogive.explorer") / "assets") as assets:
        shutil.copytree(assets, directory / "assets", dirs_exist_ok=True)
    return directory / "index.html"


def content_of_site() -> Iterator[tuple[str, str]]:
    """Every file that is written rather than copied: its place and its content."""
    specs = tuple(entries().values())
    yield "assets/data/functions.js", functions_script(specs)
    yield "assets/data/language.js", language_script()
    namespaces = {*CORE_TEXTS, "function", *(n for page in PAGES for n in page.namespaces)}
    for language in LANGUAGES:
        yield f"assets/data/catalogue.{language}.js", catalogue_script(specs, language)
        for namespace in sorted(namespaces):
            told = json.dumps(namespace_texts(namespace, language), ensure_ascii=False, indent=0)
            yield f"assets/{text_script(namespace, language)}", f"ogive.addTexts({told});\n"
        for page in (*PAGES, *function_pages(specs)):
            root = "../" * (FOLDERS[language] + page.file).count("/")
            listed = [p for p in PAGES if p.nav]
            content = page_html(page, Texts(language, root), listed, ogive.__version__)
            yield f"{FOLDERS[language]}{page.file}", content


def function_pages(specs: Sequence[Spec]) -> Iterator[SitePage]:
    """A page for each entry."""
    for spec in specs:
        yield function_page(spec, [s.name for s in specs if s.family == spec.family])
