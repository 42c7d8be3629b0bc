"""What people say of activations, each as an experiment whose result decides.

One file a claim: its statement, what would count as holding, the experiment. A verdict is computed
from numbers with intervals and never written down; a file that is added here is a claim of the
ledger, and nothing else has to be touched.
"""

from ogive.study.claims.checks import Check, Verdict, always, generally
from ogive.study.claims.claim import Claim, Effort, Finding, claim, find_claims
from ogive.study.claims.estimates import Estimate, exactly, proved
from ogive.study.claims.ledger import Decided, decide, ledger
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.pages import write_pages

__all__ = [
    "Check",
    "Claim",
    "Decided",
    "Effort",
    "Estimate",
    "Finding",
    "Measurements",
    "Verdict",
    "always",
    "claim",
    "decide",
    "exactly",
    "find_claims",
    "generally",
    "ledger",
    "proved",
    "write_pages",
]
