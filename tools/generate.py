"""Writes what is derived from the catalogue and kept in the repository.

The stub of ``ogive.nn``, so that editors and mypy know its classes, the catalogue's page, the
numbers in the prose of other pages, the code in the Chinese ones, and what the explorer shows of
studies. Also what the printers write: a few kernels in full and a digest of each, so that a change
meant to leave them alone is seen to have done so.

    python tools/generate.py            rewrites them
    python tools/generate.py --check    exits 1 and names the files that are stale
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import ogive
from ogive.nn.modules import module_class
from ogive.ops.saved import CHOICES
from ogive.printers import languages
from ogive.study.claims import find_claims
from ogive.study.claims.c24_circles import circle_settings
from ogive.study.claims.pages import verdicts_of_page

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = list(dict.fromkeys(ogive.get(n).family for n in ogive.names()))

STUB_HEADER = '''\
"""Modules: ``ogive.nn.<Class>`` for every entry. Written by tools/generate.py."""

from collections.abc import Iterable
from typing import Literal

import torch

from ogive.nn.gated_mlp import GatedMLP as GatedMLP
from ogive.nn.modules import ActivationModule as ActivationModule
from ogive.nn.modules import Softmax2d as Softmax2d
from ogive.nn.modules import module_class as module_class

_Device = torch.device | str | int | None
_Save = Literal[{save}]
_Names = Iterable[str] | None
_Vector = tuple[float, ...] | list[float]
'''
DOC_HEADER = """\
# The catalogue

Written by `tools/generate.py` from the entries in `src/ogive/catalogue/`; do not edit.
{count} activations: {kinds}.

`ogive.get(name).latex` gives a formula as mathematics, `.certificate()` what is proved about it.
A name such as `jax:gelu` asks for what that framework means by it.
"""
KINDS = {
    "elementwise": "elementwise",
    "gated": "gated",
    "stochastic": "stochastic",
    "rowwise": "along a dimension",
}
#: Types of the arguments all modules share; parameters of formulas are floats or vectors.
TYPES = {
    "inplace": "bool",
    "interleave": "bool",
    "save": "_Save",
    "gate": "str",
    "dim": "int",
    "approximate": "str",
    "learnable": "_Names",
    "num_parameters": "int",
    "channel_dim": "int",
    "device": "_Device",
    "dtype": "torch.dtype | None",
    "init": "float",
}


def stub() -> str:
    """The stub of ``ogive.nn``: a class with its real signature for every entry."""
    header = STUB_HEADER.format(save=", ".join(f'"{choice}"' for choice in CHOICES))
    return header + "".join(_class(name) for name in sorted(ogive.names(), key=_title))


def _title(name: str) -> str:
    return ogive.get(name).title


def _class(name: str) -> str:
    function = ogive.get(name)
    signature = inspect.signature(module_class(function))
    lines = [f"\nclass {function.title}(ActivationModule):"]
    lines += [f'    """{_sentence(function.spec.doc)}"""', ""]
    lines += ["    def __init__(", "        self,", *_parameters(signature), "    ) -> None: ..."]
    return "\n".join(lines) + "\n"


def _parameters(signature: inspect.Signature) -> list[str]:
    lines, seen_star = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not seen_star:
            lines.append("        *,")
            seen_star = True
        lines.append(f"        {parameter.name}: {_type(parameter)} = {_default(parameter)},")
    return lines


def _type(parameter: inspect.Parameter) -> str:
    vector = isinstance(parameter.default, tuple)
    return TYPES.get(parameter.name, "_Vector" if vector else "float")


def _default(parameter: inspect.Parameter) -> str:
    """As it reads in a stub, where an infinite number has no literal."""
    text = repr(parameter.default)
    return "..." if isinstance(parameter.default, tuple) or text in ("inf", "-inf") else text


def _sentence(doc: str) -> str:
    """The first paragraph on one line."""
    text = " ".join(doc.split("\n\n")[0].split())
    return text if len(text) <= 90 else text[: text.rindex(" ", 0, 86)] + " ..."


def catalogue() -> str:
    """The page with every entry: a table for each family, then the pitfalls."""
    counts = [(label, len(ogive.names(kind))) for kind, label in KINDS.items()]
    kinds = ", ".join(f"{number} {label}" for label, number in counts)
    parts = [DOC_HEADER.format(count=len(ogive.names()), kinds=kinds)]
    parts += [_table(family) for family in FAMILIES]
    return "\n".join([*parts, *_pitfalls()])


def _table(family: str) -> str:
    lines = [
        f"## {family.replace('_', ' ').capitalize()}\n",
        "| name | class | kind | formula | source | also known as |",
        "|---|---|---|---|---|---|",
        *(_row(name) for name in ogive.names(family=family)),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str) -> str:
    function = ogive.get(name)
    year = f" ({function.year})" if function.year else ""
    cells = [
        f"`{name}`",
        f"`{function.title}`",
        KINDS[function.kind],
        f"`{_formula(function)}`",
        f"{function.paper}{year}",
        ", ".join(f"`{a}`" for a in function.aliases),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _formula(function: ogive.Activation) -> str:
    left = f"({', '.join(function.spec.data)})" if function.kind == "gated" else ""
    return f"{left + ' -> ' if left else ''}{function.formula}"


def _pitfalls() -> list[str]:
    lines = ["## Pitfalls\n", "What people get wrong, and what is true; tests hold each of them.\n"]
    for name in ogive.names():
        pitfalls = ogive.get(name).pitfalls
        if pitfalls:
            lines += [f"**`{name}`**\n", *(f"- {p}" for p in pitfalls), ""]
    return lines


def counted(path: str) -> str:
    """A page with the numbers in its prose as they are now."""
    text = _content(ROOT / path)
    for pattern, number in NUMBERS[path].items():
        text, found = re.subn(pattern, str(number()), text)
        if not found:
            sys.exit(f"{path} has no text {pattern!r}, whose number is to be kept: see NUMBERS")
    return text


def experiments() -> str:
    """What the studies hand to the explorer: claims with verdicts, and the sweeps of the circles.

    A verdict belongs to the statement that it was found for; a claim that says something else by
    now is open again.
    """
    found = verdicts_of_page(_content(ROOT / "docs" / "claims.md"))
    claims = [
        {"id": each.id, "claim": each.statement, "verdict": verdict, "on": on}
        for each in find_claims()
        for verdict, on in [found.get((each.id, each.statement), ("", ""))]
    ]
    sweeps = {name: [asdict(row) for row in rows] for name, rows in circle_settings().items()}
    return json.dumps({"claims": claims, "sweeps": sweeps}, ensure_ascii=False, indent=1) + "\n"


def translated(path: str) -> str:
    """A Chinese page with the code blocks that its English page has now, in the same order."""
    own = counted(path) if path in NUMBERS else _content(ROOT / path)
    source = _content(ROOT / TRANSLATIONS[path])
    blocks = code_blocks(source)
    if len(blocks) != len(code_blocks(own)):
        sys.exit(f"{path} has not as many code blocks as {TRANSLATIONS[path]}, {len(blocks)}")
    following = iter(blocks)
    return BLOCK.sub(lambda _: next(following), own)


def code_blocks(text: str) -> list[str]:
    """The fenced blocks of a page that name a language, in order."""
    return [found[0] for found in BLOCK.finditer(text)]


def digests() -> str:
    """Of every formula and its derivative in every language."""
    rows = {
        f"{name} {language}": [_digest(name, language, order) for order in (0, 1)]
        for name in ogive.names()
        if ogive.get(name).kind != "rowwise"
        for language in LANGUAGES
    }
    return "{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in rows.items()) + "\n}\n"


def _digest(name: str, language: str, order: int) -> str:
    return hashlib.sha256(ogive.get(name).source(language, order).encode()).hexdigest()[:16]


#: By page the numbers in its prose: what stands around one, and what it counts.
NUMBERS: dict[str, dict[str, Callable[[], int]]] = {
    "README.md": {r"(?<=\*\*A catalogue\*\* of )\d+(?= activations)": lambda: len(ogive.names())},
    "README.zh-CN.md": {r"(?<=\*\*函数目录\*\*.)\d+(?= 个激活函数)": lambda: len(ogive.names())},
}
#: By Chinese page the English one, whose code and output it shows.
TRANSLATIONS = {
    "README.zh-CN.md": "README.md",
    "docs/zh/quickstart.md": "docs/quickstart.md",
    **{
        f"docs/zh/{path.name}": f"docs/guides/{path.name}"
        for path in sorted((ROOT / "docs" / "guides").glob("*.md"))
    },
}
BLOCK = re.compile(r"^( *)```\w.*?^\1```$", re.DOTALL | re.MULTILINE)
#: The kernels that are kept in full.
PRINTED = ("mish", "swiglu")
LANGUAGES = tuple(language for language in languages() if language != "latex")
FILES: dict[str, Callable[[], str]] = {
    "src/ogive/nn/__init__.pyi": stub,
    "src/ogive/explorer/experiments.json": experiments,
    "docs/generated/catalogue.md": catalogue,
    **{page: partial(counted, page) for page in NUMBERS},
    **{page: partial(translated, page) for page in TRANSLATIONS},
    "tests/data/printed/digests.json": digests,
    **{
        f"tests/data/printed/{name}.{language}.txt": partial(ogive.get(name).source, language)
        for name in PRINTED
        for language in LANGUAGES
    },
}


def stale() -> list[str]:
    """The generated files whose content is not what would be written."""
    return [name for name, make in FILES.items() if _content(ROOT / name) != make()]


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    old = stale()
    if "--check" in arguments:
        for name in old:
            print(f"{name} is stale; run: make fresh", file=sys.stderr)
        return 1 if old else 0
    for name in old:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(FILES[name](), encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
