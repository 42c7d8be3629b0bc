"""What is around every page: its head with the security policy, the navigation, the footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from ogive.explorer.strings import FOLDERS, LANGUAGES, Texts

#: Nothing from elsewhere, nothing inline; images are what the page itself draws for export. To a
#: browser in which a file is not the origin of the file beside it, "file:" says that it may load.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
    "img-src 'self' file: data: blob:; base-uri 'none'; form-action 'none'"
)
#: What every page loads, in this order: all activations, and formulas of one's own.
CORE = (
    "core.js", "data/functions.js", "rows.js", "data/language.js", "nodes.js", "entry_calls.js",
    "grammar.js", "sampling.js", "shapes.js", "chart.js", "export.js", "chrome.js",
)  # fmt: skip
#: What is known of every entry, for pages that search or compare.
CATALOGUE = "data/catalogue.{language}.js"
#: The namespaces whose texts every page's scripts have.
CORE_TEXTS = ("site", "chart", "errors")


@dataclass(frozen=True)
class SitePage:
    """A page of the site.

    Attributes:
        file: its place in the folder of its language.
        title: the key of its title.
        body: the HTML of its main part, of the texts of a language.
        scripts: files of ``assets/`` after the core, in order; ``{language}`` stands for its code.
        namespaces: whose texts the scripts take.
        nav: the key under which the navigation has it; none if empty.
        values: of the placeholders in the title.
    """

    file: str
    title: str
    body: Callable[[Texts], str]
    scripts: Sequence[str] = ()
    namespaces: Sequence[str] = ()
    nav: str = ""
    values: tuple[tuple[str, str], ...] = ()


def page_html(page: SitePage, texts: Texts, listed: Sequence[SitePage], version: str) -> str:
    """The whole page; ``listed`` are those of the navigation."""
    title = texts(page.title, **dict(page.values))
    scripts = "\n".join(
        f'<script defer src="{texts.link(f"assets/{file}")}"></script>'
        for file in _scripts(page, texts.language)
    )
    return f"""\
<!doctype html>
<html lang="{"zh-CN" if texts.language == "zh" else texts.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · {texts("site.name")}</title>
<link rel="icon" href="{texts.link("assets/icon.svg")}">
<link rel="stylesheet" href="{texts.link("assets/style.css")}">
<script src="{texts.link("assets/theme.js")}"></script>
{scripts}
</head>
<body data-root="{texts.root}" data-pages="{texts.link("")}">
<a class="skip" href="#main">{texts("site.skip")}</a>
<header class="top">
<a class="brand" href="{texts.link("index.html")}">{texts("site.name")}</a>
<nav aria-label="{texts("site.navigation")}"><ul>
{_navigation(page, texts, listed)}
</ul></nav>
{_switches(page, texts)}
</header>
<main id="main" tabindex="-1">
<noscript><p class="note">{texts("site.needs_script")}</p></noscript>
{page.body(texts)}
</main>
<footer><p>{texts("site.footer", version=version)}</p></footer>
</body>
</html>
"""


def _scripts(page: SitePage, language: str) -> list[str]:
    namespaces = dict.fromkeys([*CORE_TEXTS, *page.namespaces])
    told = [text_script(namespace, language) for namespace in namespaces]
    files = [CORE[0], *told, *CORE[1:], *page.scripts]
    return [file.format(language=language) for file in files]


def text_script(namespace: str, language: str) -> str:
    """The asset that holds a namespace's texts."""
    return f"texts/{namespace}.{language}.js"


def _navigation(page: SitePage, texts: Texts, listed: Sequence[SitePage]) -> str:
    rows = []
    for other in listed:
        here = ' aria-current="page"' if other.file == page.file else ""
        rows.append(f'<li><a href="{texts.link(other.file)}"{here}>{texts(other.nav)}</a></li>')
    return "\n".join(rows)


def _switches(page: SitePage, texts: Texts) -> str:
    other, theme = _other(texts), texts("site.theme")
    link = f'class="language" hreflang="{other}" lang="{other}" href="{_translated(page, texts)}"'
    return (
        f'<div class="switches"><a {link}>{texts("site.other_language")}</a>'
        f'<button type="button" class="theme" aria-label="{theme}" title="{theme}"></button></div>'
    )


def _other(texts: Texts) -> str:
    return next(code for code in LANGUAGES if code != texts.language)


def _translated(page: SitePage, texts: Texts) -> str:
    """The address of the same page in the other language."""
    return escape(f"{texts.root}{FOLDERS[_other(texts)]}{page.file}")
