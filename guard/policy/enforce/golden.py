"""Dialects that are enforced by construction, without an engine in the tests.

What is rewritten is held by cases (tests/cases/enforce/golden.yml), never by a run. So whatever would need one is left
out: only functions that mean the same everywhere, only masks whose form is plain, no clause beyond those of a plain
SELECT, and no fence whose effect on a planner nobody has seen. In its place hidden rows lose their values:

    SELECT CASE WHEN filter THEN t.name END AS name FROM t WHERE filter

Wherever an engine moves the user's condition, on a hidden row it meets nothing but NULL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from guard.model import Gap
from guard.policy.enforce.deny import unsupported

GOLDEN: Final = ("spark", "trino", "snowflake", "bigquery", "clickhouse", "tsql", "oracle")
STORES_UPPER: Final = frozenset({"snowflake", "oracle"})  # a bare name means the one in capitals, a quoted one itself

# Pseudo-columns that tell where or when a row is stored.
HIDDEN: Final[dict[str, frozenset[str]]] = {
    "spark": frozenset({"_metadata"}),
    "trino": frozenset({"$path", "$file_modified_time", "$file_size", "$partition", "$bucket"}),
    "snowflake": frozenset({"metadata$filename", "metadata$row_id", "metadata$action", "metadata$isupdate"}),
    "bigquery": frozenset({"_partitiontime", "_partitiondate", "_table_suffix", "_file_name", "_change_type"}),
    "clickhouse": frozenset({"_part", "_part_index", "_part_uuid", "_partition_id", "_partition_value", "_table",
                             "_database", "_sample_factor", "_row_exists", "_block_number", "_path", "_file"}),
    "tsql": frozenset({"$rowguid", "$identity", "$action", "$partition"}),
    "oracle": frozenset({"rowid", "ora_rowscn", "object_value", "object_id", "versions_xid"}),
}  # fmt: skip

_SELECT_PARTS: Final = frozenset(
    {
        "with_", "expressions", "from_", "joins", "laterals", "where", "group", "having", "order", "limit", "offset",
        "distinct", "qualify", "windows",
    }
)  # fmt: skip


def gaps(tree: exp.Expr) -> Iterator[Gap]:
    """What is not enforced in these dialects, besides the lists that all dialects share."""
    for node in tree.walk():
        if isinstance(node, exp.Parameter):
            yield unsupported("a variable or a positional column", "write the value itself, or name the column")
        elif isinstance(node, exp.Select):
            for part, value in node.args.items():
                if value and part not in _SELECT_PARTS:
                    yield unsupported(f"`{part.strip('_')}` in SELECT", "write the query without it")


def behind(value: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """`value` on rows that pass the condition, NULL on every other."""
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=value)])


def shown(value: exp.Expr) -> tuple[exp.Expr, exp.Expr | None]:
    """What an output shows, and the condition that it stands behind, if it does."""
    node = value.unnest()
    ifs = node.args.get("ifs") or []
    if isinstance(node, exp.Case) and node.this is None and node.args.get("default") is None and len(ifs) == 1:
        inner = ifs[0].args.get("true")
        if isinstance(inner, exp.Expr):
            return inner, ifs[0].this
    return value, None


def stands(wrap: exp.Select) -> bool:
    """Whether every output of a wrap stands behind the whole of its filter."""
    where = wrap.args.get("where")
    return where is not None and all(
        shown(output.this)[1] == where.this for output in wrap.expressions if isinstance(output, exp.Alias)
    )
