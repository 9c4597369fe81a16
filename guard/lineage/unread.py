"""Why a statement of a script was not read, so that each gap names the true cause and its cure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlglot.tokenizer_core import TokenType

from guard.errors import ParseError
from guard.lineage.routines import CONTROL, ROUTINES
from guard.model import Gap
from guard.sql.limits import SCRIPT_LIMITS
from guard.sql.parse import parse_tokens

BY_HAND = "declare its lineage by hand"
_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET})
# No statement ends with one of these.
_GOES_ON = frozenset(
    {
        "AND", "AS", "BY", "FROM", "HAVING", "IN", "INSERT", "INTO", "JOIN", "LIKE", "MERGE", "NOT", "ON", "OR",
        "OVERWRITE", "SELECT", "SET", "UNION", "UPDATE", "USING", "VALUES", "WHERE", "WITH",
        ",", "=", "(", "[", ".", "+", "<", ">", "||",
    }
)  # fmt: skip
# Statements that run other code.
_RUNS = frozenset({"CALL", "EXEC", "EXECUTE", "PERFORM"})
# Statements and words of control flow that move no row.
_QUIET = CONTROL | frozenset(
    {
        "ANALYZE", "BREAK", "CLOSE", "CLUSTER", "COMMENT", "COMMIT", "CONTINUE", "DEALLOCATE", "DELIMITER", "DENY",
        "DROP", "ELSE", "EXIT", "FETCH", "FLUSH", "GET", "GOTO", "GRANT", "INVALIDATE", "ITERATE", "KILL", "LEAVE",
        "LOCK", "MSCK", "NULL", "OPTIMIZE", "PRAGMA", "PREPARE", "PRINT", "RAISE", "RAISERROR", "REFRESH", "REINDEX",
        "RELEASE", "RESET", "RESIGNAL", "REVOKE", "ROLLBACK", "SAVEPOINT", "SET", "SHOW", "SIGNAL", "START", "THROW",
        "TRUNCATE", "UNLOCK", "UNTIL", "USE", "VACUUM", "WAITFOR",
    }
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]{1,30}")


def moves_nothing(piece: Sequence[Any]) -> bool:
    """True for statements that were not understood, and whose first word says that they move no row.

    The head of a routine moves none either: its statements follow.
    """
    words = [token.text.upper() for token in piece[:5]]
    head = words[0] in ("ALTER", "CREATE") and not ROUTINES.isdisjoint(words)
    return head or words[0] in _QUIET or not _WORD.fullmatch(words[0])


def runs_code(piece: Sequence[Any]) -> bool:
    """`CALL p()`, `EXECUTE ...`: what they do is not in the script."""
    return piece[0].text.upper() in _RUNS


def variable(line: int) -> Gap:
    """A variable is filled in a way that is not followed."""
    what = f"what a variable holds in the statement at line {line}"
    return Gap(code="unsupported_statement", what=what, help="fill it by SELECT INTO or SET, or " + BY_HAND)


def routine(line: int) -> Gap:
    """A body that is not SQL, or of which the values come from its callers."""
    what = f"the body of the routine at line {line}: another language, or values that its callers give"
    return Gap(code="unsupported_statement", what=what, help=BY_HAND)


def why(sql: str, reader: Any, piece: Sequence[Any]) -> Gap:
    """The gap of a statement that came without a tree; it names no more of the text than its first words."""
    line = piece[0].line
    where = f"the statement at line {line}"
    try:
        parse_tokens(sql, reader, piece, limits=SCRIPT_LIMITS)
    except ParseError as error:
        if error.gap == "too_large":
            return Gap(code="too_large", what=f"line {line}: {error.message}", help=error.help)
    if _cut(piece):
        return Gap(code="unparsed_sql", what=f"{where} breaks off", help="send the whole script")
    kind = _kind(piece)
    if kind:
        return Gap(code="unsupported_statement", what=f"`{kind}` at line {line}", help=BY_HAND)
    return Gap(code="unparsed_sql", what=where, help="check syntax and dialect")


def _cut(piece: Sequence[Any]) -> bool:
    depth = sum((token.token_type in _OPEN) - (token.token_type in _CLOSE) for token in piece)
    last = piece[-1]
    quoted = last.token_type in (TokenType.IDENTIFIER, TokenType.STRING)
    return depth > 0 or (not quoted and last.text.upper() in _GOES_ON)


def _kind(piece: Sequence[Any]) -> str:
    """`call`, `create trigger`: a statement whose effect is elsewhere; empty for those that guard follows."""
    words = [token.text.upper() for token in piece[:5]]
    if words[0] in _RUNS:
        return " ".join(word.lower() for word in words[: 2 if words[1:2] == ["IMMEDIATE"] else 1])
    if words[0] == "CREATE":
        found = next((word for word in words[1:] if word in ROUTINES), "")
        return f"create {found.lower()}" if found else ""
    known = {"ALTER", "COPY", "DELETE", "FROM", "INSERT", "MERGE", "REPLACE", "SELECT", "UPDATE", "VALUES", "WITH"}
    known |= CONTROL
    followed = words[0] in known or piece[0].token_type is TokenType.SELECT  # Teradata: SEL
    return words[0].lower() if not followed and _WORD.fullmatch(words[0]) else ""
