"""The ledger in the docs: every claim as it stands, with a verdict; tools/claims.py writes it."""

import re
from pathlib import Path

import pytest

from ogive.study.claims import find_claims

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("claim", find_claims(), ids=lambda claim: claim.id)
def test_the_ledger_in_the_docs_is_of_these_claims(claim):
    page = (DOCS / "claims" / f"{claim.id}.md").read_text()
    assert claim.statement in page
    assert claim.criterion in page
    assert re.search(r"^\*\*(holds|fails|depends|undecided)\*\*", page, re.M)
    assert f"[{claim.id}](claims/{claim.id}.md)" in (DOCS / "claims.md").read_text()
    pictures = re.findall(r"!\[.*\]\((.*)\)", page)
    assert pictures
    assert all((DOCS / "claims" / name).is_file() for name in pictures)
    assert re.search(r"^\d{4}-\d\d-\d\d, ogive .*torch .*python .*Again: `ogive claims", page, re.M)


def test_the_ledger_says_no_more_than_there_is():
    pages = {path.stem for path in (DOCS / "claims").glob("*.md")}
    assert pages == {claim.id for claim in find_claims()}


def test_the_pictures_of_the_docs_are_small():
    pictures = [path for path in (DOCS / "claims").iterdir() if path.suffix != ".md"]
    assert len(pictures) > 20
    assert max(path.stat().st_size for path in pictures) < 60_000
