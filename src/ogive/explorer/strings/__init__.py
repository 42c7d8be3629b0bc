"""Everything that people read in the explorer, by key and language.

Apart because a text is translated where it stands, and a test can tell which are missing.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ogive.errors import OgiveError, nearest

#: Code of a language -> its place in a row of the table.
LANGUAGES = {"en": 0, "zh": 1}
_Row = tuple[str, ...]


@cache
def all_texts() -> Mapping[str, _Row]:
    """Every text: ``namespace.key`` -> the languages' texts."""
    found: dict[str, _Row] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            namespace = file.name.removesuffix(".toml")
            found |= dict(_rows(namespace, tomllib.loads(file.read_text(encoding="utf-8"))))
    return found


@cache
def sentences() -> Mapping[str, str]:
    """The catalogue's own sentences, descriptions and pitfalls, in Chinese."""
    file = files(__name__) / "catalogue" / "zh.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _rows(prefix: str, part: Mapping[str, Any]) -> Iterator[tuple[str, _Row]]:
    for name, value in part.items():
        if isinstance(value, Mapping):
            yield from _rows(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", tuple(value)


def has_text(key: str) -> bool:
    return key in all_texts()


def namespace_texts(namespace: str, language: str) -> dict[str, str]:
    """The texts that a page's scripts may use, by key."""
    place = LANGUAGES[language]
    return {k: row[place] for k, row in all_texts().items() if k.startswith(f"{namespace}.")}


@dataclass(frozen=True)
class Texts:
    """The texts of one language, for a page.

    Attributes:
        language: a key of ``LANGUAGES``.
        root: the way from the page to the site's folder, "" or "../".
    """

    language: str = "en"
    root: str = ""

    def plain(self, key: str, **values: object) -> str:
        """The text as it is.

        Raises:
            OgiveError: for a key that there is not; a page of the explorer is wrong then.
        """
        row = all_texts().get(key)
        if row is None:
            raise OgiveError(f"the explorer has no text {key!r}{nearest(key, all_texts())}")
        return row[LANGUAGES[self.language]].format(**values)

    def __call__(self, key: str, **values: object) -> str:
        """The text, escaped for HTML."""
        return html.escape(self.plain(key, **values))

    def html(self, key: str, **values: object) -> str:
        """A text that has inline markup; the values are escaped."""
        return self.plain(key, **{n: html.escape(str(v)) for n, v in values.items()})

    def escaped(self, text: str) -> str:
        """A text from elsewhere, such as a number, for HTML."""
        return html.escape(text)

    def sentence(self, text: str) -> str:
        """A sentence of the catalogue in this language; as it is where it has no translation."""
        return text if self.language == "en" else sentences().get(text, text)

    def link(self, file: str) -> str:
        """The address of a page of the same language, or of an asset."""
        inside = "" if file.startswith("assets/") else FOLDERS[self.language]
        return f"{self.root}{inside}{file}"


#: Where the pages of a language lie in the site.
FOLDERS = {"en": "", "zh": "zh/"}
