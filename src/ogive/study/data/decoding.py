"""The text of a file whose encoding nobody has said: what byte order marks and bytes show."""

from __future__ import annotations

import codecs
from pathlib import Path

from ogive.errors import briefly, require
from ogive.study.errors import StudyError
from ogive.study.requirements import require_text

#: So much of a file shows its encoding.
SHOWN_BYTES = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Encodings that a guess may name where neither UTF-8 nor the two usual others fit.
_RARER = ("big5", "cp932", "shift_jis", "euc_jp", "cp949", "euc_kr")
#: What encodings are called that are usually known by another name.
_CALLED = {
    "utf-8-sig": "UTF-8",
    "gb18030": "GBK (GB 18030)",
    "cp1252": "Latin-1 (Windows-1252)",
}


def text_of_file(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file, and what its encoding is called.

    Raises:
        StudyError: for a file that is empty or not of that encoding, and for null bytes.
    """
    data = path.read_bytes()
    if not data.strip():
        raise StudyError(f"{path.name!r} cannot be read as a table: it is empty")
    if encoding is not None:
        require_text("encoding", encoding)
    used = encoding or _encoding(data)
    try:
        text = data.decode(used)
    except UnicodeError as error:
        raise StudyError(
            f"{path.name!r} cannot be read as a table of {used} text: {str(error)[:150]}; "
            f"name its encoding, as encoding='latin-1' or --encoding latin-1"
        ) from error
    except (LookupError, ValueError):  # the latter for a name with a null byte
        raise StudyError(
            f"there is no encoding {briefly(used)}; use utf-8, gbk, latin-1 ..."
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise StudyError(
            f"{path.name!r} has a null byte in line {line}, so it is no text of {used}"
        )
    return text, _CALLED.get(used, used.upper())


def _encoding(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if wide := _utf16(data[:SHOWN_BYTES]):
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(data)
    return "utf-8"


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of most text is 0."""
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if data[start::2].count(0) > 0.4 * len(data[start::2]) > data[1 - start :: 2].count(0):
            return name
    return None


def _guessed(data: bytes) -> str:
    """What the bytes look like; where nothing does, Latin-1, in which all bytes mean something."""
    from_bytes = require("charset_normalizer", "study").from_bytes
    shown = _around_first(data)
    likely = from_bytes(shown, cp_isolation=["gb18030", "cp1252"]).best()
    likely = likely or from_bytes(shown, cp_isolation=[*_RARER]).best()
    for name in (likely.encoding if likely else "cp1252", "gb18030", "cp1252"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return str(name)
    return "latin-1"


def _around_first(data: bytes) -> bytes:
    """The lines with bytes beyond ASCII, which alone tell encodings apart."""
    telling = [line for line in data.split(b"\n") if not line.isascii()]
    return b"\n".join(telling)[:SHOWN_BYTES]
