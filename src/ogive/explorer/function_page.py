"""The page of one function: the live part, formulas, plain words, pitfalls, proofs, names, code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from ogive.catalogue import Spec
from ogive.explorer.facts import certificate_of
from ogive.explorer.formulas_shown import formulas, training_formula
from ogive.explorer.in_words import sentences_of
from ogive.explorer.proof_table import proof_tables
from ogive.explorer.shell import CATALOGUE, SitePage
from ogive.explorer.strings import Texts
from ogive.explorer.wrong_forms import WrongForm, wrong_forms
from ogive.printers import printer

#: The scripts of the live part, by the kind of the entry.
_LIVE = {"gated": "surface.js", "rowwise": "row_view.js"}
#: Languages whose source is shown, in this order.
_SOURCES = ("torch", "numpy", "javascript")


def page_of_function(spec: Spec, family: Sequence[str]) -> SitePage:
    """The page of an entry; ``family`` are the names of those beside it."""
    return SitePage(
        f"functions/{spec.name}.html",
        "function.title",
        lambda texts: _body(spec, family, texts),
        (CATALOGUE, "sliders.js", _LIVE.get(spec.kind, "curve.js"), "pitfalls.js"),
        ("function",),
        values=(("name", spec.name),),
    )  # fmt: skip


def _body(spec: Spec, family: Sequence[str], texts: Texts) -> str:
    live = {"gated": "live_gated", "rowwise": "live_row"}.get(spec.kind, "live")
    parts = [
        _heading(spec, texts),
        _section(texts, live, f'<div id="live" data-name="{spec.name}"></div>'),
        _section(texts, "formula", _formulas(spec, texts)),
        _section(texts, "words", _words(spec, texts)),
        _section(texts, "pitfalls", _pitfalls(spec, texts)),
        _proofs(spec, texts),
        _section(texts, "names", _names(spec, texts)),
        _section(texts, "code", _code(spec, texts)),
        _section(texts, "paper", _paper(spec, texts)),
        _section(texts, "neighbours", _neighbours(spec, family, texts)),
    ]
    return "\n".join(parts)


def _section(texts: Texts, title: str, content: str) -> str:
    return (
        f'<section><h2 id="about-{title}">{texts(f"function.{title}")}</h2>\n{content}\n</section>'
    )


def _heading(spec: Spec, texts: Texts) -> str:
    family = texts(f"gallery.family_words.{spec.family}.{texts.language}")
    told = [texts(f"gallery.kind_{spec.kind}"), family, *([str(spec.year)] if spec.year else [])]
    doc = _with_code(texts.escaped(texts.sentence(" ".join(spec.doc.split()))))
    return (
        f'<h1>{spec.name} <span class="class-name">ogive.nn.{spec.title}</span></h1>\n'
        f'<p class="quiet">{" · ".join(told)}</p>\n<p class="lead">{doc}</p>'
    )


def _with_code(text: str) -> str:
    """``name`` of a docstring as code."""
    return re.sub(r"``(.+?)``", r"<code>\1</code>", text)


def _formulas(spec: Spec, texts: Texts) -> str:
    rows = []
    for left, right in formulas(spec):
        told = right or f'<p class="note">{texts("function.too_long")}</p>'
        rows.append(f'<div class="formula">{left}{_equals(left)}{_worded(told, texts)}</div>')
    if noisy := training_formula(spec):
        rows.append(f'<p class="quiet">{texts("function.training")}</p>')
        rows.append(f'<div class="formula">{_worded(noisy, texts)}</div>')
    return "\n".join(rows)


def _worded(formula: str, texts: Texts) -> str:
    """A formula with the one word that it may have in the page's language."""
    return formula.replace("otherwise", texts("function.otherwise"))


def _equals(left: str) -> str:
    return '<span class="equals">=</span>' if left else ""


def _words(spec: Spec, texts: Texts) -> str:
    of = certificate_of(spec)
    told = []
    for title, sentences in sentences_of(spec, of, texts):
        items = "".join(f"<li>{s}</li>" for s in sentences)
        told.append(f"<div><h3>{texts(title)}</h3><ul>{items}</ul></div>")
    basis = texts("words.basis" if of else "words.unproved")
    return f'<div class="columns words">{"".join(told)}</div>\n<p class="note">{basis}</p>'


def _pitfalls(spec: Spec, texts: Texts) -> str:
    told = [_pitfall(spec, texts, text, wrong) for text, wrong in wrong_forms(spec)]
    if not told:
        return f"<p>{texts('function.no_pitfalls')}</p>"
    return f'<ul class="pitfalls">{"".join(told)}</ul>'


def _pitfall(spec: Spec, texts: Texts, sentence: str, wrong: WrongForm | None) -> str:
    told = texts.escaped(texts.sentence(sentence))
    if wrong is None:
        return f"<li>{told}</li>"
    data = {
        "name": spec.name, "formula": wrong.formula, "order": str(wrong.order),
        "parameters": json.dumps(dict(wrong.parameters)), "label": texts.sentence(sentence),
    }  # fmt: skip
    attributes = " ".join(f'data-{n}="{texts.escaped(v)}"' for n, v in data.items())
    shown = f"<code>{texts.escaped(wrong.formula)}</code>"
    caption = f"<figcaption>{texts('function.wrong_label')} {shown}</figcaption>"
    return f'<li>{told}<figure class="wrong" {attributes}>{caption}</figure></li>'


def _proofs(spec: Spec, texts: Texts) -> str:
    of = certificate_of(spec)
    if of is None:
        return ""
    about = {"gated": "about_gate", "stochastic": "about_evaluation"}.get(spec.kind)
    note = f" {texts(f'report.{about}')}" if about else ""
    command = f"<pre><code>ogive show {spec.name} --full</code></pre>"
    return (
        f'<section><h2 id="about-proofs">{texts("report.title")}</h2>\n'
        f'<p class="note">{texts("report.lead")}{note}</p>\n'
        f'<div class="proofs">{proof_tables(of, texts)}</div>\n'
        f'<p class="note">{texts("report.full")}</p>{command}</section>'
    )


def _names(spec: Spec, texts: Texts) -> str:
    if not spec.aliases:
        return f"<p>{texts('function.no_names')}</p>"
    told = {alias: "; ".join(_differences(spec, alias, texts)) for alias in spec.aliases}
    same = " ".join(f"<li><code>{texts.escaped(a)}</code></li>" for a, d in told.items() if not d)
    parts = [f'<p>{texts("function.same")}</p><ul class="chips names">{same}</ul>'] if same else []
    rows = "\n".join(
        f"<tr><td><code>{texts.escaped(a)}</code></td><td>{d}</td></tr>"
        for a, d in told.items()
        if d
    )
    if rows:
        heads = (
            f'<th scope="col">{texts(f"function.{h}")}</th>' for h in ("name_there", "differs")
        )
        head = f"<thead><tr>{''.join(heads)}</tr></thead>"
        parts.append(f'<div class="scroll"><table>{head}\n<tbody>\n{rows}\n</tbody></table></div>')
    return "\n".join(parts)


def _differences(spec: Spec, alias: str, texts: Texts) -> Iterator[str]:
    for name, value in spec.presets.get(alias, {}).items():
        yield texts("function.preset", name=name, value=value)
    there = spec.under_name(alias)
    for theirs, ours in there.attributes.items():
        yield texts("function.argument", theirs=theirs, ours=ours)
    if there.body is not spec.body:
        yield texts("function.other_form")


def _code(spec: Spec, texts: Texts) -> str:
    call = "ogive.get({!r})({})".format(
        spec.name, {"gated": "value, gate", "rowwise": "x, dim=-1"}.get(spec.kind, "x")
    )
    usage = f"import ogive\n\ny = {call}\nlayer = ogive.nn.{spec.title}()\n"
    blocks = [("ogive", usage)]
    if spec.kind != "rowwise":
        blocks += [(language, printer(language).source(spec.program)) for language in _SOURCES]
    return "\n".join(_block(texts, label, text) for label, text in blocks)


def _block(texts: Texts, label: str, text: str) -> str:
    opened = " open" if label == "ogive" else ""
    return (
        f'<details class="code"{opened}><summary>{label}</summary>'
        f'<button type="button" class="copy">{texts("function.copy")}</button>'
        f'<pre tabindex="0"><code>{texts.escaped(text.strip())}</code></pre></details>'
    )


def _paper(spec: Spec, texts: Texts) -> str:
    told = [_reference(texts.escaped(spec.paper))] if spec.paper else []
    told.append(texts(f"function.evidence_{spec.evidence}"))
    return f"<p>{' · '.join(told)}</p>"


def _reference(paper: str) -> str:
    number = re.search(r"arXiv:(\d{4}\.\d{4,5})", paper)
    if not number:
        return paper
    return f'<a href="https://arxiv.org/abs/{number[1]}" rel="noreferrer">{paper}</a>'


def _neighbours(spec: Spec, family: Sequence[str], texts: Texts) -> str:
    links = " ".join(
        f'<li><a href="{texts.link(f"functions/{name}.html")}">{name}</a></li>'
        for name in family
        if name != spec.name
    )
    compare = ""
    if spec.kind != "rowwise":
        place = f"{texts.link('compare.html')}#names={spec.name}~relu"
        compare = f'<p><a href="{place}">{texts("function.compare_with")}</a></p>'
    return f'<ul class="chips links">{links}</ul>{compare}'
