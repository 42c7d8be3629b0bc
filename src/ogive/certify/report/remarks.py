"""What a certificate means in plain words: when to use a function, what is good about it, what bad.

Apart because the terminal, the pages and the explorer say the same, in more than one language: a
remark is a row of ``REMARKS``, which says when it holds, with the numbers that its words name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ogive.catalogue import Spec
from ogive.certify.report.certificate import Certificate
from ogive.certify.report.criteria import VANISHED

#: A share of zeros that is worth a word, and a mean that is, in standard deviations.
SPARSE, OFF_CENTRE = 0.05, 0.25
#: Slopes of the length map below which errors of the scale shrink with depth, or above which grow.
STEADY, UNSTEADY = 0.95, 1.05
#: So many places are told.
MOST_PLACES = 3
#: More sorts of growth than these outgrow the input.
TAME = ("bounded", "logarithmic", "linear")
#: What a remark's words name, or None where it does not hold.
_Named = Mapping[str, str] | None


@dataclass(frozen=True)
class Remark:
    """One sentence about a function.

    Attributes:
        kind: ``use``, ``good`` or ``bad``.
        key: its row of ``REMARKS``, by which other languages find their words.
        numbers: what the words name, as text.
    """

    kind: str
    key: str
    numbers: Mapping[str, str]

    def __str__(self) -> str:
        return REMARKS[self.key].words.format(**self.numbers)


@dataclass(frozen=True)
class Facts:
    """What the remarks on a function of one number rest on."""

    spec: Spec
    of: Certificate

    @property
    def ends(self) -> tuple[str, str]:
        """How it saturates to the left and to the right."""
        found = self.of.saturation
        return (found.left.kind, found.right.kind) if found else ("not proved", "not proved")

    @property
    def limits(self) -> tuple[float, float]:
        """Where it goes to the left and to the right; NaN where that is not proved."""
        found = self.of.shape
        return (found.left.value.value, found.right.value.value) if found else (math.nan,) * 2

    @property
    def range(self) -> tuple[float, float]:
        found = self.of.shape
        return (found.range.low.value, found.range.high.value) if found else (math.nan,) * 2

    @property
    def slope(self) -> float:
        """The supremum of |f'|."""
        return self.of.smoothness.slope.value.value if self.of.smoothness else math.nan

    def says(self, criterion: str) -> str:
        """The verdict on one of the seven criteria."""
        return next((c.verdict for c in self.of.criteria if c.name == criterion), "not proved")

    def vanishes_beyond(self, side: int) -> float:
        """Where on that side |f'| is below what counts as vanished; NaN if that is not known."""
        found = self.of.saturation
        place = (found.left, found.right)[side].below[VANISHED] if found else None
        return math.nan if place is None else place.value

    def constant_beyond(self, side: int) -> float:
        """Where on that side the function stops changing; NaN if it does not, or nobody knows."""
        runs = self.of.shape.monotone if self.of.shape else None
        if not runs or runs[-side].kind != "constant":
            return math.nan
        return (runs[-1].interval.low if side else runs[0].interval.high).value


def remarks(spec: Spec, found: Certificate) -> tuple[Remark, ...]:
    """What can be said of an entry: one remark on its use, then what is good and what is bad.

    Args:
        spec: the entry.
        found: its certificate, at the parameters in question.

    Example:
        >>> from ogive.catalogue import entries
        >>> from ogive.certify.report.certificate import certificate
        >>> relu = entries()["relu"]
        >>> [r.key for r in remarks(relu, certificate(relu)) if r.kind == "bad"]
        ['dead', 'kinks', 'off_centre']
    """
    facts = Facts(spec, found)
    held = ((key, row, row.holds(facts)) for key, row in REMARKS.items())
    known = [Remark(row.kind, key, numbers) for key, row, numbers in held if numbers is not None]
    uses = [remark for remark in known if remark.kind == "use"]
    return (*uses[:1], *(remark for remark in known if remark.kind != "use"))


def _number(value: float) -> str:
    return f"{value:.3g}"


def _if(condition: bool, **numbers: float) -> _Named:
    """The numbers as text where the condition holds."""
    return {name: _number(value) for name, value in numbers.items()} if condition else None


# rows


def _shares(of: Facts, sparse: bool) -> _Named:
    rows = of.of.rows
    return _if(bool(rows and rows.sums_to_one and bool(rows.sparse) == sparse))


def _sparse_rows(of: Facts) -> _Named:
    return _if(bool(of.of.rows and of.of.rows.sparse))


def _lipschitz_rows(of: Facts) -> _Named:
    rows = of.of.rows
    known = bool(rows and rows.times == "1" and math.isfinite(rows.jacobian.value))
    return _if(known and rows is not None, size=rows.jacobian.value if rows else math.nan)


# when to use it: the first that holds


def _flat(of: Facts) -> _Named:
    return _if(of.slope == 0)


def _levels_off(of: Facts) -> bool:
    return "none" not in of.ends and "not proved" not in of.ends


def _bump(of: Facts) -> _Named:
    left, right = of.limits
    return _if(_levels_off(of) and left == right)


def _shares_of_one(of: Facts) -> _Named:
    low, high = of.range
    return _if(_levels_off(of) and low >= 0 and high <= 1, low=low, high=high, slope=of.slope)


def _clipped(of: Facts) -> _Named:
    return _if(of.ends == ("hard", "hard"), low=of.range[0], high=of.range[1])


def _squashed(of: Facts) -> _Named:
    bounded = all(map(math.isfinite, of.range))
    held = _levels_off(of) and bounded and of.says("monotone") == "yes"
    return _if(held, low=of.range[0], high=of.range[1])


def _logarithmic(of: Facts) -> _Named:
    sides = (of.of.shape.left, of.of.shape.right) if of.of.shape else ()
    return _if(any(side.growth == "logarithmic" for side in sides))


def _outgrows(of: Facts) -> _Named:
    sides = (of.of.shape.left, of.of.shape.right) if of.of.shape else ()
    return _if(any(side.growth not in (*TAME, "not proved") for side in sides))


def _positive(of: Facts) -> _Named:
    shape = of.of.shape
    above = bool(shape and shape.range.low.value >= 0 and 0.0 not in shape.range)
    return _if(above and of.limits[1] == math.inf and of.says("differentiable") == "yes")


def _rectifies(of: Facts) -> _Named:
    held = of.ends == ("hard", "none") and of.limits[1] == math.inf
    return _if(held and bool(of.of.shape and of.of.shape.homogeneous))


def _shrinks(of: Facts) -> _Named:
    zeros = of.of.saturation.zero if of.of.saturation else None
    if of.ends != ("none", "none") or not zeros:
        return None
    return _if(True, low=zeros[0].low.value, high=zeros[-1].high.value)


def _gates_itself(of: Facts) -> _Named:
    held = of.limits == (0, math.inf) and of.says("monotone") == "no"
    return _if(held and of.ends[0] in ("soft", "hard") and of.ends[1] == "none")


def _tail(of: Facts) -> _Named:
    held = of.ends == ("soft", "none") and -math.inf < of.limits[0] < 0
    return _if(held and of.says("monotone") == "yes", low=of.limits[0])


def _passes(of: Facts) -> _Named:
    """Whether no slope is 0."""
    slopes = of.of.smoothness.slopes if of.of.smoothness else None
    return _if(slopes is not None and slopes.low.low > 0)


# good


def _sparse(of: Facts) -> _Named:
    share = of.of.signal.moments.sparsity.value if of.of.signal else math.nan
    return _if(share >= SPARSE, percent=100 * share)


def _bits(of: Facts) -> _Named:
    cost = of.of.cost
    bits = cost.modes.get("mask") if cost else None
    return _if(bits is not None, bits=bits or 0)


def _steady(of: Facts) -> _Named:
    slope = of.of.signal.criticality.length_slope if of.of.signal else None
    return _if(slope is not None and abs(slope.value) < STEADY and of.slope > 0)


def _cheap(of: Facts) -> _Named:
    cost = of.of.cost
    known = of.says("cheap") == "yes" and cost is not None
    return _if(known, operations=cost.forward.operations if cost else 0)


# bad


def _vanishes(side: int) -> Callable[[Facts], _Named]:
    """To one end only, and softly."""

    def holds(of: Facts) -> _Named:
        kinds, place = of.ends, of.vanishes_beyond(side)
        alone = kinds[side] == "soft" and kinds[1 - side] == "none"
        return _if(alone and math.isfinite(place), place=place)

    return holds


def _vanishes_on_both_sides(of: Facts) -> _Named:
    left, right = (of.vanishes_beyond(side) for side in (0, 1))
    known = "soft" in of.ends and math.isfinite(left) and math.isfinite(right)
    return _if(_levels_off(of) and known, left=left, right=right)


def _dead(of: Facts) -> _Named:
    place = of.constant_beyond(0)
    return _if(of.ends == ("hard", "none") and math.isfinite(place), place=place)


def _dead_on_both_sides(of: Facts) -> _Named:
    left, right = (of.constant_beyond(side) for side in (0, 1))
    known = math.isfinite(left) and math.isfinite(right)
    held = of.ends == ("hard", "hard") and of.slope > 0
    return _if(held and known, left=left, right=right)


def _steps(of: Facts, order: int) -> _Named:
    found = of.of.smoothness.breakpoints if of.of.smoothness else None
    places = [b.place.value for b in found or () if b.order == order]
    if not places:
        return None
    more = ["..."] if len(places) > MOST_PLACES else []
    return {"places": ", ".join([*map(_number, places[:MOST_PLACES]), *more])}


def _steep(of: Facts) -> _Named:
    return _if(of.slope == math.inf)


def _costly(of: Facts) -> _Named:
    hard = of.of.cost.forward.transcendental if of.of.cost else 0
    return _if(hard > 1, count=hard)


def _off_centre(of: Facts) -> _Named:
    signal = of.of.signal
    if signal is None or not signal.moments.variance.low > 0:
        return None
    mean = signal.moments.first.value
    away = abs(mean) / math.sqrt(signal.moments.variance.value)
    return _if(away >= OFF_CENTRE, mean=mean, away=away)


def _unsteady(of: Facts) -> _Named:
    slope = of.of.signal.criticality.length_slope if of.of.signal else None
    factor = math.nan if slope is None else slope.value
    return _if(factor > UNSTEADY, factor=factor)


def _folds(of: Facts) -> _Named:
    turns = of.of.shape.turning_points if of.of.shape else None
    places = [turn.place.value for turn in turns or ()]
    return _if(len(places) == 1, place=places[0] if places else math.nan)


def _learned(of: Facts) -> _Named:
    return _if(any(p.learnable for p in of.spec.parameters))


@dataclass(frozen=True)
class _Row:
    """A remark that can be made: its kind, when it holds, and its words."""

    kind: str
    holds: Callable[[Facts], _Named]
    words: str


#: Of the uses the first that holds is told, of the rest all; the weightiest stand first.
REMARKS: Mapping[str, _Row] = {
    "for_sparse_shares": _Row(
        "use", lambda of: _shares(of, True),
        "Where a row has to become shares that sum to 1, some of them exactly 0.",
    ),
    "for_shares": _Row(
        "use", lambda of: _shares(of, False),
        "Where a row has to become shares that sum to 1: classes, attention weights.",
    ),
    "for_rows": _Row(
        "use", lambda of: _if(of.of.rows is not None),
        "For numbers along a dimension that belong together, such as features or logits.",
    ),
    "for_gated_blocks": _Row(
        "use", lambda of: _if(of.spec.kind == "gated"),
        "In feed-forward blocks of transformers. Two matrices lead into it: a block of as many "
        "weights is two thirds as wide.",
    ),
    "for_linear_outputs": _Row(
        "use", lambda of: _if(of.says("nonlinear") == "no"),
        "As the output of a regression, or to switch an activation off. Not in hidden layers: "
        "linear layers collapse into one.",
    ),
    "for_evaluation": _Row(
        "use", _flat,
        "Where nothing has to be learned through it, or with a gradient that stands in for its "
        "own: f' is 0 wherever it exists.",
    ),
    "for_signals": _Row(
        "use", lambda of: _if(of.spec.family == "periodic"),
        "For signals, coordinates and whatever repeats; how fast it turns decides what it can "
        "learn, so scale its input.",
    ),
    "for_places": _Row(
        "use", _bump,
        "For features that answer to inputs near one place; far from it nothing is learned.",
    ),
    "for_ranges": _Row(
        "use", _clipped,
        "Where numbers have to stay between {low} and {high}, as for quantisation and in hard "
        "gates.",
    ),
    "for_probabilities": _Row(
        "use", _shares_of_one,
        "For outputs and gates between {low} and {high}. In stacked hidden layers gradients "
        "vanish: each layer takes {slope} of them at most.",
    ),
    "for_bounded_outputs": _Row(
        "use", _squashed,
        "For outputs between {low} and {high}, and for the state of recurrent cells; in deep "
        "plain stacks its flat ends make gradients vanish.",
    ),
    "for_wide_inputs": _Row(
        "use", _logarithmic,
        "For inputs of very different sizes: it grows as a logarithm.",
    ),
    "for_suppression": _Row(
        "use", _shrinks,
        "To suppress small inputs: between {low} and {high} it is exactly 0.",
    ),
    "for_normalised_inputs": _Row(
        "use", _outgrows,
        "After a normalisation: it grows faster than its input.",
    ),
    "for_positive_outputs": _Row(
        "use", _positive,
        "Where an output has to be positive, such as a variance or a rate.",
    ),
    "first_to_try": _Row(
        "use", _rectifies,
        "In hidden layers, as the first thing to try; with the initialisation of its own gain, "
        "and an eye on dead units.",
    ),
    "for_deep_networks": _Row(
        "use", _gates_itself,
        "In hidden layers of deep networks and transformers, in place of relu: small negative "
        "inputs pass, large positive ones without loss.",
    ),
    "for_centred_layers": _Row(
        "use", _tail,
        "In hidden layers without normalisation: negative inputs give outputs down to {low}, "
        "which keeps the mean nearer to 0.",
    ),
    "for_dying_units": _Row(
        "use", _passes,
        "In hidden layers in which units die: a gradient comes through at both ends.",
    ),
    "for_hidden_layers": _Row(
        "use", lambda of: _if(of.says("nonlinear") == "yes"),
        "In hidden layers, where its shape is wanted; compare it with relu on your data first.",
    ),
    "for_trying": _Row(
        "use", lambda of: {},
        "Too little is proved of it to say; compare it with relu on your data.",
    ),
    "exact_zeros": _Row(
        "good", _sparse_rows, "Some outputs are exactly 0.",
    ),
    "short_jacobian": _Row(
        "good", _lipschitz_rows, "No distance grows by more than a factor of {size}.",
    ),
    "gradient_everywhere": _Row(
        "good", lambda of: _if(of.ends == ("none", "none") and of.slope > 0),
        "Its gradient vanishes at neither end.",
    ),
    "cheap": _Row("good", _cheap, "Cheap, without exponentials; operations: {operations}."),
    "sparse": _Row("good", _sparse, "Exactly 0 for {percent} % of standard normal inputs."),
    "few_bits": _Row("good", _bits, "Bits of an element that exact gradients need: {bits}."),
    "smooth": _Row(
        "good", lambda of: _if(bool(of.of.smoothness and of.of.smoothness.order == math.inf)),
        "Smooth: it has every derivative.",
    ),
    "centred": _Row(
        "good", lambda of: _if(of.says("zero-centred") == "yes"),
        "Its outputs have the mean 0 for standard normal inputs.",
    ),
    "steady": _Row(
        "good", _steady, "A small error in the size of the signal shrinks from layer to layer.",
    ),
    "bounded": _Row(
        "good", lambda of: _if(bool(of.of.shape and of.of.shape.bounded)),
        "Its outputs are bounded.",
    ),
    "dead": _Row(
        "bad", _dead,
        "A unit whose inputs are all below {place} gets no gradient and stays dead.",
    ),
    "dead_on_both_sides": _Row(
        "bad", _dead_on_both_sides,
        "No gradient at all below {left} and above {right}.",
    ),
    "vanishing": _Row(
        "bad", _vanishes_on_both_sides,
        "Its gradient is below 0.001 for inputs beyond {left} and {right}.",
    ),
    "vanishing_left": _Row(
        "bad", _vanishes(0), "Its gradient is below 0.001 for inputs below {place}.",
    ),
    "vanishing_right": _Row(
        "bad", _vanishes(1), "Its gradient is below 0.001 for inputs above {place}.",
    ),
    "jumps": _Row("bad", lambda of: _steps(of, 0), "It jumps, at {places}."),
    "kinks": _Row("bad", lambda of: _steps(of, 1), "Its slope steps, at {places}."),
    "steep": _Row(
        "bad", _steep, "Its slope has no bound: large inputs get large gradients.",
    ),
    "unsteady": _Row(
        "bad", _unsteady,
        "A small error in the size of the signal grows by {factor} in each layer without "
        "normalisation.",
    ),
    "off_centre": _Row(
        "bad", _off_centre,
        "Its outputs have the mean {mean}, {away} standard deviations from 0.",
    ),
    "folded": _Row(
        "bad", _folds, "It turns, at {place}: two inputs share an output.",
    ),
    "costly": _Row("bad", _costly, "It takes {count} exponentials or the like."),
    "learned": _Row("bad", _learned, "It has parameters of its own for training to find."),
}  # fmt: skip
