"""A DuckDB database behind its fences: what DuckDB files, data files and frames share.

Fences: no access to files or extensions, no look into Python's variables, nothing spilled to disk, settings locked,
one SELECT at a time, a watched deadline. The engine's error text never leaves: it prints cells.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from guard.errors import SourceError
from guard.model import ColumnFunction, EnforcedQuery, TableName
from guard.sources.binding import bind
from guard.sources.deadline import Deadline, deadline
from guard.sources.duckdb_answer import TooManyRowsError, answer
from guard.sources.pool import Pool
from guard.sources.source import Limits, Meanwhile, nothing

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_SHARE = 2  # half of the machine's memory
MEMORY_LIMIT_BYTES = 4 << 30
MAX_THREADS = 4
REMEMBERED = 4096  # texts
MAX_FUNCTIONS = 1024  # provided to one database

# Scans of what the statement itself made: a CTE, VALUES, an empty result.
OWN_SCANS = frozenset({"DUMMY_SCAN", "COLUMN_DATA_SCAN", "CTE_SCAN", "DELIM_SCAN", "REC_CTE_SCAN"})

Connection = Any  # duckdb.DuckDBPyConnection, which has no usable stubs


def pinned_config() -> dict[str, Any]:
    """Settings from the moment of opening; `lock` closes what loading still needed."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEMORY_SHARE
    return {
        "allow_community_extensions": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # Minima and maxima of a column cover hidden rows and bare values of masked ones, and no fence holds them: a
        # condition that they decide is left out, and with it an error on a row that may be seen.
        "disabled_optimizers": "statistics_propagation",
        "memory_limit": f"{min(memory, MEMORY_LIMIT_BYTES) >> 20}MiB",
        "python_enable_replacements": "false",  # else SQL can name the variables of the calling program
        "temp_directory": "",  # spilling would write cells to disk
        "threads": str(min(os.cpu_count() or 1, MAX_THREADS)),
    }


def lock(connection: Connection, *, readable: Sequence[str] = ()) -> None:
    """Ends loading: from here only `readable` files can be opened, and no setting changes any more.

    A file that is open twice in one process is one database, which the first opening locked.
    """
    locked, open_files = connection.execute(
        "SELECT current_setting('lock_configuration'), current_setting('enable_external_access')"
    ).fetchone()
    if locked and not open_files:
        return
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    if readable:
        connection.execute("SET allowed_paths = ?", [list(readable)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


class DuckDBEngine:
    """Runs statements on a locked database; threads take turns on a few connections to it."""

    def __init__(self, root: Callable[[], Connection]) -> None:
        """`root` opens the database anew; it is called again in a forked process."""
        self._open_root = root
        self._root = root()
        self._pid = os.getpid()
        self._pool: Pool[Connection] = Pool(self._cursor, lambda connection: connection.close())
        self._lock = threading.Lock()
        self._functions: dict[str, ColumnFunction] = {}  # OWNED BY: _lock; in the system catalogue of the database
        self._selects: dict[str, Any] = {}  # text -> the statement that DuckDB parsed it to: one SELECT

    def query(self, sql: str, values: Mapping[str, Any], limits: Limits) -> pa.Table:
        """The answer of one SELECT with `$name` parameters.

        Raises:
            SourceError: refused by the engine, too slow, or more than `limits.rows` rows.
        """
        import duckdb
        import pyarrow as pa

        failure: SourceError | None = None
        with self._pool.take() as lease:
            connection = lease.connection
            statement = self._select(connection, sql)
            clock: Deadline | None = None
            try:
                with deadline(limits.seconds, connection.interrupt) as clock:
                    table = answer(connection.execute(statement, values), limits.rows)
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                failure = refusal(error, limits, expired=clock is not None and clock.expired)
                lease.broken = True  # an unfinished result would block the next statement
        if failure is not None:
            raise failure
        return table

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of guard's own question about the catalogue."""
        import duckdb

        failure: SourceError | None = None
        with self._pool.take() as lease:
            try:
                found: list[tuple[Any, ...]] = lease.connection.execute(sql, list(values)).fetchall()
            except duckdb.Error as error:
                failure = refusal(error, None, expired=False)
        if failure is not None:
            raise failure
        return found

    def run(self, query: EnforcedQuery, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        bound = bind(query, "dollar")
        meanwhile()  # DuckDB leaves the interpreter to others while it plans and runs
        return self.query(bound.sql, bound.mapping(query.parameters), limits)

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables in the engine's own plan; None when the plan reads anything that is not a table."""
        import duckdb

        bound = bind(query, "dollar")
        with self._pool.take() as lease:
            self._select(lease.connection, bound.sql)
            try:
                plan = lease.connection.execute(
                    f"EXPLAIN (FORMAT json) {bound.sql}", bound.mapping(query.parameters)
                ).fetchall()
            except duckdb.Error:
                return None
        return _tables_of(json.loads(plan[0][1]))

    def provide(self, name: str, function: ColumnFunction) -> bool:
        """Puts `function` beside the built-ins, as `system.main.name(text)`; False when there are too many."""
        with self._lock:
            if name not in self._functions:
                if len(self._functions) >= MAX_FUNCTIONS:
                    return False
                _create(self._root, name, function)
                self._functions[name] = function
            return True

    def _select(self, connection: Connection, sql: str) -> Any:
        """The text as DuckDB parsed it; refuses what is not exactly one SELECT, whatever guard's parser made of it.

        Parsing takes DuckDB longer than running a small query, so the parsed statement is kept; it is bound and planned
        anew each time.
        """
        import duckdb

        known = self._selects.get(sql)
        if known is not None:
            return known
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error:
            statements = []
        if [statement.type.name for statement in statements] != ["SELECT"]:
            raise SourceError("the statement is not one SELECT to DuckDB", help="send one SELECT statement")
        if len(self._selects) >= REMEMBERED:
            self._selects.clear()
        self._selects[sql] = statements[0]
        return statements[0]

    def close(self) -> None:
        """Releases the database; safe to call twice."""
        self._pool.close()
        self._root.close()

    def _cursor(self) -> Connection:
        if self._pid != os.getpid():
            # The parent's worker threads do not exist here.
            self._root, self._pid = self._open_root(), os.getpid()
            for name, function in self._functions.items():
                _create(self._root, name, function)
        return self._root.cursor()


def _create(connection: Connection, name: str, function: ColumnFunction) -> None:
    # A function without annotations: DuckDB would evaluate them.
    connection.create_function(
        name,
        lambda column: function(column),  # noqa: PLW0108
        ["VARCHAR"],
        "VARCHAR",
        type="arrow",
        null_handling="special",
    )


def refusal(error: Exception, limits: Limits | None, *, expired: bool) -> SourceError:
    """guard's error for the engine's, without its text."""
    if expired and limits is not None:
        return SourceError(
            f"the statement took longer than {limits.seconds:g} s", help="narrow the query or raise the timeout"
        )
    if isinstance(error, TooManyRowsError):
        return SourceError(f"the answer has more than {error.rows} rows", help="narrow the query or add a LIMIT")
    kind = type(error).__name__
    if kind == "OutOfMemoryException":
        return SourceError("the statement needs more memory than guard allows", help="narrow the query")
    return SourceError(f"DuckDB refused the statement (`{kind}`)", help="run it on the source to see its reason")


def _tables_of(plan: Any) -> frozenset[TableName] | None:
    found: set[TableName] = set()
    nodes = list(plan)
    while nodes:
        node = nodes.pop()
        nodes += node.get("children", ())
        table = node.get("extra_info", {}).get("Table") if isinstance(node.get("extra_info"), dict) else None
        if table is not None:
            parts = table.split(".")
            if len(parts) != 3:  # a dot inside a name: the plan does not quote
                return None
            found.add(TableName(parts[2], parts[1]))
        elif _reads_elsewhere(node.get("name", "").strip()):
            return None
    return frozenset(found)


def _reads_elsewhere(operator: str) -> bool:
    return operator.startswith("READ_") or (operator.endswith("SCAN") and operator not in OWN_SCANS)
