"""The lessons: eight short pages, each with a live figure and with what experiments say."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ogive.catalogue import entries
from ogive.explorer.experiments import KnownClaim, known_claims
from ogive.explorer.lesson_numbers import lesson_numbers
from ogive.explorer.playground import ONE_SUM, trainable
from ogive.explorer.shell import SitePage
from ogive.explorer.strings import Texts, all_texts

#: How to compare on one's own data, as it is typed.
MEASURE = "ogive study --data my.csv --target y --activations relu,silu,mish"
_PLANE = (
    "random.js",
    "planes.js",
    "layer_functions.js",
    "network.js",
    "training.js",
    "plane_view.js",
)


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        slug: its name in addresses and texts.
        claims: those that its end shows.
        scripts: what its figure needs before ``lesson_<slug>.js``.
        namespaces: further ones whose texts these take.
    """

    slug: str
    claims: Sequence[str]
    scripts: Sequence[str] = ()
    namespaces: Sequence[str] = ()

    @property
    def file(self) -> str:
        return f"lessons/{self.slug}.html"

    @property
    def title(self) -> str:
        return f"lessons.{self.slug}.title"


LESSONS = (
    Lesson("nonlinearity", ("C1", "C25", "C30"), _PLANE),
    Lesson("saturation", ("C2", "C3", "C11", "C33"), _PLANE),
    Lesson("dead", ("C7", "C8"), (*_PLANE, "network_view.js"), ("playground",)),
    Lesson("centre", ("C4", "C5", "C10", "C14"), _PLANE),
    Lesson("relus", ("C6", "C9", "C12", "C13", "C21", "C28")),
    Lesson("gates", ("C15", "C16", "C17", "C18", "C31"), ("random.js",)),
    Lesson("softmax", ("C19", "C20", "C22"), ("random.js",)),
    Lesson("choose", (), (*_PLANE, "strip.js")),
)


def lesson_pages() -> Iterator[SitePage]:
    """The index of the lessons, and each of them."""
    yield SitePage("lessons.html", "lessons.index.title", index_body, nav="site.nav.lessons")
    for lesson in LESSONS:
        yield SitePage(
            lesson.file,
            lesson.title,
            _body(lesson),
            ("figure_controls.js", *lesson.scripts, f"lesson_{lesson.slug}.js"),
            ("figures", *lesson.namespaces),
        )


def index_body(texts: Texts) -> str:
    """The list of the lessons, and the glossary."""
    rows = "".join(
        f'<li><a href="{texts.link(lesson.file)}">{texts(lesson.title)}</a>'
        f"<br>{texts(f'lessons.{lesson.slug}.lead')}</li>"
        for lesson in LESSONS
    )
    words = [
        f'<td lang="en">{html.escape(english)}</td><td lang="zh-CN">{html.escape(chinese)}</td>'
        for key, (english, chinese) in all_texts().items()
        if key.startswith("glossary.")
    ]
    return f"""\
<h1>{texts("lessons.index.title")}</h1>
<p>{texts("lessons.index.lead")}</p>
<ol class="lessons">{rows}</ol>
<h2>{texts("lessons.index.words")}</h2>
{_table([texts(f"lessons.index.{name}") for name in ("english", "chinese")], words)}"""


def _table(heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table that scrolls by itself, of heads and of rows' cells."""
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "".join(f"<tr>{cells}</tr>" for cells in rows)
    return (
        f'<div class="scroll" tabindex="0"><table class="claims"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _body(lesson: Lesson) -> Callable[[Texts], str]:
    return lambda texts: lesson_body(lesson, texts)


def lesson_body(lesson: Lesson, texts: Texts) -> str:
    """A lesson: two paragraphs, the figure, the rest, what to try, and the evidence."""
    say = [f"<p>{text}</p>" for text in _prose(lesson, "say", texts)]
    rest = _choice(texts) if lesson.slug == "choose" else _evidence(lesson, texts)
    parts = [
        _trail(lesson, texts),
        f"<h1>{texts(lesson.title)}</h1>",
        f'<p class="lead">{texts(f"lessons.{lesson.slug}.lead")}</p>',
        *say[:2],
        _figure(lesson, texts),
        *say[2:],
        _tries(lesson, texts),
        rest,
        f'<p class="panel"><b>{texts("lessons.frame.keep")}</b> '
        f"{_linked(texts.html(f'lessons.{lesson.slug}.keep'), texts)}</p>",
        _neighbours(lesson, texts),
    ]
    return "\n".join(part for part in parts if part)


def _prose(lesson: Lesson, part: str, texts: Texts) -> list[str]:
    """The texts of a part in their order, with numbers and links."""
    prefix = f"lessons.{lesson.slug}.{part}."
    keys = [key for key in all_texts() if key.startswith(prefix)]
    return [_linked(texts.html(key, **lesson_numbers()), texts) for key in keys]


def _linked(text: str, texts: Texts) -> str:
    """The text with a link at every code that is an activation's name."""

    def link(found: re.Match[str]) -> str:
        if found[1] not in entries():
            return found[0]
        return f'<a href="{texts.link(f"functions/{found[1]}.html")}">{found[0]}</a>'

    return re.sub(r"<code>(\w+)</code>", link, text)


def _trail(lesson: Lesson, texts: Texts) -> str:
    place = f"{LESSONS.index(lesson) + 1}/{len(LESSONS)}"
    index = f'<a href="{texts.link("lessons.html")}">{texts("lessons.frame.lessons")}</a>'
    return f'<p class="trail">{index} · {place}</p>'


def _figure(lesson: Lesson, texts: Texts) -> str:
    data = ""
    if "training.js" in lesson.scripts:
        told = json.dumps(trainable(ONE_SUM), separators=(",", ":"))
        data = f' data-activations="{html.escape(told)}"'
    return f'<div id="figure" class="panel"{data}></div>'


def _tries(lesson: Lesson, texts: Texts) -> str:
    rows = "".join(f"<li>{text}</li>" for text in _prose(lesson, "try", texts))
    return f"<h2>{texts('lessons.frame.try')}</h2>\n<ul>{rows}</ul>" if rows else ""


def _evidence(lesson: Lesson, texts: Texts) -> str:
    known = known_claims()
    return f"""\
<h2>{texts("lessons.frame.evidence")}</h2>
<p class="note">{texts("lessons.frame.evidence_lead")}</p>
{_claims_table([known[name] for name in lesson.claims], texts)}"""


def _claims_table(claims: Iterable[KnownClaim], texts: Texts) -> str:
    heads = [texts(f"lessons.choose.{name}") for name in ("claim", "verdict")]
    rows = [
        f"<td>{html.escape(texts.sentence(each.claim))}"
        f' <span class="quiet">({each.id})</span></td><td>{_verdict(each, texts)}</td>'
        for each in claims
    ]
    return _table(heads, rows)


def _verdict(each: KnownClaim, texts: Texts) -> str:
    """The word, and folded what it rests on, which the ledger says in English."""
    word = texts(f"lessons.verdict.{each.verdict or 'open'}")
    told = f'<b class="verdict {each.verdict or "open"}">{word}</b>'
    if not each.on:
        return told
    on = f'<span class="note" lang="en">{html.escape(each.on)}</span>'
    return f"{told}<details><summary>{texts('lessons.verdict.details')}</summary>{on}</details>"


def _choice(texts: Texts) -> str:
    """The decision page's own parts: where to start, advice tested, what is not known."""
    known = known_claims()
    lesson = LESSONS[-1]
    heads = [texts(f"lessons.choose.{name}") for name in ("situation", "take", "because")]
    starts = [
        "".join(f"<td>{cell}</td>" for cell in row.split("|"))
        for row in _prose(lesson, "start", texts)
    ]
    unknown = "".join(f"<li>{text}</li>" for text in _prose(lesson, "unknown", texts))
    return f"""\
<h2>{texts("lessons.choose.starts")}</h2>
{_table(heads, starts)}
<h2>{texts("lessons.choose.advice")}</h2>
<p>{texts("lessons.choose.advice_lead")}</p>
{_claims_table(known.values(), texts)}
<h2>{texts("lessons.choose.unknowns")}</h2>
<ul>{unknown}<li>{_open_claims(known.values(), texts)}</li></ul>
<h2>{texts("lessons.choose.measure")}</h2>
<p>{texts("lessons.choose.measure_lead")}</p>
<pre><code>{html.escape(MEASURE)}</code></pre>"""


def _open_claims(claims: Iterable[KnownClaim], texts: Texts) -> str:
    """Which claims have no verdict, or none that is certain."""
    claims = list(claims)
    if not any(each.verdict for each in claims):
        return texts.html("lessons.choose.none_decided")
    names = [each.id for each in claims if each.verdict in ("", "undecided")]
    if not names:
        return texts("lessons.choose.all_decided")
    return texts("lessons.choose.open_claims", claims=", ".join(names))


def _neighbours(lesson: Lesson, texts: Texts) -> str:
    place = LESSONS.index(lesson)
    links = [
        f'<a rel="{rel}" href="{texts.link(other.file)}">'
        f"{texts(f'lessons.frame.{name}', title=texts.plain(other.title))}</a>"
        for rel, name, at in (("prev", "previous", place - 1), ("next", "next", place + 1))
        if 0 <= at < len(LESSONS)
        for other in [LESSONS[at]]
    ]
    label = texts("lessons.frame.lessons")
    return f'<nav class="neighbours" aria-label="{label}">{"".join(links)}</nav>'
