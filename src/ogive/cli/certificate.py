"""A certificate in the terminal: a table for each section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ogive.certify.report.certificate import Certificate
    from ogive.certify.report.page import Line

#: What ``show`` tells itself before.
TOLD = ("identity",)


def told_sections(certificate: Certificate) -> list[tuple[str, list[Line]]]:
    """The sections that a certificate has, by name, each with its lines."""
    from ogive.certify.report.page import section_lines

    return [(name, lines) for name, lines in section_lines(certificate) if name not in TOLD]


def certificate_table(certificate: Certificate, only: str | None = None) -> Table:
    """Every line of a certificate, or of a section; what is not proved is dim."""
    from ogive.certify.report.page import NOT_PROVED_METHOD

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="cyan", overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for name, lines in told_sections(certificate):
        if only not in (None, name):
            continue
        if only is None:
            table.add_row("", "", "")
        table.add_row(Text(name, "bold"), "", "")
        for line in lines:
            style = "dim" if line.value == NOT_PROVED_METHOD else ""
            table.add_row(line.label, Text(line.value, style), _basis(line.method, line.error))
    return table


def _basis(method: str, error: str) -> str:
    return f"{method}, error {error}" if error else method
