"""What training makes small."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from ogive.study.data.tasks import Task


def run_losses(task: Task, prediction: Tensor, target: Tensor) -> Tensor:
    """The loss of each run: mean squared error for a regression, cross-entropy for classes.

    ``prediction`` has shape ``(runs, rows, outputs)``, ``target`` ``(runs, rows)``.
    """
    answers, wanted = prediction.flatten(0, 1), target.flatten(0, 1)
    if task.regression:
        of_rows = functional.mse_loss(answers.squeeze(1), wanted, reduction="none")
    else:
        of_rows = functional.cross_entropy(answers, wanted, reduction="none")
    return of_rows.reshape(*prediction.shape[:2], -1).mean((1, 2))
