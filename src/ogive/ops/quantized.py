"""An activation and the quantisation of its result as one function, for training in 8 bits.

Apart from calls of the activation itself because a matrix product of 8-bit numbers takes two
tensors, numbers and scales, neither of which autograd can send a gradient to: it would be rounded
to 8 bits on its way. A third one of the same shape, without memory, carries gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor
from torch.autograd import Function
from torch.compiler import is_dynamo_compiling

from ogive.catalogue import resolve
from ogive.engine import triton
from ogive.engine.eager import WIDE
from ogive.engine.quantization import EIGHT_BITS, MX_BLOCK, SCALINGS, Quantization, widened
from ogive.engine.selection import choose, give_up, note
from ogive.errors import EngineError, InputError, OgiveError, ParameterError, among, briefly
from ogive.ops.entry import Given
from ogive.ops.function import ActivationFunction
from ogive.ops.gates import division
from ogive.ops.options import check_option
from ogive.ops.parameters import planned
from ogive.ops.plan import Plan
from ogive.ops.record import transformed
from ogive.torch_private import direct_apply

#: The kinds of entries whose results are quantised in one pass.
KINDS_QUANTIZED = ("elementwise", "gated")


class QuantizedTensor(tuple[Tensor, Tensor]):
    """What a quantised activation gives: a pair of tensors, ``values`` and ``scales``.

    Attributes:
        values: the quantised numbers, in the shape of the activation's result.
        scales: what they are to be multiplied by. ``"row"``: float32, of size 1 in the last
            dimension; ``"mx"``: float8_e8m0fnu, one for each 32 neighbours in the last dimension.
        carrier: a tensor without memory, in the shape of ``values`` and the dtype of the input. A
            gradient that is given to it, the one with respect to the activation's result, becomes
            that of the input by the activation's exact derivative. ``values`` and ``scales`` take
            no gradients.
    """

    carrier: Tensor

    def __new__(cls, values: Tensor, scales: Tensor, carrier: Tensor) -> Self:
        pair = super().__new__(cls, (values, scales))
        pair.carrier = carrier
        return pair

    @property
    def values(self) -> Tensor:
        """The quantised numbers."""
        return self[0]

    @property
    def scales(self) -> Tensor:
        """What they are to be multiplied by."""
        return self[1]

    def dequantize(self, dtype: torch.dtype | None = None) -> Tensor:
        """What the pair stands for, in the dtype of the input or another; differentiable.

        Its gradient goes straight through the quantisation to the activation's derivative.

        Example:
            >>> import ogive, torch
            >>> x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
            >>> pair = ogive.quantized("silu")(x)
            >>> pair.dequantize().sum().backward()
            >>> x.grad
            tensor([0.0723, 0.5000, 1.0908])
        """
        # nothing is added; no autograd.Function, which compilers and transforms cannot all read
        check_option("dtype", dtype)
        nothing = (self.carrier.detach() - self.carrier).nan_to_num()
        made: Tensor = widened(self.values, self.scales) - nothing
        return made.to(dtype or self.carrier.dtype)


class QuantizedActivation:
    """An activation whose result is quantised at once; see ``ogive.quantized``.

    Attributes:
        function: the activation.
        quantization: dtype and scale.
    """

    def __init__(self, function: ActivationFunction, quantization: Quantization) -> None:
        self.function = function
        self.quantization = quantization

    def __call__(self, *inputs: Any, **arguments: Any) -> QuantizedTensor:
        if is_dynamo_compiling() or transformed():
            return self._composed(inputs, arguments)
        if not inputs or not isinstance(inputs[0], Tensor):
            given = f"not {type(inputs[0]).__name__}" if inputs else "of which none was given"
            raise InputError(
                f"a quantised {self.function.name} takes torch tensors, {given}; "
                f"convert with torch.as_tensor(...)"
            )
        data, sorted_out = self.function.sort_arguments(inputs, arguments)
        if any(t.is_nested or t.layout is not torch.strided for t in data):
            raise InputError(f"a quantised {self.function.name} takes dense tensors; convert it")
        plan, tensors = self._planned(data, sorted_out)
        made: tuple[Tensor, Tensor, Tensor] = _record(
            plan, partial(self._quantized, plan, inputs, arguments), *tensors
        )
        return QuantizedTensor(*made)

    def _planned(self, data: list[Tensor], given: Given) -> tuple[Plan, list[Tensor]]:
        """The plan of the activation, and the tensors that it takes."""
        spec, options, layout = given.spec, given.options, None
        if options.get("inplace") or options["save"] != "input":
            raise ParameterError(
                f"a quantised {spec.name} takes neither inplace nor save: it keeps its input for "
                f"backward as it is; leave them out"
            )
        if spec.kind == "gated":
            layout = division(
                spec.name, data, options["dim"], options["gate"], options["interleave"]
            )
        self._check_blocks(data[0] if layout is None else layout.split(data[0])[0])
        return planned(spec.program, data, given.values, self.function.engine, layout, spec.name)

    def _check_blocks(self, result: Tensor) -> None:
        """Raises an InputError where a result like this does not divide into blocks."""
        size = result.shape[-1] if result.dim() else 1
        if self.quantization.scale == "mx" and size % MX_BLOCK:
            raise InputError(
                f"{self} has a scale for each {MX_BLOCK} neighbours, so the last dimension of its "
                f"result must be a multiple of {MX_BLOCK}, not {size}; pad it, or take scale='row'"
            )

    def _quantized(
        self, plan: Plan, inputs: tuple[Any, ...], arguments: dict[str, Any], *tensors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Values and scales, from one kernel if there is one."""
        name, reason = choose(tensors, plan.engine)
        if name == "triton" and (made := self._at_once(plan, tensors)) is not None:
            note(f"{plan.label}_quantized", reason, name)
            return made
        return self._values(self._activated(inputs, arguments))

    def _at_once(self, plan: Plan, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        """The same from the kernel of a GPU; None where there is none."""
        try:
            return triton.quantize(plan, self.quantization, tensors)
        except EngineError as error:
            give_up(error, "triton", plan.engine)
            return None

    def _activated(self, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Tensor:
        """The activation's result before it is quantised: that of 16 bits in float32."""
        two = self.function.kind == "gated" and len(inputs) > 1 and isinstance(inputs[1], Tensor)
        data, rest = inputs[: 1 + two], inputs[1 + two :]
        y: Tensor = self.function(
            *(x.to(WIDE.get(x.dtype, x.dtype)) for x in data), *rest, **arguments
        )
        return y

    def _values(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return self.quantization.quantize(y.float())

    def _composed(self, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> QuantizedTensor:
        """The same for those who look at every operator: the carrier is the result itself."""
        y = self._activated(inputs, arguments)
        self._check_blocks(y)
        return QuantizedTensor(*self._values(y.detach()), y.to(inputs[0].dtype))

    def __repr__(self) -> str:
        how = f"dtype={self.quantization.dtype}, scale={self.quantization.scale!r}"
        return f"ogive.quantized({self.function.name!r}, {how})"


class _Quantized(Function):
    """What a quantised call records: as much as the activation does."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, run: Any, *tensors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        values, scales = run(*tensors)
        ctx.plan = plan
        ctx.save_for_backward(*tensors)
        ctx.mark_non_differentiable(values, scales)
        ctx.set_materialize_grads(False)
        return values, scales, tensors[0].new_zeros(()).expand(values.shape)

    @staticmethod
    def backward(ctx: Any, *given: Tensor | None) -> Any:
        kept = ctx.saved_tensors
        needed = ctx.needs_input_grad[-len(kept) :]
        return None, None, *ctx.plan.gradients(kept, given[2:], needed)


_record = direct_apply(_Quantized)


def quantized(
    name: str | ActivationFunction,
    dtype: torch.dtype = torch.float8_e4m3fn,
    scale: str = "row",
) -> QuantizedActivation:
    """An activation and the quantisation of its result to 8 bits as one function, for fp8 training.

    Called as the activation is, with value and gate in one tensor or in two, it gives a pair of
    tensors, ``values`` and ``scales``, as ``torch._scaled_mm`` takes them. The result of the
    activation is computed in float32 and rounded once, to the nearest number of 8 bits (ties to
    even); on a GPU with Triton one kernel does it all, elsewhere a composition that gives the same.

    A finite result never overflows: with ``"row"``, ``scales = largest size / largest number of the
    dtype`` (448 or 57344), in float32; with ``"mx"``, it is the least power of two that is no
    smaller, for each 32 neighbours (1 to 2 times that of the OCP's text, with which one number in
    eight of the largest would be cut off). NaN stays NaN, an infinity is NaN in e4m3, which has
    none; they do not count for the scale. A row of zeros has the scale 1.

    Args:
        name: an elementwise or gated activation, by name or as ``ogive.get`` and ``ogive.define``
            give it.
        dtype: ``torch.float8_e4m3fn`` or ``torch.float8_e5m2``.
        scale: ``"row"``: one float32 number for each row along the last dimension; ``"mx"``: one
            of float8_e8m0fnu for each 32 neighbours along it (MXFP8).

    Returns:
        A function to a ``QuantizedTensor``: the pair, its ``dequantize()``, and the ``carrier``
        that takes the gradient with respect to the activation's result. Gradients go straight
        through the quantisation: backward is exactly the activation's.

    Raises:
        UnknownName: for a name that no activation has.
        OgiveError: for a rowwise or stochastic activation.
        ParameterError: for another dtype or scale.

    Source:
        Micikevicius et al. 2022, arXiv:2209.05433 (the dtypes); Rouhani et al. 2023,
        arXiv:2310.10537 (blocks of 32); Mishra et al. 2025, arXiv:2506.08027 (scales rounded up).

    Example:
        >>> import ogive, torch
        >>> values, scales = ogive.quantized("relu")(torch.tensor([[1.0, 7.0], [-1.0, 0.0]]))
        >>> values.dtype, values.float() * scales
        (torch.float8_e4m3fn, tensor([[1., 7.],
                [0., 0.]]))
    """
    function = name if isinstance(name, ActivationFunction) else ActivationFunction(*resolve(name))
    if function.kind not in KINDS_QUANTIZED:
        raise OgiveError(
            f"{function.name} is {function.kind}; an activation that is quantised at once is "
            f"elementwise or gated; call {function.name} and quantise its result"
        )
    if not isinstance(dtype, torch.dtype) or dtype not in EIGHT_BITS:
        raise ParameterError(
            f"dtype must be torch.float8_e4m3fn or torch.float8_e5m2, not {briefly(dtype)}"
        )
    if not among(scale, SCALINGS):
        raise ParameterError(f"scale must be 'row' or 'mx', not {briefly(scale)}")
    return QuantizedActivation(function, Quantization(dtype, scale))
