"""The private form over enforced tables.

A form names each base table by a mark. Here the marks are replaced by the tables as the subject may see them: each is
a statement of its own, `SELECT columns FROM table`, enforced and proved like anybody's. The rest of the form is proved
word by word (`lexis`). What is proved of a table depends on the table, its columns and the decision alone, so it is
kept for the next question; only the words are new in each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from sqlglot import exp

from guard.anonymize.dp.sql.accept import Accepted, Read
from guard.anonymize.dp.sql.lexis import written
from guard.engine.cache import Cache
from guard.errors import AccessDeniedError
from guard.model import ColumnUse, Decision, EnforcedQuery, Mask, QueryFacts, RowFilter, Sensitive, TableName, Use
from guard.policy.enforce import enforce
from guard.policy.enforce.functions import BUILTIN_SCHEMA, GRAMMAR, reviewed

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue
    from guard.sql.masking import MaskSql

_ALIAS: Final = "dp_t"
_BOUND: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<=[:$(])guard_(?P<number>[0-9]+)\b""")
Tables: TypeAlias = Cache[tuple["Catalogue", EnforcedQuery]]


@dataclass(frozen=True, slots=True)
class FormEnforcement:
    """Turns the forms of one accepted question into statements that can run."""

    catalogue: Catalogue
    decision: Decision
    accepted: Accepted
    mask_sql: MaskSql
    stray: Callable[[EnforcedQuery], str]
    kept: Tables  # enforced tables of earlier questions on the same sources
    made: dict[str, EnforcedQuery] = field(default_factory=dict)

    def __call__(self, sql: str) -> EnforcedQuery:
        """The form over the filtered and masked tables.

        Raises:
            AccessDeniedError: a filter or mask cannot be kept, or the text is not a form.
        """
        relations: dict[str, str] = {}
        parameters: dict[str, Sensitive[Any]] = {}
        tables: set[TableName] = set()
        for read in self.accepted.reads:
            table = self._table(read)
            relations[read.mark] = f"({_shifted(table.sql, table.parameters, parameters)})"
            tables.update(table.tables)
        dialect = self.catalogue.dialect
        text = written(
            sql,
            functions=reviewed(dialect).names,
            grammar=GRAMMAR[dialect],
            schema=BUILTIN_SCHEMA[dialect],
            relations=relations,
        )
        enforced = EnforcedQuery(sql=text, dialect=dialect, parameters=parameters, tables=tuple(sorted(tables)))
        other = self.stray(enforced)
        if other:
            raise AccessDeniedError(f"the engine would read `{other}`", help="run `guard scan` on the source")
        return enforced

    def _table(self, read: Read) -> EnforcedQuery:
        found = self.made.get(read.mark)
        if found is None:
            found = self.made[read.mark] = self._kept(read)
        return found

    def _kept(self, read: Read) -> EnforcedQuery:
        narrowed = self._narrowed(read)
        if any(isinstance(each, Mask) for each in narrowed.obligations):
            return self._enforced(read, narrowed)  # masks bind keys, which change
        assert narrowed.facts is not None
        # By their text: 1, 1.0 and True are equal, and are three conditions.
        key = (id(self.catalogue), read, repr(narrowed.facts.columns), repr(narrowed.obligations))
        known = self.kept.get(key)
        if known is not None and known[0] is self.catalogue:
            return known[1]
        made = self._enforced(read, narrowed)
        self.kept.put(key, (self.catalogue, made))
        return made

    def _narrowed(self, read: Read) -> Decision:
        """The decision as far as it is about one table, with the columns that say whose a row is.

        A column that was not decided upon comes out as NULL: enforcement shows decided columns only. A mask on a unit
        cannot act, since the form needs the true unit; nobody looks at it (`dp-masked-unit`).
        """
        own = {column for table, column in self.accepted.added if table == read.table}
        facts = self.decision.facts
        decided = {use.column for use in facts.columns if use.table == read.table} if facts is not None else set()
        columns = tuple(ColumnUse(read.table, column, (Use.OUTPUT,)) for column in sorted(own | decided))
        owed = tuple(
            each
            for each in self.decision.obligations
            if (isinstance(each, RowFilter) and each.table == read.table)
            or (isinstance(each, Mask) and each.table == read.table and each.column not in own)
        )
        about = QueryFacts(dialect=self.catalogue.dialect, statement="select", tables=(read.table,), columns=columns)
        return msgspec.structs.replace(self.decision, facts=about, obligations=owed)

    def _enforced(self, read: Read, narrowed: Decision) -> EnforcedQuery:
        statement = exp.Select(
            expressions=[
                exp.Alias(this=_column(column), alias=exp.Identifier(this=column, quoted=True))
                for column in read.columns
            ]
        )
        table = self.catalogue.get(read.table)
        assert table is not None
        parts = {"this": read.table.name, "db": read.table.schema or self.catalogue.default_schema}
        if read.table.catalog:
            parts["catalog"] = read.table.catalog
        named = {part: exp.Identifier(this=name, quoted=True) for part, name in parts.items() if name}
        source = exp.Table(**named, alias=exp.TableAlias(this=exp.Identifier(this=_ALIAS, quoted=True)))
        statement.set("from_", exp.From(this=source))
        if any(isinstance(each, RowFilter) for each in narrowed.obligations):
            # The form computes with the rows. Arithmetic here tells enforcement so, and the filter gets its fence.
            one = exp.Literal.number(1)
            statement.set(
                "where", exp.Where(this=exp.EQ(this=exp.Mul(this=one, expression=one.copy()), expression=one.copy()))
            )
        return enforce(statement, self.catalogue, narrowed, self.mask_sql)


def _column(name: str) -> exp.Column:
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=exp.Identifier(this=_ALIAS, quoted=True))


def _shifted(sql: str, own: Mapping[str, Sensitive[Any]], into: dict[str, Sensitive[Any]]) -> str:
    """The text with its bound values numbered after those that are there already; adds them to `into`."""
    if not own:
        return sql
    first = len(into)
    for number in range(len(own)):
        into[f"guard_{first + number}"] = own[f"guard_{number}"]

    def renamed(found: re.Match[str]) -> str:
        number = found.group("number")
        return found.group() if number is None else f"guard_{first + int(number)}"

    return _BOUND.sub(renamed, sql)
