"""The proof of a spliced text: read again, token by token, with nothing known but the decision and the proved wraps.

A wrap was parsed and held against the decision by itself (`prove.prove_wrap`). What is left to prove of the text around
the wraps is that it reads no relation and calls nothing of its own:

- wherever a relation can stand (behind FROM and JOIN, behind a comma of a FROM list, in parentheses there), there is
  a wrap, a common table expression by its reserved name, or a query in parentheses, for which the same holds;
- every word is on the list of words that only query; every name is quoted; every call is of a reviewed built-in by its
  full name;
- where anything in it can fail on a value, every wrap with a filter has its fence.

It shares no code with the splicing. Where it cannot say, it says no.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from guard.model import Mask, MaxRows, MinimumGroup, RowFilter
from guard.policy.enforce.deny import denied
from guard.policy.enforce.functions import BUILTIN_SCHEMA, CALLED_BARE, spelled
from guard.policy.enforce.prove import ProvedWrap
from guard.policy.enforce.splice.lexemes import (
    BEFORE_PARENTHESIS,
    HARMLESS_CALLS,
    HARMLESS_SIGNS,
    HARMLESS_WORDS,
    SIGNS,
    WORDS,
)
from guard.sql.tokens import tokens_of

if TYPE_CHECKING:
    from guard.model import Decision
    from guard.sql.catalogue import Catalogue

_MARK: Final = "guard_w"  # stands for a wrap in the text that is read; the user's names are all quoted
_CTE: Final = re.compile(r"guard_cte_[0-9]+")
_CONDITION: Final = re.compile(
    r'"guard_t"\."((?:[^"]|"")+)"\s*(?:(?:=|<|<=|>|>=)\s*(?:L)|IN\s*\(\s*L(?:\s*,\s*L)*\s*\)|BETWEEN\s+L\s+AND\s+L)'.replace(
        "L", r"(?:'(?:[^'\\]|'')*'|[0-9]+)"
    ),
    re.IGNORECASE,
)
_ENDS: Final = frozenset(
    {
        "where", "group by", "having", "order by", "limit", "offset", "union", "except", "intersect", "window",
        "select",
    }
)  # fmt: skip
_QUERIES: Final = frozenset({"select", "with"})
_TAKES_FROM: Final = frozenset({"extract", "substring", "trim"})  # `extract(year FROM x)`
_BEFORE_CTE: Final = frozenset({"with", "recursive", ","})
_DEFINES: Final = frozenset({TokenType.ALIAS, TokenType.L_PAREN})
_OTHER, _SLOT, _LIST = range(
    3
)  # of a level of parentheses: elsewhere, a relation must follow, in a FROM list behind one


@dataclass(frozen=True, slots=True)
class Claim:
    """A wrap in the text: its half-open span, what was proved of it, and the condition written into it."""

    start: int
    end: int
    head: str
    condition: str
    tail: str
    proved: ProvedWrap
    open_columns: frozenset[str]


class UnprovedError(Exception):
    """The text does not prove; it must not run."""


def prove_tokens(text: str, claims: Sequence[Claim], catalogue: Catalogue, decision: Decision) -> None:
    """Returns when `text` provably keeps the decision.

    Raises:
        AccessDeniedError: something in it is not accounted for.
    """
    try:
        _prove(text, claims, catalogue, decision)
    except (UnprovedError, TokenError) as error:
        what = str(error) if isinstance(error, UnprovedError) else "the enforced text does not parse"
        cure = "this is a fault in guard; nothing was run; report the shape of the statement"
        message = f"the enforced statement could not be proved: {what}"
        raise denied(message, cure, decision=decision.id) from None


def _prove(text: str, claims: Sequence[Claim], catalogue: Catalogue, decision: Decision) -> None:
    parts: list[str] = []
    at = 0
    for claim in claims:
        _claim(text, claim, at)
        parts += (text[at : claim.start], _MARK)
        at = claim.end
    parts.append(text[at:])
    skeleton = "".join(parts)
    reader = _Reader(skeleton, catalogue.dialect)
    reader.read()
    if reader.marks != len(claims):
        raise UnprovedError("a wrap stands where no relation can")
    if reader.used - reader.defined:
        raise UnprovedError("a common table expression is not in scope")
    if reader.may_fail and any(claim.proved.filtered and not claim.proved.fenced for claim in claims):
        raise UnprovedError("a row filter stands without its fence")
    tables = {claim.proved.table for claim in claims}
    for owed in decision.obligations:
        if isinstance(owed, RowFilter | Mask):
            if owed.table not in tables:
                raise UnprovedError(f"`{owed.table}` is protected and not read")
        elif isinstance(owed, MaxRows):
            if reader.limit is None or reader.limit > owed.rows:
                raise UnprovedError("the row limit is missing")
        elif isinstance(owed, MinimumGroup):
            raise UnprovedError("a group is not counted")


def _claim(text: str, claim: Claim, after: int) -> None:
    """The wrap is the proved one, with nothing more in it than conditions on columns that may be seen."""
    if claim.start < after or text[claim.start : claim.end] != claim.head + claim.condition + claim.tail:
        raise UnprovedError("a wrap is not the proved one")
    rest = claim.condition
    while rest:
        found = _CONDITION.match(rest, 5) if rest.startswith(" AND ") else None
        if found is None or found.group(1).replace('""', '"') not in claim.open_columns or not claim.proved.filtered:
            raise UnprovedError("a wrap holds a condition that is not the statement's")
        rest = rest[found.end() :]


class _Reader:
    """Reads the text around the wraps."""

    def __init__(self, text: str, dialect: str) -> None:
        self._text = text
        self._tokens = tokens_of(text, dialect)
        self._words, self._signs, self._syntax = WORDS[dialect], SIGNS[dialect], CALLED_BARE[dialect]
        self._schema, self._functions = BUILTIN_SCHEMA[dialect], spelled(dialect)
        # Of each open parenthesis: what may follow behind it, and the word of the call around it.
        self._levels: list[tuple[int, str]] = []
        self._state, self._call = _OTHER, ""
        self._before = self._previous = ""  # the two words or signs before; "n" for names and literals
        self._path = 0  # parts of the built-in schema that were just read
        self.marks = 0
        self.may_fail = False
        self.used: set[str] = set()
        self.defined: set[str] = set()
        self.limit: int | None = None

    def read(self) -> None:
        """Reads to the end.

        Raises:
            UnprovedError: something in the text is not on the lists, or stands where it must not.
        """
        text, tokens, signs = self._text, self._tokens, self._signs
        last = len(tokens) - 1
        for at, token in enumerate(tokens):
            kind = token.token_type
            raw = text[token.start : token.end + 1]
            if raw in signs:
                now = raw
                self._sign(raw)
            else:
                following = tokens[at + 1].token_type if at < last else None
                if kind is TokenType.IDENTIFIER and raw[0] == '"':
                    self._name(token.text, following)
                    now = "n"
                elif kind is TokenType.STRING or kind is TokenType.NUMBER:
                    self._literal(raw, kind)
                    now = "n"
                else:
                    now = self._word(raw.lower(), following)
            if self._path and now != "." and now not in self._schema:
                raise UnprovedError("a name of the built-in schema stands alone")
            self._before, self._previous = now, self._before
        if self._levels or self._state == _SLOT or self._path:
            raise UnprovedError("it ends too early")
        self.limit = self._ending(tokens)

    def _name(self, name: str, following: TokenType | None) -> None:
        if self._state == _SLOT:
            self._relation(name, following)
            self._state = _LIST
        elif self._before in _BEFORE_CTE and following in _DEFINES and _CTE.fullmatch(name):
            self.defined.add(name)

    def _sign(self, sign: str) -> None:
        state = self._state
        if sign == "(":
            self._levels.append((_LIST if state == _SLOT else state, self._call))
            self._state, self._call = (_SLOT if state == _SLOT else _OTHER), self._before
        elif sign == ")":
            if not self._levels or state == _SLOT:
                raise UnprovedError("its parentheses do not match")
            self._state, self._call = self._levels.pop()
        elif state == _SLOT:
            raise UnprovedError("a sign stands where a relation can")
        elif sign == ",":
            if state == _LIST:
                self._state = _SLOT
        elif sign == "*":
            # A star lists columns; between two values it multiplies.
            self.may_fail = self.may_fail or self._before in ("n", ")")
        elif sign not in HARMLESS_SIGNS:
            self.may_fail = True

    def _word(self, word: str, following: TokenType | None) -> str:
        """Reads a plain word, and returns it in its one spelling."""
        if word not in self._words:
            word = " ".join(word.split())
        if word == _MARK:
            if self._state != _SLOT:
                raise UnprovedError("a wrap stands where no relation can")
            self.marks += 1
            self._state = _LIST
        elif self._path:
            self._called(word, following)
        elif word == self._schema[0] and following is TokenType.DOT:
            if self._state == _SLOT:
                raise UnprovedError("a function stands where a relation can")
            self._path = 1
        else:
            self._state = self._after(word, opens=following is TokenType.L_PAREN)
            if word == "select":
                self._call = ""
        return word

    def _called(self, word: str, following: TokenType | None) -> None:
        """A word behind the first part of the built-in schema: another part of it, or a reviewed function."""
        if self._before != ".":
            raise UnprovedError("a name of the built-in schema stands alone")
        if self._path < len(self._schema):
            if word != self._schema[self._path] or following is not TokenType.DOT:
                raise UnprovedError("a function is not called by its full name")
            self._path += 1
            return
        if word not in self._functions or following is not TokenType.L_PAREN:
            raise UnprovedError("a function is not on the list")
        self._path = 0
        self.may_fail = self.may_fail or word not in HARMLESS_CALLS

    def _after(self, word: str, *, opens: bool) -> int:
        """What may follow after a plain word."""
        if opens and word not in BEFORE_PARENTHESIS and word not in self._syntax:
            raise UnprovedError("a function is not called by its full name")
        if word not in self._words and not (opens and word in self._syntax):
            raise UnprovedError("a word is not on the list")
        if word == "in" and not opens:
            raise UnprovedError("what stands behind `IN` is no list")
        if word not in HARMLESS_WORDS:
            self.may_fail = True
        if self._state == _SLOT:
            if word in _QUERIES and self._before == "(":
                return _OTHER
            raise UnprovedError("a word stands where a relation can")
        if word == "join":
            return _SLOT
        if word == "from":
            takes = self._call in _TAKES_FROM or (self._before == "distinct" and self._previous in ("is", "not"))
            return self._state if takes else _SLOT
        return _OTHER if word in _ENDS else self._state

    def _relation(self, name: str, following: TokenType | None) -> None:
        if not _CTE.fullmatch(name) or following is TokenType.DOT:
            raise UnprovedError("a table is not wrapped")
        self.used.add(name)

    def _literal(self, raw: str, kind: TokenType) -> None:
        if self._state == _SLOT:
            raise UnprovedError("a text stands where a relation can")
        plain = raw[0] == "'" and "\\" not in raw if kind is TokenType.STRING else raw[0].isdigit()
        if not plain:
            raise UnprovedError("a literal is not a plain one")

    def _ending(self, tokens: Sequence[Any]) -> int | None:
        """The number of a LIMIT that ends the text, outside of every parenthesis."""
        if len(tokens) > 1 and tokens[-2].token_type is TokenType.LIMIT and tokens[-1].token_type is TokenType.NUMBER:
            return int(tokens[-1].text) if tokens[-1].text.isdigit() else None
        return None
