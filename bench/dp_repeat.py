"""One question asked 10,000 times in 50 phrasings, and questions that are nearly the same: one answer, one charge."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

from bench.result import Result
from guard.config import default_rules
from guard.engine import open_guard
from guard.model import Subject

UNITS = """
tables:
  t:
    unit: uid
    groups: 3
    rows: 2
    columns: {salary: {low: 0, high: 2000}, age: {low: 0, high: 120}, city: {keys: [a, b, c, d]}}
"""
ASKER = Subject("researcher-1", ("researcher",))
_LISTS = ("{k}, COUNT(*) AS n, AVG({x}) AS a", "{k}, avg({x}) a, count(*) n", "count(*) AS n, {k}, AVG( {x} ) AS a")
_SOURCES = (
    ("t", ""),
    ("T", ""),
    ("t AS z", "z."),
    ("(SELECT * FROM t) z", "z."),
    ("(SELECT uid, city, age AS years, salary AS pay, age, salary FROM t) q", "q."),
)
_WHERES = (
    "{p}age BETWEEN 20 AND 60 AND {p}salary > 100",
    "{p}salary > 100 AND {p}age >= 20 AND {p}age <= 60",
    "(100 < {p}salary) AND (NOT ({p}age < 20) AND NOT {p}age > 60)",
    "20 <= {p}age AND 60 >= {p}age AND TRUE AND NOT ({p}salary <= 100)",
)
_OTHERS = (
    "SELECT city, COUNT(*) AS n, AVG(salary) AS a FROM t WHERE age BETWEEN 20 AND 61 AND salary > 100 GROUP BY city",
    "SELECT city, COUNT(*) AS n, AVG(salary) AS a FROM t WHERE age BETWEEN 20 AND 60 AND salary >= 100 GROUP BY city",
    "SELECT city, COUNT(*) AS n, AVG(salary) AS a FROM t WHERE age BETWEEN 20 AND 60 OR salary > 100 GROUP BY city",
    "SELECT city, COUNT(*) AS n, AVG(age) AS a FROM t WHERE age BETWEEN 20 AND 60 AND salary > 100 GROUP BY city",
    "SELECT city, COUNT(age) AS n, AVG(salary) AS a FROM t WHERE age BETWEEN 20 AND 60 AND salary > 100 GROUP BY city",
    "SELECT city, COUNT(*) AS n, AVG(salary + 1) AS a FROM t WHERE age BETWEEN 20 AND 60 GROUP BY city",
    "SELECT COUNT(*) AS n, AVG(salary) AS a FROM t WHERE age BETWEEN 20 AND 60 AND salary > 100",
)


def phrasings() -> list[str]:
    """Fifty ways to ask the same."""
    made = []
    for listed, (source, prefix), where in itertools.product(_LISTS, _SOURCES, _WHERES):
        key, value = f"{prefix}city", f"{prefix}salary"
        sql = f"SELECT {listed.format(k=key, x=value)} FROM {source} WHERE {where.format(p=prefix)} GROUP BY {key}"
        made += [sql, sql.lower()]
    cte = "WITH w AS (SELECT * FROM t WHERE age >= 20), v AS (SELECT * FROM w WHERE salary > 100 AND age <= 60) "
    made.append(f"{cte}SELECT city, COUNT(*) AS n, AVG(salary) AS a FROM v GROUP BY 1")
    return [*list(dict.fromkeys(made))[:49], made[-1]]


def run(tries: int = 10_000, rows: int = 5_000) -> Result:
    """`distinct_answers` and `charges` of the one question; `false_merges` among near ones in the context."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(1)
    table = pa.table(
        {
            "uid": np.arange(rows) % (rows // 2),
            "city": [chr(97 + n % 5) for n in range(rows)],
            "salary": random.integers(0, 1000, rows),
            "age": random.integers(0, 100, rows),
        }
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(default_rules(), folder / "rules")
        (folder / "rules" / "privacy" / "units.yaml").write_text(UNITS)
        settings = {"rules": str(folder / "rules"), "dp": {"grid_ms": 0, "epsilon": "200"}}
        with open_guard(folder=folder, operator="bench", settings=settings) as guard:
            source = {"t": table}
            guard.scan(source)

            def ask(sql: str) -> tuple[object, bool, str]:
                answer = guard.query(sql, subject=ASKER, purpose="statistics", source=source)
                assert answer.privacy is not None
                said = (
                    sorted((row["city"], row["n"], row["a"]) for row in answer.table.to_pylist())
                    if ("city" in answer.table.column_names)
                    else answer.table.to_pylist()
                )
                return repr(said), answer.privacy.fresh, answer.privacy.fingerprint

            ways = itertools.cycle(phrasings())
            asked = [ask(next(ways)) for _ in range(tries)]
            prints = {mark for _, _, mark in asked}
            others = [ask(sql) for sql in _OTHERS]
    merges = sum(mark in prints for _, _, mark in others) + len(others) - len({mark for _, _, mark in others})
    return Result(
        {"distinct_answers": len({said for said, _, _ in asked}), "charges": sum(fresh for _, fresh, _ in asked)},
        {"tries": tries, "phrasings": len(phrasings()), "near_questions": len(_OTHERS), "false_merges": merges},
    )
