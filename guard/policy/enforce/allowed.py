"""What a statement may be made of: node types, types, statements.

Everything is an allow-list: a node type, a type or a statement that nobody reviewed is refused, whatever it does.
The functions stand in `functions.py`.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from guard.policy.enforce.golden import HIDDEN

DIALECTS: Final = ("postgres", "duckdb", "sqlite", "mysql")

STATEMENTS: Final = (exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.Values)

# Structure and operators. None of these can run code, name a relation by text, or reach another session.
NODES: Final[frozenset[type[exp.Expr]]] = frozenset(
    {
        # queries
        exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.Values, exp.With, exp.CTE, exp.From,
        exp.Join, exp.Lateral, exp.Unnest, exp.Table, exp.TableAlias, exp.Where, exp.Group, exp.GroupingSets,
        exp.Rollup, exp.Cube, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.LimitOptions,
        exp.Offset, exp.Fetch, exp.Distinct, exp.Window, exp.WindowSpec, exp.Filter, exp.ColumnDef, exp.WithinGroup,
        # names and values
        exp.Identifier, exp.Column, exp.Star, exp.Alias, exp.Aliases, exp.Dot, exp.Literal, exp.Boolean, exp.Null,
        exp.Parameter, exp.Placeholder, exp.Var, exp.Interval, exp.Tuple, exp.Paren, exp.Bracket, exp.Slice,
        exp.DataType, exp.DataTypeParam, exp.IntervalSpan, exp.PropertyEQ, exp.Kwarg, exp.National, exp.ByteString,
        exp.RawString, exp.HexString, exp.BitString, exp.IgnoreNulls, exp.RespectNulls,
        exp.JSONPath, exp.JSONPathKey, exp.JSONPathRoot, exp.JSONPathSubscript, exp.JSONPathWildcard,
        exp.JSONPathSlice, exp.JSONKeyValue, exp.Collate, exp.Columns, exp.Lambda, exp.Comprehension,
        # operators
        exp.And, exp.Or, exp.Xor, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is,
        exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In, exp.Exists, exp.Any, exp.All, exp.Like, exp.ILike,
        exp.SimilarTo, exp.Glob, exp.Escape, exp.RegexpLike, exp.RegexpILike, exp.Add, exp.Sub, exp.Mul, exp.Div,
        exp.IntDiv, exp.Mod, exp.Pow, exp.Neg, exp.DPipe, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor,
        exp.BitwiseNot, exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.ArrayContainsAll, exp.ArrayContainedBy,
        exp.ArrayOverlaps, exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar,
        exp.JSONBContains, exp.AtTimeZone, exp.Overlaps, exp.Distance,
        # syntax that looks like a function
        exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Coalesce, exp.Nullif, exp.Extract, exp.Array, exp.Struct,
        exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp, exp.ToMap,
        exp.Grouping,
    }
)  # fmt: skip

# Types whose input or comparison code is the engine's own. Types that look names up (`regclass`) and users' types
# are absent.
TYPES: Final[frozenset[str]] = frozenset(
    {
        "BOOLEAN", "TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INT", "UINT", "BIGINT", "UBIGINT", "INT128",
        "UINT128", "FLOAT", "DOUBLE", "DECIMAL", "BIGDECIMAL", "CHAR", "NCHAR", "VARCHAR", "NVARCHAR", "TEXT",
        "BPCHAR", "NAME", "DATE", "TIME", "TIMETZ", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPLTZ", "TIMESTAMPNTZ",
        "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATETIME", "INTERVAL", "UUID", "JSON", "JSONB", "BINARY",
        "VARBINARY", "BLOB", "BIT", "ARRAY", "LIST", "STRUCT", "MAP", "INET", "MEDIUMINT", "UMEDIUMINT", "UDECIMAL",
        "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "YEAR", "ENUM", "SET",
        "CHARACTER_SET",
    }
)  # fmt: skip

HIDDEN_COLUMNS: Final[dict[str, frozenset[str]]] = {
    "postgres": frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"}),
    "duckdb": frozenset({"rowid", "filename", "file_row_number"}),
    "sqlite": frozenset({"rowid", "_rowid_", "oid"}),
    "mysql": frozenset({"_rowid"}),
    **HIDDEN,
}

# What may stand on a table reference; samples, pivots, time travel, index hints and partitions are absent.
TABLE_PARTS: Final[frozenset[str]] = frozenset(
    {"this", "db", "catalog", "alias", "joins", "laterals", "only", "ordinality"}
)
