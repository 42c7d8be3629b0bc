"""The Chinese pages say what the English ones say: the same code, numbers, names and sections."""

import importlib.util
import re
from pathlib import Path

import pytest

from ogive.explorer.strings import all_texts

ROOT = Path(__file__).resolve().parents[2]
TOOL = importlib.util.spec_from_file_location("generate", ROOT / "tools" / "generate.py")
generate = importlib.util.module_from_spec(TOOL)
TOOL.loader.exec_module(generate)
PAGES = generate.TRANSLATIONS
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page):
    """A page without its code, in blocks and in lines."""
    return re.sub(r"`[^`\n]*`", "", generate.BLOCK.sub("", text(page)))


def words(page):
    """The prose without addresses, whose digits are no numbers of the page."""
    return re.sub(r"\]\([^)]*\)|<[^>]*>", "", prose(page))


@pytest.mark.parametrize("page", PAGES)
def test_the_code_is_that_of_the_english_page(page):
    assert generate.code_blocks(text(page)) == generate.code_blocks(text(PAGES[page]))
    assert generate.translated(page) == text(page)


@pytest.mark.parametrize("page", PAGES)
def test_every_number_stands_in_the_english_page(page):
    assert set(NUMBER.findall(words(page))) <= set(NUMBER.findall(words(PAGES[page])))


@pytest.mark.parametrize("page", PAGES)
def test_names_in_code_are_those_of_the_english_page(page):
    inline = re.compile(r"`([^`\n]+)`")
    own, source = (
        set(inline.findall(generate.BLOCK.sub("", text(name)))) for name in (page, PAGES[page])
    )
    assert {code for code in own if not CHINESE.search(code)} <= source


@pytest.mark.parametrize("page", PAGES)
def test_every_section_is_there_and_in_chinese(page):
    own, source = (re.findall(r"^#+", prose(name), re.M) for name in (page, PAGES[page]))
    assert own == source
    assert len(CHINESE.findall(prose(page))) > 100


def test_every_guide_has_a_chinese_page():
    guides = {path.name for path in (ROOT / "docs" / "guides").glob("*.md")}
    assert guides <= {path.name for path in (ROOT / "docs" / "zh").glob("*.md")}


#: Terms for which other words are in use, and those that these pages take.
OTHERS = [
    "零均值",
    "死神经元",
    "激励函数",
    "激活方程",
    "权值",
    "隐含层",
    "隐层",
    "学习速率",
    "梯度弥散",
]
TERMS = ["激活函数", "梯度消失", "死亡神经元", "门控单元", "学习率", "增益", "初始化"]


def test_the_terms_are_those_of_the_glossary():
    glossary = text("docs/glossary.md")
    pages = [*map(text, PAGES), text("docs/zh/index.md"), glossary]
    assert not [word for word in OTHERS for page in pages if word in page]
    assert all(term in glossary for term in TERMS)


def test_the_explorer_has_the_same_words():
    """Its glossary holds every text of its pages; a term of both has one counterpart."""
    words = dict(row for key, row in all_texts().items() if key.startswith("glossary."))
    rows = re.findall(r"^\| ([^|]+?) +\| ([^|]+?) +\|", text("docs/glossary.md"), re.M)
    both = [(term, told) for terms, told in rows for term in terms.split(", ") if term in words]
    assert len(both) > 10
    assert [(term, told) for term, told in both if words[term] not in told] == []
