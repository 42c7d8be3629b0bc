"""The catalogue as one script: every formula with its derivatives, printed from its programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement
from typing import Any

from ogive.catalogue import Parameter, Spec
from ogive.explorer.formula_data import called_names, tree
from ogive.expr import Program
from ogive.printers.javascript import JavaScriptPrinter

_HEADER = (
    "// Written by ogive from its catalogue: each function is printed from the entry's program."
)


class Functions:
    """Functions as expressions of the language, and the helpers that they share."""

    def __init__(self) -> None:
        self.printer = JavaScriptPrinter()
        self.helpers: dict[str, str] = {}

    def printed(self, program: Program) -> str:
        """The first output as a function of the program's inputs."""
        outputs = self.printer.outputs(program)
        self.helpers |= self.printer.helpers(outputs)
        lines, (result,) = self.printer.body(outputs)
        return self.printer.function("", program.inputs, lines, result)


def functions_script(specs: Iterable[Spec]) -> str:
    """The script that registers every entry with ``ogive.add``, and the names formulas call."""
    specs, functions = tuple(specs), Functions()
    calls = [f"ogive.add({json.dumps(spec.name)}, {_entry(spec, functions)});" for spec in specs]
    helpers = "\n".join(functions.helpers.values())
    names = f"ogive.calledNames = {script_value(called_names(specs))};"
    return "\n".join([_HEADER, '"use strict";', "{", helpers, *calls, names, "}", ""])


def _entry(spec: Spec, functions: Functions) -> str:
    told = {
        "kind": spec.kind,
        "variables": list(spec.data),
        "parameters": [_parameter(p) for p in spec.parameters],
    }
    known = ", ".join(f"{name}: {script_value(value)}" for name, value in told.items())
    if spec.noise:
        known += f", noise: {script_value(dict(spec.noise))}"
    if spec.kind == "rowwise":
        return f"{{{known}}}"
    if spec.noise:
        known += f", training: {functions.printed(spec.training_program)}"
    else:
        known += f", formula: {tree(spec.expression)}"
    return f"{{{known}, functions: [{', '.join(_functions(spec, functions))}]}}"


def _functions(spec: Spec, functions: Functions) -> Iterator[str]:
    """f, its first and its second derivatives; of two variables lists of them."""
    yield functions.printed(spec.program)
    for order in (1, 2):
        found = [
            functions.printed(derivative_program(spec, variables))
            for variables in combinations_with_replacement(spec.data, order)
        ]
        yield found[0] if len(spec.data) == 1 else f"[{', '.join(found)}]"


def derivative_program(spec: Spec, variables: tuple[str, ...]) -> Program:
    """The program of the derivative along these variables, one after the other."""
    if len(set(variables)) == 1:
        return spec.derived(len(variables), variables[0]).program
    for variable in variables:
        spec = spec.derived(1, variable)
    return spec.program


def _parameter(parameter: Parameter) -> dict[str, Any]:
    domain = parameter.domain
    default = parameter.default
    return {
        "name": parameter.name,
        "default": list(default) if isinstance(default, tuple) else default,
        "low": domain.low,
        "high": domain.high,
        "open": domain.open_low,
        "whole": domain.whole,
        "learnable": parameter.learnable,
        "text": domain.text,
    }


def script_value(value: Any) -> str:
    """Plain data as the script writes it: JSON with its infinities and NaN.

    What is text cannot end a script element.
    """
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
