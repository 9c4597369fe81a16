"""One MariaDB or MySQL session behind its fences: settings pinned, read-only, one SELECT at a time, no server text.

Each statement runs in a READ ONLY transaction that is rolled back. The driver never asks for warnings, which print
cells (`Truncated incorrect INTEGER value: '...'`), and an error leaves this module as its number alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from guard.errors import SourceError, UsageError
from guard.sources import mariadb_arrow
from guard.sources.source import Limits

if TYPE_CHECKING:
    import pyarrow as pa
    import pymysql
    from pymysql.cursors import Cursor, SSCursor

T = TypeVar("T")

CONNECT_SECONDS = 10
READ_MARGIN_SECONDS = 10  # how much longer than the statement may take the socket waits for the server to say so
DEFAULT_PORT = 3306
LOCK_SECONDS = 5
DEFAULT_COLLATION = "utf8mb4_general_ci"

# Names are quoted by backticks, texts by either quote, `||` is OR, a backslash escapes: what sqlglot's dialect reads.
SQL_MODE = ",".join(
    (
        "STRICT_ALL_TABLES",
        "NO_ZERO_IN_DATE",
        "NO_ZERO_DATE",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ENGINE_SUBSTITUTION",
        "ONLY_FULL_GROUP_BY",
    )
)
PINS: dict[str, str | int] = {
    "sql_mode": SQL_MODE,
    "time_zone": "+00:00",
    "lc_time_names": "en_US",
    "div_precision_increment": 4,
    "group_concat_max_len": 1 << 20,
    "innodb_lock_wait_timeout": LOCK_SECONDS,
    "lock_wait_timeout": LOCK_SECONDS,
    "sql_auto_is_null": 0,
    "sql_big_selects": 1,
    "sql_safe_updates": 0,
    "default_week_format": 0,
}
QUERY_PARTS = frozenset({"ssl_ca", "ssl_cert", "ssl_key", "unix_socket"})

_TIMED_OUT = frozenset({1969, 3024})
_BROKEN = frozenset({0, 2003, 2006, 2013, 2014, 2055, 1053, 1927, 3169})
WORDS = {  # error numbers whose meaning holds no data
    1044: "this user may not read it",
    1142: "this user may not read it",
    1143: "this user may not read it",
    1146: "a relation is not there",
    1205: "a lock was not granted in time",
    1040: "the server is short of connections",
    2013: "the connection broke",
    2006: "the connection broke",
}


def checked(url: str) -> dict[str, Any]:
    """The driver's arguments for a URL.

    Raises:
        UsageError: it is not a URL of a MariaDB or MySQL database, or says something that guard does not let it say.
    """
    help_ = "write `mariadb://user@host:3306/database`"
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise UsageError("the MariaDB URL is not readable", help=help_) from None
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database or parts.fragment:
        raise UsageError("the MariaDB URL names no database", help=help_)
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    refused = sorted(said.keys() - QUERY_PARTS)
    if refused:
        raise UsageError(f"a MariaDB URL may not set `{refused[0]}`", help="leave it out; guard pins the session")
    arguments: dict[str, Any] = {
        "host": parts.hostname or "localhost",
        "port": port,
        "database": database,
        "password": unquote(parts.password) if parts.password else os.environ.get("MYSQL_PWD", ""),
        **said,
    }
    if parts.username:
        arguments["user"] = unquote(parts.username)
    return arguments


class Session:
    """A connection and what it learnt about its server."""

    def __init__(self, arguments: Mapping[str, Any], *, shown: str, writes: bool = False) -> None:
        import pymysql
        from pymysql.constants import CLIENT

        self._shown = shown
        self.database: str = ""
        self._seconds = -1.0
        failure: pymysql.MySQLError | OSError | None = None
        try:
            self.connection = pymysql.connect(
                **arguments,
                charset="utf8mb4",
                autocommit=False,
                local_infile=False,
                connect_timeout=CONNECT_SECONDS,
                program_name="guard",
                client_flag=CLIENT.FOUND_ROWS,  # a row that is written as it was counts as written
            )
        except (pymysql.MySQLError, OSError) as error:
            failure = error
        if failure is not None:
            raise SourceError(
                f"`{shown}` cannot be opened{_number(failure)}", help="check host, port, database, user and password"
            )
        try:
            self._pin(writes=writes)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the session."""
        if self.connection.open:
            self.connection.close()

    def select(
        self, sql: str, values: Mapping[str, Any], limits: Limits, read: Callable[[SSCursor], T], *, after: str = ""
    ) -> T:
        """Runs one SELECT in a transaction of its own and gives its unread answer to `read`.

        Args:
            sql: the text, with `%(name)s` for each of `values`.
            values: what is bound.
            limits: the time it may take.
            read: takes rows off the cursor; what it leaves is thrown away.
            after: a statement that is asked in its place once it ran, and whose answer `read` then gets.

        Raises:
            pymysql.MySQLError: refused; the caller turns it into guard's error, without its text.
        """
        from pymysql.cursors import SSCursor

        with self.connection.cursor(SSCursor) as cursor:
            self._limit(cursor, limits.seconds)
            cursor.execute("START TRANSACTION READ ONLY")
            try:
                cursor.execute(sql, values or None)
                if after:
                    cursor.fetchall()
                    cursor.execute(after)
                return read(cursor)
            finally:
                cursor.close()
                self.connection.rollback()

    def _limit(self, cursor: Cursor, seconds: float) -> None:
        if seconds == self._seconds:
            return
        if self.is_mariadb:
            cursor.execute(f"SET SESSION max_statement_time = {max(seconds, 0.001):.3f}")
        else:
            cursor.execute(f"SET SESSION max_execution_time = {max(int(seconds * 1000), 1)}")
        self.connection._read_timeout = seconds + READ_MARGIN_SECONDS  # noqa: SLF001 - the driver has no setter
        self._seconds = seconds

    def write(self, sql: str, values: Mapping[str, Any], limits: Limits) -> tuple[int, pa.Table | None]:
        """Runs one write and commits it: the rows that it met, and what it returned.

        Raises:
            pymysql.MySQLError: refused; the caller turns it into guard's error, without its text.
        """
        with self.connection.cursor() as cursor:
            self._limit(cursor, limits.seconds)
            try:
                rows = cursor.execute(sql, values or None)
                described = cursor.description
                returned = mariadb_arrow.table(described, cursor.fetchall()) if described else None
                self.connection.commit()
            except BaseException:
                self.connection.rollback()
                raise
        return rows, returned

    def _pin(self, *, writes: bool) -> None:
        import pymysql

        failure: pymysql.MySQLError | None = None
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT VERSION(), DATABASE(), @@collation_database")
                version, self.database, collation = cursor.fetchone() or ("", "", "")
                self.is_mariadb = "MariaDB" in version
                # Masks and literals meet the columns of the database without a mix of collations.
                fits = re.fullmatch(r"utf8mb4_[a-z0-9_]+", str(collation)) is not None
                cursor.execute(f"SET NAMES utf8mb4 COLLATE {collation if fits else DEFAULT_COLLATION}")
                for name, value in PINS.items():
                    cursor.execute(f"SET SESSION {name} = %s", (value,))
                cursor.execute(f"SET SESSION TRANSACTION READ {'WRITE' if writes else 'ONLY'}")
                cursor.execute("SELECT @@sql_mode, @@tx_read_only" if self.is_mariadb else _MYSQL_HELD)
                held = cursor.fetchone()
        except pymysql.MySQLError as error:
            failure = error
        if failure is not None:
            raise SourceError(f"`{self._shown}` does not take guard's settings{_number(failure)}")
        if held is None or set(str(held[0]).split(",")) != set(SQL_MODE.split(",")):
            raise SourceError(f"`{self._shown}` does not keep `sql_mode`", help="give guard the server's own address")
        if str(held[1]) != ("0" if writes else "1"):
            raise SourceError(f"`{self._shown}` cannot be made read-only")


_MYSQL_HELD = "SELECT @@sql_mode, @@transaction_read_only"


def is_broken(error: Exception) -> bool:
    """Whether the connection cannot be used again."""
    return _code(error) in _BROKEN


def refusal(error: Exception, limits: Limits) -> SourceError:
    """guard's error for the server's, by its number only: the text can print cells of hidden rows."""
    if _code(error) in _TIMED_OUT:
        return SourceError(
            f"the statement took longer than {limits.seconds:g} s", help="narrow the query or raise the timeout"
        )
    return SourceError(f"MariaDB refused the statement{_number(error)}", help="run it on the source to see its reason")


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else -1


def _number(error: Exception) -> str:
    code = _code(error)
    if words := WORDS.get(code):
        return f": {words}"
    return f" (error {code})" if code >= 0 else ""
