"""Every text of the explorer in every language: none missing, none unused, none half translated."""

import re
import string
from functools import cache
from pathlib import Path

import pytest

import ogive.explorer
from ogive.catalogue import entries
from ogive.errors import OgiveError
from ogive.explorer.strings import LANGUAGES, Texts, all_texts

ROOT = Path(ogive.explorer.__file__).parent
#: Keys that are put together from parts, by how they begin.
MADE = (
    "words.good_title", "words.bad_title", "words.when_title", "site.nav.", "gallery.sort_",
    "gallery.kind_", "gallery.mark_", "gallery.family_words.", "words.family.", "words.good.",
    "words.bad.", "words.when.", "words.nothing_", "report.label.", "report.section.",
    "report.criterion.", "report.word.", "report.method_word.", "errors.", "function.evidence_",
    "function.zone_", "tools.depth_", "tools.formula_", "tools.compare_", "playground.",
    "lessons.", "figures.", "glossary.",
)  # fmt: skip


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", all_texts())
def test_a_text_is_there_in_every_language_with_the_same_values(key):
    row = all_texts()[key]
    assert len(row) == len(LANGUAGES)
    assert all(text.strip() for text in row), "a translation is missing"
    assert len({frozenset(placeholders(text)) for text in row}) == 1
    chinese = row[LANGUAGES["zh"]]
    assert chinese == row[0] or re.search(r"[\u4e00-\u9fff]", chinese) or len(chinese) < 40


@cache
def sources() -> str:
    """Everything that takes texts."""
    files = [*ROOT.glob("*.py"), *(ROOT / "assets").glob("*.js")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def named(source: str) -> set[str]:
    """The keys that stand in scripts and modules as they are."""
    namespaces = "|".join({key.partition(".")[0] for key in all_texts()})
    found = set(re.findall(rf"[\"'`]((?:{namespaces})\.[\w.\-]*\w)[\"'`]", source))
    return found - {"site.write_site"}  # in a docstring


def test_no_page_asks_for_a_text_that_is_not_there():
    assert not {
        k for k in named(sources()) - set(all_texts()) if not k.endswith((".js", ".html", ".zip"))
    }


def test_no_text_is_left_over():
    known = named(sources())
    idle = [
        key
        for key in all_texts()
        if key not in known
        and not key.startswith(MADE)
        and f'"{key.partition(".")[2]}"' not in sources()
        and not re.search(rf"[\"'`.({{,\s]{re.escape(key.rpartition('.')[2])}[\"'`:,]", sources())
    ]
    assert not idle


def test_every_family_and_kind_has_its_words():
    for spec in entries().values():
        for language in LANGUAGES:
            texts = Texts(language)
            assert texts.plain(f"words.family.{spec.family}")
            assert texts.plain(f"gallery.family_words.{spec.family}.{language}")
            assert texts.plain(f"gallery.kind_{spec.kind}")


def test_an_unknown_key_is_refused_with_the_nearest():
    with pytest.raises(OgiveError, match=r"no text 'site\.nam'; did you mean 'site\.name'"):
        Texts().plain("site.nam")


def test_values_are_escaped_and_markup_is_kept():
    assert Texts()("function.at", x="<b>", f="1", f1="2", f2="3").startswith("at x = &lt;b&gt;")
    assert Texts("zh", "../").link("compare.html") == "../zh/compare.html"
    assert Texts("zh", "../").link("assets/style.css") == "../assets/style.css"
