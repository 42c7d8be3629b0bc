"""The recorded errors (`make accuracy`), and the cases that have them."""

from __future__ import annotations

import json
from pathlib import Path

from measure import ENGINES, cases

DATA = Path(__file__).parents[1] / "data"
#: The file of each dtype.
FILES = {
    "float64": "accuracy.json",
    "float32": "accuracy32.json",
    "bfloat16": "accuracy_bfloat16.json",
    "float16": "accuracy_float16.json",
}
#: By dtype, engine and case the error of each quantity.
RECORDED = {dtype: json.loads((DATA / file).read_text()) for dtype, file in FILES.items()}
#: How large the bars of torch's operators are: see ``bars.size``.
ALLOWED = json.loads((DATA / "allowed.json").read_text())
TABLES = [ALLOWED, *(RECORDED[dtype][engine] for dtype in FILES for engine in ENGINES)]
#: What is judged; a case without a record fails in test_records.py alone.
CASES = {c.id: c for c in cases() if all(c.id in table for table in TABLES)}
