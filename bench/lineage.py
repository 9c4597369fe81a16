"""How long lineage takes: TPC-DS, and a union of seven arms of 148 columns; sqllineage in the same run.

Every query is extracted twice before it is timed, the best of five runs counts, and each tool is measured by the CPU
time of its process. sqllineage runs in its own environment with the sqlfluff parser that its users get (ANSI, and its
SparkSQL where that fails), over `INSERT INTO x <query>`, since it reports columns of a target only; its other parser
stands beside it. The ratio is over the queries that it can do.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable

from bench.lineage_inputs.tpcds import PACKAGES, python, workload
from bench.result import Result
from guard.lineage import extract

WIDTH, ARMS = 148, 7
_PEER = """
import json, sys, time, logging, warnings
logging.disable(logging.CRITICAL); warnings.simplefilter("ignore")
from sqllineage.runner import LineageRunner
dialect, queries = json.load(sys.stdin)
times = []
for sql in queries:
    start = time.process_time()
    try:
        LineageRunner(sql, dialect=dialect).get_column_lineage()
        times.append(time.process_time() - start)
    except Exception:
        times.append(None)
print(json.dumps(times))
"""


def run() -> Result:
    """Prints the slowest queries."""
    tpcds = workload()
    ours = [_best(lambda sql=sql: extract(sql, "duckdb", tpcds.schema)) for sql in tpcds.queries]  # type: ignore[misc]
    wide = wide_union()
    table = {"w": {f"c{i}": "int" for i in range(WIDTH)}}
    wide_s = _best(lambda: extract(wide, "duckdb", table), runs=3)
    inserts = [f"INSERT INTO x {sql.strip().rstrip(';')}" for sql in tpcds.queries]
    theirs = {dialect: _peer(dialect, inserts) for dialect in ("ansi", "non-validating")}
    ratios = {}
    for dialect, times in theirs.items():
        both = [(own, peer) for own, peer in zip(ours, times, strict=True) if peer is not None]
        ratios[dialect] = sum(peer for _, peer in both) / sum(own for own, _ in both)
        print(
            f"sqllineage {dialect}: {len(both)} of {len(ours)}, mean {1e3 * sum(p for _, p in both) / len(both):.1f} ms"
        )
    for number, seconds in sorted(enumerate(ours, 1), key=lambda item: -item[1])[:5]:
        print(f"query {number}: {1e3 * seconds:.2f} ms")
    figures = {
        "tpcds_mean_ms": round(1e3 * statistics.mean(ours), 3),
        "tpcds_max_ms": round(1e3 * max(ours), 3),
        "wide_s": round(wide_s, 4),
        "ratio_vs_sqllineage": round(ratios["ansi"], 1),
        "ratio_vs_sqllineage_non_validating": round(ratios["non-validating"], 1),
    }
    done = {f"sqllineage_{dialect}_done": sum(t is not None for t in times) for dialect, times in theirs.items()}
    return Result(figures, {"queries": len(ours), "wide_bytes": len(wide), "peers": PACKAGES, **done})


def wide_union() -> str:
    """`WIDTH` columns over `ARMS` arms."""
    columns = ", ".join(f"coalesce(c{i}, 0) AS c{i}" for i in range(WIDTH))
    return " UNION ALL ".join(f"SELECT {columns} FROM w" for _ in range(ARMS))


def _best(work: Callable[[], object], *, runs: int = 5) -> float:
    """The least CPU time of one call, in seconds; the collector's pauses count."""
    work()
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def _peer(dialect: str, queries: list[str]) -> list[float | None]:
    done = subprocess.run(
        [str(python()), "-c", _PEER], input=json.dumps([dialect, queries]), check=True, capture_output=True, text=True
    )
    times: list[float | None] = json.loads(done.stdout.splitlines()[-1])
    return times
