"""SQLAlchemy: every statement of an engine is decided and enforced before the driver sees it.

The hook sits on the engine, so Core, the ORM, `pandas.read_sql` and raw text all pass it. Only reads pass; a write
through a protected engine is denied. What goes around SQLAlchemy (`engine.raw_connection()`) goes around guard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import event
from sqlalchemy.engine import Engine

from guard.errors import AccessDeniedError, ParseError, UsageError
from guard.integrations.context import asking
from guard.model import EnforcedQuery, Sensitive
from guard.sources.binding import Style, bind
from guard.sql.placeholders import named_from_pyformat, named_from_qmark, refuse_reserved

if TYPE_CHECKING:
    from guard.engine import Guard

PREFIX = "bound_"  # of the names that the caller's placeholders get
STYLES: Mapping[tuple[str, str], Style] = {("sqlite", "pysqlite"): "colon", ("postgresql", "psycopg"): "pyformat"}
PROTECTED = "guard_protected"  # an execution option of a protected engine

# As SQLAlchemy writes a limit; with `::INTEGER` on PostgreSQL.
_LIMIT = re.compile(rf"\b(?P<word>LIMIT|OFFSET)\s+:(?P<name>{PREFIX}\d+)\b(?:::(?:INTEGER|BIGINT)\b)?", re.IGNORECASE)


def protect(engine: Engine, guard: Guard, source: str) -> Engine:
    """Makes `engine` answer only through guard; returns it.

    Bound values are hidden from SQLAlchemy's own log and errors from now on, since guard binds the keys of masks
    beside the caller's values. Pooled connections are closed, so that all have guard's functions.

    Args:
        engine: of SQLite, or of PostgreSQL with psycopg; not asynchronous.
        guard: an open guard.
        source: the same database as guard knows it: where its labels are.

    Raises:
        UsageError: guard does not know how this engine's driver binds parameters, or it is protected already.
    """
    dialect = getattr(engine, "dialect", None)
    kind = (getattr(dialect, "name", "?"), getattr(dialect, "driver", "?"))
    if not isinstance(engine, Engine) or kind not in STYLES or getattr(dialect, "is_async", True):
        raise UsageError(f"an engine of `{kind[0]}+{kind[1]}` cannot be protected", help=_HELP)
    if engine.get_execution_options().get(PROTECTED):
        raise UsageError("the engine is protected already", help="protect each engine once")
    style = STYLES[kind]

    def enforce(
        _connection: Any,
        _cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,  # noqa: FBT001
    ) -> tuple[str, Any]:
        if executemany:
            raise AccessDeniedError("denied: a protected engine runs one read at a time", help=_WRITES)
        who = asking()
        # Without parameters psycopg may be told to leave every `%` alone.
        plain = bool(context is not None and context.no_parameters and not parameters)
        try:
            refuse_reserved(statement)
            sql, values = (statement, {}) if plain else _named(statement, parameters, style)
        except ParseError as error:
            raise AccessDeniedError(f"denied: {error.message}", help=error.help) from None
        _, enforced = guard.enforce(sql, subject=who.subject, purpose=who.purpose, source=source)
        if plain and not enforced.parameters:
            return enforced.sql, parameters
        return _bound(enforced, values, style)

    engine.hide_parameters = True
    engine.update_execution_options(**{PROTECTED: True})
    event.listen(engine, "before_cursor_execute", enforce, retval=True)
    if kind[0] == "sqlite":
        event.listen(engine, "connect", _register)
    engine.dispose()
    return engine


_HELP = "protect an engine of SQLite, or of PostgreSQL with psycopg (`postgresql+psycopg://`); not an asynchronous one"
_WRITES = "write through another engine"


def _register(connection: Any, _record: Any) -> None:
    from guard.sources.sqlite import register_functions

    register_functions(connection)


def _bound(enforced: EnforcedQuery, values: Mapping[str, Any], style: Style) -> tuple[str, dict[str, Any]]:
    """Text and values for the driver: the caller's values beside guard's own."""
    every = {**enforced.parameters, **{name: Sensitive(value) for name, value in values.items()}}
    bound = bind(msgspec.structs.replace(enforced, parameters=every), style)
    return bound.sql, bound.mapping(every)


def _named(statement: str, parameters: Any, style: Style) -> tuple[str, dict[str, Any]]:
    """The statement with named placeholders, and its values by name.

    Raises:
        AccessDeniedError: placeholders and values do not fit each other.
        ParseError: the statement cannot be split into tokens.
    """
    given = {} if parameters is None else parameters
    keys: Sequence[str | int]
    try:
        if style == "pyformat":
            sql, keys = named_from_pyformat(statement, PREFIX)
        elif isinstance(given, Mapping):
            return statement, dict(given)
        else:
            sql, count = named_from_qmark(statement, PREFIX, "sqlite")
            keys = range(count)
            if count != len(given):
                raise KeyError
        return _plain_limits(sql, {f"{PREFIX}{number}": given[key] for number, key in enumerate(keys)})
    except (KeyError, IndexError, TypeError):
        raise AccessDeniedError("denied: placeholders and values do not match", help="bind every placeholder") from None


def _plain_limits(sql: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """`LIMIT` and `OFFSET` with their numbers in the text: rules that bound an answer compare them with a number."""

    def spelled(found: re.Match[str]) -> str:
        value = values.get(found["name"])
        return f"{found['word']} {value}" if type(value) is int and value >= 0 else found[0]

    text = _LIMIT.sub(spelled, sql)
    return text, {name: value for name, value in values.items() if re.search(rf":{name}\b", text)}
