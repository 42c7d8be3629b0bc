"""``ogive cache``: the compiled kernels on the disk, what they take, and how to be rid of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogive.cli.console import new_table, write, write_json
from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.engine.cache import CachedKernel


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove the kernels.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show or clear the compiled kernels."""
    from ogive.engine import cache as store  # brings torch, which the other commands do not need

    folder = _directory()
    if clear:
        store.clear()
    kernels = store.entries()
    if as_json:
        facts = [{"kernel": k.label, "bytes": k.size, "key": k.key} for k in kernels]
        write_json({"directory": str(folder), "on": store.enabled(), "kernels": facts})
        return
    size = sum(kernel.size for kernel in kernels) / 2**20
    state = "" if store.enabled() else " (turned off by OGIVE_CACHE)"
    typer.echo(f"{folder}{state}\nkernels: {len(kernels)}, {size:.2f} MiB")
    if kernels:
        _write_table(kernels)


def _write_table(kernels: list[CachedKernel]) -> None:
    table = new_table()
    table.add_column("kernel")
    table.add_column("bytes", justify="right")
    for kernel in kernels:
        table.add_row(kernel.label, str(kernel.size))
    write(table)


def _directory() -> Path:
    from ogive.engine.cache import directory

    try:
        return directory()
    except OSError as error:
        raise OgiveError(
            f"there is no directory for compiled kernels: {error}; set OGIVE_CACHE_DIR to one"
        ) from None
