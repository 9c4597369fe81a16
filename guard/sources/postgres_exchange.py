"""One SELECT in a transaction of its own, in one exchange with the server.

A driver's cursor waits for the server at each step: begin, execute, end. A point query is over before the second of
these waits. Here all of them are sent at once, in libpq's pipeline mode, and the answers read afterwards.

The statement is prepared, which lets the server refuse a second one in its text, and is kept prepared for as long as
the session lives.
"""

from __future__ import annotations

import select
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from guard.sources.source import Meanwhile, nothing

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

END = b"ROLLBACK"  # of every transaction
REMEMBERED = 128  # prepared statements of a session
GRACE_SECONDS = 5.0  # beyond the server's own timeout; then the connection counts as dead

Rows: TypeAlias = list[tuple[Any, ...]]


class Exchange:
    """The statements of one connection; not shared between threads."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._prepared: OrderedDict[tuple[str, tuple[int, ...]], bytes] = OrderedDict()
        self._made = 0
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)

    def select(
        self, sql: str, values: Sequence[Any], before: Sequence[str], seconds: float, meanwhile: Meanwhile = nothing
    ) -> Answer:
        """The answer of a SELECT after the commands `before`; the first of them begins the transaction.

        `meanwhile` is called when all is sent, and before an answer is waited for.

        Whatever it changed in the session ends with the transaction.

        Raises:
            psycopg.Error: refused, too late, or the connection is lost; with the server's text, which may hold cells.
        """
        from psycopg.adapt import PyFormat, Transformer

        transformer = Transformer(self._connection)
        parameters = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        formats, types = transformer.formats, transformer.types
        name = self._prepare(sql, tuple(types or ()))
        server = self._connection.pgconn
        server.enter_pipeline_mode()
        try:
            for command in before:
                server.send_query_params(command.encode(), None)
            server.send_query_prepared(name, parameters, formats)
            server.send_query_params(END, None)
            server.pipeline_sync()
            server.flush()  # what does not fit into the socket yet is sent while the answers are read
            meanwhile()
            results = self._until_sync(time.monotonic() + seconds + GRACE_SECONDS)
            server.exit_pipeline_mode()
        except BaseException:  # also Ctrl-C: nobody knows what the server would answer next
            self._connection.close()
            raise
        self._raise_refusal(results)
        answer = results[len(before)]
        return Answer(answer, lambda: self._load(transformer, answer))

    def _prepare(self, sql: str, types: tuple[int, ...]) -> bytes:
        import psycopg
        from psycopg.pq import ExecStatus

        key = (sql, types)
        name = self._prepared.get(key)
        if name is not None:
            self._prepared.move_to_end(key)
            return name
        server = self._connection.pgconn
        while len(self._prepared) >= REMEMBERED:
            _, oldest = self._prepared.popitem(last=False)
            server.exec_(b"DEALLOCATE " + oldest)
        self._made += 1
        name = f"guard_{self._made}".encode()
        result = server.prepare(name, sql.encode(), types)
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)
        self._prepared[key] = name
        return name

    def _until_sync(self, due: float) -> list[PGresult]:
        """The results in their order, all of them, up to the mark that ends the exchange."""
        import psycopg
        from psycopg.pq import ExecStatus

        server = self._connection.pgconn
        results: list[PGresult] = []
        while server.flush():
            self._wait(due, select.POLLIN | select.POLLOUT)
            server.consume_input()
        while True:
            while server.is_busy():
                self._wait(due, select.POLLIN)
                server.consume_input()
            result = server.get_result()
            if result is None:  # between two commands
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            if result.status == ExecStatus.FATAL_ERROR and server.status != psycopg.pq.ConnStatus.OK:
                raise psycopg.errors.error_from_result(result)
            results.append(result)

    def _wait(self, due: float, events: int) -> None:
        import psycopg

        self._poll.modify(self._connection.fileno(), events)
        if not self._poll.poll(max(due - time.monotonic(), 0) * 1000):
            msg = "the server does not answer"
            raise psycopg.OperationalError(msg)

    def _raise_refusal(self, results: Sequence[PGresult]) -> None:
        """Raises the first error; what stood behind it was skipped, the end of the transaction too."""
        import psycopg
        from psycopg.pq import ExecStatus

        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                self._connection.pgconn.exec_(END)
                raise psycopg.errors.error_from_result(result)
        if [result.status for result in results].count(ExecStatus.TUPLES_OK) != 1:
            self._connection.close()
            msg = "the server gave another answer than to one SELECT"
            raise psycopg.OperationalError(msg)

    @staticmethod
    def _load(transformer: Any, result: PGresult) -> Rows:
        transformer.set_pgresult(result)
        rows: Rows = transformer.load_rows(0, result.ntuples, tuple)
        return rows


class Answer:
    """A result as the server sent it, and as Python values when asked."""

    __slots__ = ("fetchall", "pgresult")

    def __init__(self, pgresult: PGresult, fetchall: Callable[[], Rows]) -> None:
        self.pgresult = pgresult
        self.fetchall = fetchall
