"""Reports as JSON and back."""

import json
import math

import pytest
from agreement import agree

from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity
from ogive.certify.serialize import decoded, encoded

HALF = ProvedInterval(Quantity(-math.inf, 0.0, "ball"), Quantity(0.5, 1e-17, "ball"), None, True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ProvedInterval, HALF),
        (tuple[ProvedInterval, ...], (HALF, HALF)),
        (tuple[ProvedInterval, ...] | None, ()),
        (tuple[ProvedInterval, ...] | None, None),
        (dict[str, Quantity | None], {"a": HALF.low, "b": None}),
        (float, math.inf),
        (float | tuple[float, ...], (1.0, 2.0)),
        (float | tuple[float, ...], 1.0),
        (bool | None, False),
        (str, "inf"),
    ],
)
def test_there_and_back(kind, value):
    text = json.dumps(encoded(value), allow_nan=False)
    found = decoded(kind, json.loads(text))
    assert found == value
    assert type(found) is type(value)


def test_what_is_not_proved_stays_so():
    assert decoded(Quantity, encoded(NOT_PROVED)) == NOT_PROVED


def test_numbers_are_the_same_within_their_errors():
    one, near, far = (encoded(Quantity(v, 1e-6, "quadrature")) for v in (1.0, 1.000001, 1.1))
    assert agree([one], [near])
    assert not agree([one], [far])
    assert not agree([one], [one, one])
    assert not agree({"a": 1}, {"b": 1})
    assert agree(encoded(NOT_PROVED), encoded(NOT_PROVED))


def test_what_json_cannot_say_is_refused():
    with pytest.raises(TypeError, match="no JSON for complex"):
        encoded(1j)
