"""Invented schemas, policies and twin databases, all from one seed.

A world has two to four tables of several types, row filters and masks on some of them, and an entitlement table.
LEFT and RIGHT agree in everything that the policy shows: the same visible rows in the same order, and masked cells
that the transform cannot tell apart. Hidden rows (their number, place and values) and the rest of a masked cell
differ. MASKED holds what the subject may see, as plain tables.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from guard.anonymize import registry
from guard.anonymize.mask_sql import Masks
from guard.errors import GuardError
from guard.model import (
    And,
    Column,
    Compare,
    Dataset,
    Decision,
    In,
    InTable,
    IsNull,
    Mask,
    MinimumGroup,
    Not,
    Obligation,
    Or,
    Predicate,
    QueryFacts,
    RowFilter,
    Table,
    TableName,
)
from guard.sql.catalogue import Catalogue
from guard.sql.masking import Parameters

Kind = Literal["int", "text", "date", "float", "decimal", "bool"]
Row = dict[str, Any]

SCHEMA = {"postgres": "public", "duckdb": "main", "sqlite": "main", "mysql": "lab"}
TYPES: dict[str, dict[str, tuple[str, ...]]] = {
    "postgres": {"int": ("integer", "bigint"), "text": ("text", "varchar"), "date": ("date",), "float": ("float8",),
                 "decimal": ("numeric(10,2)",), "bool": ("boolean",)},
    "duckdb": {"int": ("INTEGER", "BIGINT"), "text": ("VARCHAR",), "date": ("DATE",), "float": ("DOUBLE",),
               "decimal": ("DECIMAL(10,2)",), "bool": ("BOOLEAN",)},
    "sqlite": {"int": ("INTEGER", "BIGINT"), "text": ("TEXT", "VARCHAR(40)"), "date": ("DATE",), "float": ("REAL",),
               "decimal": ("DECIMAL(10,2)",), "bool": ("BOOLEAN",)},
    "mysql": {"int": ("int(11)", "bigint(20)"), "text": ("text", "varchar(40)"), "date": ("date",),
              "float": ("double",), "decimal": ("decimal(10,2)",), "bool": ("tinyint(1)",)},
}  # fmt: skip
TABLES = ("customers", "orders", "visits", "Person", "group", "病人", "t", "guard_log")
COLUMNS = ("name", "region", "ssn", "amount", "born", "Score", "order", "note", "k", "flag", "病", "x1")
TEXTS = ("EU", "US", "usr-11", "usr-22", "ab", "12", "7", "x", "", "CN-3101", "***", "a%b", "12.5", "true")
MASKS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "text": (("redact", {}), ("null", {}), ("partial", {"first": 1, "last": 1}), ("truncate", {"length": 2})),
    "int": (("null", {}), ("round", {"width": 10}), ("generalise_number", {"width": 5})),
    "date": (("null", {}), ("date_year", {}), ("date_month", {})),
    "float": (("null", {}),),
    "decimal": (("null", {}),),
    "bool": (("null", {}),),
}


_ARROW = {"int": pa.int64(), "text": pa.string(), "date": pa.date32()}


@dataclass
class Made:
    """One table: columns with kinds and types, what protects it, and its rows on the three sides."""

    name: str
    columns: list[tuple[str, Kind, str]]
    primary: bool
    filter: Predicate | None = None
    masks: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)


class World:
    """Everything of one seed on one dialect."""

    def __init__(self, dialect: str, seed: int) -> None:
        self.dialect = dialect
        self.random = random.Random(f"{dialect}:{seed}")
        r = self.random
        self.minimum_group = r.choice((2, 3)) if r.random() < 0.08 else 0
        names = r.sample(TABLES, r.randint(2, 4))
        self.grants = [(r.choice(TEXTS), r.randint(0, 9), r.choice(("me", "you"))) for _ in range(6)]
        self.tables = [self._table(name) for name in names]
        for table in self.tables:
            self._fill(table)
        self.catalogue = self._catalogue()

    def script(self) -> list[str]:
        """CREATE TABLE of everything, with keys and a few indexes."""
        texts = ["CREATE TABLE grants (k TEXT, n INTEGER, who TEXT)"]
        for table in self.tables:
            columns = ", ".join(
                f"{quote(name)} {kind}{' PRIMARY KEY' if table.primary and name == 'id' else ''}"
                for name, _, kind in table.columns
            )
            texts.append(f"CREATE TABLE {quote(table.name)} ({columns})")
        return texts

    def rows(self, side: str) -> list[tuple[str, list[tuple[Any, ...]]]]:
        """Table name, quoted, and its rows."""
        found = [(quote(table.name), table.rows[side]) for table in self.tables]
        if self.dialect == "postgres":
            found = [(f"public.{name}", rows) for name, rows in found]
        prefix = "public." if self.dialect == "postgres" else ""
        return [(f"{prefix}grants", self.grants), *found]

    def decision(self, facts: QueryFacts) -> Decision:
        """The decider's answer: duties of the tables that the statement reads."""
        owed: list[Obligation] = []
        for table in self.tables:
            name = TableName(table.name, SCHEMA[self.dialect])
            if name not in facts.tables:
                continue
            if table.filter is not None:
                owed.append(RowFilter(name, table.filter, "rows"))
            owed += [Mask(name, column, *mask, rule="mask") for column, mask in table.masks.items()]
        if self.minimum_group:
            owed.append(MinimumGroup(self.minimum_group, "group"))
        return Decision(
            id="b", outcome="allow", subject="s", purpose="p", obligations=tuple(owed), facts=facts, revision="1"
        )

    def masks(self, provide: Callable[[str, Any], bool] | None) -> Masks:
        """The real transforms; on DuckDB in half of the worlds as functions of the process."""
        return Masks(purpose="p", provide=provide)

    def _catalogue(self) -> Catalogue:
        schema = SCHEMA[self.dialect]
        grants = (Column("k", "TEXT"), Column("n", "INTEGER"), Column("who", "TEXT"))
        known = [Table(name=TableName("grants", schema), dataset=Dataset("b", "grants"), columns=grants)]
        for table in self.tables:
            columns = tuple(Column(name, kind) for name, _, kind in table.columns)
            name = TableName(table.name, schema)
            known.append(Table(name=name, dataset=Dataset("b", table.name), columns=columns))
        return Catalogue(known, dialect=self.dialect, default_schema=schema)

    def _table(self, name: str) -> Made:
        r = self.random
        columns: list[tuple[str, Kind, str]] = [("id", "int", TYPES[self.dialect]["int"][0])]
        for column in r.sample(COLUMNS, r.randint(2, 6)):
            kind: Kind = r.choice(("int", "text", "text", "text", "date", "float", "decimal", "bool"))
            columns.append((column, kind, r.choice(TYPES[self.dialect][kind])))
        table = Made(name, columns, primary=r.random() < 0.7)
        if r.random() < 0.75:
            table.filter = self._predicate(columns, 0)
        for column, kind, spelled in columns[1:]:
            if r.random() < 0.5:
                mask = r.choice(MASKS[kind])
                table.masks[column] = mask if self._works(mask, spelled) else ("null", {})
        return table

    def _works(self, mask: tuple[str, dict[str, Any]], spelled: str) -> bool:
        from sqlglot import exp

        asked = Mask(TableName("t"), "c", *mask)
        try:
            Masks(purpose="p")(asked, exp.column("c"), column_type=spelled, dialect=self.dialect,
                               parameters=Parameters())  # fmt: skip
        except GuardError:
            return False
        return True

    def _predicate(self, columns: list[tuple[str, Kind, str]], depth: int) -> Predicate:
        r = self.random
        usable = [each for each in columns if each[1] in ("int", "text", "bool", "date")]
        if self.dialect == "sqlite":  # dates and truths are texts and numbers there
            usable = [each for each in usable if each[1] in ("int", "text")]
        name, kind, _ = r.choice(usable)
        roll = r.random()
        if depth < 2 and roll < 0.3:
            parts = tuple(self._predicate(columns, depth + 1) for _ in range(2))
            return r.choice((And(parts), Or(parts), Not(parts[0])))
        if roll < 0.4:
            return r.choice((IsNull(name), Not(IsNull(name))))
        if roll < 0.6 and kind in ("int", "text"):
            return InTable(name, "grants", "k" if kind == "text" else "n", Compare("who", "eq", "me"))
        values = tuple(self._constant(kind) for _ in range(3))
        if roll < 0.75 or kind == "bool":
            return In(name, values) if kind != "bool" else Compare(name, "eq", values[0])
        return Compare(name, r.choice(("eq", "ne", "lt", "le", "gt", "ge")), values[0])

    def _constant(self, kind: Kind) -> Any:
        value = self._value(kind)
        return value.isoformat() if isinstance(value, dt.date) else value

    def _value(self, kind: Kind) -> Any:
        r = self.random
        match kind:
            case "int":
                return r.choice((-3, 0, 0, 1, 2, 3, 5, 7, 9, 12, 41, 1000))
            case "text":
                return r.choice(TEXTS)
            case "date":
                return dt.date(r.choice((1970, 1999, 2024)), r.randint(1, 12), r.randint(1, 28))
            case "float":
                return r.choice((-0.5, 0.0, 0.25, 1.5, 3.0, 100.0))
            case "decimal":
                return Decimal(r.choice(("0.00", "1.50", "-2.25", "99.99")))
            case "bool":
                return r.random() < 0.5

    def _cell(self, kind: Kind) -> Any:
        return None if self.random.random() < 0.15 else self._value(kind)

    def _fill(self, table: Made) -> None:
        """Rows on every side; a masked cell gets a twin that its transform cannot tell from it."""
        r = self.random
        holds = _reader(table.filter, self.grants)
        left: list[Row] = []
        right: list[Row] = []
        for number in range(r.choice((0, 1, 3, 5, 8))):
            for _ in range(40):
                row = {name: self._cell(kind) for name, kind, _ in table.columns}
                row["id"] = 3 * number + 1
                if holds(row):
                    left.append(row)
                    right.append(self._twin(row, table, holds))
                    break
        table.rows["masked"] = [self._masked(row, table) for row in left]
        for side, visible in (("left", left), ("right", right)):
            hidden = []
            for number in range(r.randint(0, 6)):
                for _ in range(40):
                    row = {name: self._cell(kind) for name, kind, _ in table.columns}
                    row["id"] = 3 * number + r.choice((2, 3))
                    for name, kind, _ in table.columns:
                        if kind == "text" and r.random() < 0.4:
                            row[name] = f"HID{side[0]}-{r.randint(0, 99)}"
                    if not holds(row):
                        hidden.append(row)
                        break
            table.rows[side] = [self._stored(row, table) for row in self._shuffled(visible, hidden)]

    def _shuffled(self, visible: list[Row], hidden: list[Row]) -> list[Row]:
        """Hidden rows between the visible ones, which keep their order."""
        rows = list(visible)
        for row in hidden:
            rows.insert(self.random.randint(0, len(rows)), row)
        return rows

    def _twin(self, row: Row, table: Made, holds: Callable[[Row], bool]) -> Row:
        twin = dict(row)
        for name, kind, _ in table.columns:
            mask = table.masks.get(name)
            if mask is None:
                continue
            for _ in range(12):
                other = self._other(row[name], kind, mask[0])
                if _image(other, kind, mask) == _image(row[name], kind, mask) and holds({**twin, name: other}):
                    twin[name] = other
                    break
        return twin

    def _other(self, value: Any, kind: Kind, transform: str) -> Any:
        """Another value that the mask might not tell from `value`."""
        r = self.random
        if transform == "null" or value is None:
            return self._cell(kind)
        match kind:
            case "text":
                middle = "".join(r.choice("QZ9-") for _ in range(max(0, len(value) - 2)))
                fresh = {"partial": value[:1] + middle + value[-1:], "truncate": value[:2] + middle}
                return fresh.get(transform, "SEC-" + middle)
            case "int":
                return value + r.randint(-9, 9)
            case "date":
                return value.replace(day=r.randint(1, 28), month=value.month if "month" in transform else
                                     r.randint(1, 12))  # fmt: skip
        return value

    def _masked(self, row: Row, table: Made) -> tuple[Any, ...]:
        masks = table.masks
        shown = {
            name: _image(row[name], kind, masks[name]) if name in masks else row[name]
            for name, kind, _ in table.columns
        }
        return self._stored(shown, table)

    def _stored(self, row: Row, table: Made) -> tuple[Any, ...]:
        values = [row[name] for name, _, _ in table.columns]
        if self.dialect != "sqlite":
            return tuple(values)
        return tuple(
            value.isoformat() if isinstance(value, dt.date) else float(value) if isinstance(value, Decimal) else value
            for value in values
        )


def quote(name: str) -> str:
    """The name in quotation marks."""
    return f'"{name}"'


def _image(value: Any, kind: str, mask: tuple[str, dict[str, Any]]) -> Any:
    """What the transform's Arrow form makes of one value."""
    name, params = mask
    if name == "null":
        return None
    cell = pa.array([value], type=_ARROW[kind])
    return registry.find(name).apply(cell, registry.params(name, params), None).to_pylist()[0]


def _reader(predicate: Predicate | None, grants: list[tuple[str, int, str]]) -> Callable[[Row], bool]:
    """The meaning of a row filter, said once more: a row passes when the condition is true."""

    def holds(node: Predicate, row: Row) -> bool:
        match node:
            case Compare(column=column, cmp=cmp, value=value):
                cell = row[column].isoformat() if isinstance(row[column], dt.date) else row[column]
                if cell is None or value is None:
                    return False
                return {"eq": cell == value, "ne": cell != value, "lt": cell < value, "le": cell <= value,
                        "gt": cell > value, "ge": cell >= value}[cmp]  # fmt: skip
            case In(column=column, values=values):
                cell = row[column].isoformat() if isinstance(row[column], dt.date) else row[column]
                return cell is not None and cell in values
            case InTable(column=column, select=select):
                at = 0 if select == "k" else 1
                return row[column] in [grant[at] for grant in grants if grant[2] == "me"]
            case IsNull(column=column):
                return row[column] is None
            case And(all=parts):
                return all(holds(part, row) for part in parts)
            case Or(any=parts):
                return any(holds(part, row) for part in parts)
            case Not(inner=inner):
                return not holds(inner, row)

    return lambda row: predicate is None or holds(predicate, row)
