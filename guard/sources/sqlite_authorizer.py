"""SQLite's own guard at the door: each action of a statement is asked for when it is prepared.

Only reading tables, calling known functions and recursion are allowed; PRAGMA, ATTACH, writes, virtual tables and
unknown functions are not, whatever guard's parser made of the statement.
"""

from __future__ import annotations

import sqlite3

# Actions are numbers in sqlite3.h; the module names them.
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE})
SYSTEM_TABLES = frozenset(
    {"sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema", "sqlite_dbpage"}
)

# Built-in functions that only compute. Left out: load_extension, fts3_tokenizer, zeroblob and randomblob (memory),
# sqlite_* and changes() (state of the connection), edit and writefile of the shell.
FUNCTIONS = frozenset(
    {
        "abs",
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "avg",
        "ceil",
        "ceiling",
        "char",
        "coalesce",
        "concat",
        "concat_ws",
        "cos",
        "cosh",
        "count",
        "cume_dist",
        "date",
        "datetime",
        "degrees",
        "dense_rank",
        "exp",
        "first_value",
        "floor",
        "format",
        "glob",
        "group_concat",
        "hex",
        "if",
        "ifnull",
        "iif",
        "instr",
        "json",
        "json_array",
        "json_array_length",
        "json_extract",
        "json_group_array",
        "json_group_object",
        "json_insert",
        "json_object",
        "json_patch",
        "json_quote",
        "json_remove",
        "json_replace",
        "json_set",
        "json_type",
        "json_valid",
        "julianday",
        "lag",
        "last_value",
        "lead",
        "length",
        "like",
        "ln",
        "log",
        "log10",
        "log2",
        "lower",
        "ltrim",
        "max",
        "median",
        "min",
        "mod",
        "nth_value",
        "ntile",
        "nullif",
        "octet_length",
        "percent_rank",
        "pi",
        "pow",
        "power",
        "printf",
        "quote",
        "radians",
        "random",
        "rank",
        "replace",
        "round",
        "row_number",
        "rtrim",
        "sign",
        "sin",
        "sinh",
        "soundex",
        "sqrt",
        "strftime",
        "string_agg",
        "substr",
        "substring",
        "subtype",
        "sum",
        "tan",
        "tanh",
        "time",
        "timediff",
        "total",
        "trim",
        "trunc",
        "typeof",
        "unhex",
        "unicode",
        "unistr",
        "unixepoch",
        "unlikely",
        "likely",
        "likelihood",
        "upper",
        "guard_sha256",
        "->",
        "->>",
    }
)


class Authorizer:
    """Answers for one connection and remembers which tables the last prepared statement reads."""

    def __init__(self) -> None:
        self.read: set[str] = set()

    def __call__(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        via: str | None,  # noqa: ARG002 - SQLite passes the view or trigger
    ) -> int:
        """Called by SQLite; anything but `SQLITE_OK` makes it refuse the statement."""
        if action in _READING:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_OK if (second or "").lower() in FUNCTIONS else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and first is not None:
            if first.lower() in SYSTEM_TABLES or database not in ("main", None, ""):
                return sqlite3.SQLITE_DENY
            self.read.add(first)
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY
