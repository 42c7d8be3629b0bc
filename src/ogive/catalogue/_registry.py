"""The register of entries, the decorators that fill it, and how a name finds its entry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar, cast

from ogive.catalogue._spec import KINDS, Spec, camel
from ogive.errors import AmbiguousName, OgiveError, UnknownName, briefly, nearest

Body = Callable[..., Any]
_ENTRIES: dict[str, Spec] = {}
_CACHES: list[Any] = []
Cached = TypeVar("Cached", bound=Callable[..., Any])


def until_added(function: Cached) -> Cached:
    """A function that keeps its results, as with functools.lru_cache, until an entry is added."""
    cached = lru_cache(maxsize=4096)(function)
    _CACHES.append(cached)
    return cast(Cached, cached)


def forget() -> None:
    for cached in _CACHES:
        cached.cache_clear()


def _decorator(kind: str) -> Callable[..., Callable[[Body], Body]]:
    """Registers the entries of a kind; given facts, which are fields of Spec."""

    def decorator(**facts: Any) -> Callable[[Body], Body]:
        return partial(_register, kind, facts)

    return decorator


def _register(kind: str, facts: dict[str, Any], body: Body) -> Body:
    name, paper = body.__name__.rstrip("_"), facts.get("paper", "")
    known = {
        "title": camel(name),
        "year": _year(paper),
        "evidence": "paper" if paper else "framework",
        **facts,
        "aliases": tuple(facts.get("aliases", "").split()),
    }
    family = body.__module__.rpartition(".")[2]
    doc = inspect.getdoc(body) or ""
    _enter(Spec(name=name, kind=kind, family=family, body=body, doc=doc, **known))
    return body


activation, gated, stochastic, rowwise = map(_decorator, KINDS)


def _year(paper: str) -> int | None:
    """The year of an arXiv number, or the one that a reference names."""
    arxiv = re.match(r"arXiv:(\d\d)", paper)
    named = re.search(r"\b(?:19|20)\d\d\b", paper)
    return 2000 + int(arxiv[1]) if arxiv else int(named[0]) if named else None


def _enter(spec: Spec) -> None:
    _ENTRIES[spec.name] = spec
    forget()


def add(spec: Spec, replace: bool) -> None:
    """Enters a user's spec; of those that are there only a user's own can be replaced.

    A built-in one's name and title stay its own: kernels, certificates and modules go by them.
    """
    for present in entries().values():
        if spec.name != present.name and spec.title != present.title:
            continue
        own = present.family == "user"
        if not (replace and own):
            mend = "pass replace=True or " if own else ""
            raise OgiveError(
                f"there is an entry named {present.name!r} ({present.title}) already; "
                f"{mend}choose another name than {spec.name!r}"
            )
    _enter(spec)


def entries() -> Mapping[str, Spec]:
    """Every entry by canonical name, in alphabetical order of families, then as written."""
    _load()
    return _ENTRIES


@cache
def _load() -> None:
    package = __name__.rpartition(".")[0]
    for module in iter_modules(import_module(package).__path__):
        if not module.name.startswith("_"):
            import_module(f"{package}.{module.name}")


def plain(name: str) -> str:
    """The name without case and separators, so that LeakyReLU finds leaky_relu."""
    return re.sub(r"[\s_\-]", "", name).lower()


Found = tuple[str, Mapping[str, Any]]


@until_added
def _index() -> tuple[dict[str, Found], dict[str, dict[str, Found]]]:
    """Qualified name -> (entry, preset), and bare name -> {qualified name: (entry, preset)}."""
    qualified: dict[str, Found] = {}
    bare: dict[str, dict[str, Found]] = {}
    for spec in entries().values():
        for alias in spec.aliases:
            framework, _, name = alias.partition(":")
            found = (spec.name, spec.presets.get(alias, {}))
            qualified[_key(framework, name)] = found
            bare.setdefault(plain(name), {})[alias] = found
    return qualified, bare


@until_added
def _under_name(key: str) -> Spec:
    """The entry as the framework of a qualified name has it."""
    spec = entries()[_index()[0][key][0]]
    return spec.under_name(next(a for a in spec.aliases if _key(*a.split(":", 1)) == key))


def _key(framework: str, name: str) -> str:
    return f"{framework.lower()}:{plain(name)}"


def find_alias(framework: str, name: str) -> tuple[Spec, Mapping[str, Any]] | None:
    """What a framework calls so, whatever the case and separators; None if it has no such name."""
    found = _index()[0].get(_key(framework, name))
    return None if found is None else (entries()[found[0]], found[1])


def resolve(name: str) -> tuple[Spec, Mapping[str, Any]]:
    """The entry a name means and the parameters the name implies.

    A canonical name or a class title comes first, then what PyTorch calls so, then what any
    framework does, if they agree. ``framework:name`` asks for one framework's meaning.

    Raises:
        UnknownName: with the nearest names.
        AmbiguousName: with the candidates.
    """
    if not isinstance(name, str):
        raise UnknownName(
            f"an activation is asked for by name (text), not by {type(name).__name__}"
        )
    if name in entries():
        return entries()[name], {}
    return _resolve_qualified(name) if ":" in name else _resolve_bare(name)


def _resolve_qualified(name: str) -> tuple[Spec, Mapping[str, Any]]:
    framework, _, bare = name.partition(":")
    key = _key(framework, bare)
    qualified, _ = _index()
    if key in qualified:
        return _under_name(key), qualified[key][1]
    frameworks = sorted({k.partition(":")[0] for k in qualified})
    if framework.lower() not in frameworks:
        near = nearest(framework.lower(), frameworks)
        raise UnknownName(
            f"no framework {briefly(framework)}; ogive knows {len(frameworks)}, such as torch, "
            f"keras, jax and onnx, and the aliases of an activation name them{near}"
        )
    raise UnknownName(f"{framework} has no activation {briefly(bare)}{nearest(key, qualified)}")


def _resolve_bare(name: str) -> tuple[Spec, Mapping[str, Any]]:
    bare = plain(name)
    for spec in entries().values():
        if bare in (plain(spec.name), plain(spec.title)):
            return spec, {}
    candidates = _index()[1].get(bare, {})
    if not candidates:
        known = [*entries(), *(alias.partition(":")[2] for alias in _index()[0])]
        raise UnknownName(
            f"no activation {briefly(name)}{nearest(name.lower(), known)} (ogive.names() lists all)"
        )
    torch = [found for alias, found in candidates.items() if alias.startswith("torch:")]
    meanings = torch or list(candidates.values())
    if any(m != meanings[0] for m in meanings):
        listed = ", ".join(f"{entry!r} ({alias})" for alias, (entry, _) in candidates.items())
        raise AmbiguousName(
            f"{name!r} is the name of several functions: {listed}; ask for one of them"
        )
    entry, preset = meanings[0]
    return entries()[entry], preset
