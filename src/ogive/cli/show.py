"""``ogive show``: everything known about one activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.table import Table
from rich.text import Text

from ogive.cli.certificate import certificate_table
from ogive.cli.console import shown, write, write_json
from ogive.cli.draw import ANY_NAME, drawable
from ogive.cli.listing import shown_formula
from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.catalogue import Parameter
    from ogive.certify.report.certificate import Certificate
    from ogive.nn.named import NamedActivation
    from ogive.ops import ActivationFunction

#: Longer formulas are cut in print; derivatives of composed functions fill pages.
LONGEST = 400
CODE_NOTE = "only values are known of it; what is proved needs a formula, as x*tanh(x)"


def show(
    name: Annotated[str, typer.Argument(help=f"One, e.g. mish or keras:gelu. {ANY_NAME}.")],
    timed: Annotated[bool, typer.Option("--timed", help="Measure its time over relu's.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show one activation: formula, derivatives, parameters, certificate, curve."""
    from ogive.nn.named import find_activation

    named = find_activation(name)
    if named.function is None:
        show_code(named, as_json)
        return
    activation = named.known()
    proved = _certificate(activation, timed)
    if as_json:
        write_json(shown_facts(activation, proved) | {"name": named.name})
        return
    write(
        _heading(activation, named.name),
        "",
        _description(activation),
        certificate_table(proved),
        *_curve(named),
    )


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


def _heading(activation: ActivationFunction, name: str) -> Text:
    spec = activation.spec
    told = [spec.kind, spec.family, *([str(spec.year)] if spec.year else [])]
    return Text.assemble((name, "bold"), f"  {spec.title}  ({', '.join(told)})\n{spec.doc}")


def _description(activation: ActivationFunction) -> Table:
    """A line for each thing known, its name in front."""
    spec = activation.spec
    rows = [("formula", cut(shown_formula(spec))), *_derivative_rows(activation)]
    rows += [("parameter", _parameter_line(p, activation.preset)) for p in spec.parameters]
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


def _parameter_line(parameter: Parameter, preset: dict[str, Any]) -> str:
    default = preset.get(parameter.name, parameter.default)
    learned = ", learnable" if parameter.learnable else ""
    return f"{parameter.name} = {_number(default)}, {parameter.domain.text}{learned}"


def _number(value: Any) -> str:
    return f"({', '.join(map(_number, value))})" if isinstance(value, tuple) else f"{value:g}"


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
    write(Text.assemble((activation.label, "bold"), "  (code)"), "", table, *curve)


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
