"""A gated unit for who keeps its inputs and does without its result until backward."""

from __future__ import annotations

from torch import Tensor

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
    given = unit.given({})
    plan, tensors = planned(given.spec.program, [value, gate], given.values, unit.engine)
    of_value, of_gate = operator.run_plan(
        plan.backward(tensors, (0,), (0, 1)), (gradient, *tensors)
    )
    return operator.run_again(plan, tensors, gradient)[0], of_value, of_gate
