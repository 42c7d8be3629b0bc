"""Every page in the browser: no error, no request elsewhere."""

import pytest

from ogive.explorer.sitemap import PAGES
from ogive.explorer.strings import FOLDERS

FILES = [f"{folder}{page.file}" for folder in FOLDERS.values() for page in PAGES]


@pytest.mark.parametrize("file", FILES)
def test_a_page_is_drawn_from_its_own_files_without_an_error(site, tab, file):
    tab.goto((site / file).as_uri())
    assert tab.locator("h1").count() == 1
    assert not tab.watch.errors
    assert all(url.startswith(site.as_uri()) for url in tab.watch.requests if "blob:" not in url)
