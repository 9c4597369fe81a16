"""The statement's own text with a wrap in the place of each table: names as the engine reads them, then quoted;
functions by their full names; no comments. Everything else stays as its author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlglot.tokenizer_core import TokenType

from guard.policy.enforce.functions import BUILTIN_SCHEMA, CALLED_BARE, spelled
from guard.policy.enforce.splice.lexemes import BEFORE_PARENTHESIS, SIGNS, WORDS
from guard.sql.lexed import Lexed, Template, free_literals

_STRING: Final = re.compile(r"'(?:[^'\\]|'')*'")
_NUMBER: Final = re.compile(r"[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_WORDS: Final = frozenset({"n", "k", "f"})
_TIGHT: Final = frozenset({"(", ")", ",", ".", "::"})


@dataclass(frozen=True, slots=True)
class Place:
    """What stands in the place of the tokens from `first` to `last`: text in parts; the text of some is a literal."""

    first: int
    last: int
    parts: tuple[str, ...]
    literals: tuple[tuple[int, int], ...] = ()  # index in `parts`, index of the token


@dataclass(frozen=True, slots=True)
class Spliced:
    """The enforced text, and where each place begins in it, by its first token."""

    template: Template
    text: str
    spans: Mapping[int, int]


def spliced(
    lexed: Lexed, names: Mapping[int, str], places: Mapping[int, Place], dialect: str, *, ending: str = ""
) -> Spliced | None:
    """The text, or None where a token is not an ordinary one.

    Args:
        lexed: the statement.
        names: every name in it as the engine reads it, by its start in the text.
        places: what is replaced, by first token.
        dialect: of the text.
        ending: what follows the statement.
    """
    sql, tokens = lexed
    token_of = _Tokens(lexed, names, dialect)
    free = free_literals(lexed)
    pieces: list[str] = []
    slots: list[tuple[int, int]] = []
    spans: dict[int, int] = {}
    length = end = at = seen = 0  # `seen` names of the tree were met
    before = "("
    while at < len(tokens):
        token = tokens[at]
        place = places.get(at)
        found = token_of.written(at, token) if place is None else ("", "n")
        if found is None:
            return None
        text, now = found
        gap = _gap(sql[end : token.start], before, now) if at else ""
        if place is not None:
            pieces.append(gap)
            spans[at] = length + len(gap)
            slots += [(len(pieces) + part, literal) for part, literal in place.literals if literal in free]
            pieces += place.parts
            length += len(gap) + sum(map(len, place.parts))
            seen += sum(tokens[inside].start in names for inside in range(at, place.last + 1))
            at = place.last
        else:
            seen += token.start in names
            if at in free:
                pieces += (gap, text)
                slots.append((len(pieces) - 1, at))
            else:
                pieces.append(gap + text)
            length += len(gap) + len(text)
        before, end = now, tokens[at].end + 1
        at += 1
    if seen != len(names):
        return None  # a name of the tree that no token carries: the two do not tell of one statement
    template = Template((*pieces, ending), tuple(slots))
    return Spliced(template, template.text(), spans)


# Words as they were written before; each is on one of the lists, so there are few but for their capitals.
_known: Final[dict[str, dict[tuple[str, bool], tuple[str, str]]]] = {dialect: {} for dialect in WORDS}
MOST_WORDS: Final = 10_000


class _Tokens:
    """How each token is written, and what it is: a sign as itself, "n" a name or literal, "k" a keyword, "f" a call."""

    def __init__(self, lexed: Lexed, names: Mapping[int, str], dialect: str) -> None:
        self._sql, self._tokens = lexed
        self._names = names
        self._words, self._signs = WORDS[dialect], SIGNS[dialect]
        self._syntax = CALLED_BARE[dialect]
        self._functions = spelled(dialect)
        self._prefix = ".".join((*BUILTIN_SCHEMA[dialect], ""))
        self._known = _known[dialect]

    def written(self, at: int, token: Any) -> tuple[str, str] | None:
        """The text of a token, or None where it is not an ordinary one."""
        start = token.start
        name = self._names.get(start)
        if name is not None:
            return f'"{name}"' if '"' not in name else '"' + name.replace('"', '""') + '"', "n"
        raw = self._sql[start : token.end + 1]
        if raw in self._signs:
            return raw, raw
        kind = token.token_type
        if kind is TokenType.STRING:
            joined = at and self._tokens[at - 1].token_type is TokenType.STRING
            return (raw, "n") if _STRING.fullmatch(raw) and not joined else None
        if kind is TokenType.NUMBER:
            return (raw, "n") if _NUMBER.fullmatch(raw) else None
        after = at + 1
        opens = after < len(self._tokens) and self._tokens[after].token_type is TokenType.L_PAREN
        found = self._known.get((raw, opens))
        if found is None:
            found = self._word(raw, opens=opens)
            if found is not None and len(self._known) < MOST_WORDS:
                self._known[raw, opens] = found
        return found

    def _word(self, raw: str, *, opens: bool) -> tuple[str, str] | None:
        word = raw.lower()
        if opens and word not in BEFORE_PARENTHESIS:
            if word in self._syntax:
                return raw, "f"
            return (self._prefix + raw, "f") if word in self._functions else None
        return (raw, "k") if word in self._words or " ".join(word.split()) in self._words else None


def _gap(between: str, before: str, now: str) -> str:
    """What stands between two tokens: the author's own space, no comment, nothing before the parenthesis of a call."""
    if before == "f":
        return ""
    if not between:
        return " " if _clash(before, now) else ""
    return between if _SPACE.fullmatch(between) else " "


def _clash(before: str, now: str) -> bool:
    """Whether two tokens that stand together could be read as one, or a keyword and its parenthesis as a call."""
    if before in _TIGHT or now in _TIGHT:
        return before == "k" and now == "("
    return (before in _WORDS) == (now in _WORDS)
