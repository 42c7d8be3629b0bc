"""Everything that is known of a function in one report, each number with its method and its error.

What the package ships is read; everything else is proved when it is asked for, once in a process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ogive.catalogue import Spec
from ogive.certify.proof.budget import limited
from ogive.certify.proof.saturation import Saturation, saturation
from ogive.certify.proof.shape import Shape, shape
from ogive.certify.proof.smoothness import Smoothness, smoothness
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.quantity import Quantity
from ogive.certify.report.cost import Cost, cost
from ogive.certify.report.criteria import Criterion, Evidence, criteria
from ogive.certify.report.gate import Gate, gate
from ogive.certify.report.numerics import Numerics, numerics
from ogive.certify.report.random_moments import Training, training
from ogive.certify.report.rowwise_facts import RowFacts, row_facts
from ogive.certify.report.signal import Signal, signal
from ogive.certify.serialize import decoded, encoded
from ogive.certify.shipped import key, shipped
from ogive.certify.univariate import function_of_one_number, with_defaults
from ogive.errors import OgiveError, briefly

#: The mean and the standard deviation of pre-activations that certificates come with.
STANDARD = (0.0, 1.0)
#: What the sections of each kind of entry are about.
ABOUT = {
    "elementwise": "the function",
    "stochastic": "the form of evaluation; the section training is about the noisy form",
    "gated": "the gate at value = 1; the section gate is about the value",
    "rowwise": "rows of finite numbers",
}


@dataclass(frozen=True)
class Identity:
    """What a certificate is of.

    Attributes:
        key: a hash of the formula, its parameters' values and its domain.
        about: the function that the sections speak of.
        parameters: the values that they hold at.
    """

    name: str
    title: str
    kind: str
    family: str
    formula: str
    parameters: Mapping[str, float | tuple[float, ...]]
    aliases: tuple[str, ...]
    paper: str
    year: int | None
    evidence: str
    about: str
    key: str


@dataclass(frozen=True)
class Speed:
    """Times over those of relu in the same process, where 1 is as fast as relu.

    They belong to a machine: ``ogive.bench.timed`` takes them, and nothing shipped has any.

    Attributes:
        forward: the median ratio of a call without gradients.
        both: that of a call and its backward.
        dtype, size, threads: of the input, its number of elements, and torch's threads.
        engine: which engine served the call; empty for functions of rows.
        machine: where it was measured.
    """

    forward: Quantity
    both: Quantity
    dtype: str
    size: int
    threads: int
    engine: str
    machine: str


@dataclass(frozen=True)
class Certificate:
    """A report on one function; a section is None where it does not apply to the kind of entry.

    Attributes:
        identity: what it is of.
        shape, smoothness, saturation: see ``shape.Shape``, ``smoothness.Smoothness``,
            ``saturation.Saturation``.
        signal: see ``signal.Signal``.
        training: the noisy form of a stochastic entry.
        gate: how a gated unit depends on its value.
        rows: what holds of a rowwise entry.
        numerics, cost: see ``numerics.Numerics``, ``cost.Cost``.
        speed: see ``Speed``; None until it is measured.
        criteria: seven verdicts, see ``criteria``.
    """

    identity: Identity
    shape: Shape | None = None
    smoothness: Smoothness | None = None
    saturation: Saturation | None = None
    signal: Signal | None = None
    training: Training | None = None
    gate: Gate | None = None
    rows: RowFacts | None = None
    numerics: Numerics | None = None
    cost: Cost | None = None
    speed: Speed | None = None
    criteria: tuple[Criterion, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types; infinities and NaN are text."""
        found: dict[str, Any] = encoded(self)
        return found

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Certificate:
        """The report that ``to_dict`` gave."""
        found: Certificate = decoded(cls, plain)
        return found

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON that strict readers take."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)

    def to_markdown(self) -> str:
        """The report as Markdown: a table for each section."""
        from ogive.certify.report.page import markdown

        return markdown(self)

    def _repr_html_(self) -> str:
        from ogive.certify.report.notebook import certificate_page

        return certificate_page(self)

    def __str__(self) -> str:
        from ogive.certify.report.page import text

        return text(self)


def certificate(
    spec: Spec,
    values: Mapping[str, Any] | None = None,
    normal: tuple[float, float] = STANDARD,
) -> Certificate:
    """The certificate of an entry, with ``values`` in the place of parameters' defaults.

    ``normal`` is the mean and the standard deviation of the pre-activations, which the section
    signal and the verdict on the centre speak of.

    Raises:
        MissingExtra: without python-flint, for what the package does not ship.
        OgiveError: for a standard deviation that is not positive, or another distribution than the
            standard one for a rowwise entry.

    Example:
        >>> from ogive.catalogue import entries
        >>> round(certificate(entries()["mish"]).smoothness.lipschitz.value, 9)
        1.088498161
    """
    normal = _mean_and_deviation(normal)
    who = identity(spec, values)
    found = shipped(who.key) or _PROVED.get(who.key)
    if found is None:
        found = _PROVED[who.key] = sections(prove(spec, values))
    report = Certificate.from_dict({"identity": encoded(who), **found})
    if normal == STANDARD:
        return report
    one = function_of_one_number(with_defaults(spec, values or {}))
    return _judged(replace(report, signal=signal(one, *normal)), one)


def _mean_and_deviation(normal: Any) -> tuple[float, float]:
    """Two numbers; whether they are a distribution's is asked where moments are taken."""
    try:
        mean, deviation = map(float, normal)
    except Exception:  # whatever is no pair of numbers
        raise OgiveError(
            f"normal is a mean and a standard deviation, as (0.0, 1.0), not {briefly(normal)}"
        ) from None
    return mean, deviation


def _judged(of: Certificate, one: Spec) -> Certificate:
    """The report with the verdicts that its sections give."""
    assert of.shape and of.smoothness and of.saturation and of.signal and of.cost
    evidence = Evidence(one, of.shape, of.smoothness, of.saturation, of.signal, of.cost)
    return replace(of, criteria=criteria(evidence))


#: What was proved in this process, by key.
_PROVED: dict[str, dict[str, Any]] = {}


def sections(found: Certificate) -> dict[str, Any]:
    """The report in plain types without its identity, which names and papers may change."""
    return {name: part for name, part in found.to_dict().items() if name != "identity" and part}


def identity(spec: Spec, values: Mapping[str, Any] | None = None) -> Identity:
    """What a certificate of the entry with these values is of."""
    return Identity(
        name=spec.name,
        title=spec.title,
        kind=spec.kind,
        family=spec.family,
        formula=spec.formula_text or str(spec.expression),
        parameters={p.name: (values or {}).get(p.name, p.default) for p in spec.parameters},
        aliases=spec.aliases,
        paper=spec.paper,
        year=spec.year,
        evidence=spec.evidence,
        about=ABOUT[spec.kind],
        key=key(spec, values),
    )


def prove(spec: Spec, values: Mapping[str, Any] | None = None) -> Certificate:
    """The certificate, proved now, whatever the package ships; see ``certificate``.

    It takes about ``ALTOGETHER`` seconds of the processor at most, and less than a gigabyte.
    """
    who = identity(spec, values)
    if spec.kind == "rowwise":
        return Certificate(who, rows=row_facts(spec, who.parameters))
    with limited():
        return _proved(who, spec, values)


def _proved(who: Identity, spec: Spec, values: Mapping[str, Any] | None) -> Certificate:
    one = with_defaults(spec, values or {})
    f = under_proof(one)
    found = Certificate(
        identity=who,
        shape=shape(f),
        smoothness=smoothness(f),
        saturation=saturation(f),
        signal=signal(one),
        training=training(one) if spec.noise else None,
        gate=gate(one) if spec.kind == "gated" else None,
        numerics=numerics(f),
        cost=cost(one),
    )
    return _judged(found, one)
