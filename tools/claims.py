"""Decides every claim and writes the ledger: docs/claims.md and a page for each in docs/claims/.

python tools/claims.py            decides what results/claims does not know yet (45 minutes at most)
python tools/claims.py --fresh    decides all anew
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ogive.study.claims import find_claims, ledger, write_pages

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
RESULTS = ROOT / "results" / "claims"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fresh", action="store_true", help="decide anew what is known")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the journal is")
    asked = parser.parse_args()
    claims = find_claims()
    decided = []
    for each in ledger(claims, asked.results, fresh=asked.fresh):
        decided.append(each)
        print(f"{each.id} {each.verdict} ({each.seconds:.0f} s): {each.claim}", flush=True)
    shutil.rmtree(DOCS / "claims", ignore_errors=True)  # pages of claims that are gone
    print(write_pages(decided, DOCS))


if __name__ == "__main__":
    main()
