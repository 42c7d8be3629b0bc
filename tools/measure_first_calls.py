"""Prints what a first call costs before its kernel starts, as far as no GPU is needed.

    python tools/measure_first_calls.py     a minute

Two new processes with one empty cache: the first compiles, the second finds what the first has
kept. Given is the processor's time for trying the arithmetic out, printing the text and making
machine code for an H100 of it; loading the code onto a GPU, and Triton's launcher, which it
compiles once for a machine, come on top there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

CHILD = """
import json, time
last = time.process_time()
def lap():
    global last
    before, last = last, time.process_time()
    return last - before
import torch, ogive
from ogive.engine import compiled
ogive.get("relu")(torch.ones(1))
found = {"importing torch and ogive": lap()}
import triton.compiler
import triton.backends.compiler
found["importing triton"] = lap()
for name, order in (("mish", 0), ("mish", 1), ("gelu", 0), ("swiglu", 1), ("softmax", 0)):
    for dtype in (torch.bfloat16, torch.float32):
        lap()
        compiled(name, dtype, order)
        found[f"{name}, {str(dtype).removeprefix('torch.')}, order {order}"] = lap()
print(json.dumps(found))
"""


def measured(folder: str) -> dict[str, float]:
    """Seconds of a new process, by what they were spent on."""
    environment = {**os.environ, "OGIVE_CACHE_DIR": folder}
    command = [sys.executable, "-c", CHILD]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cold, kept = measured(folder), measured(folder)
    print(f"{'seconds of the processor':<32}{'cold':>8}{'kept':>8}")
    for what, seconds in cold.items():
        print(f"{what:<32}{seconds:>8.2f}{kept[what]:>8.2f}")


if __name__ == "__main__":
    main()
