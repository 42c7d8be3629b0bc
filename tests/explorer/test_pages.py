"""Every page in the browser: no error, no request elsewhere."""

import pytest

from ogive.catalogue import entries
from ogive.explorer.sitemap import PAGES
from ogive.explorer.strings import FOLDERS
from ogive.explorer.wrong_forms import wrong_forms

FILES = [f"{folder}{page.file}" for folder in FOLDERS.values() for page in PAGES]


def assert_sound(site, tab):
    assert tab.locator("h1").count() == 1
    assert not tab.watch.errors
    asked = [url for url in tab.watch.requests if not url.startswith(("blob:", "data:", "about:"))]
    assert all(url.startswith(site.as_uri()) for url in asked)


@pytest.mark.parametrize("file", FILES)
def test_a_page_is_drawn_from_its_own_files_without_an_error(site, tab, file):
    tab.goto((site / file).as_uri())
    assert_sound(site, tab)


#: The first two of each family, and those whose pitfalls are drawn.
DRAWN = [
    spec.name
    for family in dict.fromkeys(s.family for s in entries().values())
    for i, spec in enumerate(s for s in entries().values() if s.family == family)
    if i < 2 or any(wrong for _, wrong in wrong_forms(spec))
]


@pytest.mark.parametrize("name", DRAWN)
def test_a_function_has_a_page_that_draws_it(site, tab, name):
    """Every second one in Chinese."""
    folder = list(FOLDERS.values())[DRAWN.index(name) % 2]
    tab.goto((site / folder / "functions" / f"{name}.html").as_uri())
    assert_sound(site, tab)
    assert tab.locator("#live svg, #live canvas").count() >= 1
    assert tab.locator("math").count() >= 1
    drawn = sum(wrong is not None for _, wrong in wrong_forms(entries()[name]))
    assert tab.locator("figure.wrong .line").count() >= drawn
