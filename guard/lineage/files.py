"""Statements between tables and files: COPY, UNLOAD, EXPORT, LOAD; a file is a dataset whose name is its path."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from guard.lineage.write import UnknownWriteError, Write, listed, path_of, table_of
from guard.sql.catalogue import Catalogue


def copy(node: exp.Copy, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """COPY between a table or query and a file; Snowflake also copies a query over a stage into a table."""
    files = [path for path in map(_place, node.args.get("files") or ()) if path is not None]
    inside = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    stage = _place(inside)
    loaded = [one.this for one in node.args.get("files") or () if isinstance(one, exp.Subquery)]
    if len(loaded) == 1:
        return [Write(stage or table_of(inside), _named(loaded[0]), listed(inside))]
    if len(files) != 1:
        if stage is None and table_of(inside) is not None and node.args.get("kind") and not node.args.get("files"):
            return [Write(table_of(inside), None)]
        raise UnknownWriteError("copy")
    if isinstance(inside, (exp.Select, exp.SetOperation)):
        return [Write(files[0], inside)]
    table = stage or table_of(inside)
    if table is None:
        raise UnknownWriteError("copy")
    return [Write(table, None, copies=files[0]) if node.args.get("kind") else Write(files[0], None, copies=table)]


def export(node: exp.Export, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """BigQuery's `EXPORT DATA OPTIONS (uri = '...') AS SELECT ...`."""
    paths = _option(node.args.get("options"), "uri")
    if len(paths) != 1 or not isinstance(node.this, exp.Query):
        raise UnknownWriteError("export")
    return [Write(path_of(paths[0]), node.this)]


def load(node: exp.LoadData, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """`LOAD DATA INPATH '/x' INTO TABLE t` (Hive), `LOAD DATA INTO t FROM FILES (uris = [...])` (BigQuery)."""
    inpath = node.args.get("inpath")
    paths = [inpath] if inpath is not None else _option(node.args.get("files"), "uris")
    found = [path for path in map(path_of, paths) if path is not None]
    target = table_of(node.this)
    if not found or target is None:
        raise UnknownWriteError("load data")
    return [Write(target, None, copies=path) for path in found]


def _option(properties: Any, name: str) -> list[Any]:
    for one in properties.expressions if isinstance(properties, exp.Properties) else ():
        if isinstance(one, exp.Property) and one.name.lower() == name:
            value = one.args.get("value")
            return list(value.expressions) if isinstance(value, exp.Array) else [value]
    return []


def _place(node: Any) -> exp.Table | None:
    """A path in quotes, or a stage (`@stage/path`)."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Var):
        return exp.Table(this=exp.to_identifier(node.this.name, quoted=True))
    return path_of(node)


def _named(query: exp.Expr) -> exp.Expr:
    """`$1` of a file is a column of it, and a stage in FROM a table with its name."""
    for table in list(query.find_all(exp.Table)):
        stage = _place(table)
        if stage is not None:
            stage.set("alias", table.args.get("alias"))
            table.replace(stage)
    for parameter in list(query.find_all(exp.Parameter)):
        if isinstance(parameter.this, exp.Literal):
            parameter.replace(exp.Column(this=exp.to_identifier(f"${parameter.name}", quoted=True)))
    return query
