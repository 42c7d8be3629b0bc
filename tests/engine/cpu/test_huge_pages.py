"""Large pages: asked for inside the tensor's own memory, for large tensors only, never an error."""

import ctypes
import re
import sys
from pathlib import Path

import pytest
import torch

from ogive.engine.cpu import huge_pages


@pytest.fixture
def asked(monkeypatch):
    """What the system is asked for."""
    calls = []
    monkeypatch.setattr(huge_pages, "_madvise", lambda: lambda *call: calls.append(call))
    return calls


@pytest.mark.parametrize("mib", [4, 5, 64])
def test_it_asks_for_the_whole_pages_inside_the_tensor(mib, asked):
    fresh = torch.empty(mib * 2**18 + 7)
    huge_pages.huge(fresh)
    ((start, size, advice),) = asked
    assert (start % huge_pages.PAGE, size % huge_pages.PAGE, advice) == (0, 0, 14)
    assert fresh.data_ptr() <= start < fresh.data_ptr() + huge_pages.PAGE
    end = fresh.data_ptr() + fresh.nbytes
    assert end - huge_pages.PAGE < start + size <= end


def test_a_tensor_without_a_whole_page_is_left_alone(asked):
    for size in (0, 1, 2**18):
        huge_pages.huge(torch.empty(size))
    assert asked == []


def test_other_systems_are_not_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(huge_pages, "_madvise", huge_pages._madvise.__wrapped__)
    assert huge_pages._madvise() is None
    huge_pages.huge(torch.empty(2**21))


def test_a_c_library_without_it_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert huge_pages._madvise.__wrapped__() is None


def test_a_refusal_is_no_error(monkeypatch):
    monkeypatch.setattr(huge_pages, "MADV_HUGEPAGE", 12345)
    fresh = torch.empty(2**21)
    huge_pages.huge(fresh)
    assert fresh.fill_(2.0).sum() == 2**22


def large_pages() -> bool:
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return setting.exists() and "[never]" not in setting.read_text()


@pytest.mark.skipif(not large_pages(), reason="this system has no transparent large pages")
def test_the_memory_really_is_marked():
    fresh = torch.empty(2**24)
    huge_pages.huge(fresh)
    fresh.fill_(1.0)
    middle = fresh.data_ptr() + fresh.nbytes // 2
    for block in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text()):
        if block:
            start, end = (int(x, 16) for x in block.split(maxsplit=1)[0].split("-"))
            if start <= middle < end:
                assert re.search(r"VmFlags:.*\bhg\b", block)
                break
    else:
        pytest.fail("the tensor lies in no mapping")
