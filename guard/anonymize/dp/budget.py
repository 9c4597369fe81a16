"""The ledger on guard's store: costs as whole numbers of a fine grid, the decision inside the store's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from guard.anonymize.dp.account import BITS, Cost, Limit, Notion
from guard.anonymize.dp.ledger import Balance, BudgetSpentError, Event, Hook, LedgerKey, Receipt
from guard.errors import IntegrityError, UsageError
from guard.model import Value
from guard.store.clock import written
from guard.store.ledger import Amounts, Draft, LedgerRow, Sums

if TYPE_CHECKING:
    from guard.store.ledger import KeyParts, LedgerRepository

GRID = 1 << BITS  # costs are rounded up to multiples of 1 / GRID
MAX_FINGERPRINT = 256  # characters
ALL = "*"
_REPLAY = "a row may be missing in the log; restore a backup that was made later"


class _Written(Value, frozen=True):
    """A limit as a row holds it."""

    epsilon: str
    delta: str
    key_delta: str
    notion: Notion


_limits = msgspec.json.Decoder(_Written)


class StoreLedger:
    """`guard.anonymize.dp.ledger.Ledger` in SQLite or PostgreSQL.

    `on_row` is called after the row is durable and before the caller is answered: it writes the row's index and digest
    into the audit log. When it raises, the row stays charged and the caller gets the error, so nothing is read.
    """

    def __init__(self, rows: LedgerRepository, *, on_row: Hook | None = None) -> None:
        self._rows = rows
        self._on_row = on_row

    def charge(self, key: LedgerKey, cost: Cost, *, limit: Limit, now: datetime, query_fingerprint: str) -> Receipt:
        """See `Ledger.charge`."""
        return self.charge_all(((key, limit),), cost, now=now, query_fingerprint=query_fingerprint)

    def charge_all(
        self, charges: tuple[tuple[LedgerKey, Limit], ...], cost: Cost, *, now: datetime, query_fingerprint: str
    ) -> Receipt:
        """See `Ledger.charge_all`."""
        return self._spend("charge", charges, cost, now, query_fingerprint)

    def reserve(self, key: LedgerKey, cost: Cost, *, limit: Limit, now: datetime, query_fingerprint: str) -> Receipt:
        """See `Ledger.reserve`."""
        return self._spend("reserve", ((key, limit),), cost, now, query_fingerprint)

    def draw(self, reservation: int, key: LedgerKey, cost: Cost, *, now: datetime, query_fingerprint: str) -> Receipt:
        """See `Ledger.draw`."""
        exact = cost.rounded_up(BITS)

        def admit(before: tuple[Sums, ...], opened: tuple[LedgerRow, ...]) -> Draft:
            left = self._left(reservation, opened)
            if opened[0].keys != (_parts(key),):
                raise UsageError(
                    f"row {reservation} of the budget is set aside for something else",
                    help="name the row that `guard budget reserve` printed for this subject, purpose, data and window",
                )
            reduced = _minus(left, exact)
            if reduced is None:
                raise BudgetSpentError(
                    f"reservation {reservation} does not hold this cost", help="reserve more, or charge the budget"
                )
            after = tuple(_with_reserved(sums, _minus_known(_cost(sums.reserved), exact)) for sums in before)
            return Draft(_amounts(exact), after)

        return self._append("draw", (), admit, now, query_fingerprint, reservation)

    def release(self, reservation: int, *, now: datetime) -> Receipt:
        """See `Ledger.release`."""

        def admit(before: tuple[Sums, ...], opened: tuple[LedgerRow, ...]) -> Draft:
            left = self._left(reservation, opened)
            after = tuple(
                msgspec.structs.replace(
                    sums,
                    spent=_amounts(_minus_known(_cost(sums.spent), left)),
                    reserved=_amounts(_minus_known(_cost(sums.reserved), left)),
                )
                for sums in before
            )
            return Draft(_amounts(left), after)

        return self._append("release", (), admit, now, "", reservation)

    def set_limit(self, key: LedgerKey, limit: Limit, *, now: datetime) -> Receipt:
        """Writes down the limit of a key, as a row like any other; the newest one counts."""
        text = _write_limit(limit)

        def admit(before: tuple[Sums, ...], opened: tuple[LedgerRow, ...]) -> Draft:
            del opened
            return Draft(_amounts(Cost()), tuple(msgspec.structs.replace(sums, limit=text) for sums in before))

        return self._append("limit", (key,), admit, now, "", None)

    def limit(self, key: LedgerKey) -> Limit | None:
        """The limit of the most exact key that has one: parts are replaced by `*`, the window first, the subject last.

        A limit for the window `*` holds for each window anew.
        """
        keys = [
            (subject, purpose, dataset, window)
            for subject in dict.fromkeys((key.subject, ALL))
            for purpose in dict.fromkeys((key.purpose, ALL))
            for dataset in dict.fromkeys((key.dataset, ALL))
            for window in dict.fromkeys((key.window, ALL))
        ]
        known = self._rows.some_sums(keys)
        found = next((known[parts].limit for parts in keys if parts in known and known[parts].limit), "")
        return _read_limit(found) if found else None

    def remaining(self, key: LedgerKey) -> Balance:
        """See `Ledger.remaining`."""
        sums = self._rows.sums(_parts(key))
        return Balance(key, _cost(sums.spent), _cost(sums.reserved), self.limit(key), sums.rows)

    def balances(self) -> tuple[Balance, ...]:
        """Every key that was ever used, in order."""
        return tuple(self.remaining(LedgerKey(*parts)) for parts in self._rows.all_keys())

    def history(self, key: LedgerKey) -> tuple[Receipt, ...]:
        """See `Ledger.history`."""
        return tuple(_receipt(row, digest) for row, digest in self._rows.history(_parts(key)))

    def verify(self, trusted: tuple[int, str] | None = None) -> int:
        """How many rows there are, all of them agreeing with each other, with the sums and with a trusted row.

        Raises:
            IntegrityError: somebody edited them.
        """
        return self._rows.verify(trusted)

    def replay(self, body: Mapping[str, Any]) -> None:
        """Makes a row again from its entry in the audit log (`body_of`), at the end of a ledger that lacks it.

        No limit is asked: it was spent. The row comes out the same to the last bit, which its digest proves.

        Raises:
            IntegrityError: the ledger's end is not where the row belongs, or the entry does not say all of the row.
        """
        try:
            event, index, limit = str(body["event"]), int(body["row"]), str(body.get("limit", ""))
            keys = tuple((str(a), str(b), str(c), str(d)) for a, b, c, d in body["keys"])
            held = {name: Fraction(str(part)) for name, part in body["cost"].items()}
            cost = Cost(held["rho"], held.get("mu_squared"), held.get("epsilon"), held["delta"])
            reservation = None if body.get("reservation") is None else int(body["reservation"])
            time, query, digest = str(body["written"]), str(body["query"]), str(body["digest"])
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            raise IntegrityError("an entry of the budget does not say all of its row", help=_REPLAY) from None

        def after(sums: Sums) -> Sums:
            if event == "limit":
                return msgspec.structs.replace(sums, limit=limit)
            spent, reserved = _cost(sums.spent), _cost(sums.reserved)
            if event in ("charge", "reserve"):
                held = reserved + cost if event == "reserve" else reserved
                return msgspec.structs.replace(sums, spent=_amounts(spent + cost), reserved=_amounts(held))
            left = _minus_known(spent, cost) if event == "release" else spent
            return msgspec.structs.replace(sums, spent=_amounts(left), reserved=_amounts(_minus_known(reserved, cost)))

        def admit(before: tuple[Sums, ...], opened: tuple[LedgerRow, ...]) -> Draft:
            del opened
            return Draft(_amounts(cost), tuple(after(sums) for sums in before))

        row, made = self._rows.append(event, keys, admit, time=time, query=query, reservation=reservation)
        if (row.index, made) != (index, digest):
            raise IntegrityError(f"row {index} of the budget does not follow from the rows before it", help=_REPLAY)

    def _spend(
        self,
        event: Event,
        charges: tuple[tuple[LedgerKey, Limit], ...],
        cost: Cost,
        now: datetime,
        query: str,
    ) -> Receipt:
        keys = tuple(key for key, _ in charges)
        if not keys or len(set(keys)) != len(keys):
            raise UsageError("a charge names no budget, or one twice", help="name each key once")
        exact = cost.rounded_up(BITS)
        for _, limit in charges:
            if not limit.counts(exact):
                raise UsageError(
                    f"noise of this kind has no cost in `{limit.notion}`",
                    help="`pure` takes Laplace noise only; for `gdp` draw narrow Gaussian noise on a finer lattice",
                )

        def admit(before: tuple[Sums, ...], opened: tuple[LedgerRow, ...]) -> Draft:
            del opened
            after = []
            for sums, (key, limit) in zip(before, charges, strict=True):
                spent = _cost(sums.spent) + exact
                if not limit.admits(spent):
                    raise BudgetSpentError(
                        f"the budget of purpose `{key.purpose}` on `{key.dataset}` for `{key.window}` is spent",
                        help="ask for less precision, wait for the next window, or have the owner raise the budget",
                    )
                held = _cost(sums.reserved) + exact if event == "reserve" else _cost(sums.reserved)
                after.append(msgspec.structs.replace(sums, spent=_amounts(spent), reserved=_amounts(held)))
            return Draft(_amounts(exact), tuple(after))

        return self._append(event, keys, admit, now, query, None)

    def _append(
        self,
        event: Event,
        keys: tuple[LedgerKey, ...],
        admit: Callable[[tuple[Sums, ...], tuple[LedgerRow, ...]], Draft],
        now: datetime,
        query: str,
        reservation: int | None,
    ) -> Receipt:
        if len(query) > MAX_FINGERPRINT or not query.isprintable():
            raise UsageError(
                f"a fingerprint is over {MAX_FINGERPRINT} characters or not printable", help="hash the canonical query"
            )
        parts = tuple(_parts(key) for key in keys)
        row, digest = self._rows.append(event, parts, admit, time=written(now), query=query, reservation=reservation)
        receipt = _receipt(row, digest)
        if self._on_row is not None:
            self._on_row(receipt)
        return receipt

    @staticmethod
    def _left(reservation: int, opened: tuple[LedgerRow, ...]) -> Cost:
        """What of a reservation is not drawn yet."""
        if not opened or opened[0].event != "reserve":
            raise UsageError(f"row {reservation} of the budget is no reservation", help="see `guard budget history`")
        left: Cost | None = _cost(opened[0].amounts)
        for row in opened[1:]:
            if row.event == "release":
                raise BudgetSpentError(f"reservation {reservation} is released", help="reserve again")
            left = None if left is None else _minus(left, _cost(row.amounts))
        if left is None:
            raise BudgetSpentError(f"reservation {reservation} is overdrawn", help="run `guard budget verify`")
        return left


def _receipt(row: LedgerRow, digest: str) -> Receipt:
    return Receipt(
        index=row.index,
        event=row.event,  # type: ignore[arg-type] # written by this module
        keys=tuple(LedgerKey(*parts) for parts in row.keys),
        cost=_cost(row.amounts),
        time=row.time,
        query=row.query,
        digest=digest,
        reservation=row.reservation,
        limit=row.after[0].limit if row.event == "limit" else "",
    )


def _parts(key: LedgerKey) -> KeyParts:
    return key.subject, key.purpose, key.dataset, key.window


def _with_reserved(sums: Sums, reserved: Cost) -> Sums:
    return msgspec.structs.replace(sums, reserved=_amounts(reserved))


def _amounts(cost: Cost) -> Amounts:
    return Amounts(
        rho=_grid(cost.rho), mu_squared=_grid(cost.mu_squared), epsilon=_grid(cost.epsilon), delta=_grid(cost.delta)
    )


def _grid(part: Fraction | None) -> str:
    if part is None:
        return ""
    whole = part * GRID
    assert whole.denominator == 1  # rounded up before
    return str(whole.numerator)


def _cost(amounts: Amounts) -> Cost:
    rho, delta = _from_grid(amounts.rho), _from_grid(amounts.delta)
    assert rho is not None
    assert delta is not None
    return Cost(rho, _from_grid(amounts.mu_squared), _from_grid(amounts.epsilon), delta)


def _from_grid(text: str) -> Fraction | None:
    return Fraction(int(text), GRID) if text else None


def _minus(a: Cost, b: Cost) -> Cost | None:
    """What is left of a when b is taken away; None when b does not fit into it."""
    pairs = ((a.rho, b.rho), (a.mu_squared, b.mu_squared), (a.epsilon, b.epsilon), (a.delta, b.delta))
    if any(x is not None and (y is None or y > x) for x, y in pairs):
        return None
    return _minus_known(a, b)


def _minus_known(a: Cost, b: Cost) -> Cost:
    def less(x: Fraction | None, y: Fraction | None) -> Fraction | None:
        return None if x is None or y is None else max(Fraction(0), x - y)

    return Cost(
        max(Fraction(0), a.rho - b.rho),
        less(a.mu_squared, b.mu_squared),
        less(a.epsilon, b.epsilon),
        max(Fraction(0), a.delta - b.delta),
    )


def _write_limit(limit: Limit) -> str:
    held = _Written(str(limit.epsilon), str(limit.delta), str(limit.key_delta), limit.notion)
    return msgspec.json.encode(held).decode()


def _read_limit(text: str) -> Limit:
    found = _limits.decode(text)
    return Limit(Fraction(found.epsilon), Fraction(found.delta), Fraction(found.key_delta), found.notion)


def body_of(receipt: Receipt) -> dict[str, Any]:
    """A row as the body of its audit entry: keys with pseudonyms, exact costs as text, and the digest that commits."""
    cost = receipt.cost
    parts = {"rho": cost.rho, "mu_squared": cost.mu_squared, "epsilon": cost.epsilon, "delta": cost.delta}
    body: dict[str, Any] = {
        "row": receipt.index,
        "event": receipt.event,
        "keys": [list(_parts(key)) for key in receipt.keys],
        "cost": {name: str(part) for name, part in parts.items() if part is not None},
        "query": receipt.query,
        "written": receipt.time,
        "digest": receipt.digest,
    }
    if receipt.limit:
        body["limit"] = receipt.limit
    return body if receipt.reservation is None else {**body, "reservation": receipt.reservation}
