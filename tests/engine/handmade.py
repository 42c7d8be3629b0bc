"""Kernels written by hand, and processes of their own to run them in."""

import ctypes
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import ogive

PACKAGE = Path(ogive.__file__).parent
_numbers = count()

SINE = """
declare float @sinf(float)
define void @sine(ptr noalias %out, ptr noalias %in, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %from = getelementptr float, ptr %in, i64 %i
  %x = load float, ptr %from
  %square = fmul float %x, %x
  %y = call float @sinf(float %square)
  %to = getelementptr float, ptr %out, i64 %i
  store float %y, ptr %to
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""
# Each thread counts its cell up from what the ninth cell says, so that it takes as long as wanted,
# and leaves the number of threads there.
COUNT = """
define void @count(ptr %arguments, i64 %thread, i64 %threads) {
entry:
  %cells = load ptr, ptr %arguments
  %cell = getelementptr i64, ptr %cells, i64 %thread
  %last = getelementptr i64, ptr %cells, i64 8
  %n = load i64, ptr %last
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  store volatile i64 %i, ptr %cell
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  store i64 %threads, ptr %cell
  ret void
}
"""


def answer(number: int) -> str:
    """A module nobody has loaded yet, whose function returns this number."""
    return f"define i64 @answer() {{ ret i64 {number} }} ; {os.getpid()} {next(_numbers)}"


def call(address: int) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64)(address)()


def sine(address: int, numbers: list[float]) -> bytes:
    """The bytes of the results."""
    given = (ctypes.c_float * len(numbers))(*numbers)
    made = (ctypes.c_float * len(numbers))()
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(address)
    function(ctypes.addressof(made), ctypes.addressof(given), len(numbers))
    return bytes(made)


def cells(rounds: int = 1) -> ctypes.Array:
    """What COUNT works on."""
    return (ctypes.c_int64 * 9)(*[0] * 8, rounds)


#: Makes ogive.engine's modules importable one by one, without torch.
ALONE = f"""
import sys, types
for name in ("", "engine", "engine.cpu"):
    package = types.ModuleType(f"ogive.{{name}}".rstrip("."))
    package.__path__ = [{str(PACKAGE)!r} + "/" + name.replace(".", "/")]
    sys.modules[package.__name__] = package
sys.path.insert(0, {str(Path(__file__).parent)!r})
"""


def script(code: str, alone: bool) -> list[str]:
    """The command that runs this code; it finds this file as ``handmade``."""
    here = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    # handmade imports ogive for its place, which must not bring torch into a process that is alone
    start = ALONE + "sys.modules['ogive'].__file__ = __import__('os').path.join("
    start += f"{str(PACKAGE)!r}, '__init__.py')\n"
    # newer Pythons warn of any fork of a process with threads; forking it is what is tested
    forks = "ignore:This process:DeprecationWarning"
    return [sys.executable, "-W", "error", "-W", forks, "-c", (start if alone else here) + code]


def printed(code: str, *, alone: bool = True, timeout: float = 120, **environment: str) -> str:
    """What a process of its own prints; it must end well and say nothing on stderr."""
    done = subprocess.run(
        script(code, alone),
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr)
    return done.stdout.strip()
