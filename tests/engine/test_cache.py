"""The store on the disk: what it keeps, whom it trusts, and that no fault reaches a caller."""

import errno
import os
import stat
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from handmade import answer, call

from ogive.engine import cache
from ogive.engine.cpu import compiler
from ogive.errors import CacheWarning

pytestmark = pytest.mark.usefixtures("cache_directory")


def kernel_still_works():
    """A kernel is compiled in a process whose cache is of no use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheWarning)
        return call(compiler.load(answer(42)).address("answer")) == 42


def test_what_is_put_is_got(cache_directory):
    assert cache.fetch("a") is None
    assert not cache_directory.exists(), "looking must not write"
    cache.put("a", b"line\nline\0", "mish float32")
    cache.put("b", b"", "")
    assert cache.fetch("a") == b"line\nline\0"
    assert cache.fetch("b") == b""
    assert stat.S_IMODE(cache_directory.stat().st_mode) == 0o700


def test_it_tells_what_is_there(cache_directory):
    assert cache.entries() == []
    cache.put("k1", b"12345", "tanhexp\nfloat32")
    cache.put("k2", b"1234", "mish float64")
    first, second = cache.entries()
    assert (first.key, first.label) == ("k2", "mish float64")
    assert (second.key, second.label) == ("k1", "tanhexp float32")
    assert second.size == (cache_directory / "ogive-k1.kernel").stat().st_size


def test_clear_removes_its_own_files_only(cache_directory):
    cache.put("a", b"1")
    (cache_directory / "ogive-b.kernel.x7d").write_bytes(b"left by a process that was killed")
    (cache_directory / "thesis.tex").write_text("three years")
    cache.clear()
    assert [path.name for path in cache_directory.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("value", ["0", "off", " OFF "])
def test_it_can_be_turned_off(value, monkeypatch, cache_directory):
    cache.put("a", b"1")
    monkeypatch.setenv("OGIVE_CACHE", value)
    assert cache.fetch("a") is None
    cache.put("b", b"2")
    assert len(list(cache_directory.iterdir())) == 1
    assert kernel_still_works()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_each_system_has_its_place_for_caches(platform, monkeypatch):
    monkeypatch.delenv("OGIVE_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.setattr(sys, "platform", platform)
    expected = {
        "linux": "/home/someone/.cache/ogive",
        "darwin": "/home/someone/Library/Caches/ogive",
        "win32": "/local/ogive/cache",
    }
    assert cache.directory() == Path(expected[platform])


@pytest.mark.parametrize(
    ("given", "place"), [("/caches", "/caches/ogive"), ("relative", "/home/someone/.cache/ogive")]
)
def test_linux_asks_xdg_which_must_be_absolute(given, place, monkeypatch):
    monkeypatch.delenv("OGIVE_CACHE_DIR")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert cache.directory() == Path(place)


@pytest.mark.parametrize("keep", [0, 5, cache.HEAD - 1, cache.HEAD, cache.HEAD + 3, -1])
def test_a_truncated_file_is_as_if_it_were_not_there(keep, cache_directory):
    cache.put("a", b"machine code", "label")
    path = cache_directory / "ogive-a.kernel"
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.fetch("a") is None
    assert not path.exists()
    cache.put("a", b"machine code", "label")
    assert cache.fetch("a") == b"machine code"


def test_any_changed_byte_is_noticed(cache_directory):
    cache.put("a", b"code", "name")
    path = cache_directory / "ogive-a.kernel"
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert cache.fetch("a") is None, place


def test_a_damaged_kernel_is_compiled_anew(cache_directory):
    source = answer(7)
    toolchain = compiler.Toolchain()
    for damage in (b"", b"junk", b"ogive kernel 1\n" + bytes(200)):
        cache.put(toolchain.key(source), b"")
        (path,) = cache_directory.iterdir()
        path.write_bytes(damage)
        code = compiler._code(toolchain, source, "seven")
        assert cache.fetch(toolchain.key(source)) == code
        assert call(toolchain.link(code).address("answer")) == 7


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_directory_that_others_can_write_to_is_refused(mode, cache_directory):
    cache.put("a", b"1")
    cache_directory.chmod(mode)
    with pytest.warns(CacheWarning, match=r"others?.*chmod go-w .*OGIVE_CACHE_DIR"):
        assert cache.fetch("a") is None
    cache.put("b", b"2")
    assert len(list(cache_directory.iterdir())) == 1
    assert kernel_still_works()


@pytest.mark.skipif(os.name == "nt", reason="owners are POSIX's")
def test_a_directory_of_another_user_is_refused(cache_directory, monkeypatch):
    cache.put("a", b"1")
    monkeypatch.setattr(os, "geteuid", lambda: cache_directory.stat().st_uid + 1)
    with pytest.warns(CacheWarning, match="belongs to another user"):
        assert cache.fetch("a") is None
    cache.put("b", b"2")
    assert len(list(cache_directory.iterdir())) == 1


def _mode(mode):
    return lambda path: path.chmod(mode)


def _replaced(make):
    def tamper(path):
        path.unlink()
        make(path)

    return tamper


def _linked(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _first_bytes(path):
    path.write_bytes(cache.MAGIC.replace(b"2", b"1") + path.read_bytes()[len(cache.MAGIC) :])


#: What others could have done to an entry while they could write to the directory, and damage.
TAMPERED = {
    "anyone may write": _mode(0o666),
    "a group may write": _mode(0o620),
    "another key's": lambda path: path.with_name("ogive-other.kernel").rename(path),
    "a link": _linked,
    "a pipe": _replaced(os.mkfifo if hasattr(os, "mkfifo") else Path.touch),
    "empty": _replaced(Path.touch),
    "another version": _first_bytes,
}


@pytest.mark.skipif(os.name == "nt", reason="modes and links are POSIX's")
@pytest.mark.parametrize("what", TAMPERED)
def test_an_entry_that_fails_is_removed_and_made_anew(what, cache_directory):
    cache.put("a", b"code of a", "one")
    cache.put("other", b"code of another", "two")
    path = cache_directory / "ogive-a.kernel"
    TAMPERED[what](path)
    assert len(cache.entries()) in (1, 2), "listing reads nothing that waits"
    assert cache.fetch("a") is None
    assert not os.path.lexists(path)
    cache.put("a", b"code of a", "one")
    assert cache.fetch("a") == b"code of a"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_entry_of_another_user_is_removed(cache_directory, monkeypatch):
    cache.put("a", b"1")
    real = os.fstat

    def of_another(number):  # uid is the fifth field; only root can give a file away
        status = real(number)
        return os.stat_result((*status[:4], status.st_uid + 1, *status[5:]))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", of_another)
        assert cache.fetch("a") is None
    assert not list(cache_directory.iterdir())


@pytest.mark.parametrize("moment", ("mkstemp", "replace"))
def test_clearing_at_any_moment_is_no_fault(moment, cache_directory, monkeypatch):
    module = tempfile if moment == "mkstemp" else os
    real = getattr(module, moment)

    def cleared(*args, **kwargs):
        cache.clear()
        if moment == "mkstemp":
            cache_directory.rmdir()
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(module, moment, cleared)
        cache.put("a", b"1")
    assert cache.fetch("a") is None
    cache.put("a", b"1")
    assert cache.fetch("a") == b"1"


def test_only_the_first_fault_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(tmp_path / "file" / "below"))
    with pytest.warns(CacheWarning, match="every process compiles its own") as told:
        cache.put("a", b"1")
        cache.put("a", b"1")
        assert cache.fetch("a") is None
    assert len(told) == 1
    assert kernel_still_works()


def test_a_path_that_is_a_file(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(tmp_path / "file"))
    with pytest.warns(CacheWarning):
        assert cache.fetch("a") is None
    cache.put("a", b"1")
    assert cache.entries() == []
    cache.clear()
    assert (tmp_path / "file").exists()


def test_a_read_only_directory(cache_directory, monkeypatch):
    cache.put("a", b"1")

    def refuse(**_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.warns(CacheWarning, match="Read-only file system"):
        cache.put("b", b"2")
    assert cache.fetch("a") == b"1"
    assert cache.fetch("b") is None
    assert kernel_still_works()


@pytest.fixture
def ordinary_user():
    """Somebody whom modes stop: the one who runs the tests, or if that is root, nobody."""
    before = os.geteuid()
    if not before:
        os.seteuid(65534)
    yield
    os.seteuid(before)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_a_directory_whose_mode_forbids_writing(ordinary_user, monkeypatch):
    with tempfile.TemporaryDirectory() as base:  # pytest's own folders are closed to nobody
        folder = Path(base) / "cache"
        folder.mkdir(mode=0o500)
        monkeypatch.setenv("OGIVE_CACHE_DIR", str(folder))
        with pytest.warns(CacheWarning, match="Permission denied"):
            cache.put("a", b"1")
        assert cache.fetch("a") is None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the full device is Linux's")
def test_a_full_disk_leaves_no_part_behind(cache_directory, monkeypatch):
    make = tempfile.mkstemp

    def full(**where):
        number, name = make(**where)
        os.close(number)
        return os.open("/dev/full", os.O_WRONLY), name

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.warns(CacheWarning, match="No space left"):
        cache.put("a", b"1")
    assert list(cache_directory.iterdir()) == []
    assert cache.fetch("a") is None
    assert kernel_still_works()


def test_a_user_without_a_home(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("OGIVE_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert cache.fetch("a") is None
    with pytest.warns(CacheWarning, match="no home directory is known"):
        cache.put("a", b"1")
    assert kernel_still_works()


def test_it_does_not_grow_for_ever(cache_directory, monkeypatch):
    now = time.time()
    for age in range(5):
        cache.put(f"{age}", bytes(1000))
        os.utime(cache_directory / f"ogive-{age}.kernel", (now - age, now - age))
    monkeypatch.setattr(cache, "LIMIT", 4000)
    monkeypatch.setattr(cache, "BETWEEN", 1)
    cache.put("new", bytes(1000))
    assert {entry.key for entry in cache.entries()} == {"new", "0", "1"}


def test_a_reader_sees_a_whole_file_or_none():
    def write(k):
        cache.put("shared", bytes([k]) * 100_000)

    def read(_):
        found = cache.fetch("shared")
        return found is None or (len(found) == 100_000 and len(set(found)) == 1)

    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(write, k) for k in range(100)]
        assert all(pool.map(read, range(300)))
        for written in writes:
            written.result()
    assert len(cache.entries()) == 1
