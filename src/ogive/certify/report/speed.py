"""How long a function takes next to relu: what a certificate says of it once it was measured.

Apart because nothing here measures: times belong to a machine, so that no shipped certificate has
any, and ``ogive.bench.timed`` takes them when it is asked to.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.certify.quantity import Quantity


@dataclass(frozen=True)
class Speed:
    """Times over those of relu in the same process, where 1 is as fast as relu.

    Attributes:
        forward: the median ratio of a call without gradients.
        both: that of a call and its backward.
        dtype, size, threads: of the input, its number of elements, and torch's threads.
        engine: which engine served the call; empty for functions of rows.
        machine: where it was measured.
    """

    forward: Quantity
    both: Quantity
    dtype: str
    size: int
    threads: int
    engine: str
    machine: str
