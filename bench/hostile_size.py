"""How long guard takes to judge text that was made to hurt: up to 1 MB, deep, long, wide, or not SQL at all.

A verdict is everything that guard does before an engine sees the statement: parsing, facts, review, rewriting,
proof. Each shape grows by doubling from 10 parts until it would pass 1 MB; `worst_cpu_ms` is the largest CPU time of
any verdict (the lower of two takes), and a crash would end the run. Whatever is too large must be denied.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from bench.result import Result
from guard.errors import GuardError
from guard.model import Column, Compare, Dataset, Decision, Mask, RowFilter, Table, TableName
from guard.policy.enforce import enforce_text
from guard.policy.facts import extract
from guard.sql.catalogue import Catalogue
from guard.sql.parse import read
from tests.policy.enforce.world import SCHEMA, mask_sql

MOST = 1_000_000  # bytes
WIDE = 600  # columns


def _list(part: str, between: str = ", ") -> Callable[[int], str]:
    return lambda n: between.join(part.replace("#", str(i)) for i in range(n))


def _of(before: str, part: str, after: str = "", between: str = ", ") -> Callable[[int], str]:
    return lambda n: before + _list(part, between)(n) + after


SHAPES: dict[str, Callable[[int], str]] = {
    "subqueries": lambda n: "SELECT * FROM " + "(SELECT * FROM " * n + "people" + ") x" * n,
    "parentheses": lambda n: "SELECT " + "(" * n + "1" + ")" * n,
    "scalar nesting": lambda n: "SELECT (" * n + "1" + ")" * n,
    "calls in calls": lambda n: "SELECT " + "lower(" * n + "ssn" + ")" * n + " FROM people",
    "values in a list": _of("SELECT id FROM people WHERE id IN (", "#", ")"),
    "OR": _of("SELECT id FROM people WHERE ", "id = #", between=" OR "),
    "AND of texts": _of("SELECT id FROM people WHERE ", "name <> 'x#'", between=" AND "),
    "columns": _of("SELECT ", "ssn AS c#", " FROM people"),
    "calls": _of("SELECT ", "lower(ssn) AS c#", " FROM people"),
    "casts": _of("SELECT ", "CAST(ssn AS TEXT)", " FROM people"),
    "CASE": _of("SELECT CASE ", "WHEN id = # THEN #", " END FROM people", " "),
    "UNION ALL": _of("", "SELECT id FROM people", between=" UNION ALL "),
    "chain of CTEs": lambda n: "WITH c0 AS (SELECT * FROM people), "
    + ", ".join(f"c{i} AS (SELECT * FROM c{i - 1})" for i in range(1, n)) + f" SELECT * FROM c{n - 1}",
    "doubling CTEs": lambda n: "WITH c0 AS (SELECT * FROM people), "
    + ", ".join(f"c{i} AS (SELECT a.* FROM c{i - 1} a, c{i - 1} b)" for i in range(1, n)) + f" SELECT * FROM c{n - 1}",
    "joins": _of("SELECT 1 FROM people a ", "JOIN people a# ON a#.id = a.id", between=" "),
    "bare joins": _of("SELECT 1 FROM people a ", "JOIN people a#", between=" "),
    "tables": _of("SELECT 1 FROM ", "people a#"),
    "star over tables": _of("SELECT * FROM ", "people a#"),
    "star over wide tables": _of("SELECT * FROM ", "wide a#"),
    "stars of a wide table": _of("SELECT ", "a.*", " FROM wide a"),
    "unions of a wide table": _of("", "SELECT * FROM wide", between=" UNION ALL "),
    "scalar subqueries": _of("SELECT ", "(SELECT max(ssn) FROM people c WHERE c.id = o.id)", " FROM people o"),
    "EXISTS": _of("SELECT 1 FROM people o WHERE ", "EXISTS (SELECT 1 FROM people c WHERE c.id = o.id)",
                  between=" AND "),
    "windows": _of("SELECT ", "rank() OVER (PARTITION BY ssn ORDER BY id)", " FROM people"),
    "VALUES": _of("SELECT * FROM (VALUES ", "(#)", ") AS v(x)"),
    "a long text": lambda n: f"SELECT '{'x' * n}' FROM people",
    "a long name": lambda n: f"SELECT {'x' * n} FROM people",
    "a long number": lambda n: f"SELECT {'9' * n} FROM people",
    "a long comment": lambda n: f"SELECT id /*{'x' * n}*/ FROM people",
    "comments": lambda n: "SELECT id " + "/*x*/" * n + " FROM people",
    "nested comments": lambda n: "SELECT id " + "/*" * n + "*/" * n + " FROM people",
    "line comments": lambda n: "SELECT id " + "--x\n" * n + " FROM people",
    "spaces": lambda n: "SELECT id" + " " * n + "FROM people",
    "minus": lambda n: "SELECT " + "- " * n + "1",
    "NOT": lambda n: "SELECT " + "NOT " * n + "TRUE",
    "plus": lambda n: "SELECT " + "1+" * n + "1 FROM people",
    "concatenation": lambda n: "SELECT " + "ssn || " * n + "'x' FROM people",
    "subscripts": lambda n: "SELECT ssn" + "[1]" * n + " FROM people",
    "subscripts and commas": _of("SELECT ", "ssn[1][2][3]", " FROM people"),
    "arrows": lambda n: "SELECT ssn" + " -> 'a'" * n + " FROM people",
    "dots": lambda n: "SELECT " + "a." * n + "b FROM people",
    "casts in a row": lambda n: "SELECT ssn" + "::text" * n + " FROM people",
    "angles": lambda n: "SELECT " + "a < " * n + "b FROM people",
    "types": lambda n: "SELECT CAST(1 AS " + "ARRAY<" * n + "INT" + ">" * n + ")",
    "lambdas": lambda n: "SELECT " + "x -> " * n + "1 FROM people",
    "BETWEEN": _of("SELECT 1 FROM people WHERE ", "id BETWEEN 1 AND 2", between=" AND "),
    "intervals": _of("SELECT ", "INTERVAL '1 day'", " FROM people"),
    "semicolons": lambda n: ";" * n,
    "statements": _of("", "SELECT 1", between=";"),
    "quotes": lambda n: "'" * n,
    "dollars": lambda n: "SELECT " + "$$" * n,
    "backslashes": lambda n: "SELECT '" + "\\" * n + "'",
    "Chinese": lambda n: "SELECT '" + "病" * n + "'",
    "Chinese names": _of("SELECT ", "病# AS 名#", " FROM people"),
    "garbage": lambda n: "%$#@ " * n,
    "random tokens": lambda n: " ".join(random.Random(n).choices(_WORDS, k=n)),
    "random characters": lambda n: "".join(random.Random(n).choices(_CHARACTERS, k=n)),
}  # fmt: skip
_WORDS = ("SELECT", "FROM", "WHERE", "(", ")", "[", "]", ",", ".", "=", "<", "->", "::", "1", "id", "people", "AS",
          "JOIN", "ON", "CASE", "WHEN", "END", "NOT", "IN", "*", "WITH", "UNION")  # fmt: skip
_CHARACTERS = "abc 0129'\"()[]{}<>=,.;:-+*/%$#@!?\\|&^~`\n_é病"


def catalogue(dialect: str) -> Catalogue:
    """A table with a filter and a mask, and a wide one."""
    people = tuple(Column(name, kind) for name, kind in (("id", "INTEGER"), ("name", "TEXT"), ("ssn", "TEXT")))
    wide = tuple(Column(f"c{number}", "TEXT") for number in range(WIDE))
    tables = [
        Table(name=TableName(name, SCHEMA[dialect]), dataset=Dataset("b", name), columns=columns)
        for name, columns in (("people", people), ("wide", wide))
    ]
    return Catalogue(tables, dialect=dialect, default_schema=SCHEMA[dialect])


def verdict(sql: str, known: Catalogue) -> tuple[float, bool]:
    """CPU milliseconds, and whether the statement was allowed."""
    people = known.tables[0].name
    started = time.thread_time()
    allowed = False
    try:
        statement, lexed = read(sql, known.dialect)
        facts = extract(statement, known)
        if not facts.gaps:
            owed = (RowFilter(people, Compare("id", "gt", 3), "r"), Mask(people, "ssn", "redact", {}, "m"))
            duties = owed if people in facts.tables else ()
            decision = Decision(
                id="b", outcome="allow", subject="s", purpose="p", obligations=duties, facts=facts, revision="1"
            )
            enforce_text(statement, lexed, known, decision, mask_sql)
            allowed = True
    except GuardError:
        pass
    return (time.thread_time() - started) * 1000, allowed


def run(size: int = MOST) -> Result:
    """Prints the worst of each shape; `size` is the largest text in bytes."""
    worst, texts, allowed_bytes, row = 0.0, 0, 0, ""
    for dialect in ("postgres", "duckdb", "sqlite"):
        known = catalogue(dialect)
        verdict("SELECT lower(ssn) FROM people", known)  # the lists are loaded
        for name, make in SHAPES.items():
            slowest, at, parts = 0.0, "", 10
            while len((sql := make(parts)).encode()) <= size:
                taken, allowed = verdict(sql, known)
                if taken > slowest:  # again: another program may have held the core's cache
                    taken = min(taken, verdict(sql, known)[0])
                if taken > slowest:
                    slowest, at = taken, f"{parts} parts, {len(sql)} bytes, {'allowed' if allowed else 'denied'}"
                allowed_bytes = max(allowed_bytes, len(sql.encode()) * allowed)
                texts, parts = texts + 1, parts * 2
            if slowest > worst:
                worst, row = slowest, f"{dialect} {name}: {at}"
            if slowest > 25:
                print(f"{dialect:9} {name:24} {slowest:8.1f} ms  {at}")
    figures = {"worst_cpu_ms": round(worst, 2), "texts": float(texts), "largest_allowed_bytes": float(allowed_bytes)}
    return Result(figures, {"worst": row, "shapes": len(SHAPES)})
