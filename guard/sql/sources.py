"""The FROM clause: tables, views, subqueries, functions, joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from guard.errors import ParseError
from guard.model import Table
from guard.sql import functions
from guard.sql.marks import BY_JOIN, KEEP, TRANSFORM, Base, Flow, merge, union
from guard.sql.parse import parse
from guard.sql.pivots import Pivots
from guard.sql.relations import Anything, Col, Derived, Relation
from guard.sql.scopes import Scope, Source, row, starred

if TYPE_CHECKING:
    from guard.sql.analysis import Analysis
    from guard.sql.queries import Queries

# Functions that only turn their arguments into rows. Any other function in FROM may read what it likes.
_ROW_FUNCTIONS = frozenset(
    {
        "explode", "explode_outer", "exploding_generate_series", "flatten", "generate_array", "generate_date_array",
        "generate_series", "generate_subscripts", "inline", "inline_outer", "json_array_elements",
        "json_array_elements_text", "json_each", "json_each_text", "json_object_keys", "json_table", "json_to_record",
        "json_to_recordset", "json_tree", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_each",
        "jsonb_each_text", "jsonb_object_keys", "jsonb_to_record", "jsonb_to_recordset", "open_json", "posexplode",
        "posexplode_outer", "range", "regexp_matches", "regexp_split_to_table", "repeat_row", "split_to_table", "stack",
        "string_split", "string_to_table", "unnest", "xml_table",
    }
)  # fmt: skip
# The columns of those functions. Any other unqualified name belongs to a table, where it is known or a gap.
_COLUMNS = frozenset(
    {
        "atom", "col", "element", "fullkey", "generate_series", "id", "index", "json", "key", "offset", "ordinality",
        "parent", "path", "pos", "range", "root", "seq", "this", "type", "unnest", "value",
    }
)  # fmt: skip
_TABLE_PARTS = frozenset(
    {
        "this",
        "db",
        "catalog",
        "alias",
        "joins",
        "laterals",
        "hints",
        "ordinality",
        "only",
        "sample",
        "indexed",
        "pivots",
        "rows_from",
    }
)
# Which rows or which moment of a table; for lineage it is the same table.
_WHICH = frozenset({"partition", "version", "when"})
# Functions whose columns are written in them.
_SPELLED = (exp.JSONTable, exp.OpenJSON, exp.XMLTable)
_COLUMN_DEFS = (exp.JSONColumnDef, exp.OpenJSONColumnDef, exp.ColumnDef)
_MAX_VIEW_DEPTH = 16
_AUTOMATIC_LATERAL = frozenset({"duckdb"})


class Sources:
    """Adds the entries of FROM clauses to scopes, for one analysis."""

    def __init__(self, analysis: Analysis, queries: Queries) -> None:
        self._analysis = analysis
        self._queries = queries
        self.pivots = Pivots(analysis, queries)

    def add(self, node: Any, scope: Scope, rows: dict[Base, int], *, listed: bool = True) -> list[Source]:
        """Adds one entry with everything that is joined to it inside its parentheses; returns what was added."""
        before = len(scope.sources)
        self._analysis.spend(1)
        if isinstance(node, exp.Table):
            self._table(node, scope, listed=listed)
        elif isinstance(node, exp.Subquery):
            self._subquery(node, scope, rows, listed=listed)
        elif isinstance(node, exp.Lateral):
            self._lateral(node, scope, listed=listed)
        elif isinstance(node, exp.Unnest):
            self._function(node, node, scope, listed=listed)
        elif isinstance(node, exp.Values):
            relation = self._queries.values(node, self._around(scope), scope.ctes)
            self._append(scope, node.args.get("alias"), relation, listed=listed)
        elif isinstance(node, (exp.Query, exp.Pivot)):
            self._append(
                scope, node.args.get("alias"), self._queries.query(node, self._around(scope), scope.ctes), listed=listed
            )
        else:
            self._dressed(node, scope, rows, listed=listed)
        if node.args.get("pivots"):
            self._pivot(node, scope, before)
        for source in scope.sources[before:]:
            merge(rows, source.relation.rows, KEEP)
        for join in node.args.get("joins") or ():
            self.join(join, scope, rows)
        for lateral in node.args.get("laterals") or ():
            self.add(lateral, scope, rows)
        return scope.sources[before:]

    def _dressed(self, node: Any, scope: Scope, rows: dict[Base, int], *, listed: bool) -> None:
        """`TABLE(f())`, `STREAM t`, `t FINAL`: a function or a table with a word around it; anything else is a gap."""
        if isinstance(node, exp.TableFromRows) and self._analysis.unknown == "open":
            self._function(node.this, node, scope, listed=listed)
        elif isinstance(node, (exp.Stream, exp.Final)) and self._analysis.unknown == "open":
            self.add(node.this, scope, rows, listed=listed)
        else:
            self._analysis.gap("unsupported_syntax", f"`{type(node).__name__}` in FROM")
            scope.sources.append(Source("", Anything({}), listed=listed))

    def join(self, join: exp.Join, scope: Scope, rows: dict[Base, int]) -> None:
        """Adds a joined entry; what its condition reads decides which rows there are."""
        if (join.kind or "").upper() == "ARRAY" and self._analysis.unknown == "open":
            self._array_join(join, scope, rows)
            return
        listed = (join.kind or join.side or "").upper() not in ("SEMI", "ANTI")
        before = list(scope.sources)
        added = self.add(join.this, scope, rows, listed=listed)
        scope.clause = "where"
        for part in ("on", "match_condition"):
            if join.args.get(part) is not None:
                self._queries.expressions.gather(join.args[part], scope, BY_JOIN, rows)
        using = [name for name in join.args.get("using") or () if isinstance(name, (exp.Identifier, exp.Column))]
        if (join.method or "").upper() == "NATURAL":
            self._natural(before, added, scope, rows)
        for name in using:
            identifier = name.this if isinstance(name, exp.Column) else name
            self._analysis.seen.add(id(name))
            self._merge_column(identifier.name, self._analysis.names.of(identifier), before, added, scope, rows)
        for part in ("expressions", "pivots", "nearest"):
            if join.args.get(part):
                self._analysis.gap("unsupported_syntax", f"a join with {part.upper()}")

    def _array_join(self, join: exp.Join, scope: Scope, rows: dict[Base, int]) -> None:
        """ClickHouse's `ARRAY JOIN a AS x, b`: a row for each element, under the new name or the old one."""
        of = self._analysis.names.of
        for part in (join.this, *join.expressions):
            alias = part.args.get("alias") if isinstance(part, exp.Alias) else None
            flow: dict[Base, int] = {}
            self._queries.expressions.gather(part.this if alias is not None else part, scope, TRANSFORM, flow)
            merge(rows, flow, BY_JOIN)
            if isinstance(alias, exp.Identifier):
                scope.sources.append(Source("", Anything(flow, {}, [Col(alias.name, of(alias), flow)])))

    def renamed(self, relation: Relation, columns: Sequence[Any]) -> Relation:
        """`AS t(a, b)`: the first columns get other names."""
        of = self._analysis.names.of
        names = [column.this if isinstance(column, exp.ColumnDef) else column for column in columns]
        names = [name for name in names if isinstance(name, exp.Identifier)]
        if relation.open:
            flow = row(relation)
            return Anything(flow, relation.rows, [Col(name.name, of(name), flow) for name in names])
        known = relation.all()
        if len(names) > len(known):
            self._analysis.gap("unsupported_syntax", "more column aliases than columns")
        changed = [Col(name.name, of(name), column.flow) for name, column in zip(names, known, strict=False)]
        return Derived([*changed, *known[len(changed) :]], relation.rows)

    def _append(
        self, scope: Scope, alias: Any, relation: Relation, *, listed: bool, key: str = "", schema: str = ""
    ) -> None:
        if alias is not None and isinstance(alias, exp.TableAlias):
            if alias.args.get("columns"):
                relation = self.renamed(relation, alias.args["columns"])
            if isinstance(alias.this, exp.Identifier):
                key, schema = self._analysis.names.of(alias.this), ""
        scope.sources.append(Source(key, relation, schema, listed))

    def _around(self, scope: Scope) -> Scope | None:
        """What a subquery in FROM may refer to: its siblings only where the engine makes it lateral by itself."""
        return scope if self._analysis.dialect in _AUTOMATIC_LATERAL else scope.parent

    def _table(self, node: exp.Table, scope: Scope, *, listed: bool) -> None:
        analysis = self._analysis
        analysis.seen.add(id(node))
        for name, value in node.args.items():
            if value and name in _WHICH and analysis.unknown == "open":
                analysis.seen.update(id(column) for column in value.find_all(exp.Column))
            elif value and name not in _TABLE_PARTS:
                analysis.gap("unsupported_syntax", f"`{name.upper()}` on a table")
        if isinstance(node.args.get("indexed"), exp.Table):
            analysis.seen.add(id(node.args["indexed"]))
        if node.args.get("rows_from"):
            self._rows_from(node, scope, listed=listed)
            return
        name = node.this
        if isinstance(name, exp.Func):
            self._function(name, node, scope, listed=listed)
            return
        alias = node.args.get("alias")
        if isinstance(name, exp.Identifier) and not node.args.get("db"):
            key = analysis.names.of(name)
            cte = scope.ctes.find(key) if scope.ctes is not None else None
            if cte is not None:
                self._append(scope, alias, self._queries.cte(cte), listed=listed, key=key)
                return
        if not isinstance(name, exp.Identifier):
            analysis.gap("unsupported_syntax", "a table that is not a name")
            scope.sources.append(Source("", Anything({}), listed=listed))
            return
        table = analysis.catalogue.find(node)
        if table is None and analysis.unknown == "gap":
            analysis.gap("unknown_table", ".".join(part.name for part in node.parts))
        relation = self._relation(node, table)
        db = node.args.get("db")
        schema = analysis.names.of(db) if isinstance(db, exp.Identifier) else ""
        if not schema:
            schema = analysis.names.stored(
                table.name.schema if table is not None else analysis.catalogue.default_schema
            )
        self._append(scope, alias, relation, listed=listed, key=analysis.names.of(name), schema=schema)

    def _relation(self, node: exp.Table, table: Table | None) -> Relation:
        base = self._analysis.base(node, table)
        if table is None or table.kind != "view":
            return base
        if table.name in self._analysis.views:
            return self._analysis.views[table.name]
        relation = self._view(table)
        self._analysis.views[table.name] = relation
        return relation

    def _view(self, table: Table) -> Relation:
        """The view's query over base tables; its own scope, so that no name of the statement reaches inside."""
        analysis = self._analysis
        # INVARIANT: a view that reads itself must end in a gap; its name is in `opening` while it is expanded.
        if not table.definition or table.name in analysis.opening or analysis.view_depth >= _MAX_VIEW_DEPTH:
            analysis.gap("view_not_expanded", str(table.name))
            return Anything({})
        try:
            query = parse(table.definition, analysis.dialect)
        except ParseError:
            analysis.gap("view_not_expanded", str(table.name))
            return Anything({})
        if isinstance(query, exp.Create) and isinstance(query.expression, exp.Expression):
            query = query.expression  # SQLite keeps the whole CREATE VIEW
        analysis.opening.add(table.name)
        analysis.view_depth += 1
        analysis.views_parsed.append(query)
        relation = self._queries.query(query, None, None)
        analysis.view_depth -= 1
        analysis.opening.discard(table.name)
        columns = relation.all()
        if relation.open or len(columns) != len(table.columns):
            analysis.gap("stale_catalogue", str(table.name))
            return Anything(row(relation), relation.rows)
        stored = analysis.names.stored
        named = [Col(c.name, stored(c.name), column.flow) for c, column in zip(table.columns, columns, strict=True)]
        return Derived(named, relation.rows)

    def _subquery(self, node: exp.Subquery, scope: Scope, rows: dict[Base, int], *, listed: bool) -> None:
        inner: Any = node.this
        while isinstance(inner, exp.Subquery) and not inner.args.get("alias") and not inner.args.get("joins"):
            inner = inner.this
        alias = node.args.get("alias")
        if isinstance(inner, (exp.Query, exp.Values, exp.Pivot)) and not isinstance(inner, exp.Subquery):
            relation = self._queries.query(self._plain(node), self._around(scope), scope.ctes)
            self._append(scope, alias, relation, listed=listed)
        elif alias is None:
            self.add(node.this, scope, rows, listed=listed)
        else:  # a join in parentheses with a name hides the names inside
            group = Scope(self._around(scope), scope.ctes)
            inner_rows: dict[Base, int] = {}
            self.add(node.this, group, inner_rows)
            columns, opens = starred(exp.Star(), group, self._analysis)
            self._append(scope, alias, Derived(columns, inner_rows, opens), listed=listed)

    def _plain(self, node: exp.Subquery) -> exp.Expr:
        """The query in the parentheses, or the parentheses themselves where they carry ORDER BY or LIMIT."""
        return node if any(node.args.get(part) for part in ("order", "limit", "offset", "with_")) else node.this

    def _lateral(self, node: exp.Lateral, scope: Scope, *, listed: bool) -> None:
        """LATERAL sees the entries to its left, and so does LATERAL VIEW."""
        inner = node.this
        while isinstance(inner, exp.Subquery):
            inner = inner.this
        if isinstance(inner, (exp.Query, exp.Values)):
            self._append(scope, node.args.get("alias"), self._queries.query(inner, scope, scope.ctes), listed=listed)
        else:
            self._function(inner, node, scope, listed=listed)

    def _rows_from(self, node: exp.Table, scope: Scope, *, listed: bool) -> None:
        """`ROWS FROM (f(), g())`: the functions beside each other."""
        before = len(scope.sources)
        for function in node.args["rows_from"]:
            self._analysis.seen.add(id(function))
            called = function.this if isinstance(function, exp.Table) else function
            self._function(called, function, scope, listed=listed)
        added = scope.sources[before:]
        del scope.sources[before:]
        relation = Anything(
            union([row(source.relation) for source in added]), union([source.relation.rows for source in added])
        )
        self._append(scope, node.args.get("alias"), relation, listed=listed)

    def _function(self, function: Any, node: Any, scope: Scope, *, listed: bool) -> None:
        """A function in FROM: each column may come from all arguments; a function that may read tables is a gap."""
        analysis = self._analysis
        name = functions.name(function)
        known = (exp.Unnest, *_SPELLED) if analysis.unknown == "open" else exp.Unnest
        if not isinstance(function, known) and name.removeprefix("pg_catalog.") not in _ROW_FUNCTIONS:
            analysis.gap("unreviewed_function", f"{name} in FROM")
        flow: dict[Base, int] = {}
        for argument in function.iter_expressions():
            if not isinstance(argument, (exp.TableAlias, exp.Identifier, exp.JSONSchema, *_COLUMN_DEFS)):
                self._queries.expressions.gather(argument, scope, TRANSFORM, flow)
        alias = node.args.get("alias")
        offset = node.args.get("offset")
        of = analysis.names.of
        columns = list(alias.args.get("columns") or ()) if alias is not None else []
        columns += [offset] if isinstance(offset, exp.Identifier) else []
        names = [column.this if isinstance(column, exp.ColumnDef) else column for column in columns]
        if isinstance(function, _SPELLED) and not names:
            names = _spelled_columns(function)
        cols = [Col(one.name, of(one), flow) for one in names if isinstance(one, exp.Identifier)]
        bare = name.removeprefix("pg_catalog.")
        key = of(alias.this) if alias is not None and isinstance(alias.this, exp.Identifier) else bare
        rows: dict[Base, int] = {}
        merge(rows, flow, BY_JOIN)  # how many rows there are tells about the arguments
        own = {key, bare, *_COLUMNS}
        scope.sources.append(Source(key, Anything(flow, rows, cols, frozenset(own)), listed=listed))

    def _pivot(self, node: Any, scope: Scope, before: int) -> None:
        """What stands before PIVOT or UNPIVOT becomes one relation with other columns."""
        added = scope.sources[before:]
        key, relation = (added[0].key, added[0].relation) if len(added) == 1 else ("", Anything({}))
        if len(added) > 1:
            group = Scope(scope.parent, scope.ctes)
            group.sources = list(added)
            columns, opens = starred(exp.Star(), group, self._analysis)
            relation = Derived(columns, union([source.relation.rows for source in added]), opens)
        for pivot in node.args["pivots"]:
            relation = self.pivots.apply(pivot, Source(key, relation), scope)
            alias = pivot.args.get("alias")
            if alias is not None and isinstance(alias.this, exp.Identifier):
                key = self._analysis.names.of(alias.this)
        scope.sources[before:] = [Source(key, relation)]

    def _natural(self, before: Sequence[Source], added: Sequence[Source], scope: Scope, rows: dict[Base, int]) -> None:
        if any(source.relation.open for source in (*before, *added)):
            self._analysis.gap("ambiguous_column", "a NATURAL join with a table whose columns are not known")
        right = {column.key: column.name for source in added for column in source.relation.all()}
        left = {column.key for source in before for column in source.relation.all()}
        for key, name in right.items():
            if key in left and key != "*":
                self._merge_column(name, key, before, added, scope, rows)

    def _merge_column(
        self,
        name: str,
        key: str,
        before: Sequence[Source],
        added: Sequence[Source],
        scope: Scope,
        rows: dict[Base, int],
    ) -> None:
        """A column of USING or NATURAL is one column with the value of both sides."""
        flows = [scope.merged[key][1]] if key in scope.merged else []
        flows += [] if flows else self._side(key, before)
        flows += self._side(key, added)
        if len(flows) < 2:
            self._analysis.gap("unknown_column", key)
        flow: Flow = union(flows) if flows else {}
        merge(rows, flow, BY_JOIN)
        if not any(source.listed for source in added):  # SEMI and ANTI: the value stays the left one
            flow = flows[0] if flows else {}
        scope.merged[key] = (name, flow)
        if self._analysis.view_depth == 0:
            self._analysis.named.update(dict.fromkeys(flow))

    def _side(self, key: str, sources: Sequence[Source]) -> list[Flow]:
        known = [flow for source in sources if (flow := source.relation.known(key)) is not None]
        if known:
            return [union(known)]
        opened = [source.relation.guess(key) for source in sources if source.relation.open]
        if len(opened) > 1:
            self._analysis.gap("ambiguous_column", key)
        return [union(opened)] if opened else []


def _spelled_columns(function: exp.Expression) -> list[Any]:
    """The names of the columns that JSON_TABLE and its like define, those of nested parts in place."""
    return [
        definition.this
        for definition in function.find_all(*_COLUMN_DEFS, bfs=False)
        if isinstance(definition.this, exp.Identifier)
    ]
