"""The ledger as Markdown: a table of all claims, a page with numbers and pictures for each."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ogive.study.claims.charts import Chart
from ogive.study.claims.check_figures import draw_checks, measured_checks
from ogive.study.claims.checks import VERDICTS, Check, told
from ogive.study.claims.drawing import draw_chart, suffix_of
from ogive.study.claims.estimates import Estimate
from ogive.study.claims.ledger import Decided

_PAGE, _FOLDER = "claims.md", "claims"
_WORDS = {True: "yes", False: "no", None: "open"}
_HEAD = """\
# Claims

What is said of activations, and what experiments say of that. Written by `make claims`; every
verdict is computed from numbers with intervals, by a criterion that stands in the claim's file
before it is run, and is never typed. **holds**: every number lies where the claim wants it, with
its whole interval. **fails**: the claim says "always", and somewhere the whole interval lies
outside; or it does so everywhere. **depends**: it holds under some conditions and fails under
others.
**undecided**: an interval reaches across a bound. All intervals of a claim hold at once with 95 %:
those of means over paired seeds come from sign flips, those of shares are Clopper and Pearson's;
proved numbers have the ends that the proof gives.
"""


def write_pages(decided: Sequence[Decided], folder: Path) -> Path:
    """Write the ledger and the pages of its claims into a folder; returns the ledger's path."""
    pages = folder / _FOLDER
    pages.mkdir(parents=True, exist_ok=True)
    for each in decided:
        for number, chart in enumerate(each.charts, 1):
            draw_chart(chart, pages / _picture(each, number, chart))
        if measured_checks(each.checks):
            draw_checks(each.checks, pages / _checks_picture(each))
        (pages / f"{each.id}.md").write_text(claim_page(each), encoding="utf-8")
    (folder / _PAGE).write_text(ledger_page(decided), encoding="utf-8")
    return folder / _PAGE


def ledger_page(decided: Sequence[Decided]) -> str:
    """The table of all claims."""
    counts = Counter(each.verdict for each in decided)
    total = ", ".join(f"{counts[word]} {word}" for word in VERDICTS if counts[word])
    seconds = sum(each.seconds for each in decided)
    days = sorted({each.day for each in decided})
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else ""
    lines = [
        _HEAD,
        f"{len(decided)} claims: {total}. They took {seconds / 60:.0f} minutes of one processor "
        f"({when}; {_versions_of(decided)}). One of them again: `ogive claims C5 --fresh`.\n",
        "| claim | | verdict | what it rests on | met | seeds | s |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(each) for each in decided]
    return "\n".join(lines) + "\n"


def _versions_of(decided: Sequence[Decided]) -> str:
    """The versions under which they were decided, which are one set unless some are old."""
    sets = dict.fromkeys(
        ", ".join(f"{name} {version}" for name, version in each.versions.items())
        for each in decided
    )
    return "; ".join(sets)


def _row(each: Decided) -> str:
    outcomes = [check.outcome for check in each.checks]
    cells = (
        f"[{each.id}]({_FOLDER}/{each.id}.md)",
        each.claim,
        f"**{each.verdict}**",
        each.on,
        f"{outcomes.count(True)} of {len(outcomes)}",
        str(each.seeds or ""),
        f"{each.seconds:.0f}",
    )
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def verdicts_of_page(page: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What the table of all claims says: id and statement -> the verdict and what it rests on."""
    rows = (re.split(r"(?<!\\) ?\| ?", line) for line in page.splitlines() if line[:4] == "| [C")
    cells = ([cell.replace("\\|", "|") for cell in row] for row in rows)
    return {
        (link[1 : link.index("]")], claim): (verdict.strip("*"), on)
        for _, link, claim, verdict, on, *_ in cells
    }


def claim_page(each: Decided) -> str:
    """All that is known of one claim."""
    seeds = f"{each.seeds} paired repetitions, " if each.seeds else ""
    parts = [
        f"# {each.id}: {each.claim}",
        f"**{each.verdict}**" + (f": {each.on}" if each.on else ""),
        f"Said in {each.source}.",
        f"**What counts as holding.** {each.criterion}",
        f"**What was done.** {each.page}",
        *(f"![{c.title}]({_picture(each, n, c)})" for n, c in enumerate(each.charts, 1)),
        f"![every number with its interval]({_checks_picture(each)})"
        if measured_checks(each.checks)
        else "",
        _checks_table(each.checks),
        _numbers_table(each),
        f"{each.day}, {_versions_of([each])}; {seeds}{each.seconds:.0f} s of one processor. "
        f"Again: `ogive claims {each.id} --fresh`.",
        "[All claims](../claims.md)",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _picture(each: Decided, number: int, chart: Chart) -> str:
    return f"{each.id}-{number}{suffix_of(chart)}"


def _checks_picture(each: Decided) -> str:
    return f"{each.id}-intervals.svg"


def _checks_table(checks: Sequence[Check]) -> str:
    lines = ["| number | where | value | interval | wanted | met |", "|---|---|---|---|---|---|"]
    for check in checks:
        where = told(check.where.items()) if check.where else ""
        cells = (check.name, where, *_said(check.estimate), _wanted(check), _WORDS[check.outcome])
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def _numbers_table(each: Decided) -> str:
    if not each.numbers:
        return ""
    lines = ["| other numbers | value | interval |", "|---|---|---|"]
    for name, estimate in each.numbers.items():
        lines.append("| " + " | ".join(map(_cell, (name, *_said(estimate)))) + " |")
    return "\n".join(lines)


def _said(estimate: Estimate) -> tuple[str, str]:
    """The value, and the interval where it is one."""
    value, low, high = (f"{v:.4g}" for v in (estimate.value, estimate.low, estimate.high))
    return value, "" if low == high == value else f"{low} to {high}"


def _wanted(check: Check) -> str:
    low, high = check.at_least, check.at_most
    if low == high:
        return f"{low:.4g}"
    ends = {f"at least {low:.4g}": low, f"at most {high:.4g}": high}
    return ", ".join(words for words, end in ends.items() if math.isfinite(end))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
