"""A gated unit for who keeps its inputs and does without its result until backward."""

from __future__ import annotations

import torch
from torch import Tensor

from ogive.engine.selection import without_kernels
from ogive.ops import operator
from ogive.ops.function import ActivationFunction
from ogive.ops.parameters import planned


def reopened(
    unit: ActivationFunction, value: Tensor, gate: Tensor, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The unit's result once more, bit for bit, and the gradients of value and gate.

    Nothing is recorded.

    Args:
        gradient: of the result.
    """
    if without_kernels(value, unit.engine):  # there it is torch's operators, and so are gradients
        with torch.enable_grad():
            data = [t.detach().requires_grad_() for t in (value, gate)]
            result = unit(*data)
        of_value, of_gate = torch.autograd.grad(result, data, gradient)
        return result.detach(), of_value, of_gate
    given = unit.given({})
    plan, tensors = planned(given.spec.program, [value, gate], given.values, unit.engine)
    of_value, of_gate = operator.run_plan(
        plan.backward(tensors, (0,), (0, 1)), (gradient, *tensors)
    )
    return operator.run_again(plan, tensors, gradient)[0], of_value, of_gate
