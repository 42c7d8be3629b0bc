"""What determines a run apart from its activation and seed.

Apart from the training itself so that a setting is checked once, before any time is spent.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.study.errors import StudyError
from ogive.study.requirements import require_above_zero, require_one_of, require_positive

OPTIMIZERS = ("adamw", "sgd")
NORMS = ("none", "batch", "layer")
INITS = ("matched", "he", "torch")
DEEPEST = 50


@dataclass(frozen=True)
class Defaults:
    """The settings a data set is studied with when the user names none."""

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int


@dataclass(frozen=True)
class Settings:
    """How one network is built, initialised and trained.

    Attributes:
        hidden: the widths of the hidden layers; of other models, as ``architectures.py`` says.
        lr: the learning rate.
        threads: of torch.
        model: a name of ``architectures.ARCHITECTURES``, or how a model of the user's is called.
        norm: what stands between a layer and its activation.
        residual: whether a layer that keeps its width is added to what it was given.
        init: ``matched`` is :func:`ogive.init_`, ``he`` normal weights of variance 2 / fan_in, and
            ``torch`` what the modules start with; else ``module:function``, called with the model.
        init_scale: what all weights are multiplied by at the start.
        rows: how many training rows are used; None is all.
    """

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    threads: int = 1
    model: str = "mlp"
    norm: str = "none"
    residual: bool = False
    init: str = "matched"
    init_scale: float = 1.0
    rows: int | None = None

    def __post_init__(self) -> None:
        if not self.hidden:
            raise StudyError("no hidden layer given; an activation needs at least one: hidden=(8,)")
        if len(self.hidden) > DEEPEST:
            raise StudyError(f"{len(self.hidden)} hidden layers given; at most {DEEPEST} are built")
        for width in self.hidden:
            require_positive("the width of a hidden layer", width)
        require_positive("epochs", self.epochs)
        require_positive("batch size", self.batch_size)
        require_positive("threads", self.threads)
        if self.rows is not None:
            require_positive("rows", self.rows)
        require_above_zero("learning rate", self.lr, 0.003)
        require_above_zero("init scale", self.init_scale, 1.0)
        require_one_of("optimizer", self.optimizer, OPTIMIZERS)
        require_one_of("norm", self.norm, NORMS)
        if ":" not in self.init:
            require_one_of("init", self.init, INITS, "module:function")
