"""The GPU engine: programs as Triton kernels, and the same kernels in Triton's interpreter.

How the work is divided: ``kernels.py`` says what is served and makes calls ready; ``tensors.py``
holds the operands, ``flat.py`` and ``tiles.py`` the text of kernels, ``launch.py`` starts them;
``building.py`` turns text into functions of Triton's, compiled or interpreted; ``ahead.py``
compiles without a GPU.

Functions of rows are in ``row_kernels.py``, ``row_text.py`` and ``row_steps.py``, and what
quantises results at once in ``quantizing.py``.

**Another kind of kernel**: ``building.built_kernel(text, name, label, interpreted)`` makes a kernel
of the text of a module, in which ``@triton.jit`` functions may use ``tl``, ``libdevice``,
``SUM`` and ``LARGEST`` as the functions of ``tl.reduce``, and those of ``stored.py``:
``loaded_number(dtype, text)`` and ``stored_number(dtype, text)`` write what makes float32 of what
was loaded, and the stored dtype of a result. ``TritonPrinter(format, forms).functions(program,
name)`` writes a program as such a function. ``building.start(kernel, grid, arguments, constants,
device)`` starts it on the right device; the interpreter takes a millisecond for each operation of a
program of the grid, so blocks are large there. Text uses builtins of Triton only
(``tl.reduce(x, 1, SUM)``, not ``tl.sum``; ``tl.full``, not ``tl.zeros``): those run compiled and
interpreted in one process, whatever TRITON_INTERPRET was when triton was imported.
"""

from ogive.engine.triton.building import interpreting
from ogive.engine.triton.kernels import DEVICES, check, prepare, serves
from ogive.engine.triton.quantizing import quantize

__all__ = ["DEVICES", "check", "interpreting", "prepare", "quantize", "serves"]
