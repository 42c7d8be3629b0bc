"""An entry as something to ask: what it is, what is proved about it, what its arguments mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import torch

from ogive.catalogue import Parameter, Spec, resolve
from ogive.errors import OgiveError, ParameterError, briefly
from ogive.ops.arguments import Argument, check_parameters, numbers
from ogive.ops.options import OPTIONS, check_option, whole
from ogive.printers import latex, printer

if TYPE_CHECKING:
    from ogive.certify.report.certificate import Certificate
    from ogive.certify.saving.mode import Mode
    from ogive.certify.saving.overview import SavingModes


class Given(NamedTuple):
    """A call's arguments: the entry chosen, values of its symbols, options of its kind."""

    spec: Spec
    values: Mapping[str, Argument]
    options: Mapping[str, Any]


class Entry:
    """One entry of the catalogue, with arguments that need not be given in every call.

    Args:
        spec: the entry.
        preset: arguments and their values.
        engine: what runs it whatever is set; None leaves that to the setting.
    """

    def __init__(
        self, spec: Spec, preset: Mapping[str, Any] | None = None, engine: str | None = None
    ) -> None:
        self.spec = spec
        self.preset = dict(preset or {})
        self.engine = engine

    @property
    def name(self) -> str:
        """The canonical name."""
        return self.spec.name

    @property
    def title(self) -> str:
        """The name of the module class."""
        return self.spec.title

    @property
    def kind(self) -> str:
        """elementwise, gated, stochastic or rowwise."""
        return self.spec.kind

    @property
    def family(self) -> str:
        """The file of the catalogue the entry stands in."""
        return self.spec.family

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the formula, in order."""
        return self.spec.parameters

    @property
    def aliases(self) -> tuple[str, ...]:
        """``framework:name`` under which others know it."""
        return self.spec.aliases

    @property
    def paper(self) -> str:
        """Where it was published."""
        return self.spec.paper

    @property
    def year(self) -> int | None:
        """When it was published."""
        return self.spec.year

    @property
    def pitfalls(self) -> tuple[str, ...]:
        """What people get wrong about it."""
        return self.spec.pitfalls

    @property
    def formula(self) -> str:
        """The formula as text; for a stochastic entry the one of evaluation."""
        return self.spec.formula_text or str(self.spec.expression)

    @property
    def latex(self) -> str:
        """The formula as LaTeX mathematics."""
        return self.spec.latex_text or latex(self.spec.expression)

    def derivative(self, order: int = 1, variable: str | None = None) -> Self:
        """The derivative with respect to the input, or to a named parameter, as a function.

        Raises:
            OgiveError: for a rowwise entry, whose derivative is a matrix.
        """
        if self.kind == "rowwise":
            raise OgiveError(
                f"{self.name} works on rows: its derivative is a Jacobian; "
                f"use torch.func.jacrev(ogive.get({self.name!r}))"
            )
        if not isinstance(variable, str | None):
            raise ParameterError(f"a variable is the name of an input, not {briefly(variable)}")
        if whole("the order of a derivative", order, 0) == 0:
            return self
        return type(self)(self.spec.derived(order, variable), self.preset, self.engine)

    def source(self, language: str = "torch", order: int = 0) -> str:
        """The program, or that of a derivative, in a language: torch, numpy, mpmath ..."""
        return printer(language).source(self.derivative(order).spec.program)

    def certificate(
        self, *, normal: tuple[float, float] = (0.0, 1.0), **parameters: Any
    ) -> Certificate:
        """What is proved about it: shape, smoothness, saturation, signal, numerics, cost, verdicts.

        That of a built-in entry comes with the package; that of other parameters, of a derivative
        or of a user's own function is proved now, once in a process.

        Args:
            normal: mean and standard deviation of the pre-activations that the section signal and
                the verdict on the centre speak of.
            parameters: numbers in the place of defaults.

        Raises:
            ParameterError: for a parameter that is unknown or outside its range.
            OgiveError: for a standard deviation that is not positive.
            MissingExtra: without python-flint, for what has to be proved.

        Example:
            >>> import ogive
            >>> round(ogive.get("gelu").certificate().smoothness.lipschitz.value, 9)
            1.128904145
        """
        # imported here because few calls need the judge
        from ogive.certify.report.certificate import certificate

        arguments = {**self.preset, **self.spec.ours(parameters)}
        spec = self.variant(arguments)
        return certificate(spec, numbers(spec, arguments), normal)

    def mode(self, save: str, dtype: torch.dtype = torch.float32, **arguments: Any) -> Mode | None:
        """What a call with ``save=`` keeps for backward; None is the input.

        Args:
            save: ``exact``, ``lean``, or a mode by name; see ``saving``.
            dtype: of the input.
            arguments: parameters and variants of the call.

        Raises:
            ParameterError: for a mode that the formula does not allow.

        Example:
            >>> import ogive, torch
            >>> ogive.get("leaky_relu").mode("exact").name
            'mask'
        """
        # imported here because few calls need the judge
        from ogive.ops.saved import chosen

        check_option("save", save)
        given = self.given(arguments)
        return chosen(given.spec, given.values, save, dtype)

    def saving(self, **arguments: Any) -> SavingModes:
        """What backward may keep in the place of the input: bits, errors, and why not.

        Args:
            arguments: parameters and variants of a call.

        Example:
            >>> import ogive
            >>> print(ogive.get("relu6").saving())
            mode    keeps       float32 most, rms  bfloat16 most, rms
            output  the result  exact              exact
            mask    1 bit       exact              exact
            code4   4 bits      exact              exact
            code8   8 bits      exact              exact
            input   the input   exact              exact
            exact: mask (float32), mask (bfloat16)
            lean: output (float32), output (bfloat16)
        """
        from ogive.ops.saved import ways

        given = self.given(arguments)
        return ways(given.spec, given.values)

    def given(self, arguments: Mapping[str, Any]) -> Given:
        """The arguments of a call sorted and checked.

        Raises:
            ParameterError: for one that is unknown or outside its range.
        """
        arguments = {**self.preset, **self.spec.ours(arguments)}
        spec = self.variant(arguments)
        options = {**OPTIONS[spec.kind], **spec.layout}
        for name in OPTIONS[spec.kind].keys() & arguments.keys():
            options[name] = check_option(name, arguments.pop(name))
        return Given(spec, check_parameters(spec, arguments), options)

    def variant(self, arguments: dict[str, Any]) -> Spec:
        """The entry chosen by an argument such as approximate="tanh", which is taken out."""
        for argument, choices in self.spec.variants.items():
            chosen = arguments.pop(argument, None)
            if chosen is not None and not (isinstance(chosen, str | bool) and chosen in choices):
                raise ParameterError(
                    f"{self.name}: {argument} must be one of {', '.join(map(repr, choices))}, "
                    f"not {briefly(chosen)}"
                )
            if chosen is not None and choices[chosen] is not None:
                return resolve(str(choices[chosen]))[0]
        return self.spec

    def __repr__(self) -> str:
        preset = "".join(f", {k}={v}" for k, v in self.preset.items())
        engine = "" if self.engine is None else f", engine={self.engine!r}"
        return f"<ogive {self.kind} activation {self.name}{preset}{engine}: {self.formula}>"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Entry)
            and self.spec.name == other.spec.name
            and self.spec.body == other.spec.body
            and self.preset == other.preset
            and self.engine == other.engine
        )

    def __hash__(self) -> int:
        return hash(self.spec.name)
