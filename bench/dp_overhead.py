"""What guard adds to a private question: acceptance and enforcement of its form, the charge, the noise.

Fresh questions over one small DuckDB source. `p95_ms` is rewriting (acceptance, form, wrapping, proof), charge in the
ledger on disk, noise and post-processing together; running the form is the database's own time and is left out.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.result import Result
from guard.anonymize.dp.account import Limit
from guard.anonymize.dp.budget import StoreLedger
from guard.anonymize.dp.ledger import LedgerKey
from guard.anonymize.dp.sql.answer import measured, rows_of
from guard.anonymize.dp.sql.post import finish
from guard.anonymize.dp.sql.refusal import Refusal
from guard.store.store import Store
from tests.anonymize.dp.sql.world import declared, duckdb_world, questions, rows_of_world

KEY = LedgerKey("researcher", "statistics", "world")


def run(count: int = 400) -> Result:
    """`p95_ms` over `count` different questions; the context has the parts."""
    from fractions import Fraction

    parts: dict[str, list[float]] = {"rewrite": [], "ledger": [], "noise": []}
    limit = Limit(Fraction(200), Fraction(1, 10**3), Fraction(1, 2 * 10**3))
    units = declared(groups=3, rows=2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with duckdb_world(folder, rows_of_world(1, 300)) as engine, Store.open(folder / "guard.db") as store:
            ledger = StoreLedger(store.ledger)
            for sql in questions(count + 20, "duckdb", 5):
                marks = [time.perf_counter()]
                try:
                    query = engine.private(sql, units, epsilon="0.1", delta="1e-9")
                except Refusal:
                    continue
                marks.append(time.perf_counter())
                ledger.charge(KEY, query.cost(), limit=limit, now=datetime.now(UTC), query_fingerprint="bench")
                marks.append(time.perf_counter())
                assert query.first is not None
                planned, statements = query.first
                found = [engine.rows(statement) for statement in statements]
                marks.append(time.perf_counter())
                cells, _ = rows_of(planned, measured(planned, found))
                finish(query.accepted.post, cells)
                ended = time.perf_counter()
                parts["rewrite"].append(marks[1] - marks[0])
                parts["ledger"].append(marks[2] - marks[1])
                parts["noise"].append(ended - marks[3])
    totals = [sum(each) for each in zip(*(values[20:] for values in parts.values()), strict=True)]
    return Result(
        {"p95_ms": _quantile(totals, 0.95)},
        {
            "questions": len(totals),
            "p50_ms": _quantile(totals, 0.5),
            **{f"{name}_p95_ms": _quantile(values[20:], 0.95) for name, values in parts.items()},
        },
    )


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]
