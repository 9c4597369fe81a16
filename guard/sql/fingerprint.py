"""What may be said of a statement in a log: its shape, without the values that stood in it."""

from __future__ import annotations

import hashlib

from sqlglot import exp

_VERSION = "v1"


def anonymised(statement: exp.Expression, *, dialect: str = "") -> str:
    """The statement as SQL with every literal replaced by `?`, comments dropped, names kept; safe for logs.

    Lists of literals shrink to one `?`, so that the text does not tell how many values there were.
    """
    return _without_values(statement, dialect).sql(dialect=dialect or None, comments=False)


def fingerprint(statement: exp.Expression, *, dialect: str = "") -> str:
    """A stable name of the statement's shape: `v1:` and 32 hexadecimal digits of SHA-256.

    Statements that differ only in literals, comments, white space and keyword case have the same fingerprint.
    """
    return fingerprint_of(anonymised(statement, dialect=dialect))


def fingerprint_of(text: str) -> str:
    """The fingerprint of a statement whose `anonymised` text is at hand."""
    return f"{_VERSION}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


_VALUES = (
    exp.Literal,
    exp.National,
    exp.RawString,
    exp.UnicodeString,
    exp.HexString,
    exp.BitString,
    exp.ByteString,
    exp.Heredoc,
    exp.JSONPath,
)
_OPAQUE = (exp.Command, exp.Set, exp.Pragma)


def _without_values(statement: exp.Expression, dialect: str) -> exp.Expression:
    if isinstance(statement, _OPAQUE):
        return exp.Command(this=type(statement).__name__.upper())
    copy = statement.copy()
    for node in list(copy.walk()):
        if isinstance(node, _VALUES) or (dialect == "sqlite" and _may_be_text(node)):
            node.replace(exp.Var(this="?"))
        elif isinstance(node, (exp.In, exp.Tuple, exp.Array)):
            _shrink(node)
    return copy


def _may_be_text(node: exp.Expr) -> bool:
    """SQLite reads a double-quoted name that is no column as a string; without a catalogue it counts as one."""
    return isinstance(node, exp.Column) and not node.table and node.this.args.get("quoted") is True


def _shrink(node: exp.Expr) -> None:
    """A list of nothing but values becomes a list of one."""
    values = node.expressions
    if len(values) > 1 and all(isinstance(value, _VALUES) for value in values):
        node.set("expressions", values[:1])
