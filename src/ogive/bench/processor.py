"""Where a benchmark ran: a figure means something only together with its machine."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

import ogive

CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """The processor, the cores this process may use, and the versions at work."""

    cpu: str
    cores: int
    capability: str
    threads: int
    torch: str
    ogive: str

    @classmethod
    def here(cls) -> Machine:
        """This machine, with torch's threads as they are set now."""
        return cls(
            cpu=_processor(),
            cores=_cores(),
            capability=torch.backends.cpu.get_cpu_capability(),
            threads=torch.get_num_threads(),
            torch=torch.__version__,
            ogive=ogive.__version__,
        )

    def __str__(self) -> str:
        return (
            f"{self.cpu}, {self.cores} core{'s' * (self.cores != 1)}, {self.capability}, "
            f"{self.threads} thread{'s' * (self.threads != 1)}; "
            f"torch {self.torch}, ogive {self.ogive}"
        )


def _processor() -> str:
    """The processor's name where Linux tells it, else what the platform calls it."""
    if CPUINFO.is_file():
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
