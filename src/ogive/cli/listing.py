"""``ogive list``: which activations there are, filtered by what they are."""

from __future__ import annotations

from typing import Annotated

import typer

from ogive.catalogue import Spec, entries
from ogive.cli.console import GAP, new_table, plain, shown, width, write, write_json
from ogive.errors import OgiveError, unknown

#: The columns below which the family makes room for the formula, and what it gets at least.
_NARROW, _LEAST = 24, 8
#: The kinds whose entries are functions of one number, and are asked for their properties.
OF_ONE_NUMBER = ("elementwise", "stochastic")


def listing(
    family: Annotated[str | None, typer.Option(help="Only this family, e.g. rectifiers.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="elementwise, gated, stochastic or rowwise.")
    ] = None,
    prop: Annotated[
        list[str] | None,
        typer.Option("--property", help="e.g. smooth, or saturates_right=hard; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the activations."""
    conditions = [_condition(text) for text in prop or []]
    specs = [
        spec
        for spec in _of(family, kind)
        if all(_holds(spec, name, wanted) for name, wanted in conditions)
    ]
    if as_json:
        write_json([_facts(spec, [name for name, _ in conditions]) for spec in specs])
    elif specs:
        _write_table(specs, [name for name, wanted in conditions if wanted is None])
    else:
        typer.echo("no activation fits", err=True)


def _of(family: str | None, kind: str | None) -> list[Spec]:
    """The entries of a family and a kind, both of which must exist."""
    specs = list(entries().values())
    _check("kind", kind, tuple(sorted({spec.kind for spec in specs})))
    _check("family", family, tuple(sorted({spec.family for spec in specs})))
    return [s for s in specs if family in (None, s.family) and kind in (None, s.kind)]


def _check(what: str, given: str | None, known: tuple[str, ...]) -> None:
    if given is not None and given not in known:
        raise OgiveError(unknown(what, given, known))


def _condition(text: str) -> tuple[str, str | None]:
    """A property, and the value it is to have; None for any value but no, none and 0."""
    name, given, wanted = text.partition("=")
    from ogive.certify.report.properties import PROPERTIES  # which plain listings do not need

    _check("property", name.strip(), tuple(PROPERTIES))
    return name.strip(), wanted.strip().lower() if given else None


def _holds(spec: Spec, name: str, wanted: str | None) -> bool:
    if spec.kind not in OF_ONE_NUMBER:
        return False
    value = _property(spec, name)
    if wanted is None:
        return value not in (False, 0.0, "no", (), "not proved")
    return wanted in (shown(value), {"yes": "true", "no": "false"}.get(shown(value)))


def shown_formula(spec: Spec) -> str:
    """The formula as text; a rowwise entry brings its own."""
    return spec.formula_text or str(spec.expression)


def _facts(spec: Spec, asked: list[str]) -> dict[str, object]:
    facts: dict[str, object] = {
        "name": spec.name,
        "title": spec.title,
        "kind": spec.kind,
        "family": spec.family,
        "formula": shown_formula(spec),
        "year": spec.year,
    }
    return facts | ({"properties": _values(spec, asked)} if asked else {})


def _values(spec: Spec, asked: list[str]) -> dict[str, object]:
    return {name: plain(_property(spec, name)) for name in asked}


def _property(spec: Spec, name: str) -> object:
    from ogive.certify.report.certificate import certificate
    from ogive.certify.report.properties import property_of

    return property_of(certificate(spec), name)


def _write_table(specs: list[Spec], asked: list[str]) -> None:
    """One line each; a formula ends where the terminal ends, and a narrow one shows no family."""
    names = ["name", "kind", "family", "year", *asked]
    rows = [[s.name, s.kind, s.family, str(s.year or ""), *_texts(s, asked)] for s in specs]
    if _room(names, rows) < _NARROW:
        names, *rows = ([*cells[:2], *cells[3:]] for cells in (names, *rows))
    room = max(_LEAST, _room(names, rows))
    table = new_table()
    for heading, *cells in zip(names, *rows, strict=True):
        table.add_column(heading, no_wrap=True, min_width=max(map(len, (heading, *cells))))
    table.add_column("formula", no_wrap=True)
    for row, spec in zip(rows, specs, strict=True):
        text = shown_formula(spec)
        table.add_row(*row, text if len(text) <= room else f"{text[: room - 3]}...")
    write(table)


def _room(names: list[str], rows: list[list[str]]) -> int:
    """The columns that are left for the formula."""
    longest = (max(map(len, cells)) + GAP for cells in zip(names, *rows, strict=True))
    return width() - sum(longest) - GAP


def _texts(spec: Spec, asked: list[str]) -> list[str]:
    return [shown(_property(spec, name)) for name in asked]
