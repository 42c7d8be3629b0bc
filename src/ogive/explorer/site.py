"""Writes the site: pages in every language, and what they load."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import ogive
from ogive.catalogue import Spec, entries
from ogive.explorer.bundle import functions_script
from ogive.explorer.catalogue_data import catalogue_script
from ogive.explorer.function_page import page_of_function
from ogive.explorer.language import language_script
from ogive.explorer.shell import CORE_TEXTS, SitePage, page_html, text_script
from ogive.explorer.sitemap import PAGES
from ogive.explorer.strings import FOLDERS, LANGUAGES, Texts, namespace_texts

#: The site as it is built into a wheel.
ARCHIVE = "site.zip"


def write_site(directory: Path) -> Path:
    """Writes the explorer, with what was defined in this process, and returns its first page.

    Where the package ships it and nothing was defined, what is shipped is unpacked.

    Args:
        directory: a folder, made if it is not there; files of the same names are replaced.

    Raises:
        MissingExtra: without latex2mathml, where formulas have to be written.
        OSError: where the folder cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from ogive.explorer import write_site
        >>> write_site(pathlib.Path(tempfile.mkdtemp())).name
        'index.html'
    """
    directory.mkdir(parents=True, exist_ok=True)
    shipped = files("ogive.explorer") / ARCHIVE
    if shipped.is_file() and not any(s.family == "user" for s in entries().values()):
        with as_file(shipped) as path, ZipFile(path) as archive:
            archive.extractall(directory)
        return directory / "index.html"
    for place, content in site_files():
        path = directory / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory / "index.html"


def write_archive(path: Path) -> None:
    """Writes the whole site as one file, the same bytes whenever it is the same site."""
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for place, content in sorted(site_files()):
            archive.writestr(ZipInfo(place), content, ZIP_DEFLATED)


def site_files() -> Iterator[tuple[str, bytes]]:
    """Every file of the site: its place and its content."""
    for place, content in content_of_site():
        yield place, content.encode()
    for asset in sorted((files("ogive.explorer") / "assets").iterdir(), key=lambda f: f.name):
        yield f"assets/{asset.name}", asset.read_bytes()


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
        yield page_of_function(spec, [s.name for s in specs if s.family == spec.family])
