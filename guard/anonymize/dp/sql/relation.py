"""FROM and WHERE: from the analyst's tables, joins, subqueries and CTEs to one flat list of sources with a unit.

A subquery that only selects, joins and filters is opened: its sources and conditions become those of the query around
it, so that equivalent spellings end as one text. What groups by the unit or unites stays a source of its own.
Every row of the result belongs to exactly one unit, or the statement is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.marks import has_private_use, marked
from guard.anonymize.dp.sql.metadata import ColumnBounds, TablePrivacy, Units
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.scalar import Scalars, strange_part
from guard.anonymize.dp.sql.value import Constant, Leaf, Val, common, literal, rescale
from guard.anonymize.sql_types import Family, SqlType, sql_type
from guard.errors import TransformError
from guard.model import Table, TableName
from guard.sql.names import Names as Spelling

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

OPEN, CLOSE = "\ue000", "\ue001"  # around the token of a source, until it gets its name
MAX_SOURCES = 64
MAX_DEPTH = 32  # of subqueries
MOST_COUNT = 2**31  # rows of one unit that a count inside tells apart
_SELECT_PARTS: Final = frozenset(
    {"with_", "expressions", "from_", "joins", "where", "kind", "group", "having", "distinct", "order"}
)


@dataclass(slots=True)
class Source:
    """One entry of FROM. `on` is set for the right side of a LEFT JOIN; `text` is what stands before its alias."""

    token: str
    text: str
    on: list[str] | None = None


@dataclass(slots=True)
class Rows:
    """A relation of rows: sources, conditions, columns by key, and whose the rows are."""

    sources: list[Source]
    where: list[str]
    columns: dict[str, Val]
    unit: str = ""  # SQL of the unit's id; empty for public rows
    entity: str = ""
    units: tuple[str, ...] = ()  # every expression that is known to equal the unit
    groups: int | str = 1
    rows: int | str = 1
    tables: tuple[TableName, ...] = ()
    added: tuple[tuple[TableName, str], ...] = ()  # columns that the statement need not name: units and their keys
    bases: tuple[tuple[TableName, str], ...] = ()  # tables read as they are, with their tokens
    links: tuple[tuple[str, TableName, str], ...] = ()  # a column, and the table and unique key that leads to the unit


@dataclass(slots=True)
class _Scope:
    """The names of one SELECT."""

    entries: dict[str, Rows] = field(default_factory=dict)


class Relations:
    """Compiles the FROM clauses of one statement."""

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

    # --- tokens and tables --------------------------------------------------------------------------------

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

    # --- FROM ---------------------------------------------------------------------------------------------

    def block(self, select: exp.Select, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        """The rows of FROM and WHERE of a SELECT; `columns` is empty, names are found by `scope`."""
        rows, _ = self.scoped(select, ctes, depth)
        return rows

    def scoped(self, select: exp.Select, ctes: Mapping[str, exp.Expr], depth: int) -> tuple[Rows, Scoped]:
        """The rows of FROM and WHERE, and the names that are visible over them."""
        if depth > MAX_DEPTH:
            raise Refusal("dp-too-large", "subqueries nest too deep", help="write the question flatter", node=select)
        source = select.args.get("from_")
        if source is None:
            raise Refusal("dp-no-from", "the statement reads no table", help="ask about a table", node=select)
        names = Scoped(self, ctes, depth)
        rows = self._entry(source.this, names, ctes, depth)
        for join in select.args.get("joins") or ():
            rows = self._join(rows, join, names, ctes, depth)
        for other in ("laterals",):
            if select.args.get(other):
                raise Refusal("dp-lateral", "a lateral join", help="join a subquery that stands by itself", node=select)
        where = select.args.get("where")
        if where is not None:
            rows = replace(rows, where=rows.where + Scalars(names, self.dialect).conjuncts(where.this))
        held = set(rows.where)
        for left, right, join in names.unproved:
            if not any(_equal(mine, other) in held for mine in left.units for other in right.units):
                raise Refusal(
                    "dp-join-unit",
                    "two tables of persons are joined without their unit, so one person's rows would meet another's",
                    help=f"add `AND {_readable(left.units[0])} = {_readable(right.units[0])}` to the ON condition",
                    node=join,
                )
        return rows, names

    def _entry(self, node: exp.Expr, names: Scoped, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        if isinstance(node, exp.Table):
            if node.args.get("joins") or node.args.get("sample") or node.args.get("pivots"):
                raise Refusal(
                    "dp-from", "a join in brackets, a sample or a pivot", help="join without brackets", node=node
                )
            alias = node.args.get("alias")
            if alias is not None and alias.columns:
                raise Refusal("dp-from", "a table with renamed columns", help="rename columns in a subquery", node=node)
            cte = ctes.get(self._key(node.this)) if not node.args.get("db") else None
            rows = self.base(node) if cte is None else self.query(cte.this, _before(ctes, cte), depth + 1)
            if isinstance(node.this, exp.Identifier):
                names.add(node.alias or node.name, node.args["alias"].this if alias is not None else node.this, rows)
            return rows
        if isinstance(node, exp.Subquery):
            if node.args.get("joins") or node.args.get("pivots") or not node.alias or node.args["alias"].columns:
                raise Refusal(
                    "dp-from",
                    "a subquery without a plain alias",
                    help="give the subquery an alias: (SELECT ...) AS s",
                    node=node,
                )
            rows = self.query(node.this, ctes, depth + 1)
            names.add(node.alias, node.args["alias"].this, rows)
            return rows
        raise Refusal("dp-from", "this cannot stand in FROM here", help="read tables and subqueries", node=node)

    def _key(self, identifier: exp.Expr) -> str:
        return self.spelling.of(identifier) if isinstance(identifier, exp.Identifier) else ""

    def _join(self, left: Rows, join: exp.Join, names: Scoped, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        side, kind = (join.side or "").upper(), (join.kind or "").upper()
        if (join.method or "") or side not in ("", "LEFT") or kind not in ("", "INNER", "OUTER", "CROSS"):
            raise Refusal(
                "dp-join",
                f"a {(join.method or side or kind).lower()} join",
                help="use JOIN ... ON or LEFT JOIN ... ON, with the table of the unit on the left",
                node=join,
            )
        before = Scoped(self, ctes, depth, dict(names.entries))
        right = self._entry(join.this, names, ctes, depth)
        if side == "LEFT":
            right = self._outer(right)
            names.replace_last(right)
        conditions: list[str] = []
        if join.args.get("using"):
            for column in join.args["using"]:
                identifier = column.this if isinstance(column, exp.Column) else column
                mine, other = before.find(identifier), names.last.columns.get(self._key(identifier))
                if other is None:
                    raise Refusal(
                        "dp-column", f"column `{identifier.name}` is not on both sides", help="use ON", node=join
                    )
                conditions.append(Scalars(names, self.dialect)._compare(mine, "=", other, join))  # noqa: SLF001
                names.merged[self._key(identifier)] = mine
        elif join.args.get("on") is not None:
            conditions = Scalars(names, self.dialect).conjuncts(join.args["on"])
        elif side == "LEFT":
            raise Refusal("dp-join", "a LEFT JOIN without a condition", help="add ON", node=join)
        if side == "LEFT":
            return self._left(left, right, conditions, join)
        joined = replace(left, sources=left.sources + right.sources, where=left.where + right.where + conditions)
        return self._owner(joined, left, right, conditions, join, names)

    def _outer(self, right: Rows) -> Rows:
        """The right side of a LEFT JOIN: one source of plain columns, each of which may be NULL.

        A computed column would keep its value where the join finds no row, so it is computed inside.
        """
        plain = all(value.sql.startswith(right.sources[0].token) for value in right.columns.values())
        if len(right.sources) > 1 or right.where or not plain or right.sources[0].on is not None:
            right = self.closed(right)
        return replace(right, columns={key: _or_null(value) for key, value in right.columns.items()})

    def _left(self, left: Rows, right: Rows, conditions: list[str], join: exp.Join) -> Rows:
        if not left.unit:
            raise Refusal(
                "dp-join-left",
                "the preserved side of a LEFT JOIN is public, so some rows would belong to nobody",
                help="put the table with the unit on the left, or use JOIN",
                node=join,
            )
        source = right.sources[0]
        joined = replace(left, sources=[*left.sources, replace(source, on=list(conditions))])
        owned = self._owner(joined, left, right, conditions, join, None)
        # Beyond a LEFT JOIN the right side may be NULL: its unit proves nothing.
        return replace(owned, unit=left.unit, units=left.units)

    def _owner(
        self,
        joined: Rows,
        left: Rows,
        right: Rows,
        conditions: Sequence[str],
        join: exp.Join,
        names: Scoped | None,
    ) -> Rows:
        """Whose the joined rows are: both sides must be public or of one and the same unit.

        The equality of the units may stand in WHERE too, unless the join keeps rows that do not match.
        """
        tables = tuple(dict.fromkeys((*left.tables, *right.tables)))
        joined = replace(
            joined,
            tables=tables,
            added=tuple(dict.fromkeys((*left.added, *right.added))),
            bases=(*left.bases, *right.bases),
            links=(*left.links, *right.links),
        )
        if not (left.unit and right.unit):
            owner = left if left.unit else right
            return replace(
                joined,
                unit=owner.unit,
                entity=owner.entity,
                units=owner.units,
                groups=owner.groups,
                rows=owner.rows,
            )
        if left.entity != right.entity:
            raise Refusal(
                "dp-join-entity",
                f"rows of a {left.entity} are joined with rows of a {right.entity}",
                help="ask about one kind of unit",
                node=join,
            )
        held = set(joined.where) | set(conditions) if names is not None else set(conditions)
        if names is not None and self._linked(left, right, held):
            # The key leads to the same unit, if it is unique as declared; saying so makes it certain.
            joined = replace(joined, where=[*joined.where, _equal(left.unit, right.unit)])
        elif not any(_equal(mine, other) in held for mine in left.units for other in right.units):
            if names is None:
                raise Refusal(
                    "dp-join-unit",
                    "a LEFT JOIN of two tables of persons does not compare their unit",
                    help=f"add `AND {_readable(left.units[0])} = {_readable(right.units[0])}` to the ON condition",
                    node=join,
                )
            names.unproved.append((left, right, join))
        return replace(
            joined,
            unit=min(left.unit, right.unit),
            entity=left.entity,
            units=(*left.units, *right.units),
            groups=_wider(left.groups, right.groups),
            rows=_wider(left.rows, right.rows),
        )

    def _linked(self, left: Rows, right: Rows, held: set[str]) -> bool:
        """Whether a condition joins a table with the one that it has its unit through, by the declared key."""
        return any(
            _equal(column, f"{token}.{dialects.name(key, self.dialect)}") in held
            for one, other in ((left, right), (right, left))
            for column, table, key in one.links
            for base, token in other.bases
            if base == table
        )

    # --- subqueries ---------------------------------------------------------------------------------------

    def query(self, node: exp.Expr, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        """A subquery as a relation with named columns."""
        while isinstance(node, exp.Subquery) and not node.alias:
            node = node.this
        if isinstance(node, exp.Union):
            return self._union(node, ctes, depth)
        if not isinstance(node, exp.Select):
            raise Refusal("dp-from", "this query cannot stand in FROM here", help="use SELECT or UNION ALL", node=node)
        ctes = with_ctes(node, ctes, self)
        for part in ("limit", "offset", "qualify", "windows"):
            if node.args.get(part):
                raise Refusal(
                    "dp-inner-limit",
                    f"`{part.upper()}` inside of a subquery lets one person decide about another's rows",
                    help=f"put {part.upper()} on the outermost query, where it acts on the answer",
                    node=node,
                )
        strange = next((part for part, value in node.args.items() if value and part not in _SELECT_PARTS), "")
        if strange:
            raise Refusal(
                "dp-clause", f"`{strange.rstrip('_').upper()}` is not answered", help="leave it out", node=node
            )
        rows, names = self.scoped(node, ctes, depth)
        if node.args.get("group") or any(_aggregates(each) for each in node.expressions):
            return self._grouped(node, rows, names)
        if node.args.get("distinct"):
            return self._distinct(node, rows, names)
        return replace(rows, columns=self._outputs(node, names))

    def _outputs(self, select: exp.Select, names: Scoped) -> dict[str, Val]:
        scalars = Scalars(names, self.dialect)
        columns: dict[str, Val] = {}
        for each in select.expressions:
            if isinstance(each, exp.Star) or (isinstance(each, exp.Column) and isinstance(each.this, exp.Star)):
                for key, value in names.starred(each).items():
                    columns.setdefault(key, value)
                continue
            key = output_key(each, self.spelling)
            if key in columns:
                raise Refusal(
                    "dp-column", "two columns of a subquery have one name", help="give each its own", node=each
                )
            columns[key] = scalars.value(each.unalias())
        return columns

    def _grouped(self, select: exp.Select, rows: Rows, names: Scoped) -> Rows:
        """A subquery that aggregates each unit's own rows: its GROUP BY must name the unit."""
        if not rows.unit:
            raise Refusal(
                "dp-inner-group",
                "a public table is aggregated in a subquery",
                help="declare the result as a table",
                node=select,
            )
        group = select.args.get("group")
        keys = [names.group_key(each, select) for each in (group.expressions if group is not None else ())]
        if not any(key.sql in rows.units for key in keys):
            raise Refusal(
                "dp-inner-group",
                "a subquery aggregates the rows of several persons before they are bounded",
                help=f"add `{_readable(rows.unit)}` to its GROUP BY, or aggregate in the outermost query",
                node=group or select,
            )
        most = self._most(rows)
        inner = _Inner(names, self.dialect, {key.sql for key in keys}, most)
        outputs = {output_key(each, self.spelling): inner.value(each.unalias()) for each in select.expressions}
        having = select.args.get("having")
        conditions = inner.conjuncts(having.this) if having is not None else []
        return self._wrapped(rows, outputs, keys=[key.sql for key in keys], having=conditions)

    def _distinct(self, select: exp.Select, rows: Rows, names: Scoped) -> Rows:
        outputs = self._outputs(select, names)
        if not any(value.sql in rows.units for value in outputs.values()) or select.args["distinct"].args.get("on"):
            raise Refusal(
                "dp-inner-group",
                "SELECT DISTINCT removes rows across persons",
                help="select the privacy unit too, or count DISTINCT in the outermost query",
                node=select,
            )
        return self._wrapped(rows, outputs, keys=sorted({value.sql for value in outputs.values()}), having=[])

    def _most(self, rows: Rows) -> int:
        if isinstance(rows.groups, str) or isinstance(rows.rows, str):
            return MOST_COUNT
        return rows.groups * rows.rows

    def closed(self, rows: Rows) -> Rows:
        """A relation as one source: a subquery in the text."""
        return self._wrapped(rows, rows.columns, keys=None, having=[])

    def _wrapped(self, rows: Rows, outputs: Mapping[str, Val], *, keys: list[str] | None, having: list[str]) -> Rows:
        columns = list(outputs.items())
        names = [dialects.name(f"dp_c{number}", self.dialect) for number in range(len(columns))]
        unit = dialects.name("dp_unit", self.dialect)
        listed = [f"{value.sql} AS {name}" for (_, value), name in zip(columns, names, strict=True)]
        if rows.unit:
            listed.insert(0, f"{rows.unit} AS {unit}")
        text = f"SELECT {', '.join(listed)} {from_text(rows)}"
        if keys is not None:
            grouped = list(dict.fromkeys([rows.unit, *keys])) if rows.unit else keys
            text += f" GROUP BY {', '.join(grouped)}"
        if having:
            text += f" HAVING {' AND '.join(sorted(having))}"
        text = named(text, prefix="dp_i")
        return self._derived(rows, columns, names, f"({text})")

    def _derived(self, rows: Rows, columns: Sequence[tuple[str, Val]], names: Sequence[str], text: str) -> Rows:
        token = self.token(text)
        values = {
            key: self._outside(value, f"{token}.{name}", rows)
            for (key, value), name in zip(columns, names, strict=True)
        }
        unit = f"{token}.{dialects.name('dp_unit', self.dialect)}" if rows.unit else ""
        own = tuple(
            value.sql for (_, inner), value in zip(columns, values.values(), strict=True) if inner.sql in rows.units
        )
        return replace(
            rows,
            sources=[Source(token, text)],
            where=[],
            columns=values,
            unit=unit,
            units=(unit, *own) if unit else (),
            bases=(),
            links=(),
        )

    def _outside(self, value: Val, sql: str, rows: Rows) -> Val:
        """A column of a closed subquery, seen from outside: it has the kind and range of what it was inside."""
        return replace(value, sql=sql, constant=False, value=None, unit=sql if value.sql in rows.units else "")

    def _union(self, node: exp.Union, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        if node.args.get("distinct"):
            raise Refusal(
                "dp-union", "UNION removes equal rows of different persons", help="write UNION ALL", node=node
            )
        for part in ("limit", "offset", "order"):
            if node.args.get(part):
                raise Refusal(
                    "dp-inner-limit", f"`{part.upper()}` on a UNION", help="put it on the outermost query", node=node
                )
        ctes = with_ctes(node, ctes, self)
        branches = [self.query(each, ctes, depth + 1) for each in _branches(node)]
        first = branches[0]
        if any(bool(each.unit) != bool(first.unit) or each.entity != first.entity for each in branches):
            raise Refusal(
                "dp-union",
                "the branches belong to different kinds of units",
                help="unite tables of one kind of unit",
                node=node,
            )
        if any(len(each.columns) != len(first.columns) for each in branches):
            raise Refusal(
                "dp-union", "the branches have different numbers of columns", help="select the same columns", node=node
            )
        keys = list(first.columns)
        aligned = [
            self._aligned([list(each.columns.values())[place] for each in branches], node) for place in range(len(keys))
        ]
        texts = []
        names = [dialects.name(f"dp_c{number}", self.dialect) for number in range(len(keys))]
        for number, branch in enumerate(branches):
            listed = [f"{values[number].sql} AS {name}" for values, name in zip(aligned, names, strict=True)]
            if branch.unit:
                listed.insert(0, f"{branch.unit} AS {dialects.name('dp_unit', self.dialect)}")
            texts.append(named(f"SELECT {', '.join(listed)} {from_text(branch)}", prefix="dp_i"))
        columns = [(key, _hull(values)) for key, values in zip(keys, aligned, strict=True)]
        united = Rows(
            [],
            [],
            {},
            unit=first.unit,
            entity=first.entity,
            units=(),
            groups=max((each.groups for each in branches), key=_size),
            rows=max((each.rows for each in branches), key=_size),
            tables=tuple(dict.fromkeys(name for each in branches for name in each.tables)),
            added=tuple(dict.fromkeys(pair for each in branches for pair in each.added)),
        )
        made = self._derived(united, columns, names, f"({' UNION ALL '.join(sorted(texts))})")
        own = [
            (key, place)
            for place, key in enumerate(keys)
            if first.unit and all(list(each.columns.values())[place].sql in each.units for each in branches)
        ]
        for key, _ in own:
            made.columns[key] = replace(made.columns[key], unit=made.columns[key].sql)
        return replace(made, units=(*made.units, *(made.columns[key].sql for key, _ in own)))

    def _aligned(self, values: list[Val], node: exp.Expr) -> list[Val]:
        """One column of all branches, in one kind; numbers on one grid unless all are the same bare column type."""
        kinds = {value.kind for value in values}
        if len(kinds) > 1:
            raise Refusal(
                "dp-union", "a column has different kinds in the branches", help="select the same kinds", node=node
            )
        if kinds != {"number"}:
            return values
        leaves = [value.leaf for value in values]
        first = leaves[0]
        if first is not None and all(
            leaf is not None and leaf.type == first.type and leaf.bounds == first.bounds for leaf in leaves
        ):
            return values
        if any(value.unit for value in values):
            raise Refusal(
                "dp-union", "the units of the branches have different types", help="give them one type", node=node
            )
        fixed = [dialects.clamped(value, self.dialect) if value.leaf is not None else value for value in values]
        finest = fixed[0]
        for value in fixed[1:]:
            finest = common(finest, value)[0]
        return [rescale(value, finest.scale) for value in fixed]


class Scoped:
    """What a column name means in one SELECT."""

    def __init__(
        self, relations: Relations, ctes: Mapping[str, exp.Expr], depth: int, entries: dict[str, Rows] | None = None
    ) -> None:
        self._relations = relations
        self._ctes = ctes
        self._depth = depth
        self.entries: dict[str, Rows] = entries if entries is not None else {}
        self.merged: dict[str, Val] = {}
        self.unproved: list[tuple[Rows, Rows, exp.Join]] = []  # joins whose unit WHERE must compare
        self._last = ""

    def add(self, shown: str, identifier: exp.Expr, rows: Rows) -> None:
        """A source under its alias."""
        assert isinstance(identifier, exp.Identifier)
        key = self._relations.spelling.of(identifier)
        if key in self.entries:
            raise Refusal("dp-from", f"two tables are called `{shown}`", help="give each an alias", node=identifier)
        self.entries[key] = rows
        self._last = key

    @property
    def last(self) -> Rows:
        """The source that was added last."""
        return self.entries[self._last]

    def replace_last(self, rows: Rows) -> None:
        """Puts a closed form in the place of the source that was added last."""
        self.entries[self._last] = rows

    def column(self, node: exp.Column) -> Val:
        """The value of a column reference."""
        if isinstance(node.this, exp.Star):
            raise Refusal("dp-column", "a star stands inside an expression", help="name the columns", node=node)
        key = self._relations.spelling.of(node.this)
        table = node.args.get("table")
        if table is None:
            return self.find(node.this)
        entry = self.entries.get(self._relations.spelling.of(table))
        found = entry.columns.get(key) if entry is not None else None
        if found is None:
            raise Refusal(
                "dp-column", f"column `{node.table}.{node.name}` is not known here", help="check the name", node=node
            )
        return found

    def find(self, identifier: exp.Expr) -> Val:
        """The value of a name without a table."""
        assert isinstance(identifier, exp.Identifier)
        key = self._relations.spelling.of(identifier)
        if key in self.merged:
            return self.merged[key]
        found = [rows.columns[key] for rows in self.entries.values() if key in rows.columns]
        if len(found) != 1:
            what = "is in several tables" if found else "is not known here"
            raise Refusal(
                "dp-column",
                f"column `{identifier.name}` {what}",
                help="write `table.column`, as the catalogue spells it",
                node=identifier,
            )
        return found[0]

    def starred(self, node: exp.Expr) -> dict[str, Val]:
        """The columns of `*` or `t.*`."""
        if isinstance(node, exp.Star) and (
            node.args.get("except_") or node.args.get("replace") or node.args.get("rename")
        ):
            raise Refusal("dp-column", "a star with exceptions", help="name the columns", node=node)
        if isinstance(node, exp.Column):
            entry = self.entries.get(self._relations.spelling.of(node.args["table"]))
            if entry is None:
                raise Refusal("dp-column", f"table `{node.table}` is not known here", help="check the alias", node=node)
            return dict(entry.columns)
        columns: dict[str, Val] = {}
        for rows in self.entries.values():
            for key, value in rows.columns.items():
                if key in columns and key not in self.merged:
                    raise Refusal(
                        "dp-column", "a star gives two columns of one name", help="name the columns", node=node
                    )
                columns.setdefault(key, value)
        return columns

    def group_key(self, node: exp.Expr, select: exp.Select) -> Val:
        """What one item of GROUP BY means: a position, an alias of the select list, or an expression."""
        return Scalars(self, self._relations.dialect).value(resolved(node, select, self._relations, self))

    def knows(self, identifier: exp.Identifier) -> bool:
        """Whether a bare name is a column of FROM."""
        key = self._relations.spelling.of(identifier)
        return key in self.merged or any(key in rows.columns for rows in self.entries.values())

    def member(self, node: exp.In) -> Val:
        """`x IN (SELECT ...)`: of a public table, or of the rows of the same unit."""
        query = node.args["query"]
        rows = self._relations.query(
            query.this if isinstance(query, exp.Subquery) else query, self._ctes, self._depth + 1
        )
        if len(rows.columns) != 1:
            raise Refusal("dp-subquery", "a subquery after IN has several columns", help="select one", node=node)
        inside = next(iter(rows.columns.values()))
        value = Scalars(self, self._relations.dialect).value(node.this)
        own = inside.sql in rows.units and bool(value.unit)
        if rows.unit and not (own and self._entity(value) == rows.entity):
            raise Refusal(
                "dp-subquery",
                "a condition looks at the rows of other persons",
                help="compare the privacy unit: `unit IN (SELECT unit FROM ...)`, or join along it",
                node=node,
            )
        if value.kind != inside.kind or (value.leaf is None) != (inside.leaf is None) or "other" in (value.kind,):
            raise Refusal(
                "dp-type", "IN compares values of different kinds", help="select values of the same kind", node=node
            )
        text = named(f"SELECT {inside.sql} AS dp_c0 {from_text(rows)}", prefix="dp_i")
        self._relations.extra.append(rows)
        return Val("boolean", f"{value.sql} IN ({text})", domain=(True, False, None))

    def _entity(self, value: Val) -> str:
        return next((rows.entity for rows in self.entries.values() if value.sql in rows.units), "")


class _Inner(Scalars):
    """Expressions of a subquery that is grouped by the unit: keys, aggregates of the unit's own rows, arithmetic."""

    def __init__(self, names: Scoped, dialect: str, keys: set[str], most: int) -> None:
        super().__init__(names, dialect)
        self._keys = keys
        self._most = min(most, MOST_COUNT)
        self._below = Scalars(names, dialect)

    def value(self, node: exp.Expr) -> Val:
        if isinstance(node, exp.AggFunc):
            return self._aggregate(node)
        if isinstance(node, exp.Column):
            value = self._below.value(node)
            if value.sql not in self._keys:
                raise Refusal(
                    "dp-inner-group",
                    f"`{node.name}` is neither grouped nor aggregated",
                    help="add it to GROUP BY",
                    node=node,
                )
            return value
        if not isinstance(node, exp.Literal | exp.Boolean | exp.Null) and not _aggregates(node):
            value = self._below.value(node)
            if value.sql in self._keys:
                return value
        return super().value(node)

    def _aggregate(self, node: exp.AggFunc) -> Val:
        most = self._most
        if strange_part(node):
            raise Refusal("dp-aggregate", "an aggregate with an option", help="write it without", node=node)
        if isinstance(node, exp.Count):
            inner = node.this
            if isinstance(inner, exp.Distinct):
                raise Refusal(
                    "dp-inner-group",
                    "COUNT(DISTINCT) in a subquery",
                    help="use SELECT DISTINCT one level deeper",
                    node=node,
                )
            counted = "*" if inner is None or isinstance(inner, exp.Star) else self._below.value(inner).sql
            count = f"count({counted})"
            sql = f"CASE WHEN {count} > {most} THEN {literal(most)} ELSE CAST({count} AS BIGINT) END"
            return Val("number", sql, 0, most, bounded=True, integer=True, wide=True)
        if (
            type(node) not in (exp.Sum, exp.Min, exp.Max)
            or isinstance(node.this, exp.Distinct)
            or node.args.get("expressions")
        ):
            raise Refusal(
                "dp-inner-group",
                f"`{node.sql_name().lower()}` in a subquery",
                help="use COUNT, SUM, MIN or MAX there",
                node=node,
            )
        value = self._below.fixed(node.this)
        if not isinstance(node, exp.Sum):
            name = "min" if isinstance(node, exp.Min) else "max"
            return replace(value, sql=f"{name}({value.sql})", constant=False, value=None, domain=None)
        if not value.bounded:
            raise Refusal(
                "dp-bounds", "a sum of a column without a declared range", help="declare `low` and `high`", node=node
            )
        low, high = min(0, value.low * most), max(0, value.high * most)
        made = replace(value, low=low, high=high, constant=False, value=None, domain=None)
        self._checked(made, node)
        if self._dialect == "sqlite" and max(abs(value.low), abs(value.high)) * MOST_COUNT > 2**62:
            raise Refusal("dp-range", "a sum may become too large for SQLite", help="declare a wider `step`", node=node)
        total = f"sum({value.sql})"
        sql = (
            f"CASE WHEN {total} < {low} THEN {literal(low)} WHEN {total} > {high} THEN {literal(high)}"
            f" ELSE CAST({total} AS BIGINT) END"
        )
        # PostgreSQL adds 64-bit numbers up as numeric, whose `/` does not cut.
        exact = value.integer and not (value.wide and self._dialect == "postgres")
        return replace(made, sql=sql, integer=exact, wide=True)


# --- texts ------------------------------------------------------------------------------------------------


def from_text(rows: Rows) -> str:
    """FROM and WHERE of a relation: sources in the order of their tokens, conditions where they first make sense."""
    ordered = _ordered(rows.sources)
    left = sorted(set(rows.where))
    known: list[str] = []
    parts: list[str] = []
    for source in ordered:
        aliased = f"{source.text} AS {source.token}"
        known.append(source.token)
        if not parts:
            parts.append(f"FROM {aliased}")
        elif source.on is not None:
            parts.append(f"LEFT JOIN {aliased} ON {' AND '.join(sorted(source.on)) or 'TRUE'}")
        else:
            # A condition over a source that may be NULL-extended stays in WHERE, where it acts after all joins.
            mine = [
                each
                for each in left
                if source.token in each and _closed(each, known) and not _after_left(each, ordered)
            ]
            left = [each for each in left if each not in mine]
            parts.append(f"INNER JOIN {aliased} ON {' AND '.join(mine) or '1 = 1'}")
    if left:
        parts.append(f"WHERE {' AND '.join(left)}")
    return " ".join(parts)


def _ordered(sources: Sequence[Source]) -> list[Source]:
    """Inner sources by token, each outer one after everything that its condition names."""
    waiting = sorted((source for source in sources if source.on is not None), key=lambda each: each.token)
    ordered = sorted((source for source in sources if source.on is None), key=lambda each: each.token)
    while waiting:
        placed = {each.token for each in ordered}
        ready = next(
            (
                each
                for each in waiting
                if not any(other.token in " ".join(each.on or ()) for other in waiting if other is not each) and placed
            ),
            waiting[0],
        )
        ordered.append(ready)
        waiting.remove(ready)
    return ordered


def _closed(condition: str, known: Sequence[str]) -> bool:
    """Whether a condition names only these sources."""
    rest = condition
    for token in known:
        rest = rest.replace(token, "")
    return OPEN not in rest


def _after_left(condition: str, sources: Sequence[Source]) -> bool:
    return any(source.on is not None and source.token in condition for source in sources)


def named(text: str, *, prefix: str) -> str:
    """`text` with names for its tokens, numbered in the order of the tokens: equal texts whatever the order was."""
    tokens = sorted(set(re.findall(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", text)))
    for number, token in enumerate(tokens):
        text = text.replace(token, f"{prefix}{number}")
    return text


# --- small things -----------------------------------------------------------------------------------------


def with_ctes(node: exp.Expr, ctes: Mapping[str, exp.Expr], relations: Relations) -> dict[str, exp.Expr]:
    """The CTEs in scope inside of `node`."""
    with_ = node.args.get("with_")
    found = dict(ctes)
    if with_ is None:
        return found
    if with_.args.get("recursive"):
        raise Refusal("dp-recursive", "a recursive CTE", help="write it without recursion", node=with_)
    for cte in with_.expressions:
        if cte.args["alias"].columns:
            raise Refusal("dp-from", "a CTE with renamed columns", help="rename columns in its SELECT list", node=cte)
        found.pop(relations.spelling.of(cte.args["alias"].this), None)
        found[relations.spelling.of(cte.args["alias"].this)] = cte
    return found


def _before(ctes: Mapping[str, exp.Expr], cte: exp.Expr) -> dict[str, exp.Expr]:
    """What a CTE's own body sees: the ones before it."""
    seen: dict[str, exp.Expr] = {}
    for key, each in ctes.items():
        if each is cte:
            break
        seen[key] = each
    return seen


def output_key(node: exp.Expr, spelling: Spelling) -> str:
    """The key of an output column."""
    if isinstance(node, exp.Alias):
        identifier = node.args["alias"]
        return spelling.of(identifier) if isinstance(identifier, exp.Identifier) else str(identifier)
    if isinstance(node, exp.Column):
        return spelling.of(node.this)
    raise Refusal("dp-column", "a column of a subquery has no name", help="give it one: ... AS name", node=node)


def resolved(node: exp.Expr, select: exp.Select, relations: Relations, names: Scoped) -> exp.Expr:
    """An item of GROUP BY as an expression: positions and aliases stand for items of the select list."""
    if isinstance(node, exp.Literal) and not node.is_string:
        place = int(str(node.this)) if str(node.this).isdigit() else 0
        if not 1 <= place <= len(select.expressions):
            raise Refusal("dp-group", "a position in GROUP BY that is not there", help="count from 1", node=node)
        chosen: exp.Expr = select.expressions[place - 1].unalias()
        return chosen
    if isinstance(node, exp.Column) and not node.table and not names.knows(node.this):
        key = relations.spelling.of(node.this)
        for each in select.expressions:
            if isinstance(each, exp.Alias) and output_key(each, relations.spelling) == key:
                named_: exp.Expr = each.this
                return named_
    return node


def _aggregates(node: exp.Expr) -> bool:
    return any(isinstance(each, exp.AggFunc) for each in node.walk())


def _equal(left: str, right: str) -> str:
    first, second = sorted((left, right))
    return f"({first} = {second})"


def _readable(sql: str) -> str:
    """A column as a person wrote it: `table.column`."""
    head, _, column = sql.rpartition(".")
    table = head.strip(OPEN + CLOSE).partition("#")[0].rpartition(".")[2]
    if len(table) > 60 or table.startswith("("):
        table = "subquery"
    return f"{table}.{column.strip(chr(34) + '`')}"


def _or_null(value: Val) -> Val:
    """A column beyond a LEFT JOIN, where every row may be NULL."""
    if value.domain is None or None in value.domain:
        return value
    return replace(value, domain=(*value.domain, None))


def _size(bound: int | str) -> float:
    return float("inf") if isinstance(bound, str) else bound


def _wider(left: int | str, right: int | str) -> int | str:
    return left if _size(left) >= _size(right) else right


def _branches(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    left = [node]
    while left:
        one = left.pop()
        while isinstance(one, exp.Subquery) and not one.alias:
            one = one.this
        if isinstance(one, exp.Union) and not one.args.get("distinct") and (one is node or not one.args.get("with_")):
            left += [one.expression, one.this]
        else:
            found.append(one)
    return found


def _hull(values: Sequence[Val]) -> Val:
    """One column of a UNION ALL: the widest of its branches."""
    first = values[0]
    domain = None
    if all(value.domain is not None for value in values):
        domain = tuple(dict.fromkeys(each for value in values for each in value.domain or ()))
    return replace(
        first,
        low=min(value.low for value in values),
        high=max(value.high for value in values),
        bounded=all(value.bounded for value in values),
        integer=all(value.integer for value in values),
        wide=any(value.wide for value in values),
        domain=domain,
        constant=False,
        value=None,
    )


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
