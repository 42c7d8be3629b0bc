"""The Chinese of the explorer: whole, with the same markup, and one word for one thing."""

import re

import pytest

from ogive.catalogue import entries
from ogive.explorer.strings import all_texts, sentences
from ogive.study.claims import find_claims

TEXTS = {key: row for key, row in all_texts().items() if not key.startswith("glossary.")}
GLOSSARY = [row for key, row in all_texts().items() if key.startswith("glossary.")]
#: Words of the glossary that have other meanings as well, as in "an even number" or "it means".
LOOSE = {"odd", "even", "mean", "bounded", "gate", "gated", "bias"}
#: Texts of one language that both pages have, so that both are searched.
OF_ONE_LANGUAGE = ("gallery.code", "gallery.family_words.")
HAN = re.compile(r"[\u4e00-\u9fff]")
#: Words that are read the same in both languages: names of formats, functions and arguments.
NAMES = {"CSV", "SVG", "PNG", "ogive", "softplus", "Logit", "value", "gate", "sup"}


def words_of(text):
    """The words of two letters and more, but for placeholders and markup."""
    return set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}|<[^>]*>", "", text)))


def markup(text):
    return sorted(re.findall(r"</?\w+[^>]*>", text))


def has_word(text, word):
    """Whether a text has a word of the glossary, or its plural."""
    return re.search(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])", text, re.IGNORECASE)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_text_is_translated_with_its_markup(key):
    english, chinese = TEXTS[key]
    assert key.startswith(OF_ONE_LANGUAGE) or HAN.search(chinese) or words_of(english) <= NAMES
    assert markup(english) == markup(chinese)


@pytest.mark.parametrize(("english", "chinese"), [r for r in GLOSSARY if r[0] not in LOOSE])
def test_a_word_has_one_counterpart(english, chinese):
    texts = [*TEXTS.values(), *sentences().items()]
    assert not [row for row in texts if has_word(row[0], english) and chinese not in row[1]]


def test_every_sentence_of_the_catalogue_and_of_the_claims_has_its_chinese():
    wanted = {claim.statement for claim in find_claims()}
    for spec in entries().values():
        wanted |= {" ".join(spec.doc.split()), *spec.pitfalls}
    known = sentences()
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted) == []
    assert all(HAN.search(chinese) for chinese in known.values())
    assert [e for e, c in known.items() if markup(e) != markup(c)] == []
