"""Progress of scans. A table is acknowledged when its labels are durable; a scan that was killed goes on after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, update

from guard.model import FieldLabel, ScanReport, Table, TableName, Value
from guard.store import schema
from guard.store.clock import moment
from guard.store.names import Names

if TYPE_CHECKING:
    from guard.store.memories import Left
    from guard.store.store import Store

# Made at import: msgspec is not safe when two threads are the first to decode a type.
_decoder = msgspec.json.Decoder(tuple[FieldLabel, ...])
_reports = msgspec.json.Decoder(ScanReport)


class ScanRecord(Value, frozen=True):
    """A scan as the store remembers it; times are RFC 3339, UTC."""

    id: str
    source: str
    sample: int
    seed: int
    rules_version: str
    state: Literal["running", "done", "partial"]
    started: str
    finished: str = ""
    tables: int = 0  # acknowledged


class ScanRepository:
    """Begins, resumes and finishes scans."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = Names()

    def begin(self, id: str, *, source: str, sample: int, seed: int, rules_version: str) -> ScanRun:  # noqa: A002
        """A new scan with this id, or the one of the same source, sample, seed and rules that did not finish."""
        same = {"source": source, "sample": sample, "seed": seed, "rules_version": rules_version}
        columns = schema.scan.c
        unfinished = (
            select(columns.id)
            .where(columns.state == "running", *(columns[name] == value for name, value in same.items()))
            .order_by(columns.started.desc())
        )
        with self._store.write() as connection:
            found = connection.execute(unfinished).scalar()
            if found is None:
                started = moment(self._store.clock)
                connection.execute(insert(schema.scan).values(id=id, state="running", started=started, **same))
        return ScanRun(self._store, self._names, found or id)

    def finish_table(self, scan: str, table: Table, labels: Sequence[FieldLabel]) -> None:
        """Acknowledges a table: its labels and the progress are durable together."""
        ScanRun(self._store, self._names, scan).finish_table(table, labels)

    def finish(self, scan: str, report: ScanReport) -> None:
        """Ends a scan with its report."""
        ScanRun(self._store, self._names, scan).finish(report)

    def open_scans(self) -> tuple[ScanRecord, ...]:
        """The scans that did not finish, the oldest first."""
        return self._records(schema.scan.c.state == "running")

    def get(self, scan: str) -> ScanRecord | None:
        """One scan."""
        found = self._records(schema.scan.c.id == scan)
        return found[0] if found else None

    def report(self, scan: str) -> ScanReport | None:
        """The report of a finished scan."""
        with self._store.read() as connection:
            body = connection.execute(select(schema.scan.c.report).where(schema.scan.c.id == scan)).scalar()
        return _reports.decode(body) if body else None

    def reports(self) -> Iterator[ScanReport]:
        """The report of every finished scan, the oldest first."""
        columns = schema.scan.c
        statement = select(columns.report).where(columns.report.is_not(None)).order_by(columns.finished, columns.id)
        with self._store.read() as connection:
            for body in connection.execute(statement).scalars():
                yield _reports.decode(body)

    def _records(self, where: ColumnElement[bool]) -> tuple[ScanRecord, ...]:
        columns = schema.scan.c
        done = select(func.count()).where(schema.scan_table.c.scan_id == columns.id).scalar_subquery()
        statement = select(
            columns.id,
            columns.source,
            columns.sample,
            columns.seed,
            columns.rules_version,
            columns.state,
            columns.started,
            func.coalesce(columns.finished, ""),
            done,
        )
        with self._store.read() as connection:
            rows = connection.execute(statement.where(where).order_by(columns.started, columns.id)).all()
        return tuple(ScanRecord(*row) for row in rows)


class ScanRun:
    """One scan at work."""

    def __init__(self, store: Store, names: Names, id: str) -> None:  # noqa: A002 - the word of the model
        self._store = store
        self._names = names
        self.id = id

    def finished(self, table: Table) -> tuple[FieldLabel, ...] | None:
        """The labels of a table that this scan acknowledged; None if it did not, or the table was swapped since."""
        return self.finished_of([table]).get(table.name)

    def finished_of(self, tables: Sequence[Table]) -> dict[TableName, tuple[FieldLabel, ...]]:
        """The labels of those tables that this scan acknowledged and that were not swapped since."""
        progress = schema.scan_table.c
        statement = (
            select(schema.dataset.c.namespace, schema.dataset.c.name, progress.identity, progress.labels)
            .select_from(schema.scan_table.join(schema.dataset))
            .where(progress.scan_id == self.id)
        )
        with self._store.read() as connection:
            done = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(statement)}
        asked = {table.name: (table, done.get((table.dataset.namespace, table.dataset.name))) for table in tables}
        return {
            name: _decoder.decode(found[1])
            for name, (table, found) in asked.items()
            if found is not None and found[0] == table.identity
        }

    def finish_table(self, table: Table, labels: Sequence[FieldLabel], left: Left | None = None) -> None:
        """Acknowledges a table: its labels, the progress and what is left for the next scan are durable together."""
        progress = schema.scan_table
        with self._store.write() as connection:
            self._store.catalogue.write(connection, labels, scan=self.id)
            if left is not None:
                self._store.memories.write(connection, table.dataset, left)
            number = self._names.datasets(connection, [table.dataset])[table.dataset]
            mine = (progress.c.scan_id == self.id, progress.c.dataset_id == number)
            connection.execute(progress.delete().where(*mine))
            connection.execute(
                insert(progress).values(
                    scan_id=self.id,
                    dataset_id=number,
                    identity=table.identity,
                    labels=msgspec.json.encode(list(labels)).decode(),
                    finished=moment(self._store.clock),
                )
            )

    def finish(self, report: ScanReport) -> None:
        """Ends the scan with its report; a scan that left something out is `partial`."""
        with self._store.write() as connection:
            connection.execute(
                update(schema.scan)
                .where(schema.scan.c.id == self.id)
                .values(
                    state="partial" if report.partial else "done",
                    finished=moment(self._store.clock),
                    report=msgspec.json.encode(report).decode(),
                )
            )
