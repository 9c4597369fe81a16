"""Acceptance: may this statement be answered privately, and what must be measured for it?

The one entry of this package that reads an analyst's syntax. It returns an `Accepted`, which says everything that the
answer needs, or raises a `Refusal`. There is no third way: an acceptance that could be wrong is a refusal.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from guard.anonymize.dp.sql.aggregates import Aggregate, Aggregates
from guard.anonymize.dp.sql.marks import has_private_use
from guard.anonymize.dp.sql.measure import Measure
from guard.anonymize.dp.sql.metadata import Units
from guard.anonymize.dp.sql.post import Column, Ordering, Post, check
from guard.anonymize.dp.sql.refusal import Refusal, span
from guard.anonymize.dp.sql.relation import Relations
from guard.anonymize.dp.sql.rows import Rows
from guard.anonymize.dp.sql.scalar import Scalars
from guard.anonymize.dp.sql.scope import Scoped, output_key, resolved, with_ctes
from guard.anonymize.dp.sql.value import Constant, Val
from guard.model import TableName

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

MAX_PUBLIC_GROUPS = 10_000
_OUTER_PARTS: Final = frozenset(
    {
        "with_",
        "expressions",
        "from_",
        "joins",
        "where",
        "kind",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "distinct",
    }
)


@dataclass(frozen=True, slots=True)
class Read:
    """A base table of the form: the mark that stands for it, and the columns that the form may name."""

    mark: str
    table: TableName
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A statement that is answered.

    `combinations` lists every group where all keys are public, else None: then groups are shown above a threshold.
    `groups` and `rows` bound what one unit may contribute (`auto`: chosen privately).
    """

    dialect: str
    rows: Rows
    keys: tuple[Val, ...]
    combinations: tuple[tuple[Constant, ...], ...] | None
    measures: tuple[Measure, ...]
    aggregates: tuple[Aggregate, ...]
    post: Post
    most_groups: int | str
    most_rows: int | str
    tables: tuple[TableName, ...]
    added: tuple[tuple[TableName, str], ...]
    reads: tuple[Read, ...] = ()


def accept(statement: exp.Expr, catalogue: Catalogue, units: Units) -> Accepted:
    """Reads a reviewed statement.

    Raises:
        Refusal: it cannot be answered privately; code, span and cure say why and what to write instead.
    """
    if any(has_private_use(str(node.this)) for node in statement.find_all(exp.Identifier, exp.Literal)):
        raise Refusal("dp-literal", "a text holds a private-use character", help="leave it out")
    while isinstance(statement, exp.Subquery) and not statement.alias:
        statement = statement.this
    if not isinstance(statement, exp.Select):
        raise Refusal(
            "dp-statement", "only a SELECT is answered", help="send SELECT aggregates FROM ...", node=statement
        )
    try:
        return _Acceptance(statement, catalogue, units).accepted()
    except RecursionError:
        raise Refusal("dp-too-large", "the statement nests too deep", help="write it flatter") from None


class _Acceptance:
    def __init__(self, select: exp.Select, catalogue: Catalogue, units: Units) -> None:
        self._select = select
        self._catalogue = catalogue
        self._dialect = catalogue.dialect
        self._relations = Relations(catalogue, units, select)
        self._rows = Rows([], [], {})
        self._names = Scoped(self._relations, {}, 0)
        self._aggregates = Aggregates(self._names, self._dialect, ())
        self._keys: list[Val] = []

    def accepted(self) -> Accepted:
        select = self._select
        strange = next((part for part, value in select.args.items() if value and part not in _OUTER_PARTS), "")
        if strange:
            raise Refusal(
                "dp-clause", f"`{strange.rstrip('_').upper()}` is not answered", help="leave it out", node=select
            )
        ctes = with_ctes(select, {}, self._relations)
        self._rows, self._names = self._relations.scoped(select, ctes, 0)
        if not self._rows.unit:
            raise Refusal(
                "dp-public",
                "the statement reads public tables only, so there is nobody to protect",
                help="ask without differential privacy, for a purpose that allows it",
                node=select,
            )
        self._aggregates = Aggregates(self._names, self._dialect, self._rows.units)
        self._keys = self._group_keys()
        post = self._post()
        if select.args.get("distinct") and (self._aggregates.wanted or select.args["distinct"].args.get("on")):
            raise Refusal("dp-distinct", "SELECT DISTINCT beside aggregates", help="leave DISTINCT out", node=select)
        if not self._aggregates.wanted:
            raise Refusal(
                "dp-no-aggregate",
                "rows of persons are asked for",
                help="ask for aggregates: COUNT, SUM, AVG, ... with GROUP BY",
                node=select,
            )
        measures, aggregates = self._aggregates.measures()
        rows, extra = self._rows, self._relations.extra
        tables = tuple(dict.fromkeys(name for each in (rows, *extra) for name in each.tables))
        added = tuple(dict.fromkeys(pair for each in (rows, *extra) for pair in each.added))
        return Accepted(
            dialect=self._dialect,
            rows=rows,
            keys=tuple(self._keys),
            combinations=self._combinations(),
            measures=measures,
            aggregates=aggregates,
            post=post,
            most_groups=rows.groups if self._keys else 1,
            most_rows=rows.rows,
            tables=tables,
            added=added,
            reads=self._reads(set(added)),
        )

    def _reads(self, added: set[tuple[TableName, str]]) -> tuple[Read, ...]:
        made = []
        for mark, name in sorted(self._relations.marks.items()):
            table = self._catalogue.get(name)
            assert table is not None
            seen = set(self._relations.seen(table)) | {column for of, column in added if of == name}
            columns = tuple(each.name for each in table.columns if each.name in seen)
            made.append(Read(mark, name, columns or (table.columns[0].name,)))
        return tuple(made)

    # --- groups -------------------------------------------------------------------------------------------

    def _group_keys(self) -> list[Val]:
        group = self._select.args.get("group")
        if group is None:
            return []
        listed = group.expressions
        if group.args.get("all") and not listed:
            # GROUP BY ALL of DuckDB: whatever of the select list is neither an aggregate nor a literal.
            plain = [each.unalias() for each in self._select.expressions if not self._has_aggregates(each)]
            listed = [each for each in plain if not isinstance(each, exp.Literal)]
        several = any(isinstance(each, exp.Rollup | exp.Cube | exp.GroupingSets) for each in group.expressions)
        for part in ("grouping_sets", "rollup", "cube", "totals", "all"):
            if several or (group.args.get(part) and (part != "all" or group.expressions)):
                raise Refusal(
                    "dp-grouping-sets",
                    "several groupings in one statement",
                    help="ask one grouping at a time",
                    node=group,
                )
        keys: dict[str, Val] = {}
        for each in listed:
            if isinstance(each, exp.Tuple):
                raise Refusal("dp-group", "a tuple in GROUP BY", help="list the keys one by one", node=each)
            value = self._names.group_key(each, self._select)
            self._check_key(value, each)
            keys.setdefault(value.sql, value)
        return sorted(keys.values(), key=lambda value: value.sql)

    def _has_aggregates(self, node: exp.Expr) -> bool:
        return any(isinstance(each, exp.AggFunc) or self._aggregates.called(each) for each in node.walk())

    def _check_key(self, value: Val, node: exp.Expr) -> None:
        if value.sql in self._rows.units or value.unit:
            raise Refusal(
                "dp-group-unit",
                "the statement groups by the persons themselves",
                help="group by something that persons share",
                node=node,
            )
        leaf = value.leaf
        if value.kind == "other" or (value.kind == "number" and leaf is not None and not value.integer):
            raise Refusal(
                "dp-group",
                "groups of values without a grid",
                help="group by whole numbers, texts, dates, or a CASE",
                node=node,
            )

    def _combinations(self) -> tuple[tuple[Constant, ...], ...] | None:
        if not self._keys:
            return ((),)
        domains = [key.domain for key in self._keys]
        if any(domain is None for domain in domains):
            return None
        size = 1
        for domain in domains:
            size *= len(domain or ())
        if size > MAX_PUBLIC_GROUPS:
            return None
        return tuple(itertools.product(*(domain or () for domain in domains)))

    # --- what is computed after the noise ------------------------------------------------------------------

    def _post(self) -> Post:
        select = self._select
        columns: list[Column] = []
        for each in select.expressions:
            inner = each.unalias()
            if isinstance(inner, exp.Star):
                raise Refusal(
                    "dp-no-aggregate", "a star asks for rows of persons", help="select keys and aggregates", node=each
                )
            columns.append(Column(_title(each, self._dialect), self._lifted(inner)))
        having = select.args.get("having")
        order = select.args.get("order")
        ordering = tuple(
            item for each in (order.expressions if order is not None else ()) for item in self._ordering(each, columns)
        )
        post = Post(
            dialect=self._dialect,
            columns=tuple(columns),
            having=self._lifted(having.this) if having is not None else None,
            order=ordering,
            limit=_count(select.args.get("limit"), "LIMIT"),
            offset=_count(select.args.get("offset"), "OFFSET") or 0,
        )
        check(post)
        return post

    def _ordering(self, node: exp.Expr, columns: Sequence[Column]) -> list[Ordering]:
        if not isinstance(node, exp.Ordered) or node.args.get("with_fill"):
            raise Refusal("dp-order", "this order is not answered", help="order by columns of the answer", node=node)
        way = bool(node.args.get("desc")), bool(node.args.get("nulls_first"))
        if isinstance(node.this, exp.Var) and node.this.name.upper() == "ALL":  # of DuckDB
            return [Ordering(column.node, *way) for column in columns]
        target = resolved(node.this, self._select, self._relations, self._names)
        return [Ordering(self._lifted(target), *way)]

    def _lifted(self, node: exp.Expr) -> exp.Expr:
        """The expression with each key and each aggregate replaced by a name of the post-processing."""
        key = self._as_key(node)
        if key is not None:
            return _standing_for(node, f"k{key}")
        if isinstance(node, exp.AggFunc | exp.Filter | exp.WithinGroup) or self._aggregates.called(node):
            return _standing_for(node, f"a{self._aggregates.place(node)}")
        if isinstance(node, exp.Column):
            return self._alias_or_refuse(node)
        if isinstance(node, exp.Query | exp.Window | exp.Subquery):
            raise Refusal("dp-subquery", "a subquery or window over the answer", help="ask two questions", node=node)
        parts: dict[str, Any] = {}
        for part, value in node.args.items():
            if isinstance(value, list):
                parts[part] = [self._lifted(each) if isinstance(each, exp.Expr) else each for each in value]
            elif isinstance(value, exp.Expr):
                parts[part] = value.copy() if isinstance(value, exp.DataType | exp.Var) else self._lifted(value)
            else:
                parts[part] = value
        made = type(node)(**parts)
        made.meta.update(node.meta)
        return made

    def _as_key(self, node: exp.Expr) -> int | None:
        if not self._keys or isinstance(node, exp.Literal | exp.AggFunc) or self._has_aggregates(node):
            return None
        try:
            sql = Scalars(self._names, self._dialect).value(node).sql
        except Refusal:
            return None
        return next((place for place, key in enumerate(self._keys) if key.sql == sql), None)

    def _alias_or_refuse(self, node: exp.Column) -> exp.Expr:
        """A column that is no key: an alias of the select list (HAVING and ORDER BY of some engines), or an error."""
        if not node.table and not self._names.knows(node.this):
            key = self._relations.spelling.of(node.this)
            for each in self._select.expressions:
                if isinstance(each, exp.Alias) and output_key(each, self._relations.spelling) == key:
                    return self._lifted(each.this)
        raise Refusal(
            "dp-not-grouped",
            f"column `{node.name}` is neither grouped nor aggregated",
            help="add it to GROUP BY, or aggregate it",
            node=node,
        )


def _standing_for(node: exp.Expr, name: str) -> exp.Placeholder:
    """A name of the post-processing, with the place of what it replaces: a refusal may still be about it."""
    made = exp.Placeholder(this=name)
    start, end = span(node)
    if end:
        made.meta.update(start=start, end=end - 1)
    return made


def _count(node: exp.Expr | None, name: str) -> int | None:
    if node is None:
        return None
    count = node.args.get("expression") or node.args.get("count")
    if (
        isinstance(count, exp.Literal)
        and not count.is_string
        and str(count.this).isdigit()
        and not node.args.get("limit_options")
    ):
        return int(str(count.this))
    raise Refusal("dp-limit", f"{name} needs a literal number", help="write a number", node=node)


def _title(node: exp.Expr, dialect: str) -> str:
    """What the engine would call the column."""
    if isinstance(node, exp.Alias | exp.Column):
        return node.alias_or_name
    if dialect == "postgres":
        return node.sql_name().lower() if isinstance(node, exp.Func) else "?column?"
    if dialect == "duckdb":
        if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
            return "count_star()"
        return node.sql(dialect=dialect).lower() if isinstance(node, exp.Func) else node.sql(dialect=dialect)
    return node.sql(dialect=dialect)


def names_of(columns: Sequence[Column]) -> list[str]:
    """The titles of the answer, each once."""
    seen: dict[str, int] = {}
    made = []
    for column in columns:
        number_ = seen.get(column.title, 0)
        seen[column.title] = number_ + 1
        made.append(column.title if not number_ else f"{column.title}_{number_}")
    return made
