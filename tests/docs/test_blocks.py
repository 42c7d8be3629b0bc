"""Every code block and console session of the README and the docs does what it shows."""

import re

import blocks
import pytest
import torch
from blocks import PAGES, document, is_block, run, skips

#: At most this share of the blocks only illustrates.
MOST_SKIPPED = 0.1
#: Pages that show the report of a study.
WITH_REPORTS = ["docs/guides/choose.md"]
WITH_BLOCKS = [page for page in PAGES if any(map(is_block, document(page)))]


@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_a_page_does_what_it_shows(page, monkeypatch):
    if page not in WITH_REPORTS:  # drawing figures takes most of the time of a small study
        monkeypatch.setattr("ogive.study.study.write_results", lambda study: None)
    torch.manual_seed(0)
    run(page)


def test_few_blocks_only_illustrate_and_each_says_why():
    found = [skip for page in PAGES for skip in skips(page)]
    total = sum(is_block(example) for page in PAGES for example in document(page))
    assert total > 60
    assert len(found) <= MOST_SKIPPED * total, f"{len(found)} of {total}"
    assert all(re.fullmatch(r'next "[a-z].{10,}"', skip) for skip in found), found


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n", None),
        ("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "printed"),
        ("```python\n>>> 1 + 1\n3\n```\n", "Expected"),
        ("```python\nx = 1\n```\n\ntext\n\n```python\n>>> x\n1\n```\n", None),
        ("```console\n$ ogive --version\nogive 0\n```\n", "printed"),
        ("```console\n$ ogive show no_such_name\n```\n", "no activation"),
        ("```sh\nmake run\n```\n", "nothing runs this language"),
        ('<!-- skip: next "it would install packages" -->\n```sh\nmake run\n```\n', None),
        ("```{toctree}\nindex\n```\n", None),
        ("<!-- invisible-code-block: python\nx = 2\n-->\n\n```python\nassert x == 2\n```\n", None),
    ],
)
def test_the_runner_sees_what_is_wrong(tmp_path, monkeypatch, text, wrong):
    (tmp_path / "page.md").write_text(text)
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    if wrong is None:
        run("page.md")
    else:
        with pytest.raises(Exception, match=wrong):
            run("page.md")
