"""Records what other libraries compute, so that the tests can compare without installing them.

    python tools/record_peers.py        writes tests/data/peers.json

Run by hand, in an environment of its own with jax, keras, transformers, timm and onnx, and with
ogive's ``src`` on the path. Every name that ogive knows as one of theirs, such as ``jax:gelu``,
and that the library has as a function of one array, is called at the same points in float32 and
float64. Values are stored as the hexadecimal digits of their bytes, big end first.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import os
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

os.environ["KERAS_BACKEND"] = "jax"

import jax
import torch

jax.config.update("jax_enable_x64", True)

import keras
import onnx
from onnx.reference import ReferenceEvaluator
from transformers.activations import ACT2FN

from ogive.catalogue import entries

OUTPUT = Path(__file__).resolve().parents[1] / "tests" / "data" / "peers.json"
HALF = [1e-8, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 5.5, 6.0]
HALF += [7.0, 8.5, 9.5, 10.0, 13.0, 17.0, 20.5, 30.0, 40.0, 60.0, 80.0, 90.0, 100.0]
#: 60 finite points, which rowwise and gated functions get as 10 rows of 6, then the others.
POINTS = [-v for v in reversed(HALF)] + HALF
SPECIAL = [0.0, math.inf, -math.inf, math.nan]
Peer = Callable[[np.ndarray], Any]


def jax_peer(name: str) -> Peer:
    function = getattr(jax.nn, name, None) or getattr(jax.numpy, name)
    axis = inspect.signature(function).parameters.get("axis")
    if axis is not None and axis.default is None:  # over everything, where ours works on rows
        return lambda x: function(jax.numpy.asarray(x), axis=-1)
    return lambda x: function(jax.numpy.asarray(x))


def keras_peer(name: str) -> Peer:
    function = getattr(keras.activations, name)
    return lambda x: function(keras.ops.convert_to_tensor(x))


def keras_layer_peer(name: str) -> Peer:
    layers = {"leaky_relu": keras.layers.LeakyReLU}
    return lambda x: layers[name](dtype=x.dtype.name)(x)


def on_torch(function: Callable[[torch.Tensor], torch.Tensor]) -> Peer:
    return lambda x: function(torch.from_numpy(x)).detach().numpy()


def transformers_peer(name: str) -> Peer:
    function = ACT2FN[name]
    if not isinstance(function, torch.nn.Module):
        return on_torch(function)
    return lambda x: on_torch(function.to(torch.from_numpy(x).dtype))(x)


def timm_peer(name: str) -> Peer:
    return on_torch(_timm().get_act_fn(name))


@cache
def _timm() -> types.ModuleType:
    """timm's activations alone: the package as a whole wants torchvision."""
    root = Path(importlib.util.find_spec("timm").origin).parent  # type: ignore[union-attr,arg-type]
    for package, folder in (("timm", root), ("timm.layers", root / "layers")):
        if package not in sys.modules:
            module = types.ModuleType(package)
            module.__path__ = [str(folder)]
            sys.modules[package] = module
    return importlib.import_module("timm.layers.create_act")


def onnx_peer(name: str) -> Peer:
    """The operator with its default attributes, in onnx's own evaluator."""
    versions = [s.since_version for s in onnx.defs.get_all_schemas() if s.name == name]
    if not versions:
        raise KeyError(name)

    def run(x: np.ndarray) -> np.ndarray:
        kind = onnx.helper.np_dtype_to_tensor_dtype(x.dtype)
        values = {"x": x}
        if name == "PRelu":
            values["slope"] = np.full(1, 0.25, x.dtype)
        node = onnx.helper.make_node(name, list(values), ["y"])
        inputs = [onnx.helper.make_tensor_value_info(n, kind, None) for n in values]
        output = onnx.helper.make_tensor_value_info("y", kind, None)
        graph = onnx.helper.make_graph([node], "one", inputs, [output])
        (result,) = ReferenceEvaluator(onnx.helper.make_model(graph)).run(None, values)
        return result

    return run


PEERS: dict[str, Callable[[str], Peer]] = {
    "jax": jax_peer,
    "keras": keras_peer,
    "keras_layer": keras_layer_peer,
    "transformers": transformers_peer,
    "timm": timm_peer,
    "onnx": onnx_peer,
}


def digits(values: Any, dtype: str) -> str:
    array = np.asarray(values)
    assert array.dtype == dtype, f"{array.dtype} for {dtype}"
    return array.astype(array.dtype.newbyteorder(">")).tobytes().hex()


def inputs(kind: str, dtype: str) -> np.ndarray:
    if kind in ("gated", "rowwise"):
        return np.array(POINTS, dtype).reshape(10, 6)
    return np.array(POINTS + SPECIAL, dtype)


def recorded() -> Iterator[tuple[str, dict[str, str]]]:
    for spec in entries().values():
        for alias in spec.aliases:
            framework, _, name = alias.partition(":")
            if framework in PEERS:
                values = record(PEERS[framework], name, spec.kind)
                if values:
                    yield alias, values
                else:
                    print(f"not recorded: {alias}")


def record(make: Callable[[str], Peer], name: str, kind: str) -> dict[str, str]:
    """The values in both dtypes, without one that the peer does not keep or does not have."""
    found = {}
    for dtype in ("float32", "float64"):
        try:
            found[dtype] = digits(make(name)(inputs(kind, dtype)), dtype)
        except Exception as error:  # every peer has its own
            print(f"{name} {dtype}: {type(error).__name__}: {str(error)[:90]}")
    return found


def main() -> None:
    packages = ("jax", "keras", "transformers", "timm", "onnx", "torch")
    content = {
        "versions": {name: version(name) for name in packages},
        "points": POINTS,
        "special": [str(v) for v in SPECIAL],
        "values": dict(sorted(recorded())),
    }
    OUTPUT.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
    print(f"{len(content['values'])} names, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
