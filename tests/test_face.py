"""What the public face finds: names by kind, family and pattern."""

import doctest
import pydoc

import pytest
import torch

import ogive
from ogive.errors import OgiveError


def test_names_by_a_pattern():
    assert ogive.names("*gelu*") == [name for name in ogive.names() if "gelu" in name]
    assert ogive.names("s?lu") == ["selu", "solu", "silu"]
    assert ogive.names("[a-b]*") == [name for name in ogive.names() if name[0] in "ab"]
    assert ogive.names("no_such_*") == []


def test_a_pattern_within_a_kind_and_a_family():
    gated = ogive.names("*glu*", kind="gated")
    assert gated == [name for name in ogive.names("gated") if "glu" in name]
    rectifiers = ogive.names("*relu*", family="rectifiers")
    assert set(rectifiers) == set(ogive.names("*relu*")) & set(ogive.names(family="rectifiers"))
    assert ogive.names("*", kind="rowwise") == ogive.names("rowwise") == ogive.names(kind="rowwise")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"which": "gelu"}, "no kind 'gelu' .*; a pattern for names has a \\*, as \\*gelu\\*"),
        ({"which": "gatd"}, "no kind 'gatd'; did you mean 'gated'\\? \\(there are elementwise"),
        ({"which": "*", "kind": "rowise"}, "did you mean 'rowwise'"),
        ({"family": "*"}, "no family '\\*' "),
        ({"which": 5}, "no kind 5 "),
    ],
)
def test_what_there_is_not(asked, said):
    with pytest.raises(OgiveError, match=said):
        ogive.names(**asked)


@pytest.mark.parametrize("name", ogive.names())
def test_the_docstring_of_an_entry_is_its_own_and_its_example_is_true(name):
    function = ogive.get(name)
    doc = function.__doc__
    assert doc.startswith(function.spec.doc)
    assert f"Formula: {function.formula}" in doc
    assert function.paper in doc
    assert all(f"{p.name}: {p.domain.text}" in doc for p in function.parameters)
    assert all(pitfall in doc for pitfall in function.pitfalls)
    example = doctest.DocTestParser().get_doctest(doc, {}, name, None, 0)
    assert len(example.examples) >= 2
    with ogive.engine("eager"), torch.random.fork_rng(devices=[]):
        assert doctest.DocTestRunner().run(example).failed == 0


def test_help_shows_the_entry():
    page = pydoc.plain(pydoc.render_doc(ogive.get("mish")))
    assert "Self-regularised smooth unit" in page
    assert "tensor([" in page


def test_what_a_name_implies_is_told():
    assert "negative_slope: any number, 0.2 unless given" in ogive.get("keras:leaky_relu").__doc__
    assert "negative_slope=0.2)" in ogive.get("keras:leaky_relu").__doc__


def test_the_class_keeps_its_docstring_and_its_own_functions_have_theirs():
    assert ogive.Activation.__doc__.startswith("An activation: call it")
    mine = ogive.define("docstring_bump", "x * exp(-x**2 / (2*s**2))", s=1.0)
    assert "Parameters:\n    s: any number, 1.0 unless given." in mine.__doc__
    assert ">>> docstring_bump(torch.tensor(" in mine.__doc__


def test_asking_for_it_draws_no_random_number():
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    assert "manual_seed" in ogive.get("gumbel_softmax").__doc__
    assert torch.rand(1) == first


def test_a_function_shows_itself_in_a_notebook():
    page = ogive.get("keras:leaky_relu")._repr_html_()
    assert "<svg" in page
    assert page != ogive.get("leaky_relu")._repr_html_()
