"""The reviewed functions of every dialect, and how to write one so that nobody's overload takes its place.

The lists are data, one runnable example a line in `functions/<dialect>.txt`. The syntax-tree classes that sqlglot
makes of them are found by parsing those examples, so the two cannot drift apart.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence, Set
from importlib.resources import files
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from guard.model import Value
from guard.policy.enforce.golden import GOLDEN
from guard.sql.tokens import tokens_of

# Words that sqlglot writes directly before `(` and that are grammar in every dialect: never looked up by name.
SYNTAX: Final[frozenset[str]] = frozenset(
    {
        "all", "any", "some", "exists", "filter", "cast", "try_cast", "columns", "case", "coalesce", "nullif",
        "extract", "row", "grouping", "interval", "lambda", "array",
        # types with a length or with fields
        "varchar", "nvarchar", "char", "nchar", "bpchar", "decimal", "numeric", "float", "bit", "varbinary", "time",
        "timetz", "timestamp", "timestamptz", "struct", "map", "text", "blob",
    }
)  # fmt: skip

# Grammar of one engine: keyword forms such as `TRIM(BOTH 'x' FROM y)`, bound to the built-in by the engine's parser.
GRAMMAR: Final[dict[str, frozenset[str]]] = {
    "postgres": frozenset({"greatest", "least", "trim", "substring", "position", "overlay"}),
    "duckdb": frozenset({"greatest", "least", "trim", "unnest", "overlay", "position", "if"}),
    "sqlite": frozenset(),
    **dict.fromkeys(GOLDEN, frozenset({"number", "varchar2", "nvarchar2", "nullable"})),  # types
    "mysql": frozenset({"trim", "if", "position", "convert", "values"}),
}

# Written without a schema before their parenthesis.
CALLED_BARE: Final[dict[str, frozenset[str]]] = {dialect: SYNTAX | words for dialect, words in GRAMMAR.items()}

# Where the engine keeps its own functions; a user's function or macro of the same name does not live there. SQLite
# has no schemas for functions, and its connection is guard's own, so nobody can have registered one.
BUILTIN_SCHEMA: Final[dict[str, tuple[str, ...]]] = {
    "postgres": ("pg_catalog",),
    "duckdb": ("system", "main"),
    "sqlite": (),
    "mysql": (),
    **dict.fromkeys(GOLDEN, ()),
}

_CALL: Final = re.compile(r"^(\w+)\(")


class Functions(Value, frozen=True):
    """The reviewed functions of one dialect."""

    names: frozenset[str]  # lower case, as users write them and as sqlglot does
    nodes: frozenset[Any]  # sqlglot's classes for them
    examples: tuple[tuple[str, str, str], ...]  # category, name, example


class Call(Value, frozen=True):
    """A word directly before `(` in SQL text: half-open span of the word, and the names before it (`a.b.word`)."""

    name: str
    start: int
    quoted: bool
    path: tuple[str, ...]


def examples(dialect: str) -> tuple[tuple[str, str, str], ...]:
    """Category, name and runnable example of every reviewed function, in the order of the file."""
    category, rows = "", []
    name = "core" if dialect in GOLDEN else dialect
    text = (files("guard.policy.enforce") / "functions" / f"{name}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            category = line.strip("[]")
        elif line and not line.startswith("#"):
            called = _CALL.match(line)
            if called is None:
                msg = f"`functions/{dialect}.txt`: a line is not a call"
                raise ValueError(msg)
            rows.append((category, called.group(1).lower(), line))
    return tuple(rows)


@functools.cache
def reviewed(dialect: str) -> Functions:
    """The reviewed functions of `dialect`; about 10 ms the first time."""
    rows = examples(dialect)
    tree = sqlglot.parse_one("SELECT " + ", ".join(example for _, _, example in rows), dialect=dialect)
    nodes = {type(node) for node in tree.find_all(exp.Func) if not isinstance(node, exp.Anonymous)}
    written = {call.name for call in calls(tree.sql(dialect=dialect), dialect)} - SYNTAX
    return Functions(names=frozenset({name for _, name, _ in rows} | written), nodes=frozenset(nodes), examples=rows)


@functools.cache
def spelled(dialect: str) -> frozenset[str]:
    """The reviewed functions as users call them; none of the names that only sqlglot would write."""
    return frozenset(name for _, name, _ in reviewed(dialect).examples)


def calls(sql: str, dialect: str, tokens: Sequence[Any] | None = None) -> Iterator[Call]:
    """Every word that stands directly before a parenthesis in SQL that sqlglot wrote.

    sqlglot puts a space between a keyword and its parenthesis (`IN (`, `OVER (`, `REPLACE (`) and none after the
    name of a function, so a function cannot be missed; what is left over is in `SYNTAX`. `tokens` are those of `sql`,
    where the caller has them.
    """
    tokens = tokens_of(sql, dialect) if tokens is None else tokens
    for index in range(len(tokens) - 1):
        word, following = tokens[index], tokens[index + 1]
        if following.token_type is not TokenType.L_PAREN or following.start != word.end + 1:
            continue
        if not sql[word.start].isalpha() and sql[word.start] not in '_"`[':
            continue
        path: list[str] = []
        at = index
        while at >= 2 and tokens[at - 1].token_type is TokenType.DOT:
            path.insert(0, tokens[at - 2].text)
            at -= 2
        name = word.text.lower()
        yield Call(name=name, start=word.start, quoted=sql[word.start] in '"`[', path=tuple(path))


def qualify(sql: str, dialect: str, *, words: Set[str] = frozenset()) -> str:
    """Reviewed SQL with every function called by its full name, `pg_catalog.lower(...)`; those of masks as well.

    PostgreSQL picks the best match among all functions of a name on the search path, so `lower(1)` would run
    somebody's `public.lower(integer)`; DuckDB prefers a macro of the database over its own function. `words` are those
    of this statement's own syntax that stand right before a parenthesis.
    """
    schema = BUILTIN_SCHEMA[dialect]
    if not schema:
        return sql
    grammar = GRAMMAR[dialect]
    prefix, pieces, at = ".".join(schema) + ".", [], 0
    for call in calls(sql, dialect):
        if call.quoted or call.path or call.name in grammar or call.name in SYNTAX or call.name in words:
            continue
        pieces += [sql[at : call.start], prefix]
        at = call.start
    return "".join([*pieces, sql[at:]])
