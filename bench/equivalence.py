"""Equivalence: the enforced query on the whole database answers as the original on a masked one, made as tables.

TPC-H and TPC-DS come from DuckDB's own generators (bench/enforcement/tpc.py), under a policy of row filters and masks
on their tables of people; their 121 queries are asked as they are. The other queries are generated: analytic ones over
both schemas (joins along the keys, groups, windows, subqueries, set operations), and the typed grammar of the
non-interference bench over invented worlds. The masked tables are made by the transforms' Arrow form, the enforced
SQL by their SQL form. Rows are compared as bags, numbers with 12 digits; a LIMIT without a total order may choose.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb

from bench.enforcement.analytic import Analytic
from bench.enforcement.engines import Duck
from bench.enforcement.grammar import Grammar
from bench.enforcement.tpc import Workload, workload
from bench.enforcement.world import World
from bench.result import Result
from guard.anonymize import registry
from guard.anonymize.mask_sql import Masks
from guard.errors import GuardError
from guard.model import Column, Compare, Dataset, Decision, InTable, Mask, Or, Predicate, RowFilter, Table, TableName
from guard.policy.enforce import enforce_text
from guard.policy.facts import extract
from guard.sources.duckdb_engine import pinned_config
from guard.sql.catalogue import Catalogue
from guard.sql.parse import read

QUERIES = 5_000
SCALE = 0.01
SEED = 20_261_121
PER_WORLD = 100

_MASKS = Masks(purpose="p")  # one, so that wraps are made once, as in guard

# table -> its row filter and its masks
Policy = dict[str, tuple[Predicate | None, dict[str, tuple[str, dict[str, Any]]]]]
POLICY: dict[str, Policy] = {
    "tpch": {
        "customer": (
            InTable("c_mktsegment", "grants", "k", Compare("who", "eq", "me")),
            {"c_name": ("partial", {"first": 3, "last": 2}), "c_phone": ("truncate", {"length": 2})},
        ),
        "orders": (Compare("o_orderdate", "ge", "1993-01-01"), {"o_clerk": ("redact", {})}),
        "supplier": (None, {"s_address": ("null", {}), "s_phone": ("partial", {"first": 2})}),
        "lineitem": (Compare("l_linenumber", "le", 5), {"l_comment": ("redact", {})}),
    },
    "tpcds": {
        "customer": (
            Or((Compare("c_birth_year", "lt", 1985), Compare("c_preferred_cust_flag", "eq", "Y"))),
            {"c_last_name": ("truncate", {"length": 1}), "c_email_address": ("null", {})},
        ),
        "customer_address": (
            InTable("ca_state", "grants", "k", Compare("who", "eq", "me")),
            {"ca_street_name": ("redact", {}), "ca_zip": ("partial", {"first": 2})},
        ),
        "store_sales": (Compare("ss_quantity", "gt", 10), {}),
        "web_sales": (None, {"ws_order_number": ("generalise_number", {"width": 10})}),
        "customer_demographics": (None, {"cd_education_status": ("redact", {})}),
    },
}
GRANTS = [(each, "me") for each in ("BUILDING", "MACHINERY", "TN", "GA", "TX", "OH", "AL")]
GRANTS += [(each, "you") for each in ("AUTOMOBILE", "CA", "SD")]
SIGNS = {"ge": ">=", "le": "<=", "lt": "<", "gt": ">", "eq": "="}


def run(size: int = QUERIES) -> Result:
    """Prints every mismatch; `size` is the number of generated queries, besides the 121 of the two benchmarks."""
    total: Counter[str] = Counter()
    for name in ("tpch", "tpcds"):
        bench = Benchmark(name, workload(name, SCALE))
        generated = Analytic(bench.work.schema, SEED, bench.values)
        asked = [*bench.work.queries, *(generated.next() for _ in range(size // 4))]
        counts: Counter[str] = Counter()
        for number, sql in enumerate(asked):
            counts += bench.compare(sql, f"{name} {number}")
        print(f"{name:9} {dict(counts)}", flush=True)
        total += counts
    invented = Counter[str]()
    for number, (world, masked, whole, sql) in enumerate(_invented(size - 2 * (size // 4))):
        invented += _compare(world, masked, whole, sql, f"invented {number}")
    print(f"invented  {dict(invented)}")
    total += invented
    figures = {
        "mismatches": float(total["mismatches"]),
        "queries": float(total["compared"]),
        "refused": float(total["refused"]),
        "with_rows": float(total["with_rows"]),
        "changed_by_policy": float(total["changed"]),
    }
    return Result(
        figures,
        {
            "seed": SEED,
            "scale": SCALE,
            "failed_on_both": total["failed"],
            "ambiguous_limit": total["ambiguous"],
            "one_side_failed": total["errors_differ"],
        },
    )


class Benchmark:
    """TPC-H or TPC-DS, whole and masked."""

    def __init__(self, name: str, work: Workload) -> None:
        self.work = work
        self.policy = POLICY[name]
        self.whole = duckdb.connect(config=pinned_config())
        self.masked = duckdb.connect(config=pinned_config())
        for side in (self.whole, self.masked):
            side.execute("CREATE TABLE grants (k VARCHAR, who VARCHAR)")
            side.executemany("INSERT INTO grants VALUES (?, ?)", GRANTS)
            for table in work.schema:
                side.execute(f"CREATE TABLE {table} AS FROM '{work.folder}/{table}.parquet'")
        for table, (predicate, masks) in self.policy.items():
            self._mask(table, predicate, masks)
        tables = [Table(name=TableName("grants", "main"), dataset=Dataset("b", "grants"),
                        columns=(Column("k", "VARCHAR"), Column("who", "VARCHAR")))]  # fmt: skip
        for table, columns in work.schema.items():
            pairs = tuple(Column(column, kind) for column, kind in columns.items())
            tables.append(Table(name=TableName(table, "main"), dataset=Dataset("b", table), columns=pairs))
        self.catalogue = Catalogue(tables, dialect="duckdb", default_schema="main")

    def values(self, table: str, column: str) -> list[Any]:
        """A few values of a column."""
        rows = self.masked.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL "
                                   f"ORDER BY hash({column}) LIMIT 12").fetchall()  # fmt: skip
        return [row[0] for row in rows]

    def _mask(self, table: str, predicate: Predicate | None, masks: dict[str, tuple[str, dict[str, Any]]]) -> None:
        """The table as the subject may see it, written out: this is the truth of the bench."""
        where = f" WHERE {_condition(predicate)}" if predicate is not None else ""
        rows = self.masked.sql(f"SELECT * FROM {table}{where}").to_arrow_table()
        kinds = rows.schema
        for column, (transform, params) in masks.items():
            at = rows.column_names.index(column)
            made = registry.find(transform).apply(rows.column(column), registry.params(transform, params), None)
            rows = rows.set_column(at, column, made.cast(kinds.field(column).type))
        self.masked.register("shown", rows)
        self.masked.execute(f"DELETE FROM {table}")
        self.masked.execute(f"INSERT INTO {table} FROM shown")
        self.masked.unregister("shown")

    def compare(self, sql: str, name: str) -> Counter[str]:
        """One query on both sides."""
        try:
            statement, lexed = read(sql, "duckdb")
            facts = extract(statement, self.catalogue)
            if facts.gaps:
                print(f"refused {name}: {facts.gaps[0].code} {facts.gaps[0].what}")
                return Counter(refused=1)
            owed: list[RowFilter | Mask] = []
            for table, (predicate, masks) in self.policy.items():
                full = TableName(table, "main")
                if full in facts.tables:
                    owed += [RowFilter(full, predicate, "r")] if predicate is not None else []
                    owed += [Mask(full, column, *mask) for column, mask in masks.items()]
            decision = Decision(
                id="b", outcome="allow", subject="s", purpose="p", obligations=tuple(owed), facts=facts, revision="1"
            )
            enforced = enforce_text(statement, lexed, self.catalogue, decision, _MASKS).query.sql
        except GuardError as error:
            print(f"refused {name}: {error.message}")
            return Counter(refused=1)
        shown, right = _answer(self.whole, enforced), _answer(self.masked, sql)
        counts = Counter(compared=1, with_rows=bool(right), failed=isinstance(right, str))
        counts["changed"] = _answer(self.whole, sql) != right
        if shown != right and _chooses(sql, shown, right):
            counts["ambiguous"] = 1
            print(f"ambiguous {name}: its LIMIT cuts through rows of equal order")
        elif shown != right:
            counts["mismatches"] = 1
            print(f"MISMATCH {name}: {sql}\n  {str(shown)[:300]}\n  {str(right)[:300]}")
        return counts


def _condition(predicate: Predicate) -> str:
    """The few predicates of `POLICY` in SQL, written here by hand and not by guard."""
    match predicate:
        case Compare(column=column, cmp=cmp, value=value):
            return f"{column} {SIGNS[cmp]} '{value}'"
        case InTable(column=column):
            return f"{column} IN (SELECT k FROM grants WHERE who = 'me')"
        case Or(any=parts):
            return " OR ".join(f"({_condition(part)})" for part in parts)
    raise ValueError(predicate)


def _answer(connection: Any, sql: str) -> list[str] | str:
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error as error:
        return type(error).__name__
    return sorted(repr([_plain(cell) for cell in row]) for row in rows)


def _plain(cell: Any) -> Any:
    if isinstance(cell, float | Decimal | int) and not isinstance(cell, bool):
        return float(f"{float(cell):.12g}")
    return cell.isoformat() if isinstance(cell, dt.date) else cell


def _chooses(sql: str, shown: list[str] | str, right: list[str] | str) -> bool:
    """Whether a LIMIT may have cut through rows that are equal by its order: as many rows, of equal keys."""
    return "LIMIT" in sql.upper() and len(shown) == len(right) == 100


def _invented(count: int) -> Iterator[tuple[World, Duck, Duck, str]]:
    number = 0
    masked, whole = Duck(), Duck()
    while count > 0:
        world = World("duckdb", SEED + 1_000_000 + number)
        number += 1
        world.minimum_group = 0
        masked.build(world.script(), world.rows("masked"))
        whole.build(world.script(), world.rows("left"))
        grammar = Grammar(world, random.Random(number).randint(0, 1 << 40))
        for _ in range(min(PER_WORLD, count)):
            yield world, masked, whole, grammar.next()
        count -= PER_WORLD


def _compare(world: World, masked: Duck, whole: Duck, sql: str, name: str) -> Counter[str]:
    try:
        statement, lexed = read(sql, "duckdb")
        facts = extract(statement, world.catalogue)
        if facts.gaps:
            return Counter(refused=1)
        enforced = enforce_text(statement, lexed, world.catalogue, world.decision(facts), world.masks(None)).query.sql
    except GuardError:
        return Counter(refused=1)
    right, shown, raw = masked.ask(sql), whole.ask(enforced), whole.ask(sql)
    if right.error or shown.error:  # which of several conditions fails first is the engine's choice
        return Counter(compared=1, failed=1, errors_differ=bool(right.error) != bool(shown.error))
    bags = [sorted(repr([_plain(cell) for cell in row]) for row in seen.rows) for seen in (right, shown, raw)]
    counts = Counter(compared=1, with_rows=bool(right.rows), changed=bags[0] != bags[2])
    if (bags[0], right.columns, right.types) != (bags[1], shown.columns, shown.types):
        counts["mismatches"] = 1
        print(f"MISMATCH {name}: {sql}\n  {shown!s:.300}\n  {right!s:.300}")
    return counts
