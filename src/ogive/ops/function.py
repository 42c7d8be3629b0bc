"""An entry as something to call and to ask: what it is, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor
from torch.compiler import is_dynamo_compiling

from ogive.catalogue import Parameter, Spec, entries, resolve
from ogive.engine.choice import within
from ogive.engine.shortcuts import Way
from ogive.errors import InputError, OgiveError, ParameterError
from ogive.ops.arguments import (
    Value,
    check_parameters,
    check_tensor,
    numbers,
    with_positional,
)
from ogive.ops.kinds import OPTIONS, RUN, binds, check_save
from ogive.ops.shortcuts import shortcut
from ogive.printers import latex, printer
from ogive.torch_private import register_constant

if TYPE_CHECKING:
    from ogive.certify.report.certificate import Certificate
    from ogive.certify.saving.mode import Mode
    from ogive.certify.saving.ways import Ways


#: Every function that lives, by its key: compiled programs name functions by text.
FUNCTIONS: WeakValueDictionary[str, ActivationFunction] = WeakValueDictionary()
_NUMBERS = count()
#: So many ways to call a function are remembered.
MOST_KNOWN = 256
#: Arguments that two calls may have in common.
SIMPLE = (float, int, bool, str, type(None))


class Given(NamedTuple):
    """A call's arguments: the entry chosen, values of its symbols, options of its kind."""

    spec: Spec
    values: Mapping[str, Value]
    options: Mapping[str, Any]


class ActivationFunction:
    """One entry of the catalogue, callable on tensors and arrays.

    Shapes: elementwise and stochastic entries keep the shape of ``x``, and tensors given as
    parameters broadcast against it. Gated entries take one tensor that holds value and gate along
    ``dim`` (``gate="first"|"second"``, ``interleave``), or two tensors. Rowwise entries work along
    ``dim``.

    Dtypes: float64, float32, bfloat16 and float16; the result has the dtype of the first input.
    NumPy arrays of these dtypes give NumPy arrays.

    Raises:
        InputError: for other inputs.
        ParameterError: for a parameter that is unknown or outside its range.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        register_constant(cls)

    def __init__(
        self, spec: Spec, preset: Mapping[str, Any] | None = None, engine: str | None = None
    ) -> None:
        self.spec = spec
        self.preset = dict(preset or {})
        #: the engine that runs it whatever is set; None leaves that to the setting
        self.engine = engine
        self.key = f"{spec.name}-{next(_NUMBERS)}"
        FUNCTIONS[self.key] = self
        #: the short ways, by all that a call is given apart from tensors; that of one tensor alone
        self._shortcuts: dict[object, Way] = {}
        self._plain: Way | None = None
        self._known: dict[Any, Given] = {}

    # what it is

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

    def derivative(self, order: int = 1, variable: str | None = None) -> ActivationFunction:
        """The derivative with respect to the input, or to a named parameter, as a function.

        Raises:
            OgiveError: for a rowwise entry, whose derivative is a matrix.
        """
        if self.kind == "rowwise":
            raise OgiveError(
                f"{self.name} works on rows: its derivative is a Jacobian; "
                f"use torch.func.jacrev(ogive.get({self.name!r}))"
            )
        if order < 0:
            raise OgiveError(f"the order of a derivative is 0 or more, not {order}")
        if order == 0:
            return self
        return ActivationFunction(self.spec.derived(order, variable), self.preset, self.engine)

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

        arguments = {**self.preset, **parameters}
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
            'output'
        """
        # imported here because few calls need the judge
        from ogive.ops.saved import chosen

        given = self._given(arguments)
        return chosen(given.spec, given.values, save, dtype)

    def saving(self, **arguments: Any) -> Ways:
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
            exact: output (float32), output (bfloat16)
            lean: output (float32), output (bfloat16)
        """
        from ogive.ops.saved import ways

        given = self._given(arguments)
        return ways(given.spec, given.values)

    # what it does

    def __call__(self, *inputs: Any, **arguments: Any) -> Any:
        if is_dynamo_compiling():
            # imported here because it needs the compiler, which is slow to import
            from ogive.ops.traced import traced_call

            return traced_call(self.key, inputs, arguments)
        plain = self._plain
        if plain is None or arguments or len(inputs) != 1:
            result = self._short(inputs, arguments)
        else:
            result = plain(inputs[0])
        return self.call(inputs, arguments) if result is None else result

    def _short(self, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Tensor | None:
        """The result by a short way, or None."""
        tensors: list[Tensor] = []
        key: list[object] = [len(inputs), *arguments]
        for value in (*inputs, *arguments.values()):
            if isinstance(value, Tensor):
                tensors.append(value)
                key.append(Tensor)
            elif type(value) in SIMPLE:
                key.append(_distinct(value))
            else:
                return None
        way = self._shortcuts.get(tuple(key)) or self._way(tuple(key), tensors, inputs, arguments)
        return None if way is None else way(*tensors)

    def _way(
        self,
        key: tuple[object, ...],
        tensors: list[Tensor],
        inputs: tuple[Any, ...],
        arguments: dict[str, Any],
    ) -> Way | None:
        """The short way of a call; None for numbers that are not to become part of a kernel."""
        if not inputs:
            return None
        data, given = self._sorted(inputs, arguments)
        spec = given.spec
        if spec.kind != "rowwise" and not binds(spec.program, given.values):
            return None
        found = within(self.engine, shortcut)
        way = found(spec, tensors, len(data), given.values, given.options)
        if len(self._shortcuts) >= MOST_KNOWN:
            self._shortcuts.clear()
        self._shortcuts[key] = way = within(self.engine, way)
        if key == (1, Tensor):
            self._plain = way
        return way

    def call(self, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        """The call itself, with arguments packed."""
        if not inputs:
            raise InputError(f"{self.name} needs an input, a tensor or an array")
        if isinstance(inputs[0], np.ndarray):
            return _with_numpy(self.call, inputs, arguments)
        data, given = self._sorted(inputs, arguments)
        run = within(self.engine, RUN[given.spec.kind])
        return run(given.spec, data, given.values, **given.options)

    def _sorted(
        self, inputs: tuple[Any, ...], arguments: dict[str, Any]
    ) -> tuple[list[Tensor], Given]:
        """The data, and the arguments with those given by position; all checked."""
        two = self.kind == "gated" and len(inputs) > 1 and isinstance(inputs[1], Tensor)
        data = 2 if two else 1
        tensors = [check_tensor(self.spec, t) for t in inputs[:data]]
        if len(inputs) > data:
            arguments = with_positional(self.spec, inputs[data:], arguments)
        return tensors, self._given(arguments)

    def _given(self, arguments: dict[str, Any]) -> Given:
        """The arguments sorted and checked. Those without tensors are remembered."""
        tensors = {n: v for n, v in arguments.items() if isinstance(v, Tensor)}
        rest = {n: v for n, v in arguments.items() if n not in tensors}
        key = tuple([(n, _distinct(v)) for n, v in rest.items()])
        try:
            given = self._known.get(key)
        except TypeError:  # a list of coefficients
            return self._checked(arguments)
        if given is None:
            if len(self._known) >= MOST_KNOWN:  # numbers that change in every step
                self._known.clear()
            given = self._known[key] = self._checked(rest)
        if not tensors:
            return given
        if not tensors.keys() <= given.values.keys():  # coefficients, or no parameters
            return self._checked(arguments)
        return Given(given.spec, {**given.values, **tensors}, given.options)

    def _checked(self, arguments: dict[str, Any]) -> Given:
        arguments = {**self.preset, **arguments}
        spec = self.variant(arguments)
        options = {**OPTIONS[spec.kind], **spec.layout}
        options |= {name: arguments.pop(name) for name in OPTIONS[spec.kind] if name in arguments}
        check_save(options.get("save", "input"))
        return Given(spec, check_parameters(spec, arguments), options)

    def variant(self, arguments: dict[str, Any]) -> Spec:
        """The entry chosen by an argument such as approximate="tanh", which is taken out."""
        for argument, choices in self.spec.variants.items():
            chosen = arguments.pop(argument, None)
            if chosen is not None and chosen not in choices:
                raise ParameterError(
                    f"{self.name}: {argument} must be one of {', '.join(map(repr, choices))}, "
                    f"not {chosen!r}"
                )
            if chosen is not None and choices[chosen] is not None:
                return resolve(str(choices[chosen]))[0]
        return self.spec

    def __repr__(self) -> str:
        preset = "".join(f", {k}={v}" for k, v in self.preset.items())
        engine = "" if self.engine is None else f", engine={self.engine!r}"
        return f"<ogive {self.kind} activation {self.name}{preset}{engine}: {self.formula}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # a user's entry takes its formula along: where it is read, nobody may have defined it
        known = self.spec.family != "user" and entries().get(self.name) is self.spec
        entry = self.name if known else self.spec
        return _restored, (type(self), entry, self.preset, self.engine)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ActivationFunction)
            and self.spec.name == other.spec.name
            and self.spec.body == other.spec.body
            and self.preset == other.preset
            and self.engine == other.engine
        )

    def __hash__(self) -> int:
        return hash(self.spec.name)


def _distinct(value: Any) -> tuple[type, object]:
    """An argument as a part of a key: 1 and True are equal, and so are 0 and -0.0."""
    return type(value), value or repr(value)


def _restored(
    cls: type[ActivationFunction], entry: str | Spec, preset: dict[str, Any], engine: str | None
) -> ActivationFunction:
    return owning(cls(entries()[entry] if isinstance(entry, str) else entry, preset), engine)


def owning(function: ActivationFunction, engine: str | None) -> ActivationFunction:
    """The same function with an engine of its own; None leaves it as it is."""
    return function if engine is None else _owning(function, engine)


@lru_cache(maxsize=1024, typed=True)  # one for all layers: torch.compile tells them apart
def _owning(function: ActivationFunction, engine: str) -> ActivationFunction:
    return type(function)(function.spec, function.preset, engine)


def presetting(
    function: ActivationFunction, arguments: tuple[tuple[str, Any], ...]
) -> ActivationFunction:
    """The same function with arguments that need not be given, and sorted, in every call."""
    return _presetting(function, arguments) if arguments else function


@lru_cache(maxsize=1024, typed=True)
def _presetting(
    function: ActivationFunction, arguments: tuple[tuple[str, Any], ...]
) -> ActivationFunction:
    preset = {**function.preset, **dict(arguments)}
    return type(function)(function.spec, preset, function.engine)


# For torch.compile an activation is a constant of the traced program.
register_constant(ActivationFunction)


def _with_numpy(
    call: Callable[..., Any], inputs: tuple[Any, ...], arguments: dict[str, Any]
) -> Any:
    """The call on arrays: shared memory in, an array out."""
    converted = tuple(_from_numpy(v) if isinstance(v, np.ndarray) else v for v in inputs)
    named = {k: _from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in arguments.items()}
    return call(converted, named).detach().numpy()


def _from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    if array.dtype.name not in ("float64", "float32", "float16"):
        raise InputError(
            f"a NumPy input must be float64, float32 or float16, not {array.dtype}; "
            f"convert with .astype('float32')"
        )
    # torch has no negative strides, and warns about memory it must not write
    usable = array.flags.writeable and all(s >= 0 for s in array.strides)
    return torch.from_numpy(array if usable else array.copy())
