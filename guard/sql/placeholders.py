"""Placeholders of drivers get guard's own spelling, so that enforcement may move or repeat them."""

from __future__ import annotations

import re

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from guard.errors import ParseError
from guard.sql.tokens import tokens_of

# `%%`, `%s`, `%(name)s`, or a `%` that psycopg would refuse.
_PERCENT = re.compile(r"%(?:(?P<escaped>%)|(?P<next>s)|\((?P<name>[^()%]{1,200})\)s)?")
# guard binds the keys of masks as `guard_<n>`: a text that named one would read it. `?` and `@` begin names in SQLite.
_RESERVED = re.compile(r"[:$@?]\s*guard_|%\(\s*guard_", re.IGNORECASE)


def refuse_reserved(sql: str) -> None:
    """Refuses a text that could name one of guard's own placeholders, in any driver's spelling, even in a literal.

    Raises:
        ParseError: it could.
    """
    if _RESERVED.search(sql):
        raise ParseError("a placeholder's name begins with `guard_`, which is reserved", help="rename the placeholder")


def named_from_qmark(sql: str, prefix: str, dialect: str) -> tuple[str, int]:
    """`sql` with its n-th `?` spelled `:prefix<n>`, counted from 0, and how many there were.

    A `?` in a literal, a quoted name or a comment is not a placeholder.

    Raises:
        ParseError: the text cannot be split into tokens.
    """
    try:
        tokens = tokens_of(sql, dialect)
    except TokenError:
        raise ParseError("the statement cannot be split into tokens", help="close its quotes and comments") from None
    parts: list[str] = []
    end = count = 0
    for token in tokens:
        if token.token_type == TokenType.PLACEHOLDER:
            parts += (sql[end : token.start], f":{prefix}{count}")
            end = token.end + 1
            count += 1
    return "".join((*parts, sql[end:])), count


def named_from_pyformat(sql: str, prefix: str) -> tuple[str, tuple[str | int, ...]]:
    """`sql` as the server would read it, with placeholders spelled `:prefix<n>`, and what the n-th one stands for.

    That is the name of `%(name)s` or the position of `%s`. psycopg reads a `%` in literals and comments too, so `%%`
    is one `%` everywhere.

    Raises:
        ParseError: a `%` that is none of these, or both ways of binding in one text.
    """
    keys: list[str | int] = []
    parts: list[str] = []
    end = 0
    for found in _PERCENT.finditer(sql):
        parts.append(sql[end : found.start()])
        end = found.end()
        if found["escaped"]:
            parts.append("%")
            continue
        if not found["next"] and not found["name"]:
            raise ParseError("a `%` of the statement is no placeholder", help="double it: `%%`")
        key = found["name"] or sum(isinstance(known, int) for known in keys)
        if key not in keys:
            keys.append(key)
        parts.append(f":{prefix}{keys.index(key)}")
    if len({type(key) for key in keys}) > 1:
        raise ParseError("the statement binds both by name and by position", help="bind all values in one way")
    return "".join((*parts, sql[end:])), tuple(keys)
