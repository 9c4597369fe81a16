"""From the enforced tree to the SQL text that runs."""

from __future__ import annotations

from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError

from guard.policy.enforce.deny import denied
from guard.policy.enforce.functions import qualify


def emit(tree: exp.Expr, dialect: str) -> str:
    """The text: no comments, names quoted, built-ins called by their full names.

    SQLite reads a double-quoted name that it cannot resolve as a text; there the user's own quoting stays, and only
    guard's names are quoted (each of them is qualified, which no text can be). The tree is used up.

    Raises:
        AccessDeniedError: the dialect cannot say this.
    """
    try:
        text = tree.sql(
            dialect=dialect,
            identify=dialect != "sqlite",
            comments=False,
            unsupported_level=ErrorLevel.RAISE,
            copy=False,
        )
    except UnsupportedError:
        raise denied(f"the statement cannot be written for {dialect}", "write it in the source's own SQL") from None
    words = frozenset({"conflict"}) if isinstance(tree, exp.Insert) and tree.args.get("conflict") else frozenset()
    return qualify(text, dialect, words=words)  # no reviewed function has that name
