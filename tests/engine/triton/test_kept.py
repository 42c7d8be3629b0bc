"""Kernels compiled for GPUs are kept in ogive's store, and come from there while it is sound."""

import pytest
import torch

from ogive.engine import cache, compiled
from ogive.engine.triton import ahead


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of the test's own, and a place where Triton would keep its files."""
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(tmp_path / "ogive"))
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "triton"))
    return tmp_path


@pytest.fixture
def kernels(monkeypatch):
    """Compiles as a new process would, and counts how often triton was asked."""
    import triton

    asked, own = [], triton.compile

    def counting(*given):
        asked.append(given)
        return own(*given)

    monkeypatch.setattr(triton, "compile", counting)

    def make(dtype=torch.bfloat16):
        ahead._compiled.cache_clear()
        asked.clear()
        return compiled("relu", dtype), len(asked)

    return make


def kernel_files():
    return [
        path for path in cache.directory().iterdir() if b"triton cuda 90\n" in path.read_bytes()
    ]


def test_a_kernel_is_compiled_once(store, kernels) -> None:
    first, asked = kernels()
    again, asked_again = kernels()
    assert (asked, asked_again) == (1, 0)
    assert first == again
    assert "relu triton cuda 90" in [entry.label for entry in cache.entries()]
    assert not (store / "triton").exists()
    assert kernels(torch.float32)[1] == 1


def test_an_entry_that_was_changed_is_removed_and_made_anew(store, kernels) -> None:
    first, _ = kernels()
    (path,) = kernel_files()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert kernels() == (first, 1)
    assert path.read_bytes() == content
    path.chmod(0o666)
    assert kernels() == (first, 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_other_compilers_have_kernels_of_their_own(store, kernels, monkeypatch) -> None:
    import triton

    kernels()
    monkeypatch.setattr(triton, "__version__", "0.0.0")
    assert kernels()[1] == 1


def test_nothing_is_kept_where_the_user_wants_none(store, kernels, monkeypatch) -> None:
    monkeypatch.setenv("OGIVE_CACHE", "0")
    assert [kernels()[1] for _ in range(2)] == [1, 1]
    assert not any(store.iterdir())
