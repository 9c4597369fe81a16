"""How long enforcement takes: from SQL text to proved, enforced SQL, and from a cache of exact texts.

`tpch` and `tpcds` are guard's own analytic queries of about the size and shape of those benchmarks' (joins, groups,
subqueries; common table expressions, windows, set operations); no text of either benchmark is used. Cold means that
nothing is known of the statement: parse, review, rewrite, write, parse again and prove. CPU time, best of seven.
Wraps that other statements prepared are at hand, as in a guard that runs. Warm is a look-up by the engine's own key.
`warm_parameterised_ms` is the same text with another number in it: its shape is known, its values are put in.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from pathlib import Path

from sqlglot import exp

from bench.result import Result
from guard.engine.cache import Cache
from guard.model import (
    Column,
    Compare,
    Dataset,
    Decision,
    EnforcedQuery,
    InTable,
    Mask,
    RowFilter,
    Subject,
    Table,
    TableName,
)
from guard.policy.enforce import Enforced, enforce_text
from guard.sql.catalogue import Catalogue
from guard.sql.lexed import shape_of
from guard.sql.masking import Parameters
from guard.sql.parse import lex, parse, read

ROUNDS = 7

_TABLES = {
    "residents": ["id INTEGER", "name TEXT", "id_no TEXT", "phone TEXT", "district TEXT", "birth DATE"],
    "visits": ["id INTEGER", "resident_id INTEGER", "district TEXT", "icd10 TEXT", "cost INTEGER", "visited_on DATE"],
    "cards": ["id INTEGER", "resident_id INTEGER", "card_no TEXT", "bank TEXT", "balance INTEGER"],
    "calls": ["id INTEGER", "resident_id INTEGER", "district TEXT", "note TEXT", "called_on DATE"],
    "districts": ["district TEXT", "region TEXT", "who TEXT"],
}

_FILE = Path(__file__).with_suffix(".sql")


def queries() -> dict[str, list[str]]:
    """The queries of `rewrite.sql` by group."""
    found: dict[str, list[str]] = {}
    for part in _FILE.read_text(encoding="utf-8").split("-- ")[2:]:
        group, _, text = part.partition("\n")
        found[group] = [query.strip() for query in text.split(";") if query.strip()]
    return found


def catalogue() -> Catalogue:
    """The city, in PostgreSQL."""
    tables = []
    for name, columns in _TABLES.items():
        pairs = tuple(Column(*column.split(" ")) for column in columns)
        tables.append(Table(name=TableName(name, "public"), dataset=Dataset("bench", name), columns=pairs))
    return Catalogue(tables, dialect="postgres", default_schema="public")


def mask_sql(
    mask: Mask,  # noqa: ARG001 - the border's signature
    column: exp.Expression,
    *,
    column_type: str,  # noqa: ARG001
    dialect: str,  # noqa: ARG001
    parameters: Parameters,  # noqa: ARG001
) -> exp.Expression:
    """First three and last four, as `partial` writes it."""
    middle = exp.DPipe(
        this=exp.Left(this=column.copy(), expression=exp.Literal.number(3)), expression=exp.Literal.string("****")
    )
    return exp.DPipe(this=middle, expression=exp.Right(this=column.copy(), expression=exp.Literal.number(4)))


def decision(known: Catalogue, sql: str) -> Decision:
    """Masks on identifiers and two kinds of row filters, where the statement reads the table."""
    read = {table.name.name: table.name for table in known.tables if f" {table.name.name}" in sql}
    owed: list[RowFilter | Mask] = []
    if "residents" in read:
        owed += [Mask(read["residents"], column, "partial", {}, "m") for column in ("id_no", "phone")]
        owed.append(RowFilter(read["residents"], Compare("district", "ne", "secret"), "r"))
    if "visits" in read:
        mine = InTable("district", "districts", "district", Compare("who", "eq", "me"))
        owed.append(RowFilter(read["visits"], mine, "r"))
    if "cards" in read:
        owed.append(Mask(read["cards"], "card_no", "partial", {}, "m"))
    return Decision(id="b", outcome="allow", subject="s", purpose="p", obligations=tuple(owed))


def cold(known: Catalogue, sql: str) -> float:
    """Milliseconds of CPU from text to proved SQL, best of `ROUNDS`."""
    owed = decision(known, sql)
    return best(lambda: enforce_text(*read(sql, "postgres"), known, owed, mask_sql), 20)


def best(work: Callable[[], object], times: int) -> float:
    """Milliseconds of one call, the best mean of `times` calls."""
    found = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        for _ in range(times):
            work()
        found.append((time.thread_time() - started) / times * 1000)
    return min(found)


def run() -> Result:
    """Prints a row for each group of queries."""
    known = catalogue()
    groups = queries()
    lookup = groups["point"][0]
    enforced = enforce_text(
        *read(lookup, "postgres"), known, decision(known, lookup), mask_sql
    ).query  # lists are loaded
    point, middle, large = (statistics.median(cold(known, sql) for sql in groups[name]) for name in groups)
    cache: Cache[EnforcedQuery] = Cache(1000)
    subject = Subject(id="bench", roles=("call_center",), attributes={"districts": ("A", "B")})

    def key() -> tuple[Hashable, ...]:
        """What the engine looks an answer up by (guard/engine/desk.py)."""
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        return (lookup, 1, known.version, subject, "service", "revision", minute, True)

    cache.put(key(), enforced)
    warm = best(lambda: cache.get(key()), 1000)
    shapes: Cache[Enforced] = Cache(1000)
    tree, lexed = read(lookup, "postgres")
    shapes.put((shape_of(lexed).key, *key()[1:]), enforce_text(tree, lexed, known, decision(known, lookup), mask_sql))
    numbers = itertools.count(10_000)

    def other_number() -> str:
        """What the engine does with a text that it does not know, of a shape that it knows (guard/engine/desk.py)."""
        shape = shape_of(lex(lookup.replace("4242", str(next(numbers))), "postgres"))
        found = shapes.get((shape.key, *key()[1:]))
        assert found is not None
        assert found.template is not None
        return found.template.filled(shape.values)

    assert "4242" not in other_number()
    other = best(other_number, 200)
    parsing = best(lambda: parse(lookup, "postgres"), 100)
    for name, value in (("point", point), ("5 joins and groups", middle), ("3 with CTEs, windows, unions", large)):
        print(f"cold {name:30} {value:8.3f} ms")
    print(f"warm exact text                     {warm:8.4f} ms")
    print(f"the same with another number        {other:8.4f} ms")
    figures = {
        "cold_ms_point": round(point, 4),
        "cold_ms_tpch": round(middle, 4),
        "cold_ms_tpcds": round(large, 4),
        "warm_exact_ms": round(warm, 5),
        "warm_parameterised_ms": round(other, 4),
    }
    return Result(figures, {"parse_ms_point": round(parsing, 4), "dialect": "postgres", "queries": "guard's own"})
