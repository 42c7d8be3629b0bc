"""What the GPU engine offers: whether it serves tensors, and a call made ready for them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ogive.engine.call import (
    PLAIN,
    Call,
    KernelRunner,
    RowCall,
    TooLong,
    compute_dtype,
    in_storage,
    stacking,
    summed_afterwards,
)
from ogive.engine.triton import building
from ogive.engine.triton.launch import Launched, NotSummed, pointwise_launch
from ogive.engine.triton.row_kernels import prepare_rows
from ogive.errors import EngineError

#: Types of devices, ROCm's among them; none where triton is not installed.
DEVICES = ("cuda", "xpu") if building.installed() else ()
#: Numbers, bytes of packed bits, and seeds.
READ = {torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.uint8, torch.int64}
#: The operations of a program that is compiled.
_LONGEST = 1500


def check() -> None:
    """Raises an EngineError where there is nothing that kernels could run on."""
    if not building.installed():
        raise EngineError(
            "the engine 'triton' needs the package triton, which comes with torch for GPUs; "
            "install it with: pip install triton"
        )
    if not building.interpreting() and not _a_device():
        raise EngineError(
            "the engine 'triton' needs a GPU that torch can use (CUDA, ROCm or XPU), and there is "
            "none; set TRITON_INTERPRET=1 in the environment to run its kernels, slowly, in "
            "Triton's interpreter, or use ogive.engine('auto')"
        )


def _a_device() -> bool:
    return torch.cuda.is_available() or torch.xpu.is_available()


def serves(inputs: Sequence[Tensor]) -> bool:
    """Whether the engine can run on these tensors; single numbers may be the CPU's."""
    device = inputs[0].device
    here = device.type == "cpu" and building.interpreting() and building.installed()
    if device.type not in DEVICES and not here:
        return False
    try:
        return all(_readable(t, device) for t in inputs)
    except RuntimeError:  # a tensor without memory, as inside torch.func.vmap
        return False


def _readable(t: Tensor, device: torch.device) -> bool:
    if (
        type(t) not in PLAIN
        or t.dtype not in READ
        or t.layout is not torch.strided
        or t.is_nested
        or t.is_neg()
        or (t.device != device and (not t.is_cpu or t.dim()))
    ):
        return False
    return not t.numel() or bool(t.data_ptr() and in_storage(t))


def prepare(call: Call | RowCall, tensors: Sequence[Tensor]) -> KernelRunner:
    """What runs the call on tensors like these, which the engine serves.

    Raises:
        TooLong: where it is to be left to torch's operators.
        EngineError: where triton cannot compile for the device.
    """
    if isinstance(call, RowCall):
        return prepare_rows(call, tensors)
    if call.program.size > _LONGEST:
        raise TooLong(f"kernels have up to {_LONGEST} operations, not {call.program.size}")
    if call.pointwise and _one_stretch(tensors) and call.results[0].dtype is tensors[0].dtype:
        return KernelRunner(pointwise_launch(call.program, tensors), contiguous=True)
    try:
        run = Launched(call, tensors).run
        return KernelRunner(stacking(run) if call.stacked else run)
    except NotSummed:
        start = lambda whole: Launched(whole, tensors).run  # noqa: E731
        return KernelRunner(summed_afterwards(call, compute_dtype(tensors), start))


def _one_stretch(tensors: Sequence[Tensor]) -> bool:
    x = tensors[0]
    return bool(x.numel()) and all(t.is_contiguous() and t.shape == x.shape for t in tensors)
