"""The browser that tests of pages drive: Debian's Chromium, through Playwright.

Where OGIVE_BROWSER is "required", as in CI, a missing browser is an error; elsewhere the tests that
need it are skipped, and the end of the run says so aloud.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-sync", "--disable-component-update",
)  # fmt: skip


def _without(what: str) -> NoReturn:
    message = f"{what} is missing, so the pages are not tested; run: make browser"
    if os.environ.get("OGIVE_BROWSER") == "required":
        pytest.fail(message)
    pytest.skip(message)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [str(r.longrepr) for r in terminalreporter.stats.get("skipped", ())]
    if any("the pages are not tested" in text for text in skipped):
        terminalreporter.write_line(
            "NOT TESTED: the pages. There is no browser; run: make browser", red=True, bold=True
        )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running browser; not longer than for a module, since Playwright's event loop is running
    meanwhile, and other tests have loops of their own."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without("playwright")
    if (path := shutil.which("chromium")) is None:
        _without("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page did that it should not: errors on the console, and requests, all of them."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def on(self, page: Any) -> None:
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """A fresh page of 1200 by 900 points; ``tab.watch`` has its errors and requests."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.watch = Watch()
    page.watch.on(page)
    yield page
    context.close()


def until(page: Any, holds: Callable[[], Any], seconds: float = 30.0) -> None:
    """Waits until something holds on a page.

    Playwright's wait_for_function has the page evaluate text as soon as it has to wait, which the
    pages' policy forbids.
    """
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        page.wait_for_timeout(20)


def barriers(page: Any) -> list[str]:
    """What axe has against the accessibility of a page, with the first place of each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}" for v in found]
