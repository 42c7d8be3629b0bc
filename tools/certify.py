"""Proves the certificates of the catalogue, compares them, and attacks them.

    python tools/certify.py              writes what the package ships and docs/certificates.md
    python tools/certify.py --check 10   proves ten at random and compares them with what is shipped
    python tools/certify.py --attack     looks for points that contradict one, a million an entry
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.progress import track

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "certify"))

from attack import violations

from ogive.catalogue import Spec, entries
from ogive.certify.certificate import Certificate, certificate, identity, prove, sections
from ogive.certify.page import said
from ogive.certify.quantity import METHODS, Quantity
from ogive.certify.shipped import FILE
from ogive.certify.subject import subject

DATA = ROOT / "src" / "ogive" / "certify" / "data" / FILE
PAGE = ROOT / "docs" / "certificates.md"
#: By dtype the file of errors that `make accuracy` records.
RECORDED = {"float64": "accuracy.json", "float32": "accuracy32.json"}
#: Points of the big attack for each entry, and of each of its random draws.
POINTS = 1_000_000
HEAD = """\
# Certificates

Written by `make certificates`. `ogive.get(name).certificate()` gives the whole report of an entry, of
other parameters (`certificate(alpha=0.5)`) and of your own function; `ogive show name` prints it,
`to_dict()`, `to_json()` and `to_markdown()` write it.

Every number carries an error, a bound of how far it can be from the truth, and a method:

- **symbolic**: it follows from the formula, without arithmetic.
- **ball**: proved by ball arithmetic (python-flint's arb): every number is an interval that holds the
  true one, rounding included. Suprema, zeros and stretches are found by branch and bound over the whole
  line with derivatives; beyond the last box an asymptotic bound of the formula holds up to infinity.
  Moments are integrals of balls over discs, with a proved bound of what lies beyond the far cut. What
  does not come to nine digits is not reported.
- **quadrature**: an adaptive integral in floats, its error estimated by the difference of two rules and
  taken tenfold. Used where many integrals make one number: fixed points, the edge of chaos, the
  correlation map (its value at 0 is compared with the proved one), the noise of stochastic entries.
- **sampled**: the half width of a confidence interval stands as the error.
- **not proved**: the search met its limit or something that it cannot bound: a pole, an oscillation
  without end, a formula with a hidden kink. No number is guessed in its place.

`--attack` (`make attack`) looks for a point that contradicts a certificate: a million random points of
every size for each entry, refined about the largest and smallest values of f, f' and f''.

At the default parameters, for pre-activations from N(0, 1); gain is 1 / sqrt(E f^2), chi the factor of a
gradient's square per layer at that gain, smoothness the class C^k. Of gated entries it is the gate at
value = 1, of stochastic ones the form of evaluation. {proved} numbers are proved or computed, {unproved}
are not proved.

| entry | range | Lipschitz | C^k | saturates | E f | gain | chi |
|---|---|---|---|---|---|---|---|
"""


def proved(name: str) -> tuple[str, dict[str, Any]]:
    """The key of an entry and its sections, the recorded errors among them."""
    spec = entries()[name]
    found = prove(spec)
    if found.numerics is not None:
        found = replace(found, numerics=replace(found.numerics, errors=recorded(spec)))
    return found.identity.key, sections(found)


def recorded(spec: Spec) -> dict[str, dict[str, dict[str, float]]]:
    """By dtype and engine the worst errors of f, f' and f'' at the default parameters."""
    case = f"{spec.name}:{'gate' if spec.kind == 'gated' else 'x'}"
    found = {d: json.loads((ROOT / "tests/data" / f).read_text()) for d, f in RECORDED.items()}
    return {
        dtype: {e: {k: v for k, v in cases[case].items() if "df/d" not in k} for e, cases in engines.items() if case in cases}
        for dtype, engines in found.items()
    }


def everywhere(work: Callable[[str], Any], names: list[str], processes: int) -> Iterator[Any]:
    """The work on every name, in the order of the names, with a bar."""
    with ProcessPoolExecutor(processes) as pool:
        yield from track(pool.map(work, names), total=len(names), description="entries")


def write(names: list[str], processes: int) -> None:
    """The data that the package ships and the page."""
    started = perf_counter()
    found = dict(everywhere(proved, names, processes))
    text = "{\n" + ",\n".join(f"{json.dumps(k)}: {_compact(v)}" for k, v in found.items()) + "\n}\n"
    DATA.write_bytes(gzip.compress(text.encode(), mtime=0))
    numbers = [q for part in found.values() for q in quantities(part)]
    unproved = sum(method == METHODS[-1] for method in numbers)
    rows = [row(Certificate.from_dict({"identity": vars(identity(entries()[n])), **found[identity(entries()[n]).key]})) for n in names if entries()[n].kind != "rowwise"]
    PAGE.write_text(HEAD.format(proved=len(numbers) - unproved, unproved=unproved) + "\n".join(rows) + "\n")
    print(f"{len(names)} certificates in {perf_counter() - started:.0f} s; {DATA.stat().st_size} bytes, {len(text)} unpacked; {len(numbers) - unproved} numbers proved, {unproved} not")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def main() -> None:
    pass
