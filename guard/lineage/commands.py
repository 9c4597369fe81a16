"""Statements that move data and that the parser hands back as text: UNLOAD, RENAME TABLE, EXCHANGE PARTITION.

Each becomes a statement that it equals, so that the rest of the room needs no case for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from guard.errors import ParseError
from guard.sql.limits import SCRIPT_LIMITS
from guard.sql.parse import parse_tokens, tokenise

# Here EXCHANGE PARTITION takes the partition out of the other table; elsewhere the two change places.
_ONE_WAY = frozenset({"hive", "spark", "spark2", "databricks"})


def understood(command: exp.Command, dialect: str) -> list[exp.Expression]:
    """The statements that `command` equals, in order; none where guard does not know it."""
    translate = _TRANSLATIONS.get(str(command.this).upper())
    rest = command.expression
    text = rest.name if isinstance(rest, exp.Expression) else str(rest or "")
    if translate is None:
        return []
    try:
        reader, tokens = tokenise(text, dialect)
        return translate(_Words(text, reader, tokens, dialect))
    except (ParseError, _StrangeError):
        return []


class _StrangeError(Exception):
    """The command goes on in another way than expected."""


class _Words:
    """Tokens read one by one."""

    def __init__(self, text: str, reader: Any, tokens: Sequence[Any], dialect: str) -> None:
        self.text, self.reader, self.tokens, self.dialect = text, reader, tokens, dialect
        self.at = 0

    def take(self, *words: str) -> None:
        """Steps over `words`."""
        for word in words:
            if not self.sees(word):
                raise _StrangeError
            self.at += 1

    def sees(self, word: str) -> bool:
        """True when the next token is `word`."""
        return self.at < len(self.tokens) and self.tokens[self.at].text.upper() == word

    def table(self) -> exp.Table:
        """A name of up to three parts."""
        parts: list[exp.Identifier] = []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            quoted = token.token_type is TokenType.IDENTIFIER
            if not quoted and not token.text.replace("_", "a").replace("$", "a").isalnum():
                raise _StrangeError
            parts.append(exp.to_identifier(token.text, quoted=quoted))
            self.at += 1
            if not self.sees("."):
                break
            self.at += 1
        if not 1 <= len(parts) <= 3:
            raise _StrangeError
        catalog, db, name = [None] * (3 - len(parts)) + parts
        return exp.Table(this=name, db=db, catalog=catalog)

    def string(self) -> str:
        """A string literal."""
        if self.at >= len(self.tokens) or self.tokens[self.at].token_type is not TokenType.STRING:
            raise _StrangeError
        self.at += 1
        return str(self.tokens[self.at - 1].text)

    def inside(self) -> Sequence[Any]:
        """The tokens in the parentheses that open here."""
        self.take("(")
        start, depth = self.at, 1
        while depth and self.at < len(self.tokens):
            kind = self.tokens[self.at].token_type
            depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
            self.at += 1
        if depth:
            raise _StrangeError
        return self.tokens[start : self.at - 1]


def _unload(words: _Words) -> list[exp.Expression]:
    """`UNLOAD ('SELECT ...' | SELECT ...) TO 'path'` (Redshift, Athena) is COPY of a query to a path."""
    inner = words.inside()
    words.take("TO")
    path = words.string()
    text, tokens = words.text, inner
    if len(inner) == 1 and inner[0].token_type is TokenType.STRING:
        text = inner[0].text
        _, tokens = tokenise(text, words.dialect)
    trees = parse_tokens(text, words.reader, tokens, limits=SCRIPT_LIMITS)
    if len(trees) != 1 or not isinstance(trees[0], (exp.Select, exp.SetOperation)):
        raise _StrangeError
    return [exp.Copy(this=exp.Subquery(this=trees[0]), files=[exp.Literal.string(path)], kind=False)]


def _replace(words: _Words) -> list[exp.Expression]:
    """MySQL's `REPLACE INTO t ...` is an INSERT that deletes what it meets; Spark's `REPLACE TABLE t AS` a CREATE."""
    makes = words.sees("TABLE") or words.sees("VIEW")
    text = f"{'CREATE OR REPLACE' if makes else 'INSERT'} {words.text}"
    reader, tokens = tokenise(text, words.dialect)
    trees = parse_tokens(text, reader, tokens, limits=SCRIPT_LIMITS)
    if len(trees) != 1 or not isinstance(trees[0], (exp.Insert, exp.Create)):
        raise _StrangeError
    return [trees[0]]


def _rename(words: _Words) -> list[exp.Expression]:
    """`RENAME TABLE a TO b, c TO d` (MySQL, Teradata, Exasol) is one ALTER TABLE ... RENAME for each."""
    words.take("TABLE")
    renames: list[exp.Expression] = []
    while True:
        old = words.table()
        words.take("TO")
        renames.append(exp.Alter(this=old, kind="TABLE", actions=[exp.AlterRename(this=words.table())]))
        if not words.sees(","):
            break
        words.take(",")
    if words.at < len(words.tokens):
        raise _StrangeError
    return renames


def _exchange(words: _Words) -> list[exp.Expression]:
    """`ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b`: rows of b become rows of a, and back where both change."""
    words.take("TABLE")
    here = words.table()
    words.take("EXCHANGE", "PARTITION")
    if words.sees("("):
        words.inside()
    else:
        words.table()
    words.take("WITH", "TABLE")
    there = words.table()
    if words.dialect in _ONE_WAY:
        return [exp.Insert(this=here, expression=exp.select("*").from_(there))]
    return [exp.Alter(this=here, kind="TABLE", actions=[exp.SwapTable(this=there)])]


_TRANSLATIONS: dict[str, Callable[[_Words], list[exp.Expression]]] = {
    "UNLOAD": _unload,
    "RENAME": _rename,
    "REPLACE": _replace,
    "ALTER": _exchange,
}
