"""Proves the certificates of the catalogue, compares them, and attacks them.

python tools/certify.py              writes what the package ships, docs/generated/certificates.md
python tools/certify.py gelu elu     proves these anew; of the others what is shipped stays
python tools/certify.py --check 10   proves ten at random and compares them with what is shipped
python tools/certify.py --attack     looks for points that contradict one, a million an entry; then
                                     draws formulas from the grammar for --minutes, and attacks
                                     what is proved of each, poles, jumps and limits too
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from rich.progress import track

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "certify"))

from agreement import agree
from attack import violations
from drawn import drawn
from exactly import contradictions

from ogive.catalogue import Spec, entries, user_spec
from ogive.certify.proof.budget import limited
from ogive.certify.proof.shape import shape
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.quantity import METHODS, Quantity
from ogive.certify.report.certificate import Certificate, certificate, identity, prove, sections
from ogive.certify.report.page import NOT_PROVED_METHOD, said
from ogive.certify.serialize import encoded
from ogive.certify.shipped import FILE, shipped

RAW = argparse.RawDescriptionHelpFormatter
Plain = dict[str, Any]
DATA = ROOT / "src" / "ogive" / "certify" / "data" / FILE
PAGE = ROOT / "docs" / "generated" / "certificates.md"
#: By dtype the file of errors that `make accuracy` records.
RECORDED = {
    "float64": "accuracy.json",
    "float32": "accuracy32.json",
    "bfloat16": "accuracy_bfloat16.json",
    "float16": "accuracy_float16.json",
}
#: Points of the big attack for each entry, and of each of its random draws.
POINTS = 1_000_000
HEAD = """\
# Certificates

Written by `make certificates`. `ogive.get(name).certificate()` gives the whole report of an entry,
of other parameters (`certificate(alpha=0.5)`) and of your own function; `ogive show name` prints
it; `to_dict()`, `to_json()` and `to_markdown()` write it.

Every number carries an error, a bound of how far it can be from the truth, and a method:

- **symbolic**: it follows from the formula, without arithmetic.
- **ball**: proved by ball arithmetic (python-flint's arb): every number is an interval that holds
  the true one, rounding included. Suprema, zeros and monotone intervals are found by branch and
  bound with derivatives; beyond the last box an enclosure of the tail holds up to infinity. Moments
  are integrals of balls, with a proved bound of what lies beyond the far cut. What does not come to
  nine digits is not reported.
- **quadrature**: an adaptive integral in floats; its error is the difference of two rules, taken
  tenfold, which is no proof. Used where many integrals make one number: fixed points, the edge of
  chaos, the correlation map (compared at 0 with the proved value), the noise of stochastic entries.
- **sampled**: the half width of a confidence interval stands as the error.
- **not proved**: the search met its limit or something that it cannot bound, such as an oscillation
  without end. No number is guessed in its place.

How long a function takes depends on the machine, so no certificate comes with it:
`ogive.bench.timed(ogive.get(name))` and `ogive show name --timed` measure its time over relu's in
one process, in turns, and state the median of the ratios with its confidence interval.
`certificate(normal=(mean, std))` computes the section signal at another normal distribution.

`make attack` looks for a point that contradicts a certificate: a million random points of every
size for each entry and each statement, and a local search from the worst of them. Then it draws
formulas from the grammar, with jumps, poles, powers and nested pieces, and attacks what is proved
of each at 120 digits (`tools/certify.py --attack --minutes 60 --seed 7`).

A domain is a list of intervals; a pole or a hole is a breakpoint between two of them. Of a periodic
function with infinitely many of them, such as sin(x)/cos(x), the lists are not given; its range,
slopes and class are, proved over one period. What is proved of one function takes a minute of the
processor and a gigabyte at most; what is not found by then is not proved.

The table holds at the default parameters, for pre-activations from N(0, 1): gain is 1/sqrt(E f^2),
chi the factor of a gradient's square per layer at that gain. Of gated entries it is about the gate
at value = 1, of stochastic ones about the form of evaluation. All certificates together hold
{proved} numbers; {unproved} more are not proved.

| entry | range | Lipschitz | C^k | saturates | E f | gain | chi |
|---|---|---|---|---|---|---|---|
"""


def proved(name: str) -> tuple[str, Plain, float]:
    """The key of an entry, its sections with the recorded errors, and the seconds they took."""
    started, spec = process_time(), entries()[name]
    found = prove(spec)
    if found.numerics is not None:
        found = replace(found, numerics=replace(found.numerics, errors=recorded(spec)))
    return found.identity.key, sections(found), process_time() - started


def recorded(spec: Spec) -> dict[str, dict[str, dict[str, float]]]:
    """By dtype and engine the worst errors of f, f' and f'' at the default parameters."""
    case = f"{spec.name}:{'gate' if spec.kind == 'gated' else 'x'}"
    return {
        dtype: {engine: _orders(cases.get(case, {})) for engine, cases in _cases(file).items()}
        for dtype, file in RECORDED.items()
    }


@cache
def _cases(file: str) -> dict[str, dict[str, dict[str, float]]]:
    return json.loads((ROOT / "tests" / "data" / file).read_text())


def _orders(errors: dict[str, float]) -> dict[str, float]:
    return {order: errors[order] for order in ("f", "f'", "f''") if order in errors}


def everywhere(work: Callable[[str], Any], names: list[str], processes: int) -> Iterator[Any]:
    """The work on every name, in their order, with a bar; each process ends what it has begun."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from track(pool.map(work, names), total=len(names), description="entries")


def write(names: list[str], processes: int) -> int:
    """Writes the data that the package ships and the page; proves the entries of these names."""
    started = perf_counter()
    rows = list(everywhere(proved, names, processes))
    made = {key: part for key, part, _ in rows}
    keys = [identity(spec).key for spec in entries().values()]
    known = {key: made.get(key) or shipped(key) for key in keys}
    found = {key: part for key, part in known.items() if part is not None}
    lines = (f"{json.dumps(key)}: {compact(part)}" for key, part in found.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    DATA.write_bytes(gzip.compress(text.encode(), mtime=0))
    PAGE.write_text(page(found))
    spent = f"{perf_counter() - started:.0f} s, {sum(row[2] for row in rows):.0f} s of processor"
    print(f"{len(names)} certificates in {spent}; {DATA.stat().st_size} bytes written")
    print(summary(dict(zip(names, (part for _, part, _ in rows), strict=True))))
    return 0


def compact(part: Plain) -> str:
    return json.dumps(part, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def methods(part: Any) -> Iterator[str]:
    """The method of every quantity in a section."""
    if isinstance(part, dict):
        if "method" in part:
            yield part["method"]
        for item in part.values():
            yield from methods(item)
    elif isinstance(part, list):
        for item in part:
            yield from methods(item)


def summary(found: dict[str, Plain]) -> str:
    """How many numbers rest on each method, and the entries with the most that are not proved."""
    counted = {name: Counter(methods(part)) for name, part in found.items()}
    total = sum(counted.values(), Counter())
    missing = Counter({name: count[NOT_PROVED_METHOD] for name, count in counted.items()})
    worst = ", ".join(f"{name} {count}" for name, count in missing.most_common(12) if count)
    return ", ".join(f"{m}: {total[m]}" for m in METHODS) + f"\nmost not proved: {worst}"


def page(found: dict[str, Plain]) -> str:
    """The head and a row for each entry that is a function of one number."""
    total = sum((Counter(methods(part)) for part in found.values()), Counter())
    count = {
        "proved": total.total() - total[NOT_PROVED_METHOD],
        "unproved": total[NOT_PROVED_METHOD],
    }
    specs = [spec for spec in entries().values() if spec.kind != "rowwise"]
    who = [identity(spec) for spec in specs]
    known = [w for w in who if w.key in found]
    reports = [Certificate.from_dict({"identity": encoded(w), **found[w.key]}) for w in known]
    return HEAD.format(**count) + "".join(row(report) for report in reports)


def row(of: Certificate) -> str:
    assert of.shape and of.smoothness and of.saturation and of.signal
    known = of.smoothness.order is not None
    cells = [
        f"`{of.identity.name}`",
        said(of.shape.range),
        short(of.smoothness.lipschitz),
        f"{of.smoothness.order:g}" if known else NOT_PROVED_METHOD,
        f"{of.saturation.left.kind} / {of.saturation.right.kind}",
        short(of.signal.moments.first),
        short(of.signal.gains.second_moment),
        short(of.signal.criticality.chi),
    ]
    return f"| {' | '.join(cells)} |\n"


def short(number: Quantity) -> str:
    return NOT_PROVED_METHOD if number.method == NOT_PROVED_METHOD else f"{number.value:.6g}"


def check(count: int, seed: int) -> int:
    """Proves some entries anew; 1 if one is not what is shipped."""
    chosen = random.Random(seed).sample(list(entries()), count)
    wrong = [name for name in chosen if not agree(*pair(name))]
    print(f"proved anew: {', '.join(chosen)}; other than shipped: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


def pair(name: str) -> tuple[Plain, Plain | None]:
    key, part, _ = proved(name)
    return part, shipped(key)


def attacked(name: str) -> list[str]:
    """What a million points find wrong with the shipped certificate of an entry."""
    spec = entries()[name]
    of = certificate(spec)
    assert of.shape and of.smoothness and of.saturation
    return violations(under_proof(spec), of.shape, of.smoothness, of.saturation, count=POINTS)


def attack(names: list[str], processes: int) -> int:
    """Attacks every certificate of a function of one number; 1 if a point contradicts one."""
    pointwise = [name for name in names if entries()[name].kind != "rowwise"]
    found = list(everywhere(attacked, pointwise, processes))
    for name, broken in zip(pointwise, found, strict=True):
        for line in broken:
            print(f"{name}: {line}")
    count = sum(map(len, found))
    print(f"{len(pointwise)} certificates, {POINTS} points a statement: {count} contradictions")
    return 1 if any(found) else 0


def drawn_attacked(seed: int) -> list[str]:
    """What is wrong with what is proved of the formula of a seed."""
    of = under_proof(user_spec("drawn", drawn(seed), {}))
    with limited():
        form, smooth = shape(of), smoothness(of)
    return [
        f"seed {seed}, {of.node}: {line}" for line in contradictions(of.node, form, smooth, seed)
    ]


def fuzz(minutes: float, seed: int, processes: int) -> int:
    """Attacks the certificates of drawn formulas for some time; 1 if one is contradicted."""
    end, count, broken = perf_counter() + 60 * minutes, 0, 0
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        while perf_counter() < end:
            block = range(seed + count, seed + count + 20 * processes)
            for lines in pool.map(drawn_attacked, block):
                broken += bool(lines)
                print(*lines, sep="\n", end="\n" if lines else "")
            count += len(block)
    print(f"{count} drawn formulas from seed {seed} on: {broken} contradicted")
    return 1 if broken else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=RAW)
    parser.add_argument("names", nargs="*", help="entries to prove or attack; all without any")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--check", type=int, metavar="N", help="prove N at random and compare")
    parser.add_argument(
        "--seed", type=int, default=0, help="of that choice, or the first formula's"
    )
    parser.add_argument("--attack", action="store_true", help="look for contradictions")
    parser.add_argument("--minutes", type=float, default=10.0, help="to draw formulas for")
    given = parser.parse_args()
    if given.check:
        return check(given.check, given.seed)
    if given.attack:
        wrong = attack(given.names or list(entries()), given.threads)
        return max(wrong, fuzz(given.minutes, given.seed, given.threads))
    return write(given.names or list(entries()), given.threads)


if __name__ == "__main__":
    sys.exit(main())
