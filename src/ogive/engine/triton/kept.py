"""Compiled kernels in ogive's store, with its checks (engine/cache.py), in the place of Triton's.

Triton keeps what it compiles in files that anybody may have put there, and asks for them under a
hash of its whole library, which takes half a second to work out. Here a kernel's key is made of its
text and of what it is compiled for and with. What is kept are the machine code, its assembly and
what Triton notes of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ogive.engine import cache

#: What Triton has on the way to machine code, and nobody asks for again.
_STEPS = ("source", "ttir", "ttgir", "llir")
#: Of what is kept; another number is another key.
_FORMAT = 1
#: Triton is told for a moment where files go.
_ONE_COMPILES = threading.Lock()


def compiled_source(source: Any, target: Any, options: Mapping[str, Any], **more: Any) -> Any:
    """As ``triton.compile``, of a function that ``building.py`` made: from the store, or else
    compiled and kept there."""
    import triton

    with tempfile.TemporaryDirectory(prefix="ogive-") as folder:
        key = _key(source, target, options)
        if (known := _unpacked(cache.fetch(key), Path(folder))) is not None:
            return triton.compiler.CompiledKernel(source, known, key)
        with _gathering(folder):
            made = triton.compile(source, target, dict(options), **more)
        files = {n: Path(p) for n, p in made.metadata_group.items()}
        kept = {n: p.read_bytes() for n, p in files.items() if p.suffix[1:] not in _STEPS}
        cache.put(key, _packed(kept), f"{source.fn.label} triton {target.backend} {target.arch}")
        return made


def _key(source: Any, target: Any, options: Mapping[str, Any]) -> str:
    """A hash of everything that determines the machine code."""
    told = (
        *(_FORMAT, source.fn.digest, source.signature, source.constants, source.attrs),
        *(target, sorted(options.items(), key=lambda item: item[0]), *_compiler()),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _compiler() -> tuple[object, ...]:
    """Triton and the assembler as they are installed, and the settings that change their code."""
    import triton
    from triton._C import libtriton

    settings = sorted(libtriton.get_cache_invalidating_env_vars().items())
    assembler = getattr(triton.knobs.nvidia, "ptxas", None)
    paths = [libtriton.__file__, getattr(assembler, "path", None)]
    stamps = [(s.st_size, s.st_mtime_ns) for s in (os.stat(p) for p in paths if p)]
    return triton.__version__, stamps, settings


@contextmanager
def _gathering(folder: str) -> Iterator[None]:
    """While it lasts, what Triton compiles is written to a folder, and found nowhere."""
    from triton import knobs
    from triton.runtime.cache import CacheManager, FileCacheManager

    class Gathered(CacheManager):  # type: ignore[misc]
        def __new__(cls, key: str, override: bool = False, dump: bool = False) -> Any:
            if override or dump:
                return FileCacheManager(key, override, dump)
            return super().__new__(cls)

        def get_file(self, filename: str) -> None:
            return None

        def get_group(self, filename: str) -> None:
            return None

        def put(self, data: Any, filename: str, binary: bool = True) -> str:
            path = Path(folder, filename)
            path.write_bytes(data if isinstance(data, bytes) else str(data).encode())
            return str(path)

        def put_group(self, filename: str, group: Any) -> None:
            return None

    settings = vars(knobs.cache)  # set by its name, it would go into the environment
    with _ONE_COMPILES:
        before = settings.copy()
        settings["manager_class"] = Gathered
        try:
            yield
        finally:
            settings.clear()
            settings.update(before)


def _packed(files: Mapping[str, bytes]) -> bytes:
    """The files as one: their names and sizes in a line, then what is in them."""
    sizes = json.dumps({name: len(content) for name, content in files.items()})
    return zlib.compress(b"\n".join([sizes.encode(), b"".join(files.values())]))


def _unpacked(data: bytes | None, folder: Path) -> dict[str, str] | None:
    """The files in a folder, by name; None where nothing is kept."""
    if data is None:
        return None
    line, _, content = zlib.decompress(data).partition(b"\n")
    found, first = {}, 0
    for name, size in json.loads(line).items():
        path = folder / name
        path.write_bytes(content[first : first + size])
        found[name], first = str(path), first + size
    return found
