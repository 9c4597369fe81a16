"""What a routine declares: parameters and variables, and the `INTO v` that fills them.

The parser reads `SELECT a INTO v` as a query that makes a table, and a declaration as nothing; both are told apart
here by their words. In T-SQL a variable has a sign, and all of this is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlglot.tokenizer_core import TokenType

_SIGNED = frozenset({"fabric", "tsql"})  # there a name without a sign is none of a variable
_NEVER_TABLES = frozenset({"mysql", "singlestore", "doris", "starrocks"})  # `SELECT ... INTO` makes no table there
_ROUTINES = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "PACKAGE"})
_MODES = frozenset({"IN", "OUT", "INOUT", "VARIADIC"})
_NO_NAMES = frozenset({"CURSOR", "TYPE", "SUBTYPE", "PRAGMA", "PROCEDURE", "FUNCTION", "CONTINUE", "EXIT", "UNDO"})
_ENDS = frozenset({"BEGIN", "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "SET", "IF", "WITH", "CREATE", "END"})
_WORD = re.compile(r"\w+")
_FILLING = frozenset({"fetch", "call", "returning", "execute", "for"})
_BEFORE = frozenset({"STRICT", "LOCAL"})
_FILES = frozenset({"OUTFILE", "DUMPFILE"})
_INTO = frozenset({TokenType.INTO, TokenType.BULK_COLLECT_INTO})
_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET})


class Into(NamedTuple):
    """A statement without its `INTO v, w`, and the names; `sure` is False where they may as well be a table."""

    tokens: Sequence[Any]
    names: tuple[str, ...]
    sure: bool


class Declared:
    """The names that hold at one place of a script, read piece by piece."""

    def __init__(self, dialect: str, outer: frozenset[str] = frozenset(), *, routine: bool = False) -> None:
        self.names = outer
        self._dialect = dialect
        self._routine = routine  # inside of one, where INTO fills variables
        self._section = False  # between DECLARE (or IS) and BEGIN
        self._murky: set[str] = set()  # filled in a way that is not followed

    def read(self, piece: Sequence[Any]) -> None:
        """Takes in what the next piece of the script declares."""
        if self._dialect in _SIGNED:
            return
        words = [token.text.upper() for token in piece]
        if words[:1] == ["DECLARE"] and len(words) == 2:  # some dialects keep the rest as one text
            words = f"DECLARE {words[1].replace(',', ' , ')}".split()
        at = 0
        if words[:1] == ["CREATE"] and _ROUTINES & set(words[1:6]):
            self.names, self._routine, self._section = frozenset(), True, False
            at = self._head(piece, words)
        elif words[:1] == ["DO"]:
            self._routine = True
        fresh = self._section
        if fresh and "CURSOR" in words[:2]:
            return  # its query ends no section
        while at < len(words):
            if fresh and self._section:
                self._declaration(words, at)
            fresh = False
            if words[at] == "DECLARE" or (at and words[at] in ("AS", "IS") and self._opens(words, at)):
                self._section = fresh = self._routine = True
            elif words[at] in _ENDS:
                self._section = False
            at += 1
        if self._dialect in _NEVER_TABLES:
            self._section = False  # MySQL writes DECLARE before each

    def fills(self, piece: Sequence[Any]) -> None:
        """Notes the variables that a piece may fill in a way that is not followed: FETCH, CALL, RETURNING INTO."""
        words = _WORD.findall(" ".join(token.text for token in piece).lower())
        if not _FILLING.isdisjoint(words):
            self._murky |= self.names.intersection(words)

    def murky(self, piece: Sequence[Any]) -> bool:
        """True where a piece uses a variable of which nobody knows what it holds."""
        return bool(self._murky) and not self._murky.isdisjoint(token.text.lower() for token in piece)

    def assignment(self, piece: Sequence[Any]) -> tuple[str, Sequence[Any]] | None:
        """`v := value` in a routine: the name, and the tokens of the value."""
        for at, token in enumerate(piece):
            if token.token_type is TokenType.COLON_EQ and at and piece[at - 1].text.lower() in self.names:
                return piece[at - 1].text.lower(), piece[at + 1 :]
            if token.token_type in (TokenType.SELECT, *_OPEN):
                return None
        return None

    def into(self, tokens: Sequence[Any]) -> Into:
        """`SELECT a INTO v FROM t` without what fills a variable; other statements as they are."""
        words = [token.text.upper() for token in tokens]
        if not words or words[0] not in ("SELECT", "WITH") or self._dialect in _SIGNED:
            return Into(tokens, (), sure=True)
        depth = 0
        for at, token in enumerate(tokens):
            depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
            if depth == 0 and words[at] in ("INSERT", "UPDATE", "DELETE", "MERGE"):
                break
            if depth == 0 and token.token_type in _INTO:
                return self._found(tokens, words, at)
        return Into(tokens, (), sure=True)

    def _found(self, tokens: Sequence[Any], words: list[str], at: int) -> Into:
        end = at + 1
        end += end < len(words) and words[end] in _BEFORE
        names: list[str] = []
        signed = 0
        while end < len(words):
            if words[end] in ("@", ":"):
                signed += 1
                end += 1
            elif words[end].startswith("@"):
                signed += 1
            if end >= len(words) or not words[end].lstrip("@").replace("_", "a").replace("$", "a").isalnum():
                return Into(tokens, (), sure=not names)
            names.append(tokens[end].text.lower().lstrip("@"))
            end += 1
            if end >= len(words) or words[end] != ",":
                break
            end += 1
        if not names or names[0].upper() in _FILES:
            return Into(tokens, (), sure=True)
        variables = signed == len(names) or all(name in self.names for name in names)
        if variables or self._dialect in _NEVER_TABLES or (self._routine and self._dialect == "oracle"):
            rest = [*tokens[:at], *tokens[end:]]
            return Into(rest, tuple(names), sure=end >= len(words) or words[end] not in (".", "("))
        return Into(tokens, (), sure=not self._routine)

    def _opens(self, words: list[str], at: int) -> bool:
        """True where AS or IS begins the declarations of a routine (Oracle), before any other statement."""
        return self._dialect == "oracle" and self._routine and not {"BEGIN", "SELECT"} & set(words[:at])

    def _head(self, piece: Sequence[Any], words: list[str]) -> int:
        """The parameters of a routine; returns where its head goes on."""
        at = next(at for at, word in enumerate(words) if word in _ROUTINES) + 1
        while at < len(piece) and words[at] not in ("AS", "IS", "BEGIN", "RETURN", "RETURNS"):
            if words[at] == "(":
                return self._parameters(piece, words, at)
            at += 1
        return at

    def _parameters(self, piece: Sequence[Any], words: list[str], at: int) -> int:
        depth, fresh = 0, True
        while at < len(piece):
            kind = piece[at].token_type
            depth += (kind in _OPEN) - (kind in _CLOSE)
            if depth == 0:
                break
            if kind in _OPEN:
                fresh = fresh or depth == 1
            elif kind is TokenType.COMMA and depth == 1:
                fresh = True
            elif fresh and words[at] not in _MODES:
                # `f(int)` of PostgreSQL has a type alone.
                if at + 1 < len(words) and words[at + 1] not in (",", ")"):
                    self.names |= {words[at].lower()}
                fresh = False
            at += 1
        return at + 1

    def _declaration(self, words: list[str], at: int) -> None:
        """`a, b NUMBER := 0`; cursors, types and handlers are none."""
        names: set[str] = set()
        while at < len(words) and words[at] not in _NO_NAMES and words[at] not in _ENDS:
            names.add(words[at].lower())
            at += 1
            if at >= len(words) or words[at] != ",":
                break
            at += 1
        if at < len(words) and words[at] not in ("CURSOR", "CONDITION", "EXCEPTION", "NO", "SCROLL"):
            self.names |= names
            start = next((i for i in range(at, len(words)) if words[i] in (":=", "=", "DEFAULT")), len(words))
            value = words[start + 1 : words.index(";", start) if ";" in words[start:] else None]
            if any(word in ("SELECT", "(", "(SELECT") or word.lower() in self.names for word in value):
                self._murky |= names  # a default that is more than a constant
