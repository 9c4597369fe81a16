"""What guard knows of fields: the current labels, those that people set, and what was known at any earlier moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, or_, select, true, update

from guard.errors import UsageError
from guard.model import Dataset, FieldLabel, FieldRef, Label, State, Value
from guard.store import schema
from guard.store.clock import moment, written
from guard.store.names import CHUNK, Names

if TYPE_CHECKING:
    from guard.store.store import Store


class LabelVersion(Value, frozen=True):
    """A label with the time it held; `until` is empty while it holds. Times are RFC 3339, UTC."""

    label: FieldLabel
    origin: Literal["scan", "user"]
    since: str
    until: str = ""
    owner: str = ""
    reason: str = ""


class CatalogueRepository:
    """Labels of fields. A label that a person set stands before the one that a scan found."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = Names()

    def save(self, labels: Sequence[FieldLabel], *, scan: str | None = None) -> None:
        """Keeps what a scan found; a label that did not change keeps its age."""
        with self._store.write() as connection:
            self.write(connection, labels, scan=scan)

    def override(self, label: FieldLabel, *, owner: str, reason: str) -> None:
        """Keeps what a person says of a field, before whatever scans find; it outlives them.

        Raises:
            UsageError: owner or reason is missing.
        """
        if not owner.strip() or not reason.strip():
            raise UsageError("a label set by hand needs an owner and a reason", help="say who decided it, and why")
        with self._store.write() as connection:
            self._replace(connection, [label], origin="user", owner=owner, reason=reason)

    def withdraw(self, field: FieldRef) -> bool:
        """Ends a label that a person set; False when there was none."""
        with self._store.write() as connection:
            number = self._names.fields(connection, [field])[field]
            ended = connection.execute(
                update(schema.label)
                .where(_is_current(), schema.label.c.field_id == number, schema.label.c.origin == "user")
                .values(valid_to=moment(self._store.clock))
            )
            return ended.rowcount > 0

    def labels(self, dataset: Dataset, *, at: datetime | None = None) -> tuple[FieldLabel, ...]:
        """The labels of a dataset, by field; now, or as they were known `at` a moment."""
        where = and_(schema.dataset.c.namespace == dataset.namespace, schema.dataset.c.name == dataset.name)
        return self._read(where, at)

    def labels_of(self, namespace: str, *, at: datetime | None = None) -> tuple[FieldLabel, ...]:
        """The labels of all datasets of a source."""
        return self._read(schema.dataset.c.namespace == namespace, at)

    def label(self, field: FieldRef, *, at: datetime | None = None) -> FieldLabel | None:
        """The label of one field."""
        found = self._read(and_(_names_field(field)), at)
        return found[0] if found else None

    def history(self, field: FieldRef) -> tuple[LabelVersion, ...]:
        """Every label the field ever had, the oldest first."""
        columns = schema.label.c
        statement = (
            select(columns.body, columns.origin, columns.valid_from, columns.valid_to, columns.owner, columns.reason)
            .select_from(_JOINED)
            .where(_names_field(field))
            .order_by(columns.valid_from, columns.id)
        )
        with self._store.read() as connection:
            rows = connection.execute(statement).all()
        return tuple(
            LabelVersion(_decode(body), origin, since, until or "", owner, reason)
            for body, origin, since, until, owner, reason in rows
        )

    def found(self, *, at: datetime | None = None, since: str = "") -> Iterator[tuple[FieldRef, tuple[Label, ...]]]:
        """The label of every field that has one, now or at a moment; a field that is clean has none.

        `since` (RFC 3339) leaves only the fields of which something changed since then, also those that lost theirs.
        """
        columns = schema.label.c
        names = (schema.dataset.c.namespace, schema.dataset.c.name, schema.field.c.path)
        statement = select(columns.field_id, *names, columns.kind, columns.level, columns.state, columns.valid_to)
        statement = statement.select_from(_JOINED).order_by(columns.origin)  # "user" comes after "scan" and wins
        if since:
            changed = select(columns.field_id).where(or_(columns.valid_from >= since, columns.valid_to >= since))
            statement = statement.where(columns.field_id.in_(changed))
        else:
            statement = statement.where(_is_current() if at is None else _held(written(at)))
        with self._store.read() as connection:
            rows = connection.execute(statement).all()
        told: dict[int, tuple[FieldRef, tuple[Label, ...]]] = {}
        for number, namespace, name, path, kind, level, state, until in rows:
            field = FieldRef(Dataset(namespace, name), path)
            if since and until is not None:
                told.setdefault(number, (field, ()))
            else:
                told[number] = (field, (Label(kind, level, State(state)),) if kind is not None else ())
        yield from told.values()

    def everything(self) -> tuple[FieldLabel, ...]:
        """The labels of all datasets of all sources, as they are now."""
        return self._read(true(), None)

    def tables(self, namespace: str) -> tuple[Dataset, ...]:
        """The datasets of a source that have a label."""
        statement = (
            select(schema.dataset.c.namespace, schema.dataset.c.name)
            .select_from(_JOINED)
            .where(schema.dataset.c.namespace == namespace, _is_current())
            .distinct()
            .order_by(schema.dataset.c.name)
        )
        with self._store.read() as connection:
            return tuple(Dataset(*row) for row in connection.execute(statement))

    def write(self, connection: Connection, labels: Sequence[FieldLabel], *, scan: str | None = None) -> None:
        """`save` inside a transaction of the caller."""
        self._replace(connection, labels, origin="scan", scan=scan)

    def _replace(
        self,
        connection: Connection,
        labels: Sequence[FieldLabel],
        *,
        origin: Literal["scan", "user"],
        scan: str | None = None,
        owner: str = "",
        reason: str = "",
    ) -> None:
        numbers = self._names.fields(connection, (label.field for label in labels))
        rows = {
            numbers[label.field]: _row(label) | {"owner": owner, "reason": reason, "origin": origin, "scan_id": scan}
            for label in labels
        }
        before = _current(connection, rows, origin)
        changed = [
            number
            for number, row in rows.items()
            if number not in before or before[number] != (row["body"], owner, reason)
        ]
        now = moment(self._store.clock)
        old = [{"number": number} for number in changed if number in before]
        if old:
            connection.execute(
                update(schema.label)
                .where(_is_current(), schema.label.c.origin == origin, schema.label.c.field_id == bindparam("number"))
                .values(valid_to=now),
                old,
            )
        if changed:
            new = [{"field_id": number, "valid_from": now, **rows[number]} for number in changed]
            connection.execute(insert(schema.label), new)

    def _read(self, where: ColumnElement[bool], at: datetime | None) -> tuple[FieldLabel, ...]:
        columns = schema.label.c
        statement = (
            select(columns.field_id, columns.body)
            .select_from(_JOINED)
            .where(where, _is_current() if at is None else _held(written(at)))
            # "user" sorts after "scan", so that it comes last and wins below.
            .order_by(schema.dataset.c.name, schema.field.c.path, columns.origin)
        )
        with self._store.read() as connection:
            rows: list[tuple[int, str]] = [(row[0], row[1]) for row in connection.execute(statement)]
        return tuple(_decode(body) for body in dict(rows).values())


_JOINED = schema.label.join(schema.field).join(schema.dataset)
_decoder = msgspec.json.Decoder(FieldLabel)


def _decode(body: str) -> FieldLabel:
    return _decoder.decode(body)


def _row(label: FieldLabel) -> dict[str, Any]:
    found = label.label
    return {
        "verdict": label.verdict,
        "kind": found.kind if found else None,
        "level": found.level if found else None,
        "state": found.state.value if found else None,
        "score": label.score,
        "body": msgspec.json.encode(label).decode(),
    }


def _current(connection: Connection, numbers: Iterable[int], origin: str) -> dict[int, tuple[str, str, str]]:
    """The bodies of the labels that hold now, with owner and reason."""
    columns = schema.label.c
    statement = select(columns.field_id, columns.body, columns.owner, columns.reason).where(
        _is_current(), columns.origin == origin, columns.field_id.in_(bindparam("numbers", expanding=True))
    )
    wanted = list(numbers)
    found: dict[int, tuple[str, str, str]] = {}
    for at in range(0, len(wanted), CHUNK):
        for number, *rest in connection.execute(statement, {"numbers": wanted[at : at + CHUNK]}):
            found[number] = (rest[0], rest[1], rest[2])
    return found


def _names_field(field: FieldRef) -> ColumnElement[bool]:
    return and_(
        schema.dataset.c.namespace == field.dataset.namespace,
        schema.dataset.c.name == field.dataset.name,
        schema.field.c.path == field.path,
    )


def _is_current() -> ColumnElement[bool]:
    return schema.label.c.valid_to.is_(None)


def _held(at: str) -> ColumnElement[bool]:
    """Valid at a moment: from inclusive, to exclusive."""
    columns = schema.label.c
    return and_(columns.valid_from <= at, or_(columns.valid_to.is_(None), columns.valid_to > at))
