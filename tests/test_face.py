"""What the public face finds: names by kind, family and pattern."""

import pytest

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
