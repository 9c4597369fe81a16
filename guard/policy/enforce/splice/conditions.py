"""Conditions of the statement that may stand beside a row filter, inside of its fence, as text (see `fence.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlglot import exp

from guard.policy.enforce.fence import COMPARED, compared, literals_fit
from guard.policy.enforce.names import TABLE_ALIAS
from guard.policy.enforce.types import family

if TYPE_CHECKING:
    from guard.model import Column
    from guard.sql.lexed import Lexed
    from guard.sql.names import Names

_LITERAL: Final = re.compile(r"'(?:[^'\\]|'')*'|[0-9]{1,40}")
_SIGNS: Final[dict[type[exp.Expr], str]] = {exp.EQ: "=", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}


class Condition(NamedTuple):
    """` AND <condition>` in parts, and which of them are literals: part index to token index."""

    parts: tuple[str, ...]
    literals: tuple[tuple[int, int], ...]
    looks_up: bool  # by one value


class Own:
    """The conditions of one statement, by the query whose WHERE they stand in."""

    def __init__(self, lexed: Lexed, names: Names, starts: Mapping[int, int]) -> None:
        self._sql = lexed.sql
        self._names = names
        self._starts = starts

    def on(
        self, node: exp.Table, columns: Mapping[str, Column | None], open_columns: frozenset[str]
    ) -> Iterator[Condition]:
        """Those on `node`, which stands directly in FROM or JOIN of a SELECT. `columns` are the table's, by key."""
        names = self._names
        owner = node.parent.parent if node.parent is not None else None
        where = owner.args.get("where") if owner is not None else None
        alias = node.args.get("alias")
        if owner is None or where is None or (alias is not None and alias.args.get("columns")):
            return
        alone = not owner.args.get("joins") and not owner.args.get("laterals")
        own = names.of(alias.this if alias is not None else node.this)
        for part in where.this.flatten() if where.this.__class__ is exp.And else (where.this,):
            asked = part.unnest()
            column = compared(asked)
            if column is None:
                continue
            table = column.args.get("table")
            known = columns.get(names.of(column.this))
            if (
                known is None
                or known.name not in open_columns
                or not (alone if table is None else names.of(table) == own)
            ):
                continue
            kind = family(known.type, names.dialect)
            if kind in COMPARED and literals_fit(asked, kind):
                written = self._written(asked, known.name)
                if written is not None:
                    yield written

    def _written(self, asked: exp.Expr, column: str) -> Condition | None:
        name = column.replace('"', '""')
        parts = [f' AND "{TABLE_ALIAS}"."{name}" ']
        literals: list[tuple[int, int]] = []
        if asked.__class__ is exp.In:
            written = [("IN (" if not at else ", ", each) for at, each in enumerate(asked.expressions)]
            end = ")"
        elif asked.__class__ is exp.Between:
            written, end = [("BETWEEN ", asked.args["low"]), (" AND ", asked.args["high"])], ""
        else:
            written, end = [(_SIGNS[asked.__class__] + " ", asked.args["expression"])], ""
        for sign, literal in written:
            place = literal.meta.get("start")
            token = self._starts.get(place, -1)
            text = self._sql[place : literal.meta["end"] + 1] if token >= 0 else ""
            if not _LITERAL.fullmatch(text):
                return None
            parts += (sign, text)
            literals.append((len(parts) - 1, token))
        return Condition((*parts, end), tuple(literals), asked.__class__ is exp.EQ)
