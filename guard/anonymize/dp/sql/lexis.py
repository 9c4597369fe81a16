"""The lexis of a form: every word that its text may hold, and where. What is outside of it never runs.

Forms are written by this package out of a few templates, so their language is small enough to be checked word by
word: keywords from a list, names that begin with `dp_`, quoted columns of such names, numbers, texts, calls of given
functions. A relation stands behind FROM or JOIN alone and is a mark, a common table expression or a subquery. So no
text of the analyst's can name a table or call a function, whatever acceptance made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Final

from guard.anonymize.dp.sql.marks import CLOSE, OPEN
from guard.errors import AccessDeniedError

MAX_CHARACTERS: Final = 1_000_000  # of a form
_QUOTED: Final = r'"(?:[^"]|"")+"|`(?:[^`]|``)+`'
_OWN: Final = r"dp_[a-z]+[0-9]*"
_TOKEN: Final = re.compile(
    rf"""[ ]*(?:
    (?P<column>{_OWN}\.(?:{_OWN}(?![\w.(])|(?:{_QUOTED})(?![.(])|\*))
    |(?P<call>[A-Za-z_][A-Za-z_0-9]*)\(
    |(?P<own>{_OWN})(?![\w.])
    |(?P<name>AS[ ](?:{_QUOTED}))(?![.(])
    |(?P<word>[A-Za-z_]+)(?![\w.])
    |(?P<text>'(?:[^'\\\x00-\x1f]|'')*')
    |(?P<mark>{OPEN}[^{OPEN}{CLOSE}]+{CLOSE})
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    |(?P<open>\()|(?P<close>\))|(?P<comma>,)
    |(?P<sign>\|\||<>|<=|>=|<<|>>|//|-(?!-)|/(?!\*)|[+*%&<>=])
    )""",
    re.VERBOSE,
)
_KEYWORDS: Final = frozenset(
    {
        "with", "as", "select", "distinct", "from", "inner", "left", "join", "on", "where", "and", "or", "not", "is",
        "null", "in", "group", "by", "having", "union", "all", "order", "over", "partition", "case", "when", "then",
        "else", "end", "like", "ilike", "true", "false", "div",
        # types
        "bigint", "hugeint", "integer", "double", "precision", "numeric", "real", "text", "varchar", "string", "date",
        "timestamp",
        # parts of dates
        "year", "quarter", "month", "week", "day", "doy", "dow", "isodow", "hour", "minute", "dayofweek",
        "dayofweek_iso",
    }
)  # fmt: skip
# Words that take brackets and are grammar in every dialect: nothing is looked up by their name.
GRAMMAR: Final = frozenset({"cast", "try_cast", "coalesce", "extract", "decimal"})
_PLAIN: Final = frozenset({"column", "name", "text", "number", "sign"})  # what may stand wherever a value may
_CLAUSES: Final = frozenset({"on", "where", "group", "having", "order", "union", "select"})


def written(
    sql: str, *, functions: Set[str], grammar: Set[str], schema: tuple[str, ...], relations: Mapping[str, str]
) -> str:
    """The form with each mark replaced by its relation and each function called by its full name.

    Args:
        sql: the form, with marks.
        functions: what may be called, in lower case.
        grammar: calls of this dialect that are not looked up by name, such as `trim`.
        schema: where the engine keeps its functions; empty where functions have no schema.
        relations: for each mark a subquery in brackets, proved by itself.

    Raises:
        AccessDeniedError: the text is not a form.
    """
    if len(sql) > MAX_CHARACTERS:
        raise AccessDeniedError("the private form is too large", help="split the question")
    reader = _Reader(functions, grammar, "".join(f"{part}." for part in schema), relations)
    pieces: list[str] = []
    end = copied = 0
    for found in _TOKEN.finditer(sql):
        kind = found.lastgroup
        if found.start() != end or kind is None:
            break
        said = reader.read(kind, found[kind])
        end = found.end()
        if said:
            pieces += (sql[copied : found.start(kind)], said)
            copied = end
    if end != len(sql):
        raise _fault("it holds what no form has")
    if len(reader.calls) != 1:
        raise _fault("its brackets do not match")
    return "".join((*pieces, sql[copied:]))


class _Reader:
    """Reads word after word; what it holds is what the words before allow."""

    __slots__ = (
        "aliased", "before", "calls", "functions", "grammar", "known", "last", "listing", "prefix", "relation",
        "relations",
    )  # fmt: skip

    def __init__(self, functions: Set[str], grammar: Set[str], prefix: str, relations: Mapping[str, str]) -> None:
        self.functions = functions
        self.grammar = grammar
        self.prefix = prefix
        self.relations = relations
        self.calls = [""]  # for each open bracket, the call that it belongs to
        self.listing = [False]  # for each open bracket, whether FROM has begun, where a comma would join
        self.known: set[str] = set()  # common table expressions so far
        self.relation = self.aliased = False  # whether a relation, or the AS behind a table, must follow
        self.last = self.before = ""  # the word before this one, and the one before that

    def read(self, kind: str, word: str) -> str:
        """One word more; what is written in its place, empty where it stays."""
        relation = self.relation
        if relation:
            self.relation = False
            if kind not in ("open", "mark", "own"):
                raise _fault("FROM names what is no relation of a form")
        if self.aliased:
            self.aliased = False
            if word != "AS":
                raise _fault("a table has no name of the form's")
        if self.last == "IN" and kind != "open":
            raise _fault("IN names a relation")
        if not self.last and word != "WITH":
            raise _fault("it does not begin with WITH")
        said = ""
        if kind == "word":
            self._word(word)
        elif kind == "call":
            said = self._call(word.lower(), word)
        elif kind == "mark":
            said = self._mark(word, relation=relation)
        elif kind == "own":
            if relation and word not in self.known:
                raise _fault("FROM names a relation that is not the form's own")
        elif kind not in _PLAIN:
            self._sign(kind)
        self.before, self.last = self.last, word
        return said

    def _word(self, word: str) -> None:
        lower = word.lower()
        if lower not in _KEYWORDS:
            raise _fault("it holds a word that no form has")
        if lower in _CLAUSES:
            self.listing[-1] = False
        elif lower == "join" or (lower == "from" and self.calls[-1] != "extract"):
            self.relation = self.listing[-1] = True

    def _call(self, lower: str, word: str) -> str:
        self._down(lower)
        if lower in GRAMMAR or lower in self.grammar:
            return ""
        if lower not in self.functions:
            raise _fault(f"it calls `{lower}`")
        return f"{self.prefix}{word}(" if self.prefix else ""

    def _sign(self, kind: str) -> None:
        if kind == "open":
            if self.last == "AS":
                self.known.add(self.before)
            self._down("")
        elif kind == "close":
            self.calls.pop()
            self.listing.pop()
            if not self.calls:
                raise _fault("its brackets do not match")
        elif kind == "comma" and self.listing[-1]:
            raise _fault("FROM lists two relations")

    def _down(self, call: str) -> None:
        self.calls.append(call)
        self.listing.append(False)

    def _mark(self, mark: str, *, relation: bool) -> str:
        found = self.relations.get(mark)
        if not relation or found is None:
            raise _fault("it names a table that was not enforced, or outside of FROM")
        self.aliased = True
        return found


def _fault(what: str) -> AccessDeniedError:
    return AccessDeniedError(
        f"the private form could not be proved: {what}",
        help="this is a fault in guard; nothing was run; report the shape of the statement",
    )
