"""Memory of large results: given to the next one when nobody has it any more, and never before."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import ogive
from ogive.engine.cpu import output_pool
from ogive.errors import OgiveError


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is kept, nothing at the beginning."""
    blocks: list[object] = []
    monkeypatch.setattr(output_pool, "_kept", blocks)
    return blocks


def empty(*size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    stride = torch.empty(size, device="meta").stride()
    return output_pool.empty(torch.empty(0), size, stride, dtype)


def address(t: Tensor) -> int:
    return t.untyped_storage().data_ptr()


def test_memory_that_nobody_has_is_the_next_results() -> None:
    first = empty(100, 10)
    before = address(first)
    del first
    second = empty(10, 50, dtype=torch.float64)
    assert address(second) == before
    assert (second.shape, second.dtype, second.is_contiguous()) == ((10, 50), torch.float64, True)
    assert second.untyped_storage().nbytes() == 4000


def test_another_size_is_other_memory() -> None:
    before = address(empty(100))
    assert address(empty(101)) != before
    assert address(empty(100)) == before


@pytest.mark.parametrize(
    "holder",
    [
        lambda t: t,
        lambda t: t[5:],
        lambda t: t.numpy(),
        lambda t: t.untyped_storage(),
        lambda t: torch.utils.dlpack.to_dlpack(t),
        lambda t: t.requires_grad_() * 2,  # a leaf of the graph
        lambda t: torch.ones(100, requires_grad=True) * t,  # saved for backward
        lambda t: memoryview(t.numpy()),
    ],
    ids=["tensor", "view", "array", "storage", "dlpack", "graph", "saved", "buffer"],
)
def test_memory_that_somebody_has_stays_as_it_is(holder: Callable[[Tensor], object]) -> None:
    first = empty(100)
    before = address(first)
    held = holder(first)
    del first
    assert address(empty(100)) != before
    del held
    free = [empty(100), empty(100)]
    assert before in map(address, free)


def test_memory_that_other_processes_see_is_not_given_away() -> None:
    first = empty(100)
    first.share_memory_()
    before = address(first)
    del first
    assert address(empty(100)) != before


def test_a_storage_that_was_resized_is_not_given_away() -> None:
    first = empty(100)
    first.untyped_storage().resize_(0)
    del first
    second = empty(100)
    assert second.untyped_storage().nbytes() == 400
    second.fill_(1.0)


def test_no_more_is_kept_than_said(monkeypatch: pytest.MonkeyPatch, kept: list[object]) -> None:
    monkeypatch.setattr(output_pool, "_MOST", 1000)
    for size in (100, 100, 50, 300, 20):
        empty(size)
        assert sum(b.size for b in kept) <= 1000  # type: ignore[attr-defined]
    monkeypatch.setattr(output_pool, "_MOST", 0)
    empty(1)
    assert not kept


def test_threads_never_share_a_result() -> None:
    wrong = []

    def work(number: int) -> None:
        for _ in range(300):
            mine = empty(64)
            mine.fill_(number)
            other = empty(64).fill_(-1)
            if not (mine == number).all() or not (other == -1).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_large_calls_take_it_and_small_ones_do_not(kept: list[object]) -> None:
    silu = ogive.get("silu")
    x = torch.linspace(-9, 9, output_pool.SMALLEST_POOLED // 4)
    silu(x[: output_pool.SMALLEST_POOLED // 8])
    assert not kept
    first = silu(x)
    assert len(kept) == 1
    before, expected = address(first), first.clone()
    del first
    again = silu(x)
    assert address(again) == before
    assert torch.equal(again, expected)
    image = torch.ones(2, 4, 1024, 1024).contiguous(memory_format=torch.channels_last)
    assert silu(image).is_contiguous(memory_format=torch.channels_last)
    assert ogive.get("softmax")(image).shape == image.shape


@pytest.mark.parametrize("given", ["-1", "1.5", "much"])
def test_a_variable_that_is_no_number_is_refused(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(output_pool.VARIABLE, given)
    with pytest.raises(OgiveError, match=f"OGIVE_KEEP_MIB is '{given}'; it is a number of MiB"):
        output_pool._most()
