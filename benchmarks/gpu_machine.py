"""Where a benchmark runs: on a GPU, or for a dry run on the CPU, where no figure means anything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.benchmark import Timer

import ogive
from ogive.bench import memory
from ogive.errors import OgiveError

NO_GPU = (
    "benchmarks/gpu.py measures on a GPU, and torch finds none here (torch {torch}); run it where "
    "torch.cuda.is_available() or torch.xpu.is_available(), or with --dry to walk through it on "
    "the CPU without figures"
)


@dataclass(frozen=True)
class GPU:
    """A device, how its time and its memory are taken, and which engine serves there.

    Attributes:
        dry: whether it only stands for one: tensors lie in the CPU's memory.
        sample: seconds that a measurement lasts at least.
    """

    device: torch.device
    dry: bool
    sample: float

    @classmethod
    def here(cls, dry: bool) -> GPU:
        """The current device.

        Raises:
            OgiveError: without a GPU, where none is stood for.
        """
        if dry:
            return cls(torch.device("cpu"), True, 1e-4)
        for kind in ("cuda", "xpu"):
            if getattr(torch, kind).is_available():
                return cls(torch.device(kind, getattr(torch, kind).current_device()), False, 0.02)
        raise OgiveError(NO_GPU.format(torch=torch.__version__))

    @property
    def name(self) -> str:
        """What the device calls itself."""
        if self.dry:
            return "dry run on a CPU"
        name: str = getattr(torch, self.device.type).get_device_name(self.device)
        return name

    @property
    def facts(self) -> dict[str, Any]:
        """What a figure means something together with."""
        versions = {"torch": torch.__version__, "ogive": ogive.__version__}
        try:
            import triton

            versions["triton"] = triton.__version__
        except ImportError:
            versions["triton"] = "none"
        day = time.strftime("%Y-%m-%d")
        return {"device": self.name, "dry": self.dry, "date": day, **versions}

    def engine(self) -> AbstractContextManager[Any]:
        """The engine that is measured: in a dry run Triton's interpreter, if it was asked for."""
        interpreted = os.environ.get("TRITON_INTERPRET") == "1"
        return ogive.engine("triton" if self.dry and interpreted else "auto")

    def compiled(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call compiled anew; in a dry run only traced."""
        torch.compiler.reset()
        backend = "eager" if self.dry else "inductor"
        made: Callable[..., Any] = torch.compile(call, dynamic=False, backend=backend)
        return made

    def seconds(self, call: Callable[[], object]) -> float:
        """The median time of a call, launches, waiting for the device and all."""
        call()  # compiles
        timer = Timer("call()", globals={"call": call}, num_threads=torch.get_num_threads())
        return float(timer.blocked_autorange(min_run_time=self.sample).median)

    def peak(self, step: Callable[[], object]) -> int:
        """The most bytes allocated at once during a step, beyond those that were before."""
        if self.dry:
            return memory.peak(step)
        counter = getattr(torch, self.device.type)
        step()
        counter.synchronize()
        counter.reset_peak_memory_stats()
        before = counter.memory_allocated()
        step()
        counter.synchronize()
        return int(counter.max_memory_allocated() - before)
