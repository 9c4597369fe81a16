"""The words and signs that a spliced text may be made of, beside names, literals and reviewed functions.

These are allow-lists over tokens, as `allowed.py` is one over the syntax tree: words that write, lock, set, read files
or name a relation by text (`INTO`, `FOR`, `TABLE`, `ONLY`, `TABLESAMPLE`, ...) are absent, so a text made of these
tokens alone can only query. A statement with any other word goes the long way (`rewrite.py`).
"""

from __future__ import annotations

from typing import Final

DIALECTS: Final = frozenset({"postgres", "duckdb"})

# Nothing that these say can fail on a value.
HARMLESS_WORDS: Final = frozenset(
    {
        "select", "from", "where", "group by", "having", "order by", "limit", "offset", "union", "all", "intersect",
        "except", "distinct", "on", "join", "inner", "left", "right", "full", "outer", "cross", "natural", "using",
        "as", "and", "or", "not", "is", "null", "true", "false", "in", "exists", "between", "like", "ilike", "escape",
        "case", "when", "then", "else", "end", "asc", "desc", "nulls", "first", "last", "with", "recursive",
        "materialized", "filter", "coalesce",
    }
)  # fmt: skip

# Kinds of types, parts of windows and of dates: what they say may fail, or hangs on a cast.
_OTHER_WORDS: Final = frozenset(
    {
        "over", "partition by", "rows", "range", "groups", "unbounded", "preceding", "following", "current", "row",
        "within", "grouping", "sets", "rollup", "cube", "values", "lateral", "any", "some", "interval", "cast",
        "extract", "nullif", "year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "doy",
        "epoch", "at", "time", "zone", "similar", "to", "symmetric", "window", "exclude", "ties", "group", "no",
        "others",
    }
)  # fmt: skip

# Types by words that the engine's grammar or its own catalogue binds; sqlglot's other spellings (`string`, `int256`)
# could be a type of the user's there.
_TYPES: Final = {
    "postgres": frozenset(
        {
            "int", "integer", "int2", "int4", "int8", "smallint", "bigint", "text", "varchar", "char", "character",
            "character varying", "numeric", "decimal", "real", "float", "float4", "float8", "double precision",
            "boolean", "bool", "date", "timestamp", "timestamptz", "time", "uuid", "json", "jsonb",
        }
    ),
    "duckdb": frozenset(
        {
            "int", "integer", "smallint", "bigint", "text", "varchar", "numeric", "decimal", "real", "float", "double",
            "double precision", "boolean", "bool", "date", "timestamp", "timestamptz", "time", "uuid",
        }
    ),
}  # fmt: skip

_CURRENT: Final = frozenset({"current_date", "current_timestamp", "current_time", "localtime", "localtimestamp"})

WORDS: Final = {dialect: HARMLESS_WORDS | _OTHER_WORDS | _TYPES[dialect] | _CURRENT for dialect in DIALECTS}

# Words that may stand before a parenthesis without being the name of a function.
BEFORE_PARENTHESIS: Final = frozenset(
    {
        "in", "over", "as", "on", "and", "or", "not", "where", "having", "when", "then", "else", "case", "select",
        "distinct", "from", "join", "using", "union", "except", "intersect", "group by", "order by", "partition by",
        "values", "like", "ilike", "between", "materialized", "limit", "offset", "rollup", "cube", "sets", "lateral",
        "group",
    }
)  # fmt: skip

HARMLESS_SIGNS: Final = frozenset({"=", "<>", "!=", "<", "<=", ">", ">=", "(", ")", ",", "."})
SIGNS: Final = {
    "postgres": HARMLESS_SIGNS | {"*", "+", "-", "/", "%", "||", "::", "->", "->>"},
    "duckdb": HARMLESS_SIGNS | {"*", "+", "-", "/", "%", "||", "::"},
}

# Calls that answer for every value of their types.
HARMLESS_CALLS: Final = frozenset({"count", "min", "max", "sum", "avg", "lower", "upper", "length"})
