"""Tables of the catalogue as relations: their columns, their marks, and the person that each row belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.marks import has_private_use, marked
from guard.anonymize.dp.sql.metadata import ColumnBounds, TablePrivacy, Units
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.rows import CLOSE, OPEN, Rows, Source, named
from guard.anonymize.dp.sql.value import Constant, Leaf, Val
from guard.anonymize.sql_types import Family, SqlType, sql_type
from guard.errors import TransformError
from guard.model import Table, TableName
from guard.sql.names import Names as Spelling

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

MAX_SOURCES: Final = 64


class BaseTables:
    """Makes relations of tables, and remembers what was used."""

    def __init__(self, catalogue: Catalogue, units: Units, statement: exp.Expr) -> None:
        self.catalogue = catalogue
        self.dialect = catalogue.dialect
        self.units = units
        self.spelling = Spelling(self.dialect)
        self._mentioned = {self.spelling.stored(each.name).lower() for each in statement.find_all(exp.Identifier)}
        self._starred = any(not isinstance(star.parent, exp.Count) for star in statement.find_all(exp.Star))
        self._tokens: dict[str, int] = {}
        self.private_tables: set[TableName] = set()
        self.extra: list[Rows] = []  # relations behind IN (SELECT ...)
        self.marks: dict[str, TableName] = {}  # what stands in the texts for each base table

    def token(self, stem: str) -> str:
        """A fresh token; the n-th use of a stem is `stem#n`, so that the order of different tables does not matter."""
        number = self._tokens.get(stem, 0)
        self._tokens[stem] = number + 1
        if sum(self._tokens.values()) > MAX_SOURCES:
            raise Refusal("dp-too-large", f"more than {MAX_SOURCES} tables are joined", help="split the question")
        return f"{OPEN}{stem}#{number}{CLOSE}"

    def base(self, node: exp.Table) -> Rows:
        """A table of the catalogue."""
        table = self.catalogue.find(node)
        if table is None or table.kind in ("view", "partition"):
            raise Refusal("dp-table", f"table `{node.name}` is not known here", help="name a base table", node=node)
        privacy = self.units.of(table.name)
        if privacy is None:
            raise Refusal(
                "dp-no-unit",
                f"nobody has said whose rows `{table.name}` holds",
                help=f"let the owner declare `{table.name.name}` in privacy/units.yaml, with its unit or as public",
                node=node,
            )
        token = self.token(str(table.name))
        if privacy.public:
            columns = self._columns(table, privacy, token)
            return Rows([Source(token, self._named(table))], [], columns, tables=(table.name,))
        self.private_tables.add(table.name)
        if privacy.unit is not None:
            return self._owned(table, privacy, token, privacy.unit)
        return self._through(table, privacy, token)

    def _owned(self, table: Table, privacy: TablePrivacy, token: str, unit: str) -> Rows:
        column = self._own(table, unit)
        sql = f"{token}.{dialects.name(column, self.dialect)}"
        columns = self._columns(table, privacy, token)
        key = self.spelling.stored(column)
        if key in columns:
            columns[key] = replace(columns[key], unit=token)
        return Rows(
            [Source(token, self._named(table))],
            [],
            columns,
            unit=sql,
            entity=privacy.entity,
            units=(sql,),
            groups=privacy.groups,
            rows=privacy.rows,
            tables=(table.name,),
            added=((table.name, column),),
            bases=((table.name, token),),
        )

    def _through(self, table: Table, privacy: TablePrivacy, token: str) -> Rows:
        """A table whose unit is some keys away: joined to it inside of a source of its own."""
        inner = f"{OPEN}{table.name}>0{CLOSE}"
        joins, at, at_token = [], (table, privacy), inner
        added: list[tuple[TableName, str]] = []
        links: tuple[tuple[str, TableName, str], ...] = ()
        step = 0
        while at[1].through is not None:
            step += 1
            through = at[1].through
            target = self._find(through.table, table)
            beyond = self.units.of(target.name)
            assert beyond is not None  # the file was checked
            own, key = self._own(at[0], through.column), self._own(target, through.key)
            next_token = f"{OPEN}{table.name}>{step}{CLOSE}"
            name = dialects.name
            joins.append(
                f"INNER JOIN {self._named(target)} AS {next_token}"
                f" ON {at_token}.{name(own, self.dialect)} = {next_token}.{name(key, self.dialect)}"
            )
            added += [(at[0].name, own), (target.name, key)]
            if step == 1:
                links = ((f"{token}.{name(own, self.dialect)}", target.name, key),)
            self.private_tables.add(target.name)
            at, at_token = (target, beyond), next_token
        assert at[1].unit is not None
        unit = self._own(at[0], at[1].unit)
        added.append((at[0].name, unit))
        columns = self._columns(table, privacy, token)
        listed = ", ".join(
            f"{inner}.{dialects.name(each, self.dialect)} AS {dialects.name(each, self.dialect)}"
            for each in self.seen(table)
        )
        comma = ", " if listed else ""
        text = (
            f"(SELECT {at_token}.{dialects.name(unit, self.dialect)} AS {dialects.name('dp_unit', self.dialect)}{comma}"
            f"{listed} FROM {self._named(table)} AS {inner} {' '.join(joins)})"
        )
        sql = f"{token}.{dialects.name('dp_unit', self.dialect)}"
        names = tuple(dict.fromkeys((table.name, *(name for name, _ in added))))
        return Rows(
            [Source(token, self._local(text))],
            [],
            columns,
            unit=sql,
            entity=privacy.entity,
            units=(sql,),
            groups=privacy.groups,
            rows=privacy.rows,
            tables=names,
            added=tuple(added),
            bases=((table.name, token),),
            links=links,
        )

    def _local(self, text: str) -> str:
        """Names for the tokens inside of a source, which nothing outside can see."""
        return named(text, prefix="dp_i")

    def _find(self, name: str, near: Table) -> Table:
        parts = name.split(".")
        wanted = TableName(parts[-1], parts[-2] if len(parts) > 1 else near.name.schema)
        found = self.catalogue.get(wanted)
        if found is None:
            raise Refusal("dp-metadata", f"table `{name}` of privacy/units.yaml is not there", help="correct the file")
        return found

    def _own(self, table: Table, name: str) -> str:
        """A column of the table as the catalogue spells it."""
        wanted = self.spelling.stored(name).lower()
        found = next((each.name for each in table.columns if self.spelling.stored(each.name).lower() == wanted), None)
        if found is None:
            raise Refusal(
                "dp-metadata",
                f"column `{name}` of privacy/units.yaml is not in `{table.name}`",
                help="correct the file",
            )
        return found

    def _named(self, table: Table) -> str:
        """The mark of a table, remembered: enforcement puts the table there, with the columns that may be meant."""
        schema = table.name.schema or self.catalogue.default_schema
        parts = [table.name.catalog, schema, table.name.name]
        if any(has_private_use(part) for part in (*parts, *(each.name for each in table.columns))):
            raise Refusal("dp-table", "a table has a private-use character in its names", help="ask about another")
        mark = marked(".".join(dialects.name(part, self.dialect) for part in parts if part))
        self.marks[mark] = table.name
        return mark

    def seen(self, table: Table) -> list[str]:
        """The columns that the statement can mean."""
        return [
            each.name
            for each in table.columns
            if self._starred or self.spelling.stored(each.name).lower() in self._mentioned
        ]

    def _columns(self, table: Table, privacy: TablePrivacy, token: str) -> dict[str, Val]:
        return {self.spelling.stored(each): self._column(table, each, privacy, token) for each in self.seen(table)}

    def _column(self, table: Table, name: str, privacy: TablePrivacy, token: str) -> Val:
        declared = table.column(name)
        assert declared is not None
        bounds = privacy.column(name)
        kind = column_type(declared.type, self.dialect)
        sql = f"{token}.{dialects.name(name, self.dialect)}"
        leaf = Leaf(name, kind, bounds)
        spelt = declared.type.upper()
        family = kind.family
        if family in (Family.INTEGER, Family.DECIMAL, Family.FLOAT):
            if spelt in ("BOOLEAN", "BOOL"):
                return Val("boolean", sql, leaf=None, domain=(True, False, None))
            wide = spelt in ("BIGINT", "INT8", "UBIGINT", "HUGEINT") or self.dialect == "sqlite"
            value = Val("number", sql, leaf=leaf, integer=family is Family.INTEGER, wide=wide)
        elif family is Family.TEXT:
            value = Val("text", sql)
        elif family is Family.DATE:
            value = Val("date", sql)
        elif family is Family.TIMESTAMP:
            value = Val("timestamp", sql)
        elif spelt in ("BOOLEAN", "BOOL"):
            return Val("boolean", sql, domain=(True, False, None))
        else:
            value = Val("other", sql, leaf=leaf)
        return replace(value, domain=keys_of(bounds, value)) if bounds is not None and bounds.keys else value


def keys_of(bounds: ColumnBounds, value: Val) -> tuple[Constant, ...]:
    """The declared public values of a column, as its kind holds them."""
    assert bounds.keys is not None
    made: list[Constant] = []
    for key in bounds.keys:
        if key is None:
            made.append(None)
        elif value.kind == "text" and isinstance(key, str):
            made.append(key)
        elif value.kind == "number" and isinstance(key, int) and not isinstance(key, bool):
            made.append(Fraction(key))
        elif value.kind == "date" and isinstance(key, str):
            made.append(date.fromisoformat(key))
        elif value.kind == "boolean" and isinstance(key, bool):
            made.append(key)
        else:
            raise Refusal(
                "dp-metadata", "a declared key does not fit its column's type", help="correct privacy/units.yaml"
            )
    return tuple(made)


def column_type(spelling: str, dialect: str) -> SqlType:
    """The type of a column; Spark's spellings are read as the common ones."""
    if dialect == "spark":
        common_name = {"STRING": "VARCHAR", "LONG": "BIGINT", "SHORT": "SMALLINT", "BYTE": "TINYINT"}
        return sql_type(common_name.get(spelling.upper(), spelling), "duckdb")
    try:
        return sql_type(spelling, dialect)
    except TransformError:
        raise Refusal(
            "dp-dialect", f"dialect `{dialect}` is not answered", help="use duckdb, postgres or sqlite"
        ) from None
