"""Why a statement could not be read, said as what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlglot.tokenizer_core import TokenType

BY_HAND: Final = "declare its lineage by hand"
ROUTINE: Final = f"guard does not read routines of this language or form: {BY_HAND}"
VARIABLE: Final = f"what fills its variables cannot be told: {BY_HAND}"
_GENERAL: Final = f"check syntax and dialect; if both are right, guard does not know the form: {BY_HAND}"

_OPENS: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSES: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
# Behind these words and signs something must follow, in every dialect.
_GOES_ON: Final = frozenset({
    "SELECT", "DISTINCT", "FROM", "JOIN", "ON", "USING", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS",
    "BY", "HAVING", "UNION", "EXCEPT", "INTERSECT", "CASE", "WHEN", "THEN", "ELSE", "INTO", "VALUES", "SET", "UPDATE",
    "INSERT", "MERGE", "CREATE", "WITH", "AS", "OVER", ",", ".", "=", "<", ">", "<=", ">=", "<>", "!=",
    "+", "*", "/", "%", "||",
})  # fmt: skip


def cure(piece: Sequence[Any], *, last: bool) -> str:
    """What to do about the tokens of a statement that was not read; `last` where the text ends with it.

    >>> from guard.sql.tokens import tokens_of
    >>> cure(tokens_of("INSERT INTO t SELECT a FROM (SELECT", ""), last=True)
    'the text ends inside of a statement: send all of it'
    """
    first = piece[0].text.upper()
    if last and _ends_inside(piece):
        return "the text ends inside of a statement: send all of it"
    if first in {"EXEC", "EXECUTE"}:
        return f"what is put together when it runs cannot be read before: {BY_HAND}"
    if first == "CALL":
        return f"what a procedure does cannot be read from its call: {BY_HAND}"
    return _GENERAL


def _ends_inside(piece: Sequence[Any]) -> bool:
    depth = sum((token.token_type in _OPENS) - (token.token_type in _CLOSES) for token in piece)
    return depth > 0 or piece[-1].text.upper() in _GOES_ON
