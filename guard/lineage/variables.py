"""Variables of a script: each is a table with one row and one column of its name, which nobody outside can read.

`SELECT @y = max(a) FROM t` fills the table `@y`; `@y` in a later statement is `(SELECT "@y" FROM "@y")`, so that what
is computed from a variable is computed from what went into it. Table variables are tables. A variable that never got
anything from a table (a parameter) is a constant. ClickHouse's `WITH (SELECT ...) AS m` is such a name for one query.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlglot import exp

from guard.lineage.write import UnknownWriteError, copies


class Assigned(NamedTuple):
    """A variable and the query whose answer it holds; without a query a table variable with its columns."""

    name: str
    query: exp.Query | None
    columns: tuple[str, ...] = ()


class Variables:
    """The variables of one script, by name as they are called in edges (`@y`)."""

    def __init__(self) -> None:
        self._bare: set[str] = set()  # declared without a sign: BigQuery's `DECLARE x INT64`
        self._filled: set[str] = set()
        self._declared: frozenset[str] = frozenset()  # by the routine that the statements stand in
        self._records: set[str] = set()  # filled with a row of several columns

    def enter(self, declared: frozenset[str]) -> None:
        """What the routine declares up to here; a name that is new here holds nothing of an earlier routine."""
        if declared != self._declared:
            fresh = {f"@{name}" for name in declared - self._declared}
            self._filled -= fresh
            self._records -= fresh
            self._declared = declared

    def replaced(self, statement: exp.Expression, columns: Collection[str] = ()) -> exp.Expression:
        """The statement, changed in place: variables in it are tables and queries of those.

        `columns` come before variables of a routine that have their names.

        Raises:
            UnknownWriteError: a name for a query stands in too many places.
        """
        for parameter in list(statement.find_all(exp.Parameter)):
            if isinstance(parameter.parent, exp.Table):
                parameter.replace(_name(_called(parameter)))
            elif _called(parameter) in self._filled and not _is_left(parameter):
                parameter.replace(_read(_called(parameter)))
        bare = self._bare | self._declared.difference(columns)
        for column in list(statement.find_all(exp.Column)) if bare else ():
            if isinstance(column.this, exp.Star) or _is_left(column):
                continue
            owner = f"@{column.table.lower()}"
            if owner in self._records and column.table.lower() in self._declared:
                column.replace(_read(owner, column.this.copy()))
            elif column.name.lower() in bare and not column.args.get("table"):
                called = _called(column)
                if called in self._records:
                    raise UnknownWriteError("use of a whole record")
                column.replace(_read(called) if called in self._filled else exp.Null())
        for entry in [one for one in statement.find_all(exp.CTE) if one.args.get("scalar")]:
            clause, query = entry.parent, entry.parent.parent if entry.parent is not None else None
            named = [
                column
                for column in (query.find_all(exp.Column) if query is not None else ())
                if column.name == entry.alias and not column.args.get("table")
            ]
            copies(entry.this, len(named))
            for column in named:
                column.replace(entry.this.copy())
            entry.pop()
            if clause is not None and query is not None and not clause.expressions:
                query.set("with_", None)
        return statement

    def assigned(self, statement: exp.Expression) -> list[Assigned] | None:
        """What the statement gives to variables; None where it is another statement."""
        if isinstance(statement, exp.Declare):
            return self._declares(statement)
        if isinstance(statement, exp.Set):
            equal = [item.this for item in statement.expressions if isinstance(item.this, exp.EQ)]
            return [
                self._fill(one.this, exp.Select(expressions=[one.expression.copy()]))
                for one in equal
                if _is_variable(one.this, self._bare | self._declared) or one.expression.find(exp.Table) is not None
            ]
        if isinstance(statement, exp.Select) and statement.expressions and all(map(_gives, statement.expressions)):
            return [self._fill(one.this, _only(statement, one.expression)) for one in statement.expressions]
        return None

    def _declares(self, statement: exp.Declare) -> list[Assigned]:
        found: list[Assigned] = []
        for item in statement.expressions:
            names = item.this if isinstance(item.this, list) else [item.this]
            kind = item.args.get("kind")
            for name in names:
                if isinstance(kind, exp.Schema):
                    columns = tuple(one.name for one in kind.expressions if isinstance(one, exp.ColumnDef))
                    found.append(Assigned(_called(name), None, columns))
                    continue
                if isinstance(name, exp.Identifier):
                    self._bare.add(name.name.lower())
                if isinstance(item.args.get("default"), exp.Expr):
                    found.append(self._fill(name, exp.Select(expressions=[item.args["default"].copy()])))
        return found

    def filled(self, query: exp.Expression, names: tuple[str, ...]) -> list[Assigned]:
        """What `SELECT a, b INTO v, w` gives to each; one name for several columns is a record.

        Raises:
            UnknownWriteError: which column goes into which variable cannot be told.
        """
        if isinstance(query, exp.Select) and len(query.expressions) == len(names) and not query.is_star:
            copies(query, len(names))
            for name in names:
                self._records.discard(f"@{name}")
            return [
                self._fill(exp.to_identifier(name), _only(query, value.unalias()))
                for name, value in zip(names, query.expressions, strict=True)
            ]
        if len(names) != 1 or not isinstance(query, exp.Query):
            raise UnknownWriteError("select into")
        self._records.add(f"@{names[0]}")
        return [Assigned(f"@{names[0]}", query)]

    def _fill(self, variable: Any, query: exp.Select) -> Assigned:
        name = _called(variable)
        if query.find(exp.Table) is not None:
            self._filled.add(name)
        return Assigned(name, query, (name,))


def _called(node: Any) -> str:
    return f"@{node.name.lower()}"


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


def _read(name: str, column: exp.Expr | None = None) -> exp.Subquery:
    read = exp.Column(this=column if column is not None else _name(name))
    return exp.Subquery(this=exp.Select(expressions=[read]).from_(exp.Table(this=_name(name))))


def _is_variable(node: Any, bare: Collection[str]) -> bool:
    return isinstance(node, exp.Parameter) or (isinstance(node, exp.Column) and node.name.lower() in bare)


def _is_left(node: exp.Expr) -> bool:
    """True for what an assignment gives to, and for the names of columns that are written."""
    parent = node.parent
    assigns = isinstance(parent, exp.EQ) and parent.this is node
    return assigns and isinstance(parent.parent, (exp.SetItem, exp.Select, exp.Update)) if parent is not None else False


def _gives(projection: exp.Expr) -> bool:
    return isinstance(projection, exp.EQ) and isinstance(projection.this, exp.Parameter)


def _only(query: exp.Select, value: exp.Expr) -> exp.Select:
    copied = query.copy()
    copied.set("expressions", [value.copy()])
    return copied
