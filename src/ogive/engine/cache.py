"""What survives the process: a small store of machine code in the user's cache directory.

A cache, so losing it costs time and nothing else: whatever goes wrong with the disk, a caller gets
"not there", and the user one warning a process. Machine code that somebody else put there would be
run, so the directory must belong to the user and be writable by nobody else, and so must every
file: the directory may have been open once. A file holds a digest of its key and its content; one
that fails in any of this is removed, and its kernel made anew.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ogive.errors import CacheWarning

MAGIC = b"ogive kernel 2\n"
HEAD = len(MAGIC) + hashlib.sha256().digest_size
#: The files are ogive-KEY.kernel, and while they are written ogive-KEY.kernel.SOMETHING.
PREFIX, SUFFIX = "ogive-", ".kernel"
#: What the files may take together. A kernel takes about 10 kB; the oldest ones go first.
LIMIT = 128 * 2**20
#: An entry is opened without following a link or waiting for who else opens a pipe.
_CAREFUL = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
#: Windows keeps users' own directories closed to others.
_SHARED = sys.platform != "win32"

#: Looking through the directory takes a moment, so not every kernel that is kept is the occasion.
BETWEEN = 64

_warned = False
_written = count()


@dataclass(frozen=True)
class CachedKernel:
    """A kernel on the disk: its key, what it is for people, and its file's size in bytes."""

    key: str
    label: str
    size: int


def enabled() -> bool:
    """Whether the user lets kernels be kept: OGIVE_CACHE=0 turns it off."""
    return os.environ.get("OGIVE_CACHE", "").strip().lower() not in ("0", "off")


def directory() -> Path:
    """Where the kernels lie: OGIVE_CACHE_DIR, else in the platform's directory for caches."""
    if chosen := os.environ.get("OGIVE_CACHE_DIR"):
        return Path(chosen).absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "ogive" / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "ogive"
    shared = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(shared) if os.path.isabs(shared) else _home() / ".cache") / "ogive"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise FileNotFoundError(f"no home directory is known ({error})") from None


def fetch(key: str) -> bytes | None:
    """What was put under this key, or None."""
    if not enabled():
        return None
    try:
        path = _path(key)
        _check_owner(path.parent)
        content = _content(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        _warn(error)
        return None
    payload = content[HEAD:]
    if content[:HEAD] != MAGIC + _digest(key, payload):
        _remove(path)
        return None
    return payload.partition(b"\n")[2]


def _digest(key: str, payload: bytes) -> bytes:
    return hashlib.sha256(f"{key}\n".encode() + payload).digest()


def _content(path: Path, most: int = -1) -> bytes:
    """What is in an entry; nothing if it is no file of the user's own, closed to others."""
    try:
        number = os.open(path, _CAREFUL)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return b""
        raise
    with open(number, "rb") as file:
        status = os.fstat(number)
        sound = stat.S_ISREG(status.st_mode) and not (_SHARED and _others(status))
        return file.read(most) if sound else b""


def put(key: str, data: bytes, label: str = "") -> None:
    """Keeps the data under this key; the label tells people what it is."""
    if not enabled():
        return
    payload = " ".join(label.split()).encode() + b"\n" + data
    try:
        path = _path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # removed meanwhile, as by who clears the cache
            _check_owner(path.parent)
            _write(path, MAGIC + _digest(key, payload) + payload)
        if next(_written) % BETWEEN == 0:
            _prune(path.parent)
    except OSError as error:
        _warn(error)


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it, whoever reads or writes it meanwhile."""
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with open(number, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    finally:
        _remove(Path(temporary))


def _prune(folder: Path) -> None:
    """Removes the oldest files until the rest is within the limit."""
    files = sorted(_files(folder), key=lambda item: item[1].st_mtime, reverse=True)
    total = 0
    for path, status in files:
        total += status.st_size
        if total > LIMIT:
            _remove(path)


def entries() -> list[CachedKernel]:
    """The kernels on the disk, by label."""
    found = [
        CachedKernel(path.stem.removeprefix(PREFIX), _label(path), status.st_size)
        for path, status in _files(directory())
        if path.suffix == SUFFIX
    ]
    return sorted(found, key=lambda entry: (entry.label, entry.key))


def _label(path: Path) -> str:
    with suppress(OSError):
        line = _content(path, HEAD + 200)[HEAD:].partition(b"\n")[0]
        return line.decode(errors="replace").strip()
    return ""


def clear() -> None:
    """Removes what the cache has written, and nothing else."""
    for path, _ in _files(directory()):
        _remove(path)


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The kernels, and what writers that were killed left behind; other processes may delete."""
    found = []
    with suppress(OSError):
        for path in folder.glob(f"{PREFIX}*{SUFFIX}*"):
            with suppress(OSError):
                found.append((path, path.stat()))
    return found


def _path(key: str) -> Path:
    return directory() / f"{PREFIX}{key}{SUFFIX}"


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _check_owner(folder: Path) -> None:
    """Refuses a directory in which others could place machine code."""
    status = folder.stat()
    if _SHARED and (whose := _others(status)):
        close = "" if status.st_uid != os.geteuid() else f" (close it with: chmod go-w {folder})"
        raise PermissionError(f"{folder} {whose}, who could place machine code in it{close}")


def _others(status: os.stat_result) -> str:
    """Whose, beside the user, a file or directory is; empty if it is the user's alone."""
    if status.st_uid != os.geteuid():
        return f"belongs to another user (uid {status.st_uid})"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written to by other users"
    return ""


def _warn(error: OSError) -> None:
    """Says once a process why nothing is kept."""
    global _warned
    if _warned:
        return
    _warned = True
    warnings.warn(
        f"compiled kernels are not kept on the disk, so every process compiles its own: {error}; "
        "set OGIVE_CACHE_DIR to a directory that is yours alone and has room, or OGIVE_CACHE=0 to "
        "do without",
        CacheWarning,
        stacklevel=2,
    )
