"""An activation in plain words: what it is for, what is good and bad about it, when to use it.

Each sentence has a condition on the certificate, so that no sentence can be wrong where the
certificate is right. The tables are in the order in which sentences are told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ogive.catalogue import Spec
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.report.certificate import Certificate
from ogive.explorer.facts import zones
from ogive.explorer.strings import Texts

MINUS = "\N{MINUS SIGN}"
#: What ``chi``, the factor of a gradient's square in a layer, counts as kept.
_KEPT = (0.9, 1.1)
#: A mean within so many standard deviations counts as nearly zero.
NEAR_CENTRE = 0.2
#: Unrelated inputs that get more correlation than this in a layer are called alike.
ALIKE = 0.5


@dataclass(frozen=True)
class View:
    """A certificate with what is asked of it again and again."""

    spec: Spec
    of: Certificate
    texts: Texts

    @property
    def verdicts(self) -> Mapping[str, str]:
        return {c.name: c.verdict for c in self.of.criteria}

    @property
    def chi(self) -> float:
        assert self.of.signal
        return self.of.signal.criticality.chi.value

    @property
    def range(self) -> str:
        assert self.of.shape
        found = self.of.shape.range
        left, right = ("[" if found.closed_low else "("), ("]" if found.closed_high else ")")
        return f"{left}{three_digits(found.low.value)}, {three_digits(found.high.value)}{right}"

    @property
    def mean_share(self) -> tuple[float, float]:
        """The mean output, and how many standard deviations that is."""
        assert self.of.signal
        found = self.of.signal.moments
        deviation = math.sqrt(max(found.variance.value, 0.0))
        mean = found.first.value
        return mean, abs(mean) / deviation if deviation else math.inf

    @property
    def flat(self) -> list[tuple[float, float]]:
        """The intervals on which the gradient is 0."""
        return [(z.low, z.high) for z in zones(self.of) if z.kind in ("zero", "dead")]

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """From where on the gradient is under a thousandth, where it is not 0 there."""
        found = {z.low < z.high and math.isinf(z.low): z for z in zones(self.of)
                 if z.kind == "saturated"}  # fmt: skip
        left, right = found.get(True), found.get(False)
        return (left.high if left else None), (right.low if right else None)


_Values = dict[str, object]
#: The values of a sentence's placeholders, or None where it does not hold.
_Rule = Callable[[View], _Values | None]


def three_digits(value: float) -> str:
    """Three digits, with signs as in print."""
    told = "∞" if math.isinf(value) else f"{abs(value):.3g}"
    return f"{MINUS}{told}" if value < 0 else told


def _if(holds: bool, **values: object) -> _Values | None:
    return values if holds else None


def _known(number: Quantity) -> bool:
    return number != NOT_PROVED and not math.isnan(number.value)


def _has(name: str, verdict: str = "yes") -> _Rule:
    return lambda v: _if(v.verdicts[name] == verdict)


def _smooth(v: View) -> _Values | None:
    return _if(bool(v.of.smoothness and v.of.smoothness.order == math.inf))


def _kinkless(v: View) -> _Values | None:
    return _if(v.verdicts["differentiable"] == "yes" and _smooth(v) is None)


def _open_right(v: View) -> _Values | None:
    assert v.of.saturation
    return _if(v.of.saturation.right.kind == "none" and v.verdicts["unsaturated"] != "yes")


def _cheap(v: View) -> _Values | None:
    assert v.of.cost
    return _if(v.verdicts["cheap"] == "yes", operations=v.of.cost.forward.operations)


def _costly(v: View) -> _Values | None:
    assert v.of.cost
    work = v.of.cost.forward
    told = {"transcendental": work.transcendental, "operations": work.operations}
    return _if(work.transcendental > 1, **told)


def _bounded(v: View) -> _Values | None:
    assert v.of.shape
    return _if(v.of.shape.bounded is True, range=v.range)


def _nearly_centred(v: View) -> _Values | None:
    mean, share = v.mean_share
    near = v.verdicts["zero-centred"] == "no" and share <= NEAR_CENTRE
    return _if(near, mean=three_digits(mean), share=three_digits(share))


def _off_centre(v: View) -> _Values | None:
    mean, share = v.mean_share
    far = v.verdicts["zero-centred"] == "no" and NEAR_CENTRE < share < math.inf
    return _if(far, mean=three_digits(mean), share=three_digits(share))


def _sparse(v: View) -> _Values | None:
    assert v.of.signal
    share = v.of.signal.moments.sparsity
    return _if(_known(share) and share.low > 0.1, share=f"{share.value:.0%}")


def _lipschitz(v: View) -> _Values | None:
    assert v.of.smoothness
    return _if(v.of.smoothness.lipschitz.high <= 1)


def _gradients(v: View) -> _Values | None:
    return _if(_KEPT[0] <= v.chi <= _KEPT[1], chi=three_digits(v.chi))


def _vanishing(v: View) -> _Values | None:
    return _if(v.chi < _KEPT[0], chi=three_digits(v.chi))


def _exploding(v: View) -> _Values | None:
    return _if(v.chi > _KEPT[1], chi=three_digits(v.chi))


def _never_dead(v: View) -> _Values | None:
    assert v.of.shape
    return _if(v.of.shape.monotone is not None and not v.flat)


def _no_gradient(v: View) -> _Values | None:
    assert v.of.smoothness
    return _if(v.of.smoothness.slope.value.value == 0)


def _dead(v: View) -> _Values | None:
    if not v.flat or _no_gradient(v) is not None:
        return None
    told = v.texts.plain("words.interval.joined").join(_interval(v, *z) for z in v.flat)
    return {"where": told}


def _interval(v: View, low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return v.texts.plain("words.interval.everywhere")
    if math.isinf(low):
        return v.texts.plain("words.interval.below", x=three_digits(high))
    if math.isinf(high):
        return v.texts.plain("words.interval.above", x=three_digits(low))
    return v.texts.plain("words.interval.between", a=three_digits(low), b=three_digits(high))


def _jumps(v: View) -> _Values | None:
    return _if(v.verdicts["differentiable"] == "no")


def _kinks(v: View) -> _Values | None:
    assert v.of.smoothness
    kinks = [b.place.value for b in v.of.smoothness.breakpoints or () if b.order == 1]
    listed = v.texts.plain("words.interval.listed").join(map(three_digits, kinks[:4]))
    dots = " …" if len(kinks) > 4 else ""
    return _if(bool(kinks), places=listed + dots)


def _saturates(left: bool, right: bool) -> _Rule:
    def rule(v: View) -> _Values | None:
        ends = v.ends
        if (ends[0] is not None, ends[1] is not None) != (left, right):
            return None
        return {
            n: three_digits(e)
            for n, e in zip(("left", "right"), ends, strict=True)
            if e is not None
        }

    return rule


def _turns(v: View) -> _Values | None:
    assert v.of.shape
    turns = v.of.shape.turning_points
    return _if(bool(turns), turns=len(turns or ()))


def _steep(v: View) -> _Values | None:
    assert v.of.smoothness
    slope = v.of.smoothness.slope.value
    return _if(_known(slope) and 1.2 < slope.low < math.inf, slope=three_digits(slope.value))


def _unbounded_slope(v: View) -> _Values | None:
    assert v.of.smoothness
    return _if(v.of.smoothness.slope.value.value == math.inf)


def _alike(v: View) -> _Values | None:
    assert v.of.signal
    kernel = v.of.signal.criticality.kernel_at_zero
    return _if(_known(kernel) and kernel.value > ALIKE, kernel=three_digits(kernel.value))


def _overflows(v: View) -> _Values | None:
    assert v.of.numerics
    sides = v.of.numerics.overflow["float16"]
    places = [p.value for p in (sides.left, sides.right) if p and _known(p)]
    near = min(places, key=abs, default=math.inf)
    return _if(abs(near) < 1e4, place=three_digits(near))


def _partial_domain(v: View) -> _Values | None:
    low, high = v.spec.domain
    told = f"({three_digits(low)}, {three_digits(high)})"
    return _if(math.isfinite(low) or math.isfinite(high), domain=told)


def _value_linear(v: View) -> _Values | None:
    return _if(bool(v.of.gate and v.of.gate.linear_in_value))


def _more_weights(v: View) -> _Values | None:
    return _if(v.spec.kind == "gated")


# when


def _trains(v: View) -> bool:
    return _no_gradient(v) is None


def _squashed(v: View) -> _Values | None:
    both = v.verdicts["unsaturated"] == "no" and v.verdicts["monotone"] == "yes"
    narrow = both and _bounded(v) is not None and not _is_hidden(v)
    return _if(narrow and _trains(v), range=v.range)


def _hidden(v: View) -> _Values | None:
    return _if(_is_hidden(v) and _gradients(v) is not None)


def _hidden_normalised(v: View) -> _Values | None:
    return _if(_is_hidden(v) and _gradients(v) is None)


def _is_hidden(v: View) -> bool:
    """Whether one end of it passes gradients, or it keeps them in depth, with a bounded slope, and
    it is not linear, no wave and no gated unit."""
    open_end = v.verdicts["unsaturated"] in ("yes", "partly") or _gradients(v) is not None
    plain = v.spec.kind != "gated" and v.spec.family != "periodic"
    tame = _unbounded_slope(v) is None
    return open_end and plain and tame and v.verdicts["nonlinear"] == "yes" and _trains(v)


def _positive(v: View) -> _Values | None:
    assert v.of.shape
    return _if(v.spec.family == "softplus" and v.of.shape.range.low.value >= 0)


def _gain(v: View) -> _Values | None:
    assert v.of.signal
    gain = v.of.signal.gains.second_moment
    return _if(
        _known(gain) and _trains(v) and v.spec.kind != "gated", gain=three_digits(gain.value)
    )


def _learn(v: View) -> _Values | None:
    names = [p.name for p in v.spec.parameters if p.learnable]
    return _if(bool(names), names=v.texts.plain("words.interval.listed").join(names))


def _linear_only(v: View) -> _Values | None:
    return _if(v.verdicts["nonlinear"] == "no")


GOOD: Mapping[str, _Rule] = {
    "smooth": _smooth, "kinkless": _kinkless, "unsaturated": _has("unsaturated"),
    "open_right": _open_right, "never_dead": _never_dead, "cheap": _cheap, "bounded": _bounded,
    "monotone": _has("monotone"), "centred": _has("zero-centred"),
    "nearly_centred": _nearly_centred, "sparse": _sparse, "lipschitz": _lipschitz,
    "gradients": _gradients, "value_linear": _value_linear,
}  # fmt: skip
BAD: Mapping[str, _Rule] = {
    "no_gradient": lambda v: _if(not _trains(v)), "jumps": _jumps, "kinks": _kinks, "dead": _dead,
    "saturates_both": _saturates(True, True), "saturates_left": _saturates(True, False),
    "saturates_right": _saturates(False, True), "off_centre": _off_centre, "costly": _costly,
    "not_monotone": _turns, "steep": _steep, "unbounded_slope": _unbounded_slope,
    "vanishing": _vanishing, "exploding": _exploding, "alike": _alike, "overflows": _overflows,
    "partial_domain": _partial_domain, "more_weights": _more_weights,
}  # fmt: skip
WHEN: Mapping[str, _Rule] = {
    "hidden": _hidden, "hidden_normalised": _hidden_normalised, "squashed": _squashed,
    "fast_growing": _unbounded_slope, "positive": _positive, "transformer": _more_weights,
    "linear_only": _linear_only,
    "wave": lambda v: _if(v.spec.family == "periodic"),
    "untrained": lambda v: _if(not _trains(v)), "gain": _gain, "learn": _learn,
}  # fmt: skip

ROW_GOOD: Mapping[str, _Rule] = {
    "shares": lambda v: _if(bool(v.of.rows and v.of.rows.nonnegative and v.of.rows.sums_to_one)),
    "exact_zeros": lambda v: _if(bool(v.of.rows and v.of.rows.sparse)),
    "row_lipschitz": lambda v: _row_bound(v),
}
ROW_BAD: Mapping[str, _Rule] = {
    "row_flat": lambda v: _if(bool(v.of.rows and v.of.rows.jacobian.value == 0)),
    "no_shares": lambda v: _if(bool(v.of.rows and v.of.rows.nonnegative and
                                    v.of.rows.sums_to_one is False)),
    "row_unbounded": lambda v: _if(bool(v.of.rows and v.of.rows.jacobian.value == math.inf)),
}  # fmt: skip
ROW_WHEN: Mapping[str, _Rule] = {
    "classes": lambda v: _if(_shares_but(v, sparse=False)),
    "sparse_classes": lambda v: _if(_shares_but(v, sparse=True)),
    "row_other": lambda v: _if(not (v.of.rows and v.of.rows.sums_to_one)),
    "learn": _learn,
}


def _shares_but(v: View, sparse: bool) -> bool:
    return bool(v.of.rows and v.of.rows.sums_to_one and bool(v.of.rows.sparse) is sparse)


def _row_bound(v: View) -> _Values | None:
    assert v.of.rows
    bound, times = v.of.rows.jacobian, v.of.rows.times
    told = three_digits(bound.value) + (f" {times}" if times != "1" else "")
    return _if(_known(bound) and 0 < bound.value < math.inf, bound=told)


def sentences_of(
    spec: Spec, of: Certificate | None, texts: Texts
) -> Iterator[tuple[str, Sequence[str]]]:
    """The sections in order: the key of the title, and the sentences, escaped."""
    yield "words.purpose_title", [texts(f"words.family.{spec.family}")]
    if of is None:
        return
    view = View(spec, of, texts)
    rules = (ROW_GOOD, ROW_BAD, ROW_WHEN) if of.rows else (GOOD, BAD, WHEN)
    for section, table in zip(("good", "bad", "when"), rules, strict=True):
        told = [
            texts(f"words.{section}.{name}", **values)
            for name, rule in table.items()
            if (values := rule(view)) is not None
        ]
        if told or section == "when":
            yield f"words.{section}_title", told
        else:
            yield f"words.{section}_title", [texts(f"words.nothing_{section}")]
