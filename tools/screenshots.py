"""Photographs pages of the explorer for the README: docs/images/explorer_*.png.

    python tools/screenshots.py

The pictures have 128 colours, a few tens of kilobytes each.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from ogive.explorer import write_site

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


@dataclass(frozen=True)
class Shot:
    """A picture: its file, the page with its state, and the window."""

    name: str
    page: str
    theme: str = "light"
    width: int = 1100
    height: int = 800


SHOTS = (
    Shot("gallery", "index.html"),
    Shot("function", "functions/mish.html", "dark"),
    Shot("compare", "compare.html#names=relu~gelu~silu~mish"),
    Shot("depth", "depth.html#name=tanh&w=1.5&b=0.3", "dark", height=1130),
    Shot("playground", "playground.html"),
    Shot("phone", "functions/swiglu.html", width=390, height=844),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        first = write_site(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for shot in SHOTS:
            size = {"width": shot.width, "height": shot.height}
            page = browser.new_page(viewport=size, color_scheme=shot.theme)
            page.goto(first.parent.as_uri() + "/" + shot.page)
            page.wait_for_timeout(1000)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            picture.quantize(128).save(IMAGES / f"explorer_{shot.name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
