"""Kinds of statements: which ones only read, and what to call the others."""

from __future__ import annotations

import re

from sqlglot import exp

_READS = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)


def is_query(statement: exp.Expression) -> bool:
    """True for a statement that returns rows and changes nothing: SELECT, set operations, VALUES.

    False for SELECT INTO, and for a WITH clause or a subquery that writes.
    """
    if not isinstance(statement, _READS):
        return False
    return not any(
        isinstance(node, (exp.DML, exp.DDL, exp.Into, exp.Command)) and not _reads(node) for node in statement.walk()
    )


def _reads(node: exp.Expr) -> bool:
    """Some of sqlglot's queries carry the DDL or DML trait as well."""
    return isinstance(node, _READS)


def kind(statement: exp.Expression) -> str:
    """One lower-case word: `select`, `insert`, `create`, ...; for a command, its first word."""
    if isinstance(statement, _READS):
        if is_query(statement):
            return "select"
        return "select_into" if statement.find(exp.Into) else "select_with_write"
    word = str(statement.this).lower() if isinstance(statement, exp.Command) else type(statement).__name__.lower()
    return word if re.fullmatch(r"[a-z_]{1,30}", word) else "command"
