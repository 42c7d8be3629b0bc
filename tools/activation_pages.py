"""Writes the pages that the documentation is built from and that are not kept.

A page for each activation with its formula, its curves, what it is for, its names elsewhere and its
certificate; an overview of all of them; and the pages that stand outside of ``docs/``.

    python tools/activation_pages.py docs
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path

import ogive
from ogive.certify.report.notebook import CELL, mathematics, sketch
from ogive.certify.report.page import section_lines
from ogive.certify.report.remarks import remarks
from ogive.table import html_table

ROOT = Path(__file__).resolve().parents[1]
#: Pages beside docs/, and what they are called in it.
OUTSIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
OUTSIDE |= {"SECURITY.md": "security.md"}
WIDE = (560.0, 280.0)
NOTE = "<!-- written by tools/activation_pages.py while the documentation is built -->\n"
FAMILIES = list(dict.fromkeys(ogive.get(name).family for name in ogive.names()))


def write(docs: Path, bare: bool = False) -> None:
    """All pages, into ``docs``; one that is as it was is left alone, so that a build is quick.

    ``bare`` ones have a heading and nothing else, for a check of the other pages' links.
    """
    made = (f"# {name}\n" if bare else page(name) for name in ogive.names())
    pages = {f"activations/{name}.md": text for name, text in zip(ogive.names(), made, strict=True)}
    pages |= {"activations/index.md": overview()}
    pages |= {
        f"outside/{name}": beside((ROOT / path).read_text(encoding="utf-8"))
        for path, name in OUTSIDE.items()
    }
    for path, text in pages.items():
        _write(docs / path, NOTE + text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def beside(text: str) -> str:
    """A page of the repository's root with links as they are in ``docs/outside/``."""
    text = re.sub(r"\]\(docs/", "](../", text)
    for path, name in OUTSIDE.items():
        text = text.replace(f"]({path}", f"]({name}")
    return re.sub(r"\]\((README\.md|LICENSE)[^)]*\)", "]", text)


def overview() -> str:
    """Every activation with a small curve, by family."""
    parts = [
        "# All activations\n",
        f"{len(ogive.names())} activations by family, each with a page of its own: formula, "
        "curves, when to use it, names in other frameworks, and what is proved about it.\n",
    ]
    for family in FAMILIES:
        cells = "".join(map(_cell, ogive.names(family=family)))
        parts += [f"## {_heading(family)}\n", f'<div class="gallery">{cells}</div>\n']
    listed = "\n".join(ogive.names())
    return "\n".join([*parts, f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"])


def _heading(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _cell(name: str) -> str:
    picture = sketch(ogive.get(name).spec, (0, 1), CELL)
    formula = f"<code>{escape(_short(ogive.get(name).formula))}</code>"
    return f'<a href="{name}.html">{picture or formula}<span>{name}</span></a>'


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def page(name: str) -> str:
    """The page of one activation."""
    function = ogive.get(name)
    kind = ", ".join(dict.fromkeys([function.kind, _heading(function.family).lower()]))
    parts = [
        f"# {name}\n",
        f"{function.spec.doc}\n",
        f"`ogive.get({name!r})`, as a module `ogive.nn.{function.title}`; {kind}. "
        f"{_source(function)}\n",
        f'<div class="formula">{mathematics(function.spec)}</div>\n',
        sketch(function.spec, (0, 1, 2), WIDE) + "\n",
        *_words(function),
        *_parameters(function),
        "## In code\n",
        f"```python\n{_example(function)}\n```\n",
        *_elsewhere(function),
        *_certificate(function),
    ]
    return "\n".join(parts)


def _source(function: ogive.Activation) -> str:
    """Where it comes from, with a link where that is an arXiv number or a DOI."""
    told = not function.year or str(function.year) in function.paper
    year = "" if told else f" ({function.year})"
    if function.paper.startswith("arXiv:"):
        number = function.paper.removeprefix("arXiv:")
        return f"Paper: [{function.paper}](https://arxiv.org/abs/{number}){year}."
    if function.paper.startswith("doi:"):
        return f"Paper: [{function.paper}](https://doi.org/{function.paper[4:]}){year}."
    return f"Source: {function.paper}{year}." if function.paper else "Source: the frameworks below."


def _words(function: ogive.Activation) -> list[str]:
    """When to use it, what is good and bad, what people get wrong."""
    found = remarks(function.spec, function.certificate())
    parts = ["## When to use it\n", f"{found[0]}\n"]
    for kind, label in (("good", "Good"), ("bad", "Bad")):
        told = [f"- {r}" for r in found if r.kind == kind]
        parts += [f"**{label}**\n", *told, ""] if told else []
    if function.pitfalls:
        parts += ["**What people get wrong**\n", *(f"- {_plain(p)}" for p in function.pitfalls), ""]
    return parts


def _plain(text: str) -> str:
    """A sentence in which signs of formulas are no Markdown."""
    return re.sub(r"([*_<>|\[\]`$])", r"\\\1", text)


def _parameters(function: ogive.Activation) -> list[str]:
    if not function.parameters:
        return []
    rows = [
        [p.name, str(p.default), p.domain.text, "yes" if p.learnable else "no"]
        for p in function.parameters
    ]
    return [html_table(("parameter", "default", "domain", "trained in a module"), rows) + "\n"]


def _example(function: ogive.Activation) -> str:
    """The example of the docstring, which was run, and the module."""
    example = function.__doc__.partition("Example:\n")[2]
    lines = [line[4:] for line in example.splitlines()]
    return "\n".join([*lines, f">>> layer = ogive.nn.{function.title}()"])


def _elsewhere(function: ogive.Activation) -> list[str]:
    """What other frameworks call it, and what is different there."""
    rows = []
    for alias in function.aliases:
        framework, _, name = alias.partition(":")
        preset = function.spec.presets.get(alias, {})
        rows.append([framework, name, ", ".join(f"{k} = {v}" for k, v in preset.items())])
    if not rows:
        return []
    return ["## Names elsewhere\n", html_table(("framework", "name", "differs"), rows) + "\n"]


def _certificate(function: ogive.Activation) -> list[str]:
    """Verdicts, and the sections folded: each number with its method and error."""
    found = function.certificate()
    parts = ["## What is proved\n"]
    if found.criteria:
        rows = [[c.name, c.verdict, c.reason] for c in found.criteria]
        parts += [html_table(("asked", "verdict", "because"), rows) + "\n"]
    for name, lines in section_lines(found):
        if name not in ("identity", "criteria"):
            cells = [[line.label, line.value, line.error, line.method] for line in lines]
            table = html_table(("what", "value", "error", "method"), cells)
            parts += [f"<details><summary>{name}</summary>{table}</details>\n"]
    return [*parts, "How: [certificates](../generated/certificates.md).\n"]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
