"""The shape of a statement: its text without literals and comments, which may hold data."""

from __future__ import annotations

MAX_SQL = 100_000  # characters
_NAMES_MAY_BE_TEXT = frozenset({"sqlite", "mysql"})  # there "x" is a string when no column is called x


def shape(sql: str, dialect: str) -> str:
    """The statement with `?` for every literal, one space between tokens, and no comments.

    Empty where that cannot be told: an unknown dialect, a text that does not scan, or one longer than `MAX_SQL`.
    The shape of a shape is itself.
    """
    from sqlglot.errors import SqlglotError

    from guard.sql.tokens import tokens_of

    if not dialect or len(sql) > MAX_SQL:
        return ""
    try:
        tokens = tokens_of(sql, dialect)
    except (SqlglotError, ValueError):
        return ""
    words: list[str] = []
    literal_end = -1  # where the last literal ended
    for token in tokens:
        name, text = token.token_type.name, sql[token.start : token.end + 1]
        if token.start == literal_end + 1 and words and (text[0].isalnum() or text[0] == "_"):
            literal_end = token.end  # the rest of `0xFF` or `1_000`, in a dialect that does not know them
            continue
        literal = name == "NUMBER" or name.endswith("STRING") or text[0].isdigit()
        if literal or (name == "IDENTIFIER" and dialect in _NAMES_MAY_BE_TEXT) or not _plain(text, token.text):
            text, literal_end = "?", token.end
        words.append(text)
    return " ".join(words)


def _plain(text: str, inner: str) -> bool:
    """True when a token's source is what its kind says: a word, a sign, or a name in quotes."""
    quoted = text[:1] in '"`[' and text[1:-1].replace(text[-1] * 2, text[-1]) == inner
    return quoted or text.upper() == inner.upper()
