"""A relation of rows as text: sources with tokens for names, conditions, columns, and whose the rows are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from guard.anonymize.dp.sql.value import Val
from guard.model import TableName

OPEN, CLOSE = "\ue000", "\ue001"  # around the token of a source, until it gets its name
_TOKEN: Final = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")


@dataclass(slots=True)
class Source:
    """One entry of FROM. `on` is set for the right side of a LEFT JOIN; `text` is what stands before its alias."""

    token: str
    text: str
    on: list[str] | None = None


@dataclass(slots=True)
class Rows:
    """A relation of rows: sources, conditions, columns by key, and whose the rows are."""

    sources: list[Source]
    where: list[str]
    columns: dict[str, Val]
    unit: str = ""  # SQL of the unit's id; empty for public rows
    entity: str = ""
    units: tuple[str, ...] = ()  # every expression that is known to equal the unit
    groups: int | str = 1
    rows: int | str = 1
    tables: tuple[TableName, ...] = ()
    added: tuple[tuple[TableName, str], ...] = ()  # columns that the statement need not name: units and their keys
    bases: tuple[tuple[TableName, str], ...] = ()  # tables read as they are, with their tokens
    links: tuple[tuple[str, TableName, str], ...] = ()  # a column, and the table and unique key that leads to the unit


def from_text(rows: Rows) -> str:
    """FROM and WHERE of a relation: sources in the order of their tokens, conditions where they first make sense."""
    ordered = _ordered(rows.sources)
    left = sorted(set(rows.where))
    known: list[str] = []
    parts: list[str] = []
    for source in ordered:
        aliased = f"{source.text} AS {source.token}"
        known.append(source.token)
        if not parts:
            parts.append(f"FROM {aliased}")
        elif source.on is not None:
            parts.append(f"LEFT JOIN {aliased} ON {' AND '.join(sorted(source.on)) or 'TRUE'}")
        else:
            # A condition over a source that may be NULL-extended stays in WHERE, where it acts after all joins.
            mine = [
                each
                for each in left
                if source.token in each and _closed(each, known) and not _after_left(each, ordered)
            ]
            left = [each for each in left if each not in mine]
            parts.append(f"INNER JOIN {aliased} ON {' AND '.join(mine) or '1 = 1'}")
    if left:
        parts.append(f"WHERE {' AND '.join(left)}")
    return " ".join(parts)


def _ordered(sources: Sequence[Source]) -> list[Source]:
    """Inner sources by token, each outer one after everything that its condition names."""
    waiting = sorted((source for source in sources if source.on is not None), key=lambda each: each.token)
    ordered = sorted((source for source in sources if source.on is None), key=lambda each: each.token)
    while waiting:
        placed = {each.token for each in ordered}
        ready = next(
            (
                each
                for each in waiting
                if not any(other.token in " ".join(each.on or ()) for other in waiting if other is not each) and placed
            ),
            waiting[0],
        )
        ordered.append(ready)
        waiting.remove(ready)
    return ordered


def _closed(condition: str, known: Sequence[str]) -> bool:
    """Whether a condition names only these sources."""
    rest = condition
    for token in known:
        rest = rest.replace(token, "")
    return OPEN not in rest


def _after_left(condition: str, sources: Sequence[Source]) -> bool:
    return any(source.on is not None and source.token in condition for source in sources)


def named(text: str, *, prefix: str) -> str:
    """`text` with names for its tokens, numbered in the order of the tokens: equal texts whatever the order was."""
    tokens = sorted(set(_TOKEN.findall(text)))
    for number, token in enumerate(tokens):
        text = text.replace(token, f"{prefix}{number}")
    return text


def equal(left: str, right: str) -> str:
    first, second = sorted((left, right))
    return f"({first} = {second})"


def readable(sql: str) -> str:
    """A column as a person wrote it: `table.column`."""
    head, _, column = sql.rpartition(".")
    table = head.strip(OPEN + CLOSE).partition("#")[0].rpartition(".")[2]
    if len(table) > 60 or table.startswith("("):
        table = "subquery"
    return f"{table}.{column.strip(chr(34) + '`')}"


def or_null(value: Val) -> Val:
    """A column beyond a LEFT JOIN, where every row may be NULL."""
    if value.domain is None or None in value.domain:
        return value
    return replace(value, domain=(*value.domain, None))


def size(bound: int | str) -> float:
    return float("inf") if isinstance(bound, str) else bound


def wider(left: int | str, right: int | str) -> int | str:
    return left if size(left) >= size(right) else right
