"""Variables of a script: each is a table with one row and one column of its name, which nobody outside can read.

`SELECT @y = max(a) FROM t` fills the table `@y`; `@y` in a later statement is `(SELECT "@y" FROM "@y")`, so that what
is computed from a variable is computed from what went into it. Table variables are tables. A variable that never got
anything from a table (a parameter) is a constant. ClickHouse's `WITH (SELECT ...) AS m` is such a name for one query.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlglot import exp

from guard.lineage.write import copies


class Assigned(NamedTuple):
    """A variable and the query whose answer it holds; without a query a table variable with its columns."""

    name: str
    query: exp.Select | None
    columns: tuple[str, ...] = ()


class Variables:
    """The variables of one script, by name as they are called in edges (`@y`)."""

    def __init__(self) -> None:
        self._bare: set[str] = set()  # declared without a sign: BigQuery's `DECLARE x INT64`
        self._filled: set[str] = set()

    def replaced(self, statement: exp.Expression) -> exp.Expression:
        """The statement, changed in place: variables in it are tables and queries of those.

        Raises:
            UnknownWriteError: a name for a query stands in too many places.
        """
        for parameter in list(statement.find_all(exp.Parameter)):
            if isinstance(parameter.parent, exp.Table):
                parameter.replace(_name(_called(parameter)))
            elif _called(parameter) in self._filled and not _is_left(parameter):
                parameter.replace(_read(_called(parameter)))
        for column in list(statement.find_all(exp.Column)) if self._bare else ():
            if column.name.lower() in self._bare and not column.args.get("table") and not _is_left(column):
                called = _called(column)
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
            return self._declared(statement)
        if isinstance(statement, exp.Set):
            equal = [item.this for item in statement.expressions if isinstance(item.this, exp.EQ)]
            return [
                self._fill(one.this, exp.Select(expressions=[one.expression.copy()]))
                for one in equal
                if _is_variable(one.this, self._bare) or one.expression.find(exp.Table) is not None
            ]
        if isinstance(statement, exp.Select) and statement.expressions and all(map(_gives, statement.expressions)):
            return [self._fill(one.this, _only(statement, one.expression)) for one in statement.expressions]
        return None

    def _declared(self, statement: exp.Declare) -> list[Assigned]:
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

    def _fill(self, variable: Any, query: exp.Select) -> Assigned:
        name = _called(variable)
        if query.find(exp.Table) is not None:
            self._filled.add(name)
        return Assigned(name, query, (name,))


def _called(node: Any) -> str:
    return f"@{node.name.lower()}"


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


def _read(name: str) -> exp.Subquery:
    return exp.Subquery(this=exp.Select(expressions=[exp.Column(this=_name(name))]).from_(exp.Table(this=_name(name))))


def _is_variable(node: Any, bare: set[str]) -> bool:
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
