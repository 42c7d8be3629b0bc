"""PyTorch: what the eager engine runs, and what torch.compile and export trace.

Only tensors, Python floats and torch's operators appear; the engine hands in tensors of the compute
dtype, so nothing here promotes. Primitives that torch has but loses in the tails are left out, and
come from their definitions: torch.sigmoid gives 0 for float32 below -88.7, where the answer is a
subnormal number, and torch's softplus turns linear at 20.
"""

from __future__ import annotations

from typing import ClassVar

from ogive.expr import Node, Program, walk
from ogive.printers.base import by_name
from ogive.printers.python import PythonPrinter


def _is_number(node: Node) -> bool:
    return node.op in ("const", "pi")


def _min(node: Node, a: str, b: str) -> str:
    return _clamp(node, a, b, "max") or f"torch.minimum({a}, {b})"


def _max(node: Node, a: str, b: str) -> str:
    return _clamp(node, a, b, "min") or f"torch.maximum({a}, {b})"


def _clamp(node: Node, a: str, b: str, side: str) -> str | None:
    """clamp takes a number where minimum and maximum take tensors; all of them keep NaN."""
    left, right = map(_is_number, node.args)
    if left == right:
        return None
    return f"torch.clamp({b}, {side}={a})" if left else f"torch.clamp({a}, {side}={b})"


def _where(node: Node, condition: str, a: str, b: str) -> str:
    if all(map(_is_number, node.args[1:])):  # two numbers alone would take torch's default dtype
        tensor = next(n.value for n in walk(node.args[0]) if n.op == "symbol")
        a = f"torch.full((), {a}, dtype={tensor}.dtype, device={tensor}.device)"
    return f"torch.where({condition}, {a}, {b})"


class TorchPrinter(PythonPrinter):
    language = "torch"
    header = "import torch"
    spell: ClassVar = {
        **by_name("torch.*({0})", "abs sqrt exp expm1 log log1p tanh sinh cosh sin cos atan asinh"),
        **by_name("torch.special.*({0})", "erf erfc erfinv"),
        # torch.sign gives 0 for NaN
        "sign": "torch.where({0} == {0}, torch.sign({0}), {0})",
        "min": _min,
        "max": _max,
        "where": _where,
        "pow": "torch.pow({0}, {1})",
    }

    def shaped(self, output: Node, text: str, program: Program) -> str:
        return f"torch.full_like({program.inputs[0]}, {text})" if _is_number(output) else text
