"""The monitor in other people's training loops: Lightning's and transformers'.

``LightningCallback`` and ``TransformersCallback`` are made when they are asked for, because what
they are subclasses of is a package that not everybody has. An ``Accelerator`` needs no callback:
watch the prepared model with the prepared optimizer, and name the accelerator among the loggers.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from torch import nn

from ogive.errors import require
from ogive.monitor.health import HealthReport
from ogive.monitor.monitor import Monitor

#: Lightning's two packages, which have classes of their own; the one that is in use serves.
_LIGHTNING = ("lightning.pytorch", "pytorch_lightning")


class Watching:
    """What the callbacks have in common: a monitor while a training lasts, its report afterwards.

    Args:
        options: those of ``Monitor``, without model and optimizer.

    Attributes:
        watch: the monitor of the last training; None before the first.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options
        self.watch: Monitor | None = None

    def report(self) -> HealthReport:
        """What was measured.

        Raises:
            RuntimeError: before the first training.
        """
        if self.watch is None:
            raise RuntimeError("nothing was trained yet; hand this callback to a trainer first")
        return self.watch.report()

    def _begin(self, model: nn.Module, optimizer: Any, loggers: list[Any]) -> None:
        """Watch from now on; one that was broken off before is let go of."""
        self._end()
        options = {**self.options, "loggers": [*self.options.get("loggers", ()), *loggers]}
        self.watch = Monitor(model, optimizer=optimizer, **options)
        self.watch.attach()

    def _end(self) -> None:
        """Take the hooks away; what was measured stays."""
        if self.watch is not None:
            self.watch.detach()

    def __getstate__(self) -> dict[str, Any]:
        """Without the monitor: it belongs to a model, and to a process."""
        return {**self.__dict__, "watch": None}


@cache
def _lightning_callback() -> type:
    in_use = [name for name in _LIGHTNING if name in sys.modules]
    base = require((in_use or [_LIGHTNING[1]])[0], "lightning").Callback

    class LightningCallback(Watching, base):  # type: ignore[misc, valid-type]
        """Watches a ``LightningModule`` from the start of a fit to its end.

        The trainer's own loggers get the statistics, too.

        Args:
            options: those of ``Monitor``, without model and optimizer.

        Example:
            trainer = Trainer(callbacks=[LightningCallback(every=10)])
        """

        def on_train_start(self, trainer: Any, pl_module: nn.Module) -> None:
            optimizers = trainer.optimizers
            self._begin(pl_module, optimizers[0] if optimizers else None, trainer.loggers)

        def on_train_end(self, trainer: Any, pl_module: nn.Module) -> None:
            self._end()

        def on_exception(
            self, trainer: Any, pl_module: nn.Module, exception: BaseException
        ) -> None:
            self._end()

    return _at_home(LightningCallback)


@cache
def _transformers_callback() -> type:
    base = require("transformers", "models").TrainerCallback

    class TransformersCallback(Watching, base):  # type: ignore[misc, valid-type]
        """Watches the model of a ``transformers.Trainer`` from the start of a training to its end.

        Args:
            options: those of ``Monitor``, without model and optimizer.

        Example:
            trainer = Trainer(model, arguments, callbacks=[TransformersCallback(every=10)])
        """

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            optimizer = kwargs["optimizer"]
            # Accelerate wraps it; the hooks of a step are those of the optimizer inside
            self._begin(kwargs["model"], getattr(optimizer, "optimizer", optimizer), [])

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._end()

    return _at_home(TransformersCallback)


def _at_home(made: type) -> type:
    """The class as one of this module, so that pickle finds it."""
    made.__module__, made.__qualname__ = __name__, made.__name__
    return made


_MADE = {"LightningCallback": _lightning_callback, "TransformersCallback": _transformers_callback}


def __getattr__(name: str) -> Any:
    if name in _MADE:
        return _MADE[name]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
