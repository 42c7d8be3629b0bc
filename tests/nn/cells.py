"""A row in a situation: what becomes of it, held against the untouched network."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from odd_situations import ODD
from situations import SITUATIONS, Case, Net, Results, Row

import ogive

ALL = {**SITUATIONS, **ODD}

#: How far results may be off, as a part of the largest: a float32 kernel and torch's operator
#: differ by a few units of the last place, which a matrix product sums; bfloat16 rounds each.
TOLERANCE, ROUGH = 1e-5, {"autocast": 2**-6, "gradient penalty": 1e-4}
ROUGH |= {"bfloat16": 2**-6, "float16": 2**-9}
#: The lean mode's gradients are as exact as bfloat16 rounds.
LEAN = 2**-7


def outcome(row: Row, situation: str, save: str = "") -> str:
    """``right``, ``left: the reason``, ``refused`` where torch does, or what is wrong."""
    run, given = ALL[situation], {"save": save} if save else {}
    try:
        want = run(Case(prepared(row, situation)))
    except Exception:  # whatever torch does not do
        return "refused"
    net, reasons = prepared(row, situation), list[str]()
    try:
        if row.called:
            got = run(Case(net, functools.partial(intercepting, reasons, **given)))
        else:
            report = ogive.accelerate(net, **given)
            reasons += [x.reason for x in report.skipped if not report.rows] or [""]
            got = run(Case(net))
        tolerance = ROUGH.get(situation, TOLERANCE)
        compare(got, want, max(tolerance, LEAN) if save == "lean" else tolerance)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    assert reasons, "nothing was taken, and no reason was given"
    return f"left: {reasons[0]}" if all(reasons) else "right"


def prepared(row: Row, situation: str) -> Net:
    """The network of a row, with a hook that knows its module where that is the situation."""
    net = row.net()
    if situation == "hook":
        known, net.seen = {net.activation: 1}, []
        net.activation.register_forward_hook(lambda m, i, y: net.seen.append(known[m]))
    return net


@contextmanager
def intercepting(reasons: list[str], save: str = "input") -> Iterator[None]:
    """A block of intercept; notes why calls were left, and nothing for one that was taken."""
    with ogive.intercept(save=save) as seen:
        yield
    reasons += [*(reason for _, reason in seen.skipped), *("" for _ in seen.taken)]


def compare(got: Results, want: Results, tolerance: float) -> None:
    """Raises an AssertionError unless both are the same to a part of the largest value."""
    largest = max((t.abs().max().item() for t in want if t.numel()), default=0.0)
    for ours, theirs in zip(got, want, strict=True):
        part = max(tolerance, 2**-7) if theirs.dtype is torch.bfloat16 else tolerance
        torch.testing.assert_close(ours, theirs, rtol=0, atol=part * largest)
        assert ours.is_contiguous() or not theirs.is_contiguous()  # a model may call view
