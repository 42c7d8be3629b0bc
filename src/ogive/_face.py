"""The public face: find an activation by name, or define one."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.catalogue import KINDS, Spec, add, entries, resolve, user_spec
from ogive.errors import OgiveError, among, briefly, unknown
from ogive.expr import Node
from ogive.nn.modules import ActivationModule, module_class
from ogive.ops import ActivationFunction, check_truth, docstring

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: What makes a text a pattern.
WILDCARDS = frozenset("*?[")


class _Docstring:
    """The docstring of a class, and of an instance what that entry is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, function: ActivationFunction | None, owner: type) -> str:
        return self.text if function is None else docstring(function)


class Activation(ActivationFunction):
    __doc__: str = _Docstring(  # type: ignore[assignment]
        "An activation: call it, make a module of it, look at its formula, derivatives and curve."
    )

    def module(self, *args: Any, **kwargs: Any) -> ActivationModule:
        """An ``nn.Module`` of this activation; the arguments are those of ``ogive.nn.<title>``.

        Example:
            >>> import ogive
            >>> ogive.get("leaky_relu").module(0.2)
            LeakyReLU(negative_slope=0.2)
        """
        return module_class(self)(*args, **kwargs)

    def derivative(self, order: int = 1, variable: str | None = None) -> Activation:
        derived = super().derivative(order, variable)
        return self if derived is self else Activation(derived.spec, derived.preset, derived.engine)

    def _repr_html_(self) -> str:
        from ogive.certify.report.notebook import function_page

        return function_page(self.spec, self.preset)

    def plot(self, path: str | Path | None = None) -> Figure:
        """The function with its first and second derivative, as a matplotlib figure or a file."""
        from ogive.plot import plot

        return plot([self], path)


def get(name: str) -> Activation:
    """The activation of that name.

    A canonical name or the title of its class; a bare name means what PyTorch means by it; what
    other frameworks mean is asked for by a qualified name.

    Raises:
        UnknownName: with the nearest names.
        AmbiguousName: with the candidates, for a name that several functions bear.

    Example:
        >>> import ogive
        >>> ogive.get("jax:gelu").name
        'gelu_tanh'
    """
    return Activation(*resolve(name))


def names(
    which: str | None = None, family: str | None = None, *, kind: str | None = None
) -> list[str]:
    """The canonical names, all or some of them.

    Args:
        which: a kind (elementwise, gated, stochastic or rowwise), or a pattern for names with the
            wildcards ``*``, ``?`` and ``[...]``.
        family: only those of this file of the catalogue, such as rectifiers.
        kind: only those of this kind, where ``which`` is a pattern.

    Raises:
        OgiveError: for a kind or a family that there is not.

    Example:
        >>> import ogive
        >>> ogive.names("s?lu")
        ['selu', 'solu', 'silu']
    """
    pattern = "*"
    if isinstance(which, str) and WILDCARDS & set(which):
        pattern, which = which, None
    families = dict.fromkeys([*(spec.family for spec in entries().values()), "user"])
    for what, asked, known in (
        ("kind", which, KINDS),
        ("kind", kind, KINDS),
        ("family", family, families),
    ):
        if asked is not None and not among(asked, known):
            pattern_hint = "; a pattern for names has a *, as *gelu*" if asked is which else ""
            raise OgiveError(unknown(what, asked, known) + pattern_hint)
    return [
        name
        for name, spec in entries().items()
        if fnmatchcase(name, pattern)
        and {which, kind} <= {None, spec.kind}
        and family in (None, spec.family)
    ]


def search(text: str) -> list[str]:
    """The canonical names of the entries that mention the text in their name, aliases,
    description, paper or pitfalls, best match first.

    Example:
        >>> import ogive
        >>> ogive.search("1908.08681")
        ['mish']
    """
    if not isinstance(text, str):
        raise OgiveError(f"search takes the text to look for, not {briefly(text)}")
    wanted = text.lower()

    def rank(spec: Spec) -> int:
        places: list[Any] = [(spec.name, spec.title), spec.aliases, (spec.doc,), (spec.paper,)]
        for i, place in enumerate([*places, spec.pitfalls]):
            if any(wanted in part.lower() for part in place):
                return i
        return len(places) + 1

    ranked = sorted((rank(spec), name) for name, spec in entries().items())
    return [name for place, name in ranked if place < 5]


def define(
    name: str, formula: str | Callable[..., Node], *, replace: bool = False, **parameters: float
) -> Activation:
    """An activation of your own, with every capability of a built-in one.

    Args:
        name: its name from now on, in this process.
        formula: text in x and the parameters, or a function of symbols that builds an expression
            from ``ogive.expr.functions``. Text is parsed, never evaluated. Textbook forms such as
            ``log(1 + exp(x))`` are replaced by stable ones.
        replace: whether an entry of that name may be replaced.
        parameters: the parameters with their defaults.

    Raises:
        FormulaError: for text that is no formula, pointing at the position.
        OgiveError: for a name that is taken or cannot be one.

    Example:
        >>> import ogive, torch
        >>> bump = ogive.define("bump", "x * exp(-x**2 / (2*s**2))", s=1.0)
        >>> bump(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.6065])
        >>> bump.derivative().formula
        'exp(-(x**2 / (2 * s**2))) - x * (exp(-(x**2 / (2 * s**2))) * (1 / (2 * s**2) * (2 * x)))'
    """
    check_truth("replace", replace)
    spec = user_spec(name, formula, parameters)
    add(spec, replace)
    return Activation(spec)


__all__: list[str] = ["Activation", "define", "get", "names", "search"]
