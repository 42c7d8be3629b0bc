"""What an entry is: a frozen record made from a function whose body is the formula.

The body is called with symbols when somebody first asks for the formula, not at import; nothing is
derived before it is needed, and nothing twice.
"""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from typing import Annotated, Any, get_type_hints

from ogive.errors import ParameterError, among, briefly, nearest
from ogive.expr import (
    Node,
    Program,
    as_node,
    diff,
    evaluate,
    symbol,
    walk,
)
from ogive.expr.program import program

KINDS = ("elementwise", "gated", "stochastic", "rowwise")
#: Derivatives are made up to this order, and to so many operations.
MOST_ORDERS, MOST_OPERATIONS = 100, 20_000
#: A number that is as good as infinite, and whose square is finite.
FAR = 1e100


@dataclass(frozen=True)
class Domain:
    """The numbers a parameter may take."""

    text: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    whole: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high and (not self.whole or float(value).is_integer())


@dataclass(frozen=True)
class Learned:
    """Marks a parameter that training adjusts."""


@dataclass(frozen=True)
class Noise:
    """Marks an input drawn anew in every training call: ``uniform`` on (0, 1) or ``normal``."""

    distribution: str


REAL = Domain("any number")
TRUTH = Domain("True or False", 0.0, 1.0, whole=True)

# How a body annotates its arguments.
Real = Annotated[Any, REAL]
Positive = Annotated[Any, Domain("a number > 0", 0.0, open_low=True)]
NonNegative = Annotated[Any, Domain("a number >= 0", 0.0)]
Unit = Annotated[Any, Domain("a number in [0, 1]", 0.0, 1.0)]
Count = Annotated[Any, Domain("a whole number >= 1", 1.0, whole=True)]
Flag = Annotated[Any, TRUTH]
LearnedReal = Annotated[Real, Learned()]
LearnedPositive = Annotated[Positive, Learned()]
LearnedNonNegative = Annotated[NonNegative, Learned()]
Uniform = Annotated[Any, Noise("uniform")]
Normal = Annotated[Any, Noise("normal")]


@dataclass(frozen=True)
class Parameter:
    """A parameter of an entry.

    Attributes:
        name: its name in the formula and as an argument.
        default: a number, or a tuple for a vector of coefficients.
        domain: the numbers it may take.
        learnable: whether training adjusts it in the entry's module.
    """

    name: str
    default: float | tuple[float, ...]
    domain: Domain
    learnable: bool

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names its numbers have in the formula: one, or one for each coefficient."""
        if isinstance(self.default, tuple):
            return tuple(f"{self.name}{i}" for i in range(len(self.default)))
        return (self.name,)

    @property
    def defaults(self) -> tuple[float, ...]:
        return self.default if isinstance(self.default, tuple) else (self.default,)

    def check(self, value: float) -> float:
        """The value as a float, or a ParameterError that says what is allowed."""
        misplaced = isinstance(value, bool) and self.domain != TRUTH
        if misplaced or not isinstance(value, numbers.Real):  # NumPy's numbers are, too
            raise ParameterError(
                f"{self.name} must be a number or a tensor, not {type(value).__name__}"
            )
        try:
            number = float(value)
        except OverflowError:
            raise ParameterError(f"{self.name} is too large a number for a float") from None
        if number not in self.domain:
            raise ParameterError(f"{self.name} must be {self.domain.text}, not {number!r}")
        return number


@dataclass(frozen=True, eq=False)
class Spec:
    """One entry of the catalogue: a definition, and where it comes from.

    Attributes:
        name: canonical name.
        title: the name of its module class, ``ogive.nn.<title>``.
        kind: elementwise, gated, stochastic or rowwise.
        family: the file of the catalogue it stands in, or ``user``.
        body: the function whose body is the formula. Elementwise: ``(x, *parameters)``; gated:
            ``(value, gate, *parameters)``; stochastic: ``(x, *noise, *parameters)``; rowwise:
            ``(row, m, *parameters)``, the reference over a list of numbers with the functions of
            the mathematics module ``m``.
        evaluation: what a stochastic entry computes outside training.
        aliases: ``framework:name`` under which others know it.
        presets: parameters that such a name implies.
        under: what else differs under such names (separated by blanks): fields, such as the body of
            a function that has parameters where the entry has numbers, or ``attributes``.
        attributes: a framework's names for arguments -> ours, where they differ.
        variants: ``{argument: {value: entry}}``, e.g. gelu's ``approximate="tanh"``.
        paper, year, evidence: source; the year by default that of ``paper``, and the evidence
            ``paper``, or ``framework`` where none is named; else ``secondary`` (seen only in a list
            of others) or ``user``.
        pitfalls: what people get wrong about it, each a sentence.
        domain: the open interval on which it is defined; outside it is NaN.
        ascending: two parameters of which the first may not be the larger.
        layout: where a gated entry's checkpoints keep the gate: ``gate`` ("first" or "second" half,
            default second) and ``interleave`` (even and odd elements in place of halves).
        formula_text, latex_text: the formula of a rowwise entry, whose body is no expression.
    """

    name: str
    title: str
    kind: str
    family: str
    body: Callable[..., Any]
    doc: str
    evaluation: Callable[..., Any] | None = None
    aliases: tuple[str, ...] = ()
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str | bool, str | None]] = field(default_factory=dict)
    paper: str = ""
    year: int | None = None
    evidence: str = "paper"
    pitfalls: tuple[str, ...] = ()
    ascending: tuple[str, ...] = ()
    layout: Mapping[str, Any] = field(default_factory=dict)
    domain: tuple[float, float] = (-math.inf, math.inf)
    formula_text: str = ""
    latex_text: str = ""
    under: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        return self._arguments[0]

    @cached_property
    def noise(self) -> Mapping[str, str]:
        return self._arguments[1]

    @cached_property
    def data(self) -> tuple[str, ...]:
        """The tensor inputs: ``("x",)``, or ``("value", "gate")``."""
        return ("value", "gate") if self.kind == "gated" else ("x",)

    @cached_property
    def _arguments(self) -> tuple[tuple[Parameter, ...], Mapping[str, str]]:
        if isinstance(self.body, FixedFormula):
            return self.body.parameters, self.body.noise
        hints = get_type_hints(self.body, include_extras=True)
        skipped = 2 if self.kind in ("gated", "rowwise") else 1
        parameters: list[Parameter] = []
        noise: dict[str, str] = {}
        for argument in list(inspect.signature(self.body).parameters.values())[skipped:]:
            metadata = getattr(hints.get(argument.name, Real), "__metadata__", ())
            drawn = [m.distribution for m in metadata if isinstance(m, Noise)]
            if drawn:
                noise[argument.name] = drawn[0]
            else:
                parameters.append(_parameter(argument, metadata))
        return tuple(parameters), noise

    @cached_property
    def expression(self) -> Node:
        """The formula; for a stochastic entry the one of evaluation."""
        body = self.evaluation or self.body
        return self._call(body, ())

    @cached_property
    def training_expression(self) -> Node:
        """The formula of training, with the noise as further symbols."""
        return self._call(self.body, tuple(self.noise)) if self.noise else self.expression

    def _call(self, body: Callable[..., Any], noise: tuple[str, ...]) -> Node:
        if self.kind == "rowwise":
            raise TypeError(f"{self.name} works on rows; it has no elementwise formula")
        values = {p.name: self._symbols(p) for p in self.parameters}
        return as_node(body(*map(symbol, (*self.data, *noise)), **values))

    def _symbols(self, parameter: Parameter) -> Any:
        nodes = [symbol(s) for s in parameter.symbols]
        return nodes if isinstance(parameter.default, tuple) else nodes[0]

    @cached_property
    def program(self) -> Program:
        """The forward program over the data and every parameter."""
        return program(self.name, self.expression, self.data, self._defaults)

    @cached_property
    def training_program(self) -> Program:
        """The program of training; the noise follows the data."""
        if not self.noise:
            return self.program
        defaults = dict.fromkeys(self.noise, 0.4) | self._defaults
        return program(f"{self.name}_training", self.training_expression, self.data, defaults)

    @cached_property
    def _defaults(self) -> dict[str, float]:
        return {s: v for p in self.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}

    @lru_cache(maxsize=4096)  # noqa: B019 - specs are few and live as long as the process
    def derived(self, order: int = 1, variable: str | None = None) -> Spec:
        """The derivative with respect to ``variable`` (default: the first input) as an entry."""
        variable = variable or self.data[0]
        expression = self.expression
        if variable not in (known := self.program.inputs):
            raise ParameterError(f"{self.name} has no {variable!r}; it has {', '.join(known)}")
        for n in range(1, order + 1):
            expression = diff(expression, symbol(variable))
            size = sum(1 for _ in walk(expression))
            if n > MOST_ORDERS or size > MOST_OPERATIONS:
                raise ParameterError(
                    f"derivative {briefly(order)} of {self.name} is too high: at most "
                    f"{MOST_ORDERS}, and {MOST_OPERATIONS} operations; derivative {n} has {size}"
                )
        return replace(
            self,
            name=f"{self.name}_d{variable}{order if order > 1 else ''}",
            kind="gated" if self.kind == "gated" else "elementwise",
            body=FixedFormula(expression, self.parameters),
            doc=f"Derivative {order} of {self.name} with respect to {variable}.",
            evaluation=None,
            aliases=(),
            variants={},
        )

    @lru_cache(maxsize=1024)  # noqa: B019
    def reaches(self, name: str, end: float) -> bool:
        """Whether the formula, at an infinite parameter, is the limit that it goes to."""
        if self.kind == "rowwise":
            return False
        for mine in {self.program, self.training_program}:
            usual = dict(zip(mine.inputs, (s[0] for s in mine.samples), strict=True))
            for x in (-2.0, -0.5, 0.0, 0.5, 2.0):
                point = usual | dict.fromkeys(self.data, x)
                near, at = (
                    evaluate(mine.outputs[0], **point | {name: n})
                    for n in (math.copysign(FAR, end), end)
                )
                if not (math.isclose(near, at) or (math.isinf(at) and near * at > FAR**0.5)):
                    return False
        return True

    def under_name(self, alias: str) -> Spec:
        """The entry as a framework has it, with the framework's names for arguments."""
        changes = dict(next((c for names, c in self.under.items() if alias in names.split()), {}))
        names = dict(changes.pop("attributes", {}))
        if self.kind == "rowwise" and not alias.startswith("torch:"):
            names["axis"] = "dim"  # as all but torch call it
        return replace(self, attributes=names, **changes) if names or changes else self

    def ours(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under the entry's own names for them."""
        found: dict[str, Any] = {}
        for name, value in arguments.items():
            own = self.attributes.get(name, name)
            if own in found:
                raise ParameterError(f"{self.name}: {own} is given twice, once as {name}")
            found[own] = value
        return found

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name, or a ParameterError listing those there are."""
        for parameter in self.parameters:
            if among(name, (parameter.name,)):
                return parameter
        known = [p.name for p in self.parameters]
        listed = f"its parameters are {', '.join(known)}" if known else "it has none"
        raise ParameterError(
            f"{self.name} has no parameter {briefly(name)}; {listed}{nearest(name, known)}"
        )


def _parameter(argument: inspect.Parameter, metadata: tuple[Any, ...]) -> Parameter:
    default = argument.default
    if default is inspect.Parameter.empty:
        raise TypeError(f"parameter {argument.name} of an entry needs a default")
    domain = next(m for m in (*metadata, REAL) if isinstance(m, Domain))
    learnable = any(isinstance(m, Learned) for m in metadata)
    if isinstance(default, tuple):
        return Parameter(argument.name, tuple(map(float, default)), domain, learnable)
    return Parameter(argument.name, float(default), domain, learnable)


@dataclass(frozen=True)
class FixedFormula:
    """The body of an entry whose expression is already there: a user's, or a derivative."""

    expression: Node
    parameters: tuple[Parameter, ...]
    noise: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *data: Node, **values: Node) -> Node:
        return self.expression


def camel(name: str) -> str:
    """The class of that name: leaky_relu is LeakyRelu, unless its entry says otherwise."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
