"""Row filters and masks as expressions of Trino's SQL. A value stands in them as a literal: Trino binds none."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from guard.errors import GuardError
from guard.model import Mask, RowFilter, Table
from guard.policy.enforce.names import TABLE_ALIAS
from guard.policy.enforce.predicates import condition
from guard.sql.catalogue import Catalogue
from guard.sql.masking import MaskSql, Parameters

DIALECT = "trino"
_NEAREST = "postgres"  # whose form of a mask is brought to Trino
# Functions that mean in Trino what they mean in PostgreSQL; a mask with any other is NULL.
_KNOWN = (exp.Case, exp.If, exp.Cast, exp.Coalesce, exp.And, exp.Or, exp.RegexpLike)
_NAMES = frozenset({"LENGTH", "SUBSTR", "STRPOS", "REPLACE", "UPPER", "LOWER", "DATE_TRUNC", "REGEXP_LIKE", "RPAD"})
NOTHING = "false"  # the condition that no row meets


def filter_text(row_filter: RowFilter, table: Table, catalogue: Catalogue, catalog: str) -> str:
    """The condition; tables that it reads are named with Trino's catalog.

    Raises:
        AccessDeniedError: it does not fit the table.
    """
    tree = condition(row_filter, table, catalogue).sql.copy()
    for column in tree.find_all(exp.Column):
        if column.table == TABLE_ALIAS:
            column.set("table", None)
    for read in tree.find_all(exp.Table):
        read.set("catalog", exp.to_identifier(catalog, quoted=True))
    return tree.sql(dialect=DIALECT)


def mask_text(mask: Mask, column_type: str, masks: MaskSql) -> str:
    """The masked column in the column's own type; NULL where Trino cannot do the mask."""
    parameters = Parameters()
    try:
        masked = masks(
            mask,
            exp.column(mask.column, quoted=True),
            column_type=exp.DataType.build(column_type or "varchar", dialect=DIALECT).sql(dialect=_NEAREST),
            dialect=_NEAREST,
            parameters=parameters,
        )
        tree = masked.transform(_to_trino)
    except (GuardError, SqlglotError):
        return null_text(column_type)
    # A keyed mask binds its key, and a key never stands in the text of a query.
    if parameters.values() or not all(
        one.name.upper() in _NAMES if isinstance(one, exp.Anonymous) else isinstance(one, _KNOWN)
        for one in tree.find_all(exp.Func)
    ):
        return null_text(column_type)
    return f"CAST({tree.sql(dialect=DIALECT)} AS {_type(column_type)})"


def _to_trino(node: exp.Expr) -> exp.Expr:
    """What PostgreSQL says otherwise: Trino compares by code points and has no collations, and its `repeat` makes an
    array."""
    if isinstance(node, exp.Collate):
        return node.this.unnest() if isinstance(node.this, exp.Paren) else node.this
    if isinstance(node, exp.Anonymous) and node.name.upper() == "REPEAT" and len(node.expressions) == 2:
        text, times = node.expressions
        return exp.Anonymous(this="RPAD", expressions=[exp.Literal.string(""), times, text])
    return node


def null_text(column_type: str) -> str:
    """NULL in the column's own type."""
    return f"CAST(NULL AS {_type(column_type)})" if column_type else "NULL"


def _type(column_type: str) -> str:
    """The type as sqlglot spells it, so that nothing but a type gets into the text."""
    return exp.DataType.build(column_type or "varchar", dialect=DIALECT).sql(dialect=DIALECT)
