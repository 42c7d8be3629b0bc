"""Errors name what is missing and how to mend it."""

import sys

import pytest

import ogive
import ogive.errors
from ogive.certify import reference
from ogive.errors import MissingExtra, OgiveError, nearest, require


def test_a_missing_package_is_answered_with_the_extra_that_brings_it():
    with pytest.raises(MissingExtra, match=r"pip install 'ogive\[plot\]'") as caught:
        require("no_such_package.part", "plot")
    assert "no_such_package" in str(caught.value)
    assert isinstance(caught.value, ImportError)


def test_a_package_that_is_there_is_imported():
    assert require("math", "plot").pi > 3


@pytest.mark.parametrize("blocked", ["matplotlib", "mpmath"])
def test_what_needs_an_extra_says_so(blocked, monkeypatch):
    reference._on_numbers.cache_clear()
    for name in [blocked, *(m for m in sys.modules if m.startswith(f"{blocked}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    extra = {"matplotlib": "plot", "mpmath": "certify"}[blocked]
    gelu = ogive.get("gelu")
    with pytest.raises(MissingExtra, match=rf"ogive\[{extra}\]"):
        if blocked == "matplotlib":
            gelu.plot()
        else:
            reference.exact(gelu.spec.program, 1.0)


def test_every_error_is_one_that_callers_can_catch_together():
    for name, value in vars(ogive.errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, OgiveError | Warning), name


def test_a_near_miss_is_suggested():
    assert "'mish'" in nearest("mihs", ["mish", "gelu"])
    assert nearest("zzz", ["mish"]) == ""
