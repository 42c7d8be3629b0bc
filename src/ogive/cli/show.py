"""``ogive show``: what is known about one activation, on a card or in full."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ogive.cli.card import Said, card, parameter_line, said_of
from ogive.cli.certificate import certificate_table, told_sections
from ogive.cli.console import shown, write, write_json
from ogive.cli.draw import ANY_NAME, drawable
from ogive.cli.listing import shown_formula
from ogive.errors import OgiveError, unknown

if TYPE_CHECKING:
    from ogive.catalogue import Parameter
    from ogive.certify.report.certificate import Certificate
    from ogive.nn.named import NamedActivation
    from ogive.ops import ActivationFunction

#: Longer formulas are cut in print; derivatives of composed functions fill pages.
LONGEST = 400
CODE_NOTE = "only values are known of it; what is proved needs a formula, as x*tanh(x)"
SECTIONS = "shape, smoothness, saturation, signal, numerics, cost"


def show(
    name: Annotated[str, typer.Argument(help=f"One, e.g. mish or keras:gelu. {ANY_NAME}.")],
    full: Annotated[bool, typer.Option("--full", help="All of it, the certificate too.")] = False,
    section: Annotated[
        str | None, typer.Option(help=f"One section of the certificate: {SECTIONS} ...")
    ] = None,
    timed: Annotated[bool, typer.Option("--timed", help="Measure its time over relu's.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show one activation: formula, curve, when to use it, verdicts, cost."""
    from ogive.nn.named import find_activation

    if full and section is not None:
        raise OgiveError("give --full for the whole certificate or --section for one part of it")
    named = find_activation(name)
    if named.function is None and section is None:
        show_code(named, as_json)
        return
    activation = named.known()
    proved = _certificate(activation, timed)
    if section is not None:
        _show_section(named, proved, section, as_json)
    elif as_json:
        write_json(shown_facts(activation, proved) | {"name": named.name})
    elif full:
        write(*_whole(named, proved), fitted=True)
    else:
        write(_card(named, proved), fitted=True)


def _card(named: NamedActivation, proved: Certificate) -> Text:
    activation = named.known()
    spec = activation.spec
    drawn = None if named.kind == "rowwise" else drawable(named)
    doc = () if spec.family == "user" else (" ".join(spec.doc.split()),)
    more = f"ogive show {shlex.quote(named.label)} --full, or --section signal"
    said = said_of(spec, activation.preset, proved)
    around = Said("", doc, 2), Said("from", (spec.paper,)), Said("more", (more,))
    return card(_title(named), [around[0], *said, *around[1:]], drawn)


def _title(named: NamedActivation) -> str:
    spec = named.spec
    told = [spec.kind, spec.family, *([str(spec.year)] if spec.year else [])]
    return f"{named.name}  {spec.title}  ({', '.join(told)})"


def _whole(named: NamedActivation, proved: Certificate) -> list[RenderableType]:
    """Everything: what it is, the certificate, the curve."""
    activation = named.known()
    head = Text.assemble((_title(named), "bold"), f"\n{activation.spec.doc}")
    return [head, "", _description(activation), certificate_table(proved), *_curve(named)]


def _show_section(named: NamedActivation, proved: Certificate, name: str, as_json: bool) -> None:
    known = [name for name, _ in told_sections(proved)]
    if name not in known:
        raise OgiveError(f"{named.name} has {unknown('section', name, known)}")
    if as_json:
        write_json({"name": named.name, name: proved.to_dict()[name]})
    else:
        write(certificate_table(proved, only=name), fitted=True)


def _certificate(activation: ActivationFunction, timed: bool) -> Certificate:
    if not timed:
        return activation.certificate()
    from ogive import bench

    return bench.timed(activation)


def shown_facts(activation: ActivationFunction, proved: Certificate) -> dict[str, Any]:
    """What is known, under stable names."""
    spec = activation.spec
    return {
        "name": spec.name,
        "title": spec.title,
        "kind": spec.kind,
        "family": spec.family,
        "description": spec.doc,
        "formula": activation.formula,
        "latex": activation.latex,
        "derivatives": derivatives(activation),
        "parameters": [_parameter(p, activation.preset) for p in spec.parameters],
        "aliases": spec.aliases,
        "paper": spec.paper,
        "year": spec.year,
        "evidence": spec.evidence,
        "pitfalls": spec.pitfalls,
        "layout": spec.layout,
        "certificate": proved.to_dict(),
    }


def derivatives(activation: ActivationFunction) -> dict[str, list[str]]:
    """Variable -> the first and the second derivative as text; none for a rowwise entry."""
    spec = activation.spec
    if spec.kind == "rowwise":
        return {}
    return {v: [str(spec.derived(order, v).expression) for order in (1, 2)] for v in spec.data}


def _parameter(parameter: Parameter, preset: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "default": preset.get(parameter.name, parameter.default),
        "domain": parameter.domain.text,
        "learnable": parameter.learnable,
    }


def _description(activation: ActivationFunction) -> Table:
    """A line for each thing known, its name in front."""
    spec = activation.spec
    rows = [("formula", cut(shown_formula(spec))), *_derivative_rows(activation)]
    rows += [("parameter", parameter_line(p, activation.preset)) for p in spec.parameters]
    rows += [("layout", ", ".join(f"{k}: {v}" for k, v in spec.layout.items()))]
    rows += [("also called", ", ".join(spec.aliases)), ("paper", spec.paper)]
    rows += [("evidence", spec.evidence), *(("pitfall", text) for text in spec.pitfalls)]
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    before = ""
    for label, text in rows:
        if text:
            table.add_row(label if label != before else "", text)
            before = label
    return table


def _derivative_rows(activation: ActivationFunction) -> list[tuple[str, str]]:
    found = derivatives(activation)
    if list(found) == ["x"]:
        return [
            (f"{order} derivative", cut(t))
            for order, t in zip(("1st", "2nd"), found["x"], strict=True)
        ]
    return [(f"d/d{variable}", cut(texts[0])) for variable, texts in found.items()]


def cut(text: str) -> str:
    """The text, or its beginning and its length."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} ... ({len(text)} characters; --json has them all)"


def _curve(activation: NamedActivation) -> list[str]:
    from ogive.plot.curve import caption
    from ogive.plot.terminal import curve

    if activation.kind == "rowwise":
        return []
    drawn = drawable(activation)
    return ["", caption(drawn), curve(drawn)]


# code, of which only values are known


def show_code(activation: NamedActivation, as_json: bool) -> None:
    """What running code tells of it: what it is, how much it learns, its gain and its curve."""
    facts = code_facts(activation)
    if as_json:
        write_json(facts)
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for label in ("module", "parameters", "gain", "note"):
        if facts[label] is not None:
            table.add_row(Text(label, "cyan"), shown(facts[label]))
    curve = [] if facts["gain"] is None else _curve(activation)
    heading = Text.assemble((activation.label, "bold"), "  (code)")
    write(heading, "", table, *curve, fitted=True)


def code_facts(activation: NamedActivation) -> dict[str, Any]:
    """What is measured of code, under stable names; no gain of what has no curve."""
    from ogive import gain

    module = activation.module()
    facts: dict[str, Any] = {"name": activation.label, "kind": activation.kind}
    facts |= {"module": repr(module), "parameters": sum(p.numel() for p in module.parameters())}
    try:
        activation.values(0, np.array([-1.0, 0.0, 1.0]))
        facts |= {"gain": float(gain(module)), "note": CODE_NOTE}
    except OgiveError as error:
        facts |= {"gain": None, "note": str(error)}
    return facts
