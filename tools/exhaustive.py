"""Checks every float32 number: f and f' of the functions that networks use most.

Run by `make exhaustive`: rewrites tests/data/exhaustive.json and docs/generated/exhaustive.md,
made of it. An interrupted run goes on where it stopped; a function whose kernels have changed
since is measured again, the others are not. ``--stride`` tries the tool on every N-th number and
leaves the record alone.

The public call is measured, and the gradient autograd gives through it. The judge is the library's
own float64 program, which the same run compares with mpmath at 50 digits.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from torch import Tensor

import ogive
from ogive.bench.contenders import NATIVES
from ogive.bench.processor import Machine
from ogive.certify.reference import exact, limit, ulp
from ogive.engine.cpu.loops import kernel
from ogive.engine.cpu.operands import Operand
from ogive.engine.cpu.precision import arithmetic
from ogive.errors import EngineWarning
from ogive.ops import ActivationFunction
from ogive.ops.arguments import check_parameters
from ogive.ops.parameters import bound

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "data" / "exhaustive.json"
PAGE = ROOT / "docs" / "generated" / "exhaustive.md"
#: Where the journal stands, and what a trial writes.
BUILD = ROOT / "build" / "exhaustive"

#: What most networks are made of and torch has an operator for. Left out: celu, which with its
#: default is elu; relu6 and hardtanh, which clip and round nothing.
NAMES = (
    *("relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish"),
    *("sigmoid", "tanh", "softplus", "logsigmoid", "softsign", "hardswish", "hardsigmoid"),
)
DIRECTIONS = ("forward", "derivative")
SIDES = ("ogive", "torch")

#: The largest error that is right, in ulp; a derivative may count in eps of its supremum.
BARS = {"forward": 2.0, "derivative": 4.0}
#: A forward error between 2 and this needs a reason here.
LARGEST_WITH_A_REASON = 3.0
REASONS = {
    "selu": "the error of expm1 is rounded twice more, by the two factors",
    "gelu_tanh": "several terms of the polynomial below zero are of one size",
    "silu": "the error of the logistic function is rounded once more, by the product",
    "mish": "the exponential and its product with x are rounded before what is taken from it",
    "gelu": "several terms of the polynomial below zero are of one size",
    "tanh": "m / (m + 2) has three roundings besides those of m = expm1(2 |x|)",
    "sigmoid": "the exponential, the sum with 1 and the quotient are rounded one after the other",
    "hardswish": "the sum, the product and the quotient are rounded one after the other",
}
#: The largest error of the float64 program, in the unit it judges with.
JUDGE_BAR = 1e-3

EPS = 2.0**-23
#: Where float32 ends: an infinity counts as this number, whose spacing is that of the last binade.
EDGE = 2.0**128
#: A result on the other side of the edge is rounded wrong up to here, and a wrong infinity beyond.
ROUNDING = 4.0
EXPONENT = 0x7FF0_0000_0000_0000

#: Numbers in a chunk, a line of the journal; in a tile, which the processor's cache holds.
CHUNK = 2**26
CHUNKS = 2**32 // CHUNK
TILE = 2**16
# To be raised whenever the same kernels would be measured differently than before.
PROCEDURE = 1

HEAD = """\
# Every float32 number

Written by `make exhaustive`; the tests hold the bars and measure a sample again. {machine}.

The functions that networks use most, at {inputs}: the public call `ogive.get(name)(x)`, and the
gradient that autograd gives through it; beside them torch's operator and its gradient at the same
inputs. What is right is what the library's float64 program gives, and the same run compares that
program with mpmath at 50 digits: at 8 numbers of each sign and exponent, at 1,024 between -12 and
12, at both infinities and at the worst inputs found.

- *ulp*: the largest error over the spacing of float32 at the exact value, which is at least 2^-149.
  Rounding alone may leave 0.5. Below it stand the input, what came out, and what is exact.
- *eps*: a derivative cannot have all its digits near its own zeros. This is the largest error when
  each is counted in ulp or in eps sup|f'|, eps = 2^-23, whichever gives less.
- *wrong*: how often there is NaN for a number or a number for NaN; how often an infinity for a
  finite number or the reverse; and zeros of the wrong sign where x is a zero (-0). A value that
  underflows may have either sign. At NaN a derivative that is piecewise constant may be a number.
- *judge*: the largest error of the float64 program, in ulp of float32, for derivatives as in *eps*.

The bars: {forward:g} ulp forward ({reason:g} with a reason below the table), and {derivative:g} in
the column *eps* for derivatives.
"""


# measuring


@dataclass(frozen=True)
class Worst:
    """The largest error, and where: the input's bits, the input, what came out, what is right."""

    error: float = 0.0
    bits: str = ""
    at: float = 0.0
    got: float = 0.0
    wanted: float = 0.0

    @classmethod
    def of(cls, errors: Tensor, x: Tensor, got: Tensor, wanted: Tensor) -> Worst:
        i = int(errors.argmax())
        bits = f"{int(x.view(torch.int32)[i]) & 0xFFFF_FFFF:#010x}"
        return cls(float(errors[i]), bits, *(float(t[i]) for t in (x, got, wanted)))

    def or_worse(self, other: Worst) -> Worst:
        """The larger of both, this one if they are equal."""
        return other if other.error > self.error else self


@dataclass
class Tally:
    """What one side did in one direction: the worst errors, and how many special values are wrong.

    ``scaled`` counts a derivative's errors in the larger of the ulp and eps times its supremum.
    """

    worst: Worst = field(default_factory=Worst)
    scaled: Worst = field(default_factory=Worst)
    nan: int = 0
    inf: int = 0
    zero: int = 0

    @classmethod
    def read(cls, record: dict[str, Any]) -> Tally:
        worst, scaled = (Worst(**record[k]) for k in ("worst", "scaled"))
        return cls(worst, scaled, *(record[k] for k in ("nan", "inf", "zero")))

    def see(self, x: Tensor, got: Tensor, wanted: Tensor, scale: float) -> None:
        """Measures the results at x; ``scale`` is the derivative's supremum, or 0 for a value."""
        gap, place = distance(got.double(), wanted)
        errors = gap / place
        if not (errors.amax() + x.amax()).isfinite():
            gap, place = self._settle(x, got, wanted, bool(scale))
            errors = gap / place
        top = errors.amax()
        if top > self.worst.error:
            self.worst = Worst.of(errors, x, got, wanted)
        if scale and top > self.scaled.error:  # which is never above an error in ulp
            scaled = gap / place.clamp(min=EPS * scale)
            self.scaled = self.scaled.or_worse(Worst.of(scaled, x, got, wanted))
        if not scale and x[0] == 0 and got[0] == wanted[0] == 0:  # zeros begin a tile
            self.zero += bool(got[0].signbit() != wanted[0].signbit())

    def _settle(self, x: Tensor, got: Tensor, wanted: Tensor, slope: bool) -> tuple[Tensor, Tensor]:
        """``distance`` where NaN and infinities occur: counts those that are wrong."""
        free = x.isnan() & ~wanted.isnan() & slope
        unlike = (got.isnan() != wanted.isnan()) & ~free
        gap, place = distance(*(t.double().clamp(-EDGE, EDGE) for t in (got, wanted)))
        place.clamp_(max=EDGE * EPS / 2)
        apart = (got.isinf() | (wanted.abs() >= EDGE)) & (gap > ROUNDING * place) & ~free
        self.nan += int(unlike.count_nonzero())
        self.inf += int(apart.count_nonzero())
        gap.masked_fill_(free | unlike | apart | wanted.isnan(), 0.0)
        return gap, place.nan_to_num_(1.0)

    def merge(self, other: Tally) -> None:
        self.worst = self.worst.or_worse(other.worst)
        self.scaled = self.scaled.or_worse(other.scaled)
        self.nan += other.nan
        self.inf += other.inf
        self.zero += other.zero


#: direction -> side -> what was seen
Tallies = dict[str, dict[str, Tally]]


def distance(got: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """How far float64 numbers are apart, and the spacing of float32 where they should be."""
    power = wanted.view(torch.int64).bitwise_and(EXPONENT).view(torch.float64)
    return got.sub(wanted).abs_(), power.clamp_(min=2.0**-126).mul_(EPS)


def evaluate(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """f and f' as a call and autograd give them."""
    x = x.detach().requires_grad_()
    y = function(x)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return y.detach(), slope


@cache
def supremum(name: str) -> float:
    """The largest slope, up or down; all these functions have theirs between -16 and 16."""
    x = torch.linspace(-16.0, 16.0, 2**18 + 1, dtype=torch.float64)
    return float(evaluate(ogive.get(name), x)[1].abs().max())


def empty() -> Tallies:
    return {direction: {side: Tally() for side in SIDES} for direction in DIRECTIONS}


def measure(name: str, x: Tensor, tallies: Tallies) -> None:
    """Adds what both sides do at these numbers."""
    function = ogive.get(name)
    wanted = evaluate(function, x.double())
    for side, call in zip(SIDES, (function, NATIVES[name].call), strict=True):
        got = evaluate(call, x)
        for k, scale in enumerate((0.0, supremum(name))):
            tallies[DIRECTIONS[k]][side].see(x, got[k], wanted[k], scale)


def numbers(start: int, stop: int, stride: int = 1) -> Iterator[Tensor]:
    """The float32 numbers with these bits, in tiles."""
    first = -(-start // stride) * stride
    for low in range(first, stop, TILE * stride):
        high = min(stop, low + TILE * stride)
        yield floats(torch.arange(low, high, stride, dtype=torch.int64))


def floats(bits: Tensor) -> Tensor:
    """The float32 numbers with these bits, which are integers up to 2^32."""
    return bits.to(torch.int32).view(torch.float32)


def written_as(bits: Iterable[str]) -> Tensor:
    """The numbers that a record names by their bits."""
    return floats(torch.tensor([int(b, 16) for b in bits], dtype=torch.int64))


def measure_chunk(name: str, index: int, stride: int) -> dict[str, Any]:
    """The tallies of one chunk, as the journal keeps them."""
    torch.set_num_threads(1)
    tallies = empty()
    for x in numbers(index * CHUNK, (index + 1) * CHUNK, stride):
        measure(name, x, tallies)
    return {d: {s: asdict(t) for s, t in sides.items()} for d, sides in tallies.items()}


def merged(chunks: Iterable[dict[str, Any]]) -> Tallies:
    """The tallies of several chunks, in the order of the numbers."""
    total = empty()
    for chunk in chunks:
        for direction in DIRECTIONS:
            for side in SIDES:
                total[direction][side].merge(Tally.read(chunk[direction][side]))
    return total


# judging the judge


def probes(extra: Iterable[str]) -> Tensor:
    """Finite numbers of every sign and exponent, some from the middle, and those given by bits."""
    draw = torch.Generator().manual_seed(0)
    heads = torch.cat([torch.arange(255), torch.arange(256, 511)]).repeat_interleave(8) << 23
    bits = heads + torch.randint(0, 2**23, heads.shape, generator=draw)
    middle = torch.rand(1024, generator=draw) * 24 - 12
    x = torch.cat([floats(bits), middle, written_as(extra)])
    return x[x.isfinite()]


def audit(name: str, worst: Sequence[str]) -> dict[str, dict[str, float]]:
    """The largest errors of the float64 program against mpmath, by direction.

    ``units`` is the unit that the program judges with, ``relative`` is taken where float32 has
    normal numbers. The limits at infinity are held too.
    """
    x = probes(worst)
    function = ogive.get(name)
    got = evaluate(function, torch.cat([x, torch.tensor([math.inf, -math.inf])]).double())
    programs = (function, function.derivative())
    found = {}
    for direction, values, program in zip(DIRECTIONS, got, programs, strict=True):
        least = EPS * supremum(name) if direction == "derivative" else 0.0
        rights = exact_values(program, x.tolist())
        errors = [off(v, r, least) for v, r in zip(values.tolist(), rights, strict=True)]
        found[direction] = dict(zip(("units", "relative"), map(max, *errors), strict=True))
    return found


def exact_values(function: ActivationFunction, x: list[float]) -> list[Any]:
    """The function at the numbers, then at plus and minus infinity."""
    program = function.spec.program
    values = [v for p in function.parameters for v in p.defaults]
    rights = [exact(program, v, *values)[0] for v in x]
    return rights + [limit(program, sign, *values) for sign in (1.0, -1.0)]


def off(value: float, right: Any, least: float) -> tuple[float, float]:
    """How far a number is off: in units, which are ``least`` or more, and relatively."""
    if value == right:
        return 0.0, 0.0
    if not (math.isfinite(value) and math.isfinite(right)):
        return math.inf, math.inf
    gap, size = float(abs(value - right)), float(abs(right))
    return gap / max(ulp(size, "float32"), least), gap / size if size >= 2.0**-126 else 0.0


# the run


class Journal:
    """Finished tasks, a line each, so that an interrupted run goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, dict[str, Any]] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                record = json.loads(line)
            except ValueError:  # cut off in the middle
                continue
            self.results[record["key"]] = record["result"]

    def add(self, key: str, result: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"key": key, "result": result}))
        self.results[key] = result


def fingerprint(name: str) -> str:
    """What a function's results depend on: the text of its kernels, torch, the processor."""
    spec = ogive.get(name).spec
    forward = bound(spec.program, check_parameters(spec, {}))
    texts = [str(PROCEDURE), torch.__version__, Machine.here().cpu]
    for program in (forward, forward.vjp((0,), (0,))):
        for dtype in ("float32", "float64"):
            operands = (Operand(dtype),) * len(program.inputs) + (Operand(dtype, "out"),)
            texts.append(kernel(program, operands, arithmetic(program, operands)))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


Task = tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]


def done(
    tasks: dict[str, Task], journal: Journal, threads: int, label: str
) -> dict[str, dict[str, Any]]:
    """The results of the tasks by their keys: those of the journal, and the others worked out."""
    missing = {key: task for key, task in tasks.items() if key not in journal.results}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(label, total=len(tasks), completed=len(tasks) - len(missing))
        pool = ProcessPoolExecutor(threads)
        try:
            keys: dict[Future[dict[str, Any]], str] = {
                pool.submit(work, *arguments): key for key, (work, arguments) in missing.items()
            }
            for future in as_completed(keys):
                journal.add(keys[future], future.result())
                progress.advance(bar)
        finally:
            pool.shutdown(cancel_futures=True)
    return {key: journal.results[key] for key in tasks}


def measured(
    names: Sequence[str], stride: int, threads: int, journal: Journal
) -> dict[str, dict[str, Any]]:
    """The record of each function."""
    prints = {name: fingerprint(name) for name in names}
    chunks: dict[str, Task] = {
        f"{name} {prints[name]} {stride} {i}": (measure_chunk, (name, i, stride))
        for name in names
        for i in range(CHUNKS)
    }
    found = done(chunks, journal, threads, "every number" if stride == 1 else f"1 of {stride}")
    records = {
        name: record(merged(r for key, r in found.items() if key.split()[0] == name), stride)
        for name in names
    }
    audits: dict[str, Task] = {}
    for name in names:
        worst = worst_inputs(records[name])
        audits[f"{name} {prints[name]} judge {' '.join(worst)}"] = (audit, (name, worst))
    for name, errors in zip(names, done(audits, journal, threads, "mpmath").values(), strict=True):
        for direction in DIRECTIONS:
            records[name][direction]["judge"] = errors[direction]
    return records


def worst_inputs(found: dict[str, Any]) -> list[str]:
    """The bits of every worst input in a record, of both sides."""
    tallies = [found[direction][side] for direction in DIRECTIONS for side in SIDES]
    worst = [tally[k] for tally in tallies for k in ("worst", "scaled") if k in tally]
    return sorted({w["bits"] for w in worst} - {""})


def record(tallies: Tallies, stride: int) -> dict[str, Any]:
    """The tallies as they are kept: a value's error is counted in ulp alone."""
    found: dict[str, Any] = {"stride": stride}
    for direction, sides in tallies.items():
        found[direction] = {side: asdict(tally) for side, tally in sides.items()}
    for side in SIDES:
        del found["forward"][side]["scaled"]
    return found


# the page


def page(content: dict[str, Any]) -> str:
    functions = content["functions"]
    stride = max(found["stride"] for found in functions.values())
    head = HEAD.format(
        machine=content["machine"],
        inputs="all 2^32 float32 inputs" if stride == 1 else f"every {stride}th float32 input",
        reason=LARGEST_WITH_A_REASON,
        **BARS,
    )
    columns = ["ogive ulp", "eps", "wrong", "torch ulp", "eps", "wrong", "judge"]
    lines = [f"| function | direction | {' | '.join(columns)} |"]
    lines.append("|---" * (2 + len(columns)) + "|")
    for name, found in functions.items():
        lines += [row(name, direction, found[direction]) for direction in DIRECTIONS]
    notes = [f"- `{name}`: {reason}." for name, reason in REASONS.items()]
    return "\n".join([head, *lines, *(["", *notes] if notes else [])]) + "\n"


def row(name: str, direction: str, found: dict[str, Any]) -> str:
    cells = [f"`{name}`", direction]
    for side in SIDES:
        tally = found[side]
        cells += [located(tally["worst"]), located(tally.get("scaled", {})), wrong(tally)]
    return "| " + " | ".join([*cells, f"{found['judge']['units']:.1e}"]) + " |"


def located(worst: dict[str, Any]) -> str:
    """An error and where it is, one above the other."""
    if not worst:
        return ""
    if not worst["error"]:
        return "0"
    at, got, wanted = (f"{worst[k]:.9g}" for k in ("at", "got", "wanted"))
    return f"**{worst['error']:.3g}**<br>at {at}:<br>{got},<br>not {wanted}"


def wrong(tally: dict[str, Any]) -> str:
    """How many special values are wrong, and which."""
    counts = {"NaN": tally["nan"], "inf": tally["inf"], "-0": tally["zero"]}
    return ", ".join(f"{n:,} {k}" for k, n in counts.items() if n) or "0"


def over(functions: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What is above its bar, a sentence each."""
    for name, found in functions.items():
        for direction in DIRECTIONS:
            ours, judge = found[direction]["ogive"], found[direction]["judge"]["units"]
            worst = ours.get("scaled", ours["worst"])
            bar = BARS[direction]
            if direction == "forward" and name in REASONS:
                bar = LARGEST_WITH_A_REASON
            if worst["error"] > bar:
                yield f"{name} {direction}: {worst['error']:.3g} at {worst['at']!r}, bar {bar:g}"
            if wrong(ours) != "0":
                yield f"{name} {direction}: wrong special values: {wrong(ours)}"
            if not judge <= JUDGE_BAR:
                yield f"{name} {direction}: the float64 program is off by {judge:.1e} units"


# the command


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--functions", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--threads", type=int, default=2, help="processes of one thread each")
    parser.add_argument(
        "--stride", type=int, default=1, help="every N-th number; writes under build/exhaustive/"
    )
    return parser.parse_args()


def written(functions: dict[str, dict[str, Any]], data: Path, text: Path) -> None:
    """Writes the record and its page; functions not measured now keep their rows."""
    known = json.loads(data.read_text(encoding="utf-8"))["functions"] if data.exists() else {}
    known |= functions
    here = Machine.here()
    content = {
        "machine": f"{here.cpu}, {here.capability}; torch {here.torch}, ogive {here.ogive}",
        "functions": {name: known[name] for name in NAMES if name in known},
    }
    for path in (data, text):
        path.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    text.write_text(page(content), encoding="utf-8")


def main() -> None:
    given = arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("error", EngineWarning)  # torch's operators are not what is measured
    journal = Journal(BUILD / "journal.jsonl")
    try:
        functions = measured(given.functions, given.stride, given.threads, journal)
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from here")
    full = given.stride == 1
    trial = (BUILD / f"every{given.stride}.json", BUILD / f"every{given.stride}.md")
    written(functions, *((RECORD, PAGE) if full else trial))
    if found := list(over(functions)):
        sys.exit("above the bars:\n" + "\n".join(found))


if __name__ == "__main__":
    main()
