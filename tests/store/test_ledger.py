"""The privacy budget: charged before anything is read, never overspent, and every edit is seen."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from sqlalchemy import text

from bench import dp_ledger
from guard.anonymize.dp.account import Cost, Limit
from guard.anonymize.dp.budget import StoreLedger
from guard.anonymize.dp.ledger import BudgetSpentError, LedgerKey, window_of
from guard.errors import AuditError, IntegrityError, UsageError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = LedgerKey("s-1", "fraud", "duckdb://lake", "2026-11")
ALL = LedgerKey("*", "fraud", "duckdb://lake", "2026-11")
TENTH = Cost.pure(Fraction(1, 10))
LIMIT = Limit(Fraction(1), notion="pure")


@pytest.fixture
def ledger(store):
    """A ledger on a fresh store."""
    return StoreLedger(store.ledger)


def charge(ledger, key=KEY, cost=TENTH, limit=LIMIT):
    """One charge."""
    return ledger.charge(key, cost, limit=limit, now=NOW, query_fingerprint="q")


def test_it_admits_to_the_limit_and_then_refuses(ledger):
    """Nine tenths (rounded up, ten do not fit), and the refusal leaves nothing behind."""
    for _ in range(9):
        charge(ledger)
    before = ledger.remaining(KEY)
    with pytest.raises(BudgetSpentError, match="the budget of purpose `fraud`"):
        charge(ledger)
    assert ledger.remaining(KEY) == before
    assert [receipt.event for receipt in ledger.history(KEY)] == ["charge"] * 9
    assert before.spent.epsilon == 9 * TENTH.rounded_up().epsilon
    assert ledger.verify() == 9


def test_noise_that_a_notion_cannot_count_is_said_so(ledger):
    """Gaussian noise under a pure limit, and narrow Gaussian noise under Gaussian DP: not *spent*, but a mistake."""
    for limit, cost in (
        (LIMIT, Cost.gaussian(1, 100)),
        (Limit(Fraction(1), Fraction(1, 10**6)), Cost.gaussian(1, 2)),
    ):
        with pytest.raises(UsageError, match="has no cost in"):
            charge(ledger, cost=cost, limit=limit)
    assert ledger.balances() == ()


def test_several_budgets_are_charged_all_or_none(ledger):
    """When the budget of everybody is spent, that of the subject stays as it was."""
    tight = Limit(Fraction(1, 5), notion="pure")
    ledger.charge_all(((KEY, LIMIT), (ALL, tight)), TENTH, now=NOW, query_fingerprint="q")
    before = ledger.balances()
    with pytest.raises(BudgetSpentError):
        ledger.charge_all(((KEY, LIMIT), (ALL, tight)), TENTH + TENTH, now=NOW, query_fingerprint="q")
    assert ledger.balances() == before
    with pytest.raises(UsageError):
        ledger.charge_all(((KEY, LIMIT), (KEY, LIMIT)), TENTH, now=NOW, query_fingerprint="q")


def test_a_reservation_is_drawn_and_what_is_left_comes_back(ledger):
    """What is reserved counts as spent until it is released; nothing is drawn after that."""
    half = Cost.pure(Fraction(1, 2))
    held = ledger.reserve(KEY, half, limit=LIMIT, now=NOW, query_fingerprint="batch")
    ledger.draw(held.index, KEY, TENTH, now=NOW, query_fingerprint="q")
    with pytest.raises(BudgetSpentError):
        ledger.draw(held.index, KEY, half, now=NOW, query_fingerprint="q")
    with pytest.raises(UsageError, match="set aside for something else"):
        ledger.draw(held.index, ALL, TENTH, now=NOW, query_fingerprint="q")
    with pytest.raises(BudgetSpentError):
        charge(ledger, cost=Cost.pure(Fraction(6, 10)))
    ledger.release(held.index, now=NOW)
    with pytest.raises(BudgetSpentError):
        ledger.draw(held.index, KEY, TENTH, now=NOW, query_fingerprint="q")
    balance = ledger.remaining(KEY)
    assert balance.spent.epsilon == TENTH.rounded_up().epsilon
    assert balance.reserved.epsilon == 0
    with pytest.raises(UsageError, match="is no reservation"):
        ledger.draw(1, KEY, TENTH, now=NOW, query_fingerprint="q")
    assert ledger.verify() == 3


def test_the_most_exact_limit_holds(ledger):
    """A limit for everything, then for the purpose, then for the subject; the newest of a key."""
    assert ledger.limit(KEY) is None
    for number, key in enumerate(
        (LedgerKey("*", "*", "*", "*"), LedgerKey("*", "fraud", "*", "*"), LedgerKey("s-1", "*", "*", "*")), start=1
    ):
        ledger.set_limit(key, Limit(Fraction(number), notion="pure"), now=NOW)
    found = [
        ledger.limit(LedgerKey(who, purpose, "x", "y")).epsilon for who in ("s-1", "s-2") for purpose in ("fraud", "p")
    ]
    assert found == [3, 3, 2, 1]
    ledger.set_limit(LedgerKey("s-1", "*", "*", "*"), LIMIT, now=NOW)
    assert ledger.limit(KEY) == LIMIT


def test_the_hook_sees_each_row_and_its_failure_keeps_the_charge(store):
    """The audit log gets index and digest; when it cannot be written the caller gets the error and stays charged."""
    seen = []
    charge(StoreLedger(store.ledger, on_row=seen.append))
    assert [(receipt.index, receipt.digest) for receipt in seen] == [(0, store.ledger.head()[1])]

    def fail(receipt):
        raise AuditError("the log is full")

    with pytest.raises(AuditError):
        charge(StoreLedger(store.ledger, on_row=fail))
    assert StoreLedger(store.ledger).remaining(KEY).rows == 2


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE budget_account SET sums = '{}'",
        "UPDATE budget_account SET subject = 's-2'",
        "UPDATE budget_row SET body = replace(body, 'fraud', 'audit') WHERE number = 1",
        "UPDATE budget_row SET digest = replace(digest, substr(digest, 1, 1), 'x') WHERE number = 1",
        "DELETE FROM budget_row_account WHERE row = 2; DELETE FROM budget_row WHERE number = 2",
        "DELETE FROM budget_row_account; DELETE FROM budget_row; DELETE FROM budget_account",
        "UPDATE budget_head SET size = 2",
        "UPDATE budget_row SET reservation = 0 WHERE number = 2",
        "UPDATE budget_head SET digest = 'x'",
    ],
)
def test_every_edit_is_seen(store, ledger, edit):
    """Sums, keys, rows, digests, the end of the chain: each changed by hand."""
    for _ in range(3):
        charge(ledger)
    with store.write() as connection:
        for statement in edit.split("; "):
            connection.execute(text(statement))
    with pytest.raises(IntegrityError):
        ledger.verify()


def test_an_edited_sum_stops_the_next_charge(store, ledger):
    """Whoever lowers what was spent gets no further answer."""
    charge(ledger)
    with store.write() as connection:
        connection.execute(text("UPDATE budget_account SET sums = '{}'"))
    with pytest.raises(IntegrityError):
        charge(ledger)


def test_a_ledger_rolled_back_as_a_whole_is_seen_against_the_log(store, ledger):
    """A consistent older state verifies by itself, and not against the digest that the audit log holds."""
    receipts = [charge(ledger) for _ in range(2)]
    assert ledger.verify((1, receipts[1].digest)) == 2
    with store.write() as connection:
        for table in ("budget_row_account", "budget_account", "budget_row"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text(f"UPDATE budget_head SET size = 0, digest = '{'0' * 64}'"))
    assert ledger.verify() == 0
    with pytest.raises(IntegrityError):
        ledger.verify((1, receipts[1].digest))


def test_many_threads_spend_no_more_than_there_is(store, ledger):
    """Twelve threads try thirty-six charges where nine fit."""
    told, lock = [], threading.Lock()

    def client():
        for _ in range(3):
            try:
                receipt = charge(ledger)
            except BudgetSpentError:
                return
            with lock:
                told.append(receipt.index)

    threads = [threading.Thread(target=client) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == list(range(9))
    assert ledger.verify() == 9


def test_kills_forget_no_acknowledged_charge():
    """The part of `bench dp-ledger` that a test run can afford."""
    assert dp_ledger.kills(20) == (20, 0)


class LateLedger(StoreLedger):
    """Seeded fault: reads first and charges afterwards."""

    def answer(self, read):
        """What a careless engine does."""
        found = read()
        charge(self)
        return found


class PromptLedger(StoreLedger):
    """The right order."""

    def answer(self, read):
        """Charge, then read."""
        charge(self)
        return read()


@pytest.mark.parametrize(("kind", "undercounts"), [(LateLedger, 1), (PromptLedger, 0)])
def test_charging_after_reading_is_caught_by_a_crash(store, kind, undercounts):
    """A crash while reading shows the difference: what was read must have been charged."""
    ledger, reads = kind(store.ledger), []

    def read():
        reads.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.answer(read)
    assert len(reads) - ledger.remaining(KEY).rows == undercounts


def test_windows_have_names():
    """In UTC, whatever the zone of the clock."""
    names = {window: window_of(window, NOW) for window in ("day", "week", "month", "quarter", "year", "forever")}
    assert names == {
        "day": "2026-11-21",
        "week": "2026-W47",
        "month": "2026-11",
        "quarter": "2026-Q4",
        "year": "2026",
        "forever": "forever",
    }
