"""An entry as something to call."""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor
from torch.compiler import is_dynamo_compiling

from ogive.catalogue import Spec, entries
from ogive.errors import InputError, OgiveError
from ogive.ops import arrays
from ogive.ops.arguments import check_tensor, is_ordinary, with_positional
from ogive.ops.entry import Entry, Given
from ogive.ops.observation import watcher
from ogive.ops.options import check_option
from ogive.ops.parameters import binds
from ogive.ops.prepare import Serve, nothing, prepare_call
from ogive.ops.runners import RUNNERS
from ogive.torch_private import register_constant

#: Every function that lives, by its key: compiled programs name functions by text.
FUNCTIONS: WeakValueDictionary[str, ActivationFunction] = WeakValueDictionary()
_NUMBERS = count()
#: So many sets of arguments are remembered for a function.
MOST_SETS = 256
#: Arguments that two calls may have in common.
SIMPLE = (float, int, bool, str, type(None), torch.dtype)
#: The arguments of a call of one tensor, and of nothing else.
ONE_TENSOR = (1, Tensor)


class ActivationFunction(Entry):
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = f"{self.spec.name}-{next(_NUMBERS)}"
        FUNCTIONS[self.key] = self
        #: what serves a call, by all that it is given apart from tensors
        self._serving: dict[object, Serve] = {}
        #: the same for one tensor and nothing else, found without a look at a table
        self._alone: Serve | None = None

    def __call__(self, *inputs: Any, **arguments: Any) -> Any:
        if is_dynamo_compiling():
            # imported here because it needs the compiler, which is slow to import
            from ogive.ops.traced import traced_call

            return traced_call(self.key, inputs, arguments)
        if arguments or len(inputs) != 1:
            key, tensors = _apart(inputs, arguments)
            serve = self._serving.get(key) or self._prepare(key, tensors, inputs, arguments)
        else:
            tensors = inputs
            serve = self._alone or self._prepare(ONE_TENSOR, inputs, inputs, arguments)
        result = serve(*tensors)
        return self.call(inputs, arguments) if result is None else result

    def _prepare(
        self,
        key: object,
        tensors: tuple[Any, ...],
        inputs: tuple[Any, ...],
        arguments: dict[str, Any],
    ) -> Serve:
        """What serves calls with these arguments, from now on."""
        if key is None or not inputs or not all(isinstance(t, Tensor) for t in tensors):
            return nothing
        data, given = self.sort_arguments(inputs, arguments)
        spec = given.spec
        if spec.kind != "rowwise" and not binds(spec.program, given.values):
            return nothing  # numbers that are not to become part of a kernel
        serve = prepare_call(spec, tensors, len(data), given.values, given.options, self.engine)
        if key is ONE_TENSOR:
            self._alone = serve
            return serve
        if len(self._serving) >= MOST_SETS:
            self._serving.clear()
        self._serving[key] = serve
        return serve

    def call(self, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        """The call in general, with arguments packed."""
        if (watch := watcher.get()) is not None:
            return watch(self, inputs, arguments)
        if not inputs:
            raise InputError(f"{self.name} needs an input, a tensor or an array")
        if isinstance(inputs[0], np.ndarray):
            return arrays.with_arrays(self.call, inputs, arguments)
        data, given = self.sort_arguments(inputs, arguments)
        run = RUNNERS[given.spec.kind]
        try:
            return run(given.spec, data, given.values, self.engine, **given.options)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, OgiveError) or is_ordinary(data[0]):
                raise
            raise _refusal(self.name, data[0], error) from error

    def sort_arguments(
        self, inputs: tuple[Any, ...], arguments: dict[str, Any]
    ) -> tuple[list[Tensor], Given]:
        """The data, and the arguments with those given by position; all checked."""
        two = self.kind == "gated" and len(inputs) > 1 and isinstance(inputs[1], Tensor)
        data = 2 if two else 1
        dtype = check_option("dtype", arguments.get("dtype")) if self.kind == "rowwise" else None
        tensors = [check_tensor(self.spec, t, dtype) for t in inputs[:data]]
        if len(inputs) > data:
            arguments = with_positional(self.spec, inputs[data:], arguments)
        return tensors, self.given(arguments)

    def __deepcopy__(self, memo: object) -> ActivationFunction:
        return self  # nothing of it changes, and copies of a layer share what was prepared

    def __reduce__(self) -> tuple[Any, ...]:
        # a user's entry takes its formula along: where it is read, nobody may have defined it
        known = self.spec.family != "user" and entries().get(self.name) is self.spec
        entry = self.name if known else self.spec
        return _restored, (type(self), entry, self.preset, self.engine)


# For torch.compile an activation is a constant of the traced program.
register_constant(ActivationFunction)


def _refusal(name: str, x: Tensor, error: Exception) -> InputError:
    """What to say where the operators of a formula do not know a kind of tensor."""
    kind = f"a {type(x).__name__}" if x.layout is torch.strided else f"a tensor of {x.layout}"
    words = " ".join(str(error).split())[:200]
    return InputError(
        f"{name} cannot be computed on {'a nested tensor' if x.is_nested else kind}, whose own "
        f"operators refuse it ({type(error).__name__}: {words}); convert it to a dense Tensor first"
    )


def _apart(inputs: tuple[Any, ...], arguments: dict[str, Any]) -> tuple[object, tuple[Tensor, ...]]:
    """All that a call is given apart from tensors, or None if it cannot be compared; the tensors.
    1 and True are equal, and so are 0 and -0.0."""
    tensors: list[Tensor] = []
    key: list[object] = [len(inputs), *arguments]
    for value in (*inputs, *arguments.values()):
        if isinstance(value, Tensor):
            tensors.append(value)
            key.append(Tensor)
        elif type(value) in SIMPLE:
            key.append((type(value), value or repr(value)))
        else:
            return None, ()
    return tuple(key), tuple(tensors)


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
    # 0.0 and -0.0 are equal, but not what a function makes of them
    return _presetting(function, arguments, repr(arguments)) if arguments else function


@lru_cache(maxsize=1024, typed=True)
def _presetting(
    function: ActivationFunction, arguments: tuple[tuple[str, Any], ...], text: str
) -> ActivationFunction:
    preset = {**function.preset, **dict(arguments)}
    return type(function)(function.spec, preset, function.engine)
