"""How many answers a budget of (10, 1e-5) admits when each has noise of standard deviation 14.1 on a count.

Asked of the ledger itself, on SQLite, until it refuses; the epsilon of what was admitted is then reported by
dp-accounting. diffprivlib's accountant gets Laplace noise of the same standard deviation, with its slack.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from bench.result import Result

EPSILON, DELTA = Fraction(10), Fraction(1, 10**5)
DEVIATION = Fraction(141, 10)


def run() -> Result:
    """Answers admitted."""
    from guard.anonymize.dp import pld
    from guard.anonymize.dp.account import Limit
    from guard.anonymize.dp.budget import StoreLedger
    from guard.anonymize.dp.ledger import BudgetSpentError, LedgerKey
    from guard.anonymize.dp.mechanism import Gaussian
    from guard.store.store import Store

    limit, key, now = Limit(EPSILON, DELTA), LedgerKey("s-0", "bench", "people"), datetime.now(UTC)
    one, admitted = Gaussian(1, 1 / (2 * DEVIATION**2), refine=4), 0
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "guard.db") as store:
        ledger = StoreLedger(store.ledger)
        try:
            while True:
                ledger.charge(key, one.cost, limit=limit, now=now, query_fingerprint=str(admitted))
                admitted += 1
        except BudgetSpentError:
            pass
        balance = ledger.remaining(key)
    spent = balance.spent.epsilon_at(DELTA)
    reported = pld.epsilon([pld.Spend("gaussian", one.variance * 256, 16)] * admitted, DELTA)
    print(f"{admitted} answers; enforced epsilon {float(spent):.4f}, reported by PLD {reported:.4f}")
    by_zcdp = Limit(EPSILON, DELTA, notion="zcdp").capacity().rho / one.cost.rho
    context = {"enforced_epsilon": float(spent), "pld_epsilon": reported, "by_zcdp": int(by_zcdp), "by_sum": 100}
    return Result({"queries_admitted": admitted}, {**context, "diffprivlib": _peer()})


def _peer() -> int:
    """diffprivlib with Laplace noise of the same deviation and a slack of 1e-6."""
    from diffprivlib import BudgetAccountant
    from diffprivlib.utils import BudgetError

    accountant, admitted = BudgetAccountant(float(EPSILON), float(DELTA), slack=1e-6), 0
    try:
        while admitted < 2000:
            accountant.spend(0.1, 0)
            admitted += 1
    except BudgetError:
        pass
    return admitted
