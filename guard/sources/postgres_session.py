"""One PostgreSQL session behind its fences: settings pinned, read-only, one SELECT at a time, no server text.

Each statement runs in a READ ONLY transaction that is rolled back, so that whatever it changed in the session is gone
with it. It is prepared, which also lets the server refuse a second statement in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from guard.errors import SourceError, UsageError
from guard.sources import postgres_arrow
from guard.sources.names import quoted
from guard.sources.postgres_exchange import Answer, Exchange
from guard.sources.source import Limits, Meanwhile, nothing

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

T = TypeVar("T")

CONNECT_SECONDS = 10
BEGIN = "BEGIN READ ONLY"
STATEMENT_MS = 30_000
LOCK_MS = 5_000

# What a connection string may say; anything else, `options` above all, could undo a pin.
ALLOWED = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "dbname",
        "gssencmode",
        "host",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "krbsrvname",
        "passfile",
        "password",
        "port",
        "require_auth",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
        "tcp_user_timeout",
        "user",
    }
)
PINS = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "TimeZone": "UTC",
    "array_nulls": "on",
    "backslash_quote": "off",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "client_min_messages": "error",
    "default_transaction_read_only": "on",
    "extra_float_digits": "1",
    "idle_in_transaction_session_timeout": "60000",
    "lock_timeout": str(LOCK_MS),
    "row_security": "on",
    "standard_conforming_strings": "on",
    "statement_timeout": str(STATEMENT_MS),
    "synchronize_seqscans": "off",  # a sample must not begin where another reader happens to be
    "transform_null_equals": "off",
}
WORDS = {  # SQLSTATE classes and codes whose meaning holds no data
    "42501": "this role may not read it",
    "42P01": "a relation is not there",
    "53": "the server is short of resources",
    "55P03": "a lock was not granted in time",
    "57P01": "the server is shutting down",
    "08": "the connection broke",
}


class Session:
    """A connection and what it learnt about its server."""

    def __init__(self, parameters: dict[str, Any], *, shown: str, writes: bool = False) -> None:
        import psycopg

        self._shown = shown
        self._read_only = "off" if writes else "on"
        failure: psycopg.Error | None = None
        try:
            # An empty `options` also keeps PGOPTIONS of the environment out.
            settings: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **parameters, "options": ""}
            self.connection = psycopg.connect(
                **settings, application_name="guard", autocommit=True, cursor_factory=psycopg.RawCursor
            )
        except psycopg.Error as error:
            failure = error
        if failure is not None:
            raise SourceError(
                f"`{shown}` cannot be opened{_state(failure)}", help="check host, port, database, user and password"
            )
        try:
            self._pin()
            postgres_arrow.register(self.connection)
            self._exchange = Exchange(self.connection)
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Ends the session."""
        self.connection.close()

    @property
    def broken(self) -> bool:
        """True when the connection cannot be used again."""
        return bool(self.connection.closed or self.connection.broken)

    def select(
        self,
        sql: str,
        values: Sequence[Any],
        limits: Limits,
        read: Callable[[Answer], T],
        meanwhile: Meanwhile = nothing,
    ) -> T:
        """Runs one SELECT in a transaction of its own and gives its answer to `read`.

        Raises:
            psycopg.Error: refused; the caller turns it into guard's error, without its text.
        """
        milliseconds = max(int(limits.seconds * 1000), 1)
        before = [BEGIN]
        if milliseconds != STATEMENT_MS:
            before.append(f"SET LOCAL statement_timeout = {milliseconds}")
            before.append(f"SET LOCAL lock_timeout = {min(milliseconds, LOCK_MS)}")
        return read(self._exchange.select(sql, values, before, limits.seconds, meanwhile))

    def write(self, sql: str, values: Sequence[Any], limits: Limits) -> tuple[int, pa.Table | None]:
        """Runs one write in a transaction and commits it: the rows that it met, and what it returned.

        Raises:
            psycopg.Error: refused; the caller turns it into guard's error, without its text.
        """
        milliseconds = max(int(limits.seconds * 1000), 1)
        with self.connection.transaction():
            self.connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
            cursor = self.connection.execute(sql, values, prepare=True)  # one statement, by the server's own parser
            result = cursor.pgresult
            returned = None
            if cursor.description is not None and result is not None:
                returned = postgres_arrow.table(result, cursor.fetchall)
            return cursor.rowcount, returned

    def _pin(self) -> None:
        import psycopg

        failure: psycopg.Error | None = None
        try:
            facts = self.connection.execute(
                "SELECT pg_backend_pid(), current_database(), coalesce(current_schema(), 'public')"
            ).fetchone()
            assert facts is not None
            pid, self.database, self.schema = facts
            path = f"pg_catalog, {quoted(self.schema, 'postgres')}, pg_temp"
            pins = PINS | {"search_path": path, "default_transaction_read_only": self._read_only}
            calls = ", ".join(f"set_config(${2 * n + 1}, ${2 * n + 2}, false)" for n in range(len(pins)))
            flat = [text for pair in pins.items() for text in pair]
            got = self.connection.execute(f"SELECT {calls}", flat).fetchone()
        except psycopg.Error as error:
            failure = error
        if failure is not None:
            raise SourceError(f"`{self._shown}` does not take guard's settings{_state(failure)}")
        if got is None or got[list(pins).index("default_transaction_read_only")] != self._read_only:
            raise SourceError(f"`{self._shown}` cannot be made read-only")
        if pid != self.connection.info.backend_pid:
            raise SourceError(
                f"a connection pooler answers for `{self._shown}`, so settings cannot be pinned",
                help="give guard the address of the server itself",
            )


def checked(url: str) -> dict[str, Any]:
    """The parameters of a URL.

    Raises:
        UsageError: it is not a PostgreSQL URL, or says something that guard does not let it say.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parameters = dict(conninfo_to_dict(url))
    except psycopg.Error:
        parameters = {}
    if not parameters:
        # The driver's text would repeat the URL with its password.
        raise UsageError("the PostgreSQL URL is not readable", help="write `postgresql://user@host:5432/database`")
    refused = sorted(parameters.keys() - ALLOWED)
    if refused:
        raise UsageError(f"a PostgreSQL URL may not set `{refused[0]}`", help="leave it out; guard pins the session")
    return parameters


def refusal(error: psycopg.Error, limits: Limits) -> SourceError:
    """guard's error for the server's, by SQLSTATE class only: the text can print cells of hidden rows."""
    if error.sqlstate == "57014":
        return SourceError(
            f"the statement took longer than {limits.seconds:g} s", help="narrow the query or raise the timeout"
        )
    return SourceError(
        f"PostgreSQL refused the statement{_state(error)}", help="run it on the source to see its reason"
    )


def _state(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    words = WORDS.get(state) or WORDS.get(state[:2])
    if words:
        return f": {words}"
    return f" (SQLSTATE class {state[:2]})" if state else ""
