"""What only a GPU shows: calls on another stream or device, in a CUDA graph, without a wait.

A dry run makes the same calls without what surrounds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from gpu_machine import GPU
from torch import Tensor

import ogive

#: An exponential, both gradients at once, a learned parameter, packed bits, noise of the kernel's.
CALLS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": ogive.get("silu"),
    "swiglu": ogive.get("swiglu"),
    "prelu": lambda x: ogive.get("prelu")(x, x.new_full((x.shape[-1],), 0.25).requires_grad_()),
    "gelu, lean": partial(ogive.get("gelu"), save="lean"),
    "rrelu": partial(ogive.get("rrelu"), training=True),
}
SHAPE = (64, 4096)


@dataclass(frozen=True)
class Situation:
    """A call in a situation: whether values and gradients are the ordinary ones, or why not."""

    situation: str
    call: str
    right: bool
    told: str = ""


def situations(gpu: GPU) -> Iterator[Situation]:
    """Every call in every situation that the device has."""
    for name, run in SITUATIONS.items():
        for label, call in CALLS.items():
            try:
                right, told = run(gpu, call), ""
            except Exception as error:
                right, told = False, f"{type(error).__name__} {' '.join(str(error).split())[:200]}"
            if right is not None:
                yield Situation(name, label, right, told)


def _data(gpu: GPU, device: torch.device | None = None) -> Tensor:
    made = torch.linspace(-4, 4, SHAPE[0] * SHAPE[1]).view(SHAPE)
    return made.to(device or gpu.device, torch.bfloat16).requires_grad_()


def _step(call: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    y = call(x)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return y.detach(), slope


def _seeded(call: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return _step(call, x)


def _same(found: tuple[Tensor, ...], wanted: tuple[Tensor, ...]) -> bool:
    return all(torch.equal(a.cpu(), b.cpu()) for a, b in zip(found, wanted, strict=True))


def _stream(gpu: GPU, call: Callable[[Tensor], Tensor]) -> bool:
    """Data that are made on another stream, which is busy, and no wait before they are read."""
    wanted = _seeded(call, _data(gpu))
    side: AbstractContextManager[object] = nullcontext()
    if not gpu.dry:
        stream = torch.Stream(gpu.device)
        stream.wait_stream(torch.accelerator.current_stream(gpu.device))
        side = stream
    with side:
        size, turns = (2, 1) if gpu.dry else (2048, 50)
        busy = torch.ones(size, size, device=gpu.device)
        for _ in range(turns):
            busy = busy @ busy / size
        x = (_data(gpu).detach() + busy[:1, :1].to(torch.bfloat16) * 0).requires_grad_()
        found = _seeded(call, x)
    if not gpu.dry:
        torch.accelerator.synchronize(gpu.device)
    return _same(found, wanted)


def _device(gpu: GPU, call: Callable[[Tensor], Tensor]) -> bool | None:
    """Data on another device than the current one."""
    if not gpu.dry and torch.accelerator.device_count() < 2:
        return None
    device = gpu.device if gpu.dry else torch.device(gpu.device.type, 1)
    return _same(_seeded(call, _data(gpu, device)), _seeded(call, _data(gpu)))


def _graph(gpu: GPU, call: Callable[[Tensor], Tensor]) -> bool | None:
    """A step that is captured once and replayed on other data; noise differs between replays."""
    if not gpu.dry and gpu.device.type != "cuda":
        return None
    x = _data(gpu)
    wanted = _seeded(call, _data(gpu))
    if gpu.dry:
        return _same(_seeded(call, x), wanted)
    stream = torch.cuda.Stream(gpu.device)
    stream.wait_stream(torch.cuda.current_stream(gpu.device))
    with torch.cuda.stream(stream):
        _step(call, x)  # compiles
    torch.cuda.current_stream(gpu.device).wait_stream(stream)
    x.data.zero_()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = _step(call, x)
    x.data.copy_(_data(gpu).detach())
    graph.replay()
    first = [t.clone() for t in found]
    graph.replay()
    torch.cuda.synchronize()
    if call is CALLS["rrelu"]:
        return not _same(tuple(first), found)
    return _same(tuple(first), wanted) and _same(found, wanted)


def _without_waiting(gpu: GPU, call: Callable[[Tensor], Tensor]) -> bool:
    """A warm step in which nothing makes the processor wait for the device."""
    x = _data(gpu)
    _step(call, x)
    if gpu.device.type == "cuda":
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error")
        try:
            _step(call, x)
        finally:
            torch.cuda.set_sync_debug_mode(before)
    return True


SITUATIONS: dict[str, Callable[[GPU, Callable[[Tensor], Tensor]], bool | None]] = {
    "another stream": _stream,
    "another device": _device,
    "a CUDA graph": _graph,
    "no wait": _without_waiting,
}
