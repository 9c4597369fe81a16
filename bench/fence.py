"""What a row filter by an entitlement table costs a primary-key lookup on 1,000,000 rows of PostgreSQL.

The statement can fail on a value (`10 / id`), so that the fence stands. `ratio_primary_key` is the median time of the
enforced statement over that of the original, taken in turns on one connection, each with a plan made anew.
`ratio_bare_fence` is a fence without the copied condition, which reads the whole table.
"""

from __future__ import annotations

import random
import re
import statistics
import time

import psycopg

from bench.result import Result
from guard.model import Column, Compare, Dataset, Decision, InTable, Mask, RowFilter, Table, TableName
from guard.policy.enforce import enforce_text
from guard.sql.catalogue import Catalogue
from guard.sql.parse import read
from tests.policy.enforce.world import mask_sql
from tests.servers.postgres import find_binaries, postgres_server

ROWS = 1_000_000
LOOKUPS = 3_000
BARE = 5
PEOPLE, ACL = TableName("people", "public"), TableName("acl", "public")


def run(size: int = ROWS) -> Result:
    """Prints the three medians."""
    binaries = find_binaries()
    if binaries is None:
        print("postgres  not on this machine")
        return Result({}, {})
    with postgres_server(binaries) as server, psycopg.connect(server.create_database(), autocommit=True) as connection:
        _fill(connection, size)
        times: dict[str, list[float]] = {"plain": [], "enforced": [], "bare": []}
        keys = random.Random(1)
        for turn in range(LOOKUPS):
            original = f"SELECT name, ssn, 10 / id FROM people WHERE id = {2 * keys.randint(1, size // 2)}"
            enforced = _enforced(original)
            texts = {"plain": original, "enforced": enforced}
            if turn < BARE:
                texts["bare"] = re.sub(r' AND "guard_t"\."id" = \d+', "", enforced)
                assert texts["bare"] != enforced
            for name, sql in texts.items():
                begun = time.perf_counter()
                rows = connection.execute(sql, prepare=False).fetchall()
                times[name].append((time.perf_counter() - begun) * 1000)
                assert len(rows) == 1
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in medians.items():
        print(f"{name:9} {taken:9.3f} ms")
    figures = {
        "ratio_primary_key": round(medians["enforced"] / medians["plain"], 3),
        "ratio_bare_fence": round(medians["bare"] / medians["plain"], 1),
        "plain_ms": round(medians["plain"], 4),
        "enforced_ms": round(medians["enforced"], 4),
    }
    return Result(figures, {"rows": size, "lookups": LOOKUPS})


def _fill(connection: psycopg.Connection, rows: int) -> None:
    connection.execute("CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, region text)")
    connection.execute("CREATE TABLE acl (region text, who text)")
    connection.execute(
        f"INSERT INTO people SELECT i, 'usr-' || i, 's' || i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END "
        f"FROM generate_series(1, {rows}) i"
    )
    connection.execute("INSERT INTO acl VALUES ('EU', 'me'), ('US', 'you')")
    connection.execute("ANALYZE")


def _enforced(sql: str) -> str:
    columns = tuple(Column(name, "text" if name != "id" else "int") for name in ("id", "name", "ssn", "region"))
    acl = (Column("region", "text"), Column("who", "text"))
    tables = [
        Table(name=name, dataset=Dataset("b", name.name), columns=each)
        for name, each in ((PEOPLE, columns), (ACL, acl))
    ]
    known = Catalogue(tables, dialect="postgres", default_schema="public")
    mine = InTable("region", "acl", "region", Compare("who", "eq", "me"))
    owed = (RowFilter(PEOPLE, mine, "r"), Mask(PEOPLE, "ssn", "redact", {}, "m"))
    decision = Decision(id="b", outcome="allow", subject="s", purpose="p", obligations=owed)
    return enforce_text(*read(sql, "postgres"), known, decision, mask_sql).query.sql
