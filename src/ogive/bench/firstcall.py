"""What the first call costs, in new processes: with nothing prepared, and after a restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from ogive.errors import OgiveError

#: The variable that says where kernels are kept between processes.
CACHE = "OGIVE_CACHE_DIR"

# Loading torch and ogive and starting torch's autograd are no part of the call; finding the entry
# and its formula is.
_PROGRAM = """
import json, sys
from time import perf_counter
import torch, ogive
get, x = ogive.get, torch.linspace(-3, 3, 1024)
started = torch.ones(2, requires_grad=True)
torch.autograd.grad(started.tanh(), started, torch.ones(2))
start = perf_counter()
function = get(sys.argv[1])
function(x)
called = perf_counter()
y = function(x.requires_grad_())
torch.autograd.grad(y, x, torch.ones_like(y))
print(json.dumps([called - start, perf_counter() - called]))
"""


@dataclass(frozen=True)
class FirstCall:
    """Seconds until the first result, and from there until the first gradient.

    Cold: with an empty cache of kernels. Cached: in the next process, with the cache left by it.
    """

    name: str
    cold: float
    cold_gradient: float
    cached: float
    cached_gradient: float


def first_call(name: str = "mish") -> FirstCall:
    """The first call's cost, measured in two new processes.

    Raises:
        OgiveError: if such a process fails.
    """
    with tempfile.TemporaryDirectory(prefix="ogive-bench-") as folder:
        cold, cached = (_process(name, folder) for _ in range(2))
    return FirstCall(name, *cold, *cached)


def _process(name: str, folder: str) -> tuple[float, float]:
    """Seconds until the first result and from there to the gradient, in a new process."""
    # the child finds what this process finds, however it was started
    environment = {**os.environ, CACHE: folder, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, name], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OgiveError(f"a new process could not call {name}: {last}")
    call, gradient = json.loads(done.stdout)
    return call, gradient
