"""The time over relu's: what is stated, and how sure the median is."""

import math

import pytest
import torch

import ogive
from ogive.bench import Pace, timed
from ogive.bench.speed import _middle
from ogive.certify.report.certificate import Certificate

SHORT = Pace(rounds=7, sample=1e-4, budget=1.0)


@pytest.mark.parametrize("name", ["relu", "swiglu", "rrelu", "softmax"])
def test_a_certificate_with_its_time(name):
    found = timed(ogive.get(name), "bfloat16", 4096, SHORT)
    speed = found.speed
    assert (speed.dtype, speed.size, speed.threads) == ("bfloat16", 4096, torch.get_num_threads())
    for ratio in (speed.forward, speed.both):
        assert ratio.method == "sampled"
        assert ratio.value > 0
        assert math.isfinite(ratio.error)
    assert "machine" in str(found)
    assert Certificate.from_dict(found.to_dict()) == found
    assert ogive.get(name).certificate().speed is None


def test_relu_takes_as_long_as_relu():
    forward = timed(ogive.get("relu"), pace=Pace(rounds=25)).speed.forward
    assert 0.7 < forward.value < 1.4


def test_the_interval_of_a_median_is_that_of_the_order_statistics():
    # of 15 fair coins fewer than 4 show heads with probability 0.0176, fewer than 5 with 0.059
    found = _middle([float(i) for i in range(1, 16)])
    assert (found.value, found.error) == (8.0, 4.0)
    # too few for any such interval: the whole range
    assert _middle([1.0, 2.0, 4.0]).error == 2.0
