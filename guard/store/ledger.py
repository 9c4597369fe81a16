"""The rows of the privacy budget: append-only, chained by hash, sums kept beside them, one writer at a time.

The store knows keys, amounts and sums; whether an amount fits is asked of the caller, inside the transaction that
writes it, so no two writers can both be told yes for the last of a budget. A row is durable when `append` returns:
SQLite under `BEGIN IMMEDIATE` and `synchronous=FULL`, PostgreSQL under a lock of the one head row.

Tampering: each row's digest covers its whole content with the sums after it and the digest before it. `append` checks
the last row of each key that it touches against the sums, and `verify` checks everything. Somebody who may write the
database can rewrite it consistently; that is seen against a digest in the audit log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, bindparam, insert, or_, select, tuple_, update

from guard.errors import IntegrityError
from guard.model import Value
from guard.store import schema

if TYPE_CHECKING:
    from guard.store.store import Store

DOMAIN = b"guard/budget/1\x00"
GENESIS = "0" * 64
PAGE = 1000  # rows read at once
HEAD = 1  # the id of the one head row

KeyParts = tuple[str, str, str, str]  # subject, purpose, data set, window


class Amounts(Value, frozen=True, omit_defaults=True):
    """Amounts as whole numbers of a fixed grid, in decimal; an empty text is a part that does not exist."""

    rho: str = "0"
    mu_squared: str = "0"
    epsilon: str = "0"
    delta: str = "0"


class Sums(Value, frozen=True, omit_defaults=True):
    """One key after a row: what is spent, reserved parts included; what of it is reserved; how many rows touched it."""

    spent: Amounts = Amounts()
    reserved: Amounts = Amounts()
    rows: int = 0
    last: int = -1  # index of the newest row
    limit: str = ""  # as the caller writes it


class Draft(Value, frozen=True):
    """What the caller decided to write: the sums of each key afterwards, in the order of the keys."""

    amounts: Amounts
    after: tuple[Sums, ...]


class LedgerRow(Value, frozen=True):
    """A row as it is hashed and stored."""

    v: int
    index: int
    event: str
    keys: tuple[KeyParts, ...]
    amounts: Amounts
    after: tuple[Sums, ...]
    time: str
    query: str
    reservation: int | None
    before: str  # digest of the row before


# What decides: the sums of each key so far, and with a reservation its row and all that was drawn from it.
Admit = Callable[[tuple[Sums, ...], tuple["LedgerRow", ...]], Draft]

# Made at import: msgspec is not safe when two threads are the first to decode a type.
_rows = msgspec.json.Decoder(LedgerRow)
_sums = msgspec.json.Decoder(Sums)
_encoder = msgspec.json.Encoder()


class LedgerRepository:
    """Appends and reads rows of the budget."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def append(
        self,
        event: str,
        keys: Sequence[KeyParts],
        admit: Admit,
        *,
        time: str,
        query: str = "",
        reservation: int | None = None,
    ) -> tuple[LedgerRow, str]:
        """Writes one row if `admit` makes one of the keys' sums; what it raises leaves the ledger as it was.

        With a reservation, its row and the rows that refer to it are shown to `admit`, and its keys are this row's when
        `keys` is empty.

        Raises:
            IntegrityError: sums and rows do not agree; somebody edited them.
            StoreError: the store failed; nothing was written, or the row is there although the call failed.
        """
        with self._store.write() as connection:
            size, digest = _head(connection)
            opened = () if reservation is None else _reservation(connection, reservation)
            chosen = tuple(keys) or (opened[0].keys if opened else ())
            before = tuple(_account(connection, key) for key in chosen)
            draft = admit(tuple(sums for _, sums in before), opened)
            after = tuple(
                msgspec.structs.replace(sums, rows=old.rows + 1, last=size)
                for sums, (_, old) in zip(draft.after, before, strict=True)
            )
            row = LedgerRow(
                v=1,
                index=size,
                event=event,
                keys=chosen,
                amounts=draft.amounts,
                after=after,
                time=time,
                query=query,
                reservation=reservation,
                before=digest,
            )
            return row, _write(connection, row, tuple(number for number, _ in before))

    def sums(self, key: KeyParts) -> Sums:
        """A key's sums, checked against its newest row; empty sums for a key that was never used.

        Raises:
            IntegrityError: they do not agree.
        """
        with self._store.read() as connection:
            _one_moment(connection)
            return _account(connection, key)[1]

    def some_sums(self, keys: Sequence[KeyParts]) -> dict[KeyParts, Sums]:
        """The sums of those of the keys that were ever used, checked as `sums` does."""
        columns = schema.budget_account.c
        names = tuple_(columns.subject, columns.purpose, columns.dataset, columns.time_window)
        with self._store.read() as connection:
            _one_moment(connection)
            found = connection.execute(_ACCOUNTS.where(names.in_(keys))).all()
            return {(a, b, c, d): _account(connection, (a, b, c, d))[1] for a, b, c, d, _ in found}

    def all_keys(self) -> tuple[KeyParts, ...]:
        """Every key that was ever used, in order."""
        with self._store.read() as connection:
            return tuple(sorted((a, b, c, d) for a, b, c, d, _ in connection.execute(_ACCOUNTS).all()))

    def history(self, key: KeyParts) -> tuple[tuple[LedgerRow, str], ...]:
        """The rows that touch a key with their digests, oldest first."""
        entry, touched = schema.budget_row.c, schema.budget_row_account.c
        statement = (
            select(entry.body, entry.digest)
            .join(schema.budget_row_account, touched.row == entry.number)
            .join(schema.budget_account, schema.budget_account.c.id == touched.account_id)
            .where(*_OF_KEY)
            .order_by(entry.number)
        )
        with self._store.read() as connection:
            found = connection.execute(statement, _named(key)).all()
            return tuple((_parse(body), digest) for body, digest in found)

    def head(self) -> tuple[int, str]:
        """How many rows there are, and the digest of the newest."""
        with self._store.read() as connection:
            found = connection.execute(_HEAD).one_or_none()
        return (int(found.size), str(found.digest)) if found else (0, GENESIS)

    def verify(self, trusted: tuple[int, str] | None = None) -> int:
        """Re-reads every row and every sum; returns how many rows agree.

        Args:
            trusted: index and digest of a row as the audit log holds it; that row must be there and be the same.

        Raises:
            IntegrityError: names the first bad row, or the sums that do not follow from the rows.
        """
        with self._store.read() as connection:
            _one_moment(connection)
            size, digest, sums = 0, GENESIS, dict[KeyParts, Sums]()
            for number, body, written, reservation in _all(connection):
                row = _parse(body)
                if (
                    number != size
                    or row.index != size
                    or row.reservation != reservation
                    or row.before != digest
                    or _digest(body) != written
                ):
                    raise _edited(size)
                if any(
                    sums.get(key, Sums()).rows + 1 != now.rows for key, now in zip(row.keys, row.after, strict=True)
                ):
                    raise _edited(size)
                sums.update(zip(row.keys, row.after, strict=True))
                if trusted is not None and trusted[0] == size and trusted[1] != written:
                    raise _edited(size)
                size, digest = size + 1, written
            found = connection.execute(_HEAD).one_or_none()
            if (found.size, found.digest) != (size, digest) if found else size:
                raise _edited(size)
            if trusted is not None and trusted[0] >= size:
                raise _edited(size)
            for key, kept in _accounts(connection):
                if sums.pop(key, None) != kept:
                    raise IntegrityError("a sum of the budget does not follow from its rows", help=_HELP)
            if sums:
                raise IntegrityError("a sum of the budget is missing", help=_HELP)
        return size


_HELP = "somebody changed the store by hand; restore it from a backup that the audit log agrees with"
_ACCOUNTS = select(
    schema.budget_account.c.subject,
    schema.budget_account.c.purpose,
    schema.budget_account.c.dataset,
    schema.budget_account.c.time_window,
    schema.budget_account.c.sums,
)
_HEAD = select(schema.budget_head.c.size, schema.budget_head.c.digest).where(schema.budget_head.c.id == HEAD)
# Made once: every charge runs these, and building a statement takes longer than SQLite takes to run it.
_LOCKED_HEAD = _HEAD.with_for_update()
_MOVE_HEAD = update(schema.budget_head).where(schema.budget_head.c.id == HEAD)
_MOVE_HEAD = _MOVE_HEAD.values(size=bindparam("new_size"), digest=bindparam("new_digest"))
_KEY_COLUMNS = ("subject", "purpose", "dataset", "time_window")
_OF_KEY = tuple(schema.budget_account.c[name] == bindparam(f"of_{name}") for name in _KEY_COLUMNS)
_ACCOUNT = select(schema.budget_account.c.id, schema.budget_account.c.sums).where(*_OF_KEY)
_NEW_ACCOUNT = insert(schema.budget_account)
_NEW_SUMS = update(schema.budget_account).where(schema.budget_account.c.id == bindparam("of_id"))
_NEW_SUMS = _NEW_SUMS.values(sums=bindparam("new_sums"))
_ROW = select(schema.budget_row.c.body, schema.budget_row.c.digest)
_ROW = _ROW.where(schema.budget_row.c.number == bindparam("of_number"))
_NEW_ROW = insert(schema.budget_row)
_TOUCH = insert(schema.budget_row_account)


def _one_moment(connection: Connection) -> None:
    """Has all statements of this transaction see the same state; SQLite's do so anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _edited(index: int) -> IntegrityError:
    return IntegrityError(f"row {index} of the budget does not verify", help=_HELP)


def _digest(body: str) -> str:
    return hashlib.sha256(DOMAIN + body.encode()).hexdigest()


def _parse(body: str) -> LedgerRow:
    try:
        return _rows.decode(body)
    except msgspec.DecodeError:  # also what does not fit the type
        raise IntegrityError("a row of the budget is not readable", help=_HELP) from None


def _head(connection: Connection) -> tuple[int, str]:
    """The end of the chain, locked until the transaction ends."""
    found = connection.execute(_LOCKED_HEAD).one()  # the migration made the row
    return int(found.size), str(found.digest)


def _named(key: KeyParts) -> dict[str, str]:
    """The parameters of `_OF_KEY`."""
    return {f"of_{name}": part for name, part in zip(_KEY_COLUMNS, key, strict=True)}


def _account(connection: Connection, key: KeyParts) -> tuple[int | None, Sums]:
    found = connection.execute(_ACCOUNT, _named(key)).one_or_none()
    if found is None:
        return None, Sums()
    sums = _decoded(found.sums)
    row = _row(connection, sums.last)
    if key not in row.keys or row.after[row.keys.index(key)] != sums:
        raise IntegrityError("a sum of the budget does not follow from its rows", help=_HELP)
    return int(found.id), sums


def _decoded(text: str) -> Sums:
    try:
        return _sums.decode(text)
    except msgspec.DecodeError:
        raise IntegrityError("a sum of the budget is not readable", help=_HELP) from None


def _row(connection: Connection, index: int) -> LedgerRow:
    found = connection.execute(_ROW, {"of_number": index}).one_or_none()
    if found is None or _digest(found.body) != found.digest:
        raise _edited(index)
    row = _parse(found.body)
    if row.index != index:
        raise _edited(index)
    return row


def _reservation(connection: Connection, index: int) -> tuple[LedgerRow, ...]:
    """A row and those that refer to it, oldest first; none when there is no such row."""
    columns = schema.budget_row.c
    statement = (
        select(columns.number)
        .where(or_(columns.number == index, columns.reservation == index))
        .order_by(columns.number)
    )
    return tuple(_row(connection, int(number)) for number in connection.execute(statement).scalars().all())


def _write(connection: Connection, row: LedgerRow, numbers: tuple[int | None, ...]) -> str:
    body = _encoder.encode(row).decode()
    digest = _digest(body)
    entry = {"number": row.index, "body": body, "digest": digest, "reservation": row.reservation}
    connection.execute(_NEW_ROW, entry)
    for key, sums, number in zip(row.keys, row.after, numbers, strict=True):
        text = _encoder.encode(sums).decode()
        if number is None:
            made = dict(zip(_KEY_COLUMNS, key, strict=True))
            inserted = connection.execute(_NEW_ACCOUNT, {"sums": text, **made})
            assert inserted.inserted_primary_key is not None
            number = int(inserted.inserted_primary_key[0])  # noqa: PLW2901 - the account exists from here on
        else:
            connection.execute(_NEW_SUMS, {"of_id": number, "new_sums": text})
        connection.execute(_TOUCH, {"row": row.index, "account_id": number})
    connection.execute(_MOVE_HEAD, {"new_size": row.index + 1, "new_digest": digest})
    return digest


def _all(connection: Connection) -> Iterator[tuple[int, str, str, int | None]]:
    """Every row in order, a page at a time."""
    columns, after = schema.budget_row.c, -1
    while True:
        statement = select(columns.number, columns.body, columns.digest, columns.reservation).where(
            columns.number > after
        )
        page = connection.execute(statement.order_by(columns.number).limit(PAGE)).all()
        for number, body, digest, reservation in page:
            yield int(number), str(body), str(digest), reservation
        if len(page) < PAGE:
            return
        after = int(page[-1].number)


def _accounts(connection: Connection) -> Iterator[tuple[KeyParts, Sums]]:
    for subject, purpose, dataset, window, sums in connection.execute(_ACCOUNTS).all():
        yield (subject, purpose, dataset, window), _decoded(sums)
