"""Every link of the Markdown files leads to a file, and to a heading where it names one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*.md")]
    if not {"activations", "outside"} & set(path.parts)
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
#: Written while the documentation is built, one for each entry.
BUILT = re.compile(r"docs/activations/(\w+)\.md")


def links(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.S)
    return [link for link in LINK.findall(text) if "://" not in link]


def anchors(path):
    """The headings of a page as GitHub and MyST name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", [page for page in PAGES if links(page)])
def test_every_link_leads_somewhere(page):
    import ogive

    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        place = Path(*target.parts).resolve().relative_to(ROOT).as_posix()
        if built := BUILT.fullmatch(place):
            assert built[1] in [*ogive.names(), "index"], link
            continue
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_nothing_is_fetched_by_the_build():
    conf = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    assert "http" not in conf
    assert "intersphinx" not in conf
