"""SQL Server's OUTPUT ... INTO: a second table that a write fills with the rows that it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from guard.lineage.write import UnknownWriteError, Write, copies, table_of


def output(
    node: exp.Expr, target: exp.Table | None, sources: Sequence[exp.Expr], values: Mapping[str, exp.Expr]
) -> list[Write]:
    """SQL Server's `OUTPUT deleted.a, inserted.a INTO log`: the rows before, and as they are afterwards."""
    returning: Any = node.args.get("returning")
    into = returning.args.get("into") if returning is not None else None
    if into is None or into is False or target is None:
        return []
    name = exp.to_table(str(into.this)) if isinstance(into, exp.Anonymous) else table_of(into)
    if name is None:
        raise UnknownWriteError("output into")
    names = tuple(column.name for column in into.expressions) if isinstance(into, exp.Anonymous) else ()
    copies(node, len(returning.expressions) if values else 1)
    own = target.alias_or_name
    cells = []
    for cell in returning.expressions:
        copied = cell.copy()
        holder = exp.Paren(this=copied)
        for column in list(copied.find_all(exp.Column)):
            new = values.get(column.name.lower()) if column.table.lower() == "inserted" else None
            if new is not None:
                column.replace(exp.Paren(this=new.copy()))
            elif column.table.lower() in ("inserted", "deleted"):
                column.set("table", exp.to_identifier(own))
        cells.append(holder.this)
    query = exp.Select(expressions=cells)
    query.set("from_", exp.From(this=sources[0].copy()))
    query.set("joins", [exp.Join(this=source.copy()) for source in sources[1:]])
    if node.args.get("where") is not None:
        query.set("where", node.args["where"].copy())
    return [Write(name, query, names or None)]
