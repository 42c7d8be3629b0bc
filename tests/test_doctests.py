"""Every example in a docstring runs and gives what it shows."""

import doctest
import importlib
import pkgutil

import pytest

import ogive

MODULES = [
    m.name for m in pkgutil.walk_packages(ogive.__path__, "ogive.") if m.name != "ogive.__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


PUBLIC = ["get", "search", "define", "gain", "init_", "propagate"]
PUBLIC += ["accelerate", "restore", "intercept", "swap", "quantized"]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_face_has_examples(name):
    assert ">>>" in getattr(ogive, name).__doc__
