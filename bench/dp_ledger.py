"""The budget ledger under a thousand kills and 64 clients: nothing acknowledged is forgotten, nothing is overspent.

A forked client charges in a loop and notes each receipt in shared memory once it has it; it is killed at a random
moment. Then 64 processes charge one budget at once, on SQLite and on PostgreSQL where there is one. Every ledger is
verified afterwards.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from bench.result import Result
from guard.anonymize.dp.account import Cost, Limit
from guard.anonymize.dp.budget import StoreLedger
from guard.anonymize.dp.ledger import BudgetSpentError, LedgerKey
from guard.errors import GuardError
from guard.store.store import Store

KILLS = 1_000
KILLS_A_LEDGER = 100
CLIENTS = 64
CHARGES = 20  # tried by each client: more than fit in all
KEY = LedgerKey("s-0", "bench", "people", "2026-11")
ONE = Cost.pure(Fraction(1, 100))
WIDE = Limit(Fraction(200), notion="pure")
NARROW = Limit(Fraction(6), notion="pure")  # 600 charges
NOW = datetime(2026, 11, 1, tzinfo=UTC)
WORD = struct.Struct("=Q")


def run() -> Result:
    """Overspends and undercounts of both."""
    killed, undercounts = kills(KILLS)
    overspends, counted = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        targets = {"sqlite": str(Path(folder) / "guard.db")}
        with _postgres() as url:
            if url:
                targets["postgres"] = url
            for name, where in targets.items():
                counted[name] = clients(where, CLIENTS, CHARGES)
                over, under = counted[name]
                overspends, undercounts = overspends + over, undercounts + under
                print(f"{name:9} {CLIENTS} clients: {over} overspends, {under} undercounts")
    print(f"kills     {killed}: {undercounts} undercounts")
    return Result(
        {"overspends": overspends, "undercounts": undercounts},
        {"kills": killed, "clients": CLIENTS, "on": list(counted)},
    )


def kills(count: int) -> tuple[int, int]:
    """How many clients died by our kill, and how many acknowledged charges their ledgers do not hold."""
    chance, killed, lost = random.Random(7), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            where = str(Path(folder) / f"{number // KILLS_A_LEDGER}.db")
            if number % KILLS_A_LEDGER == 0:
                Store.open(where).close()
                acknowledged = 0
            memory = mmap.mmap(-1, 8)
            pid = os.fork()
            if pid == 0:
                _charge_for_ever(where, memory)
            time.sleep(chance.uniform(0.0, 0.04))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            killed += os.WIFSIGNALED(status)
            acknowledged += WORD.unpack_from(memory, 0)[0]
            memory.close()
            if number % 10 == 9 or number + 1 == count:
                lost += _missing(where, acknowledged)
    return killed, lost


def _charge_for_ever(where: str, memory: mmap.mmap) -> None:
    """In the child."""
    try:
        with Store.open(where) as store:
            ledger, done = StoreLedger(store.ledger), 0
            while True:
                ledger.charge(KEY, ONE, limit=WIDE, now=NOW, query_fingerprint="q")
                done += 1
                WORD.pack_into(memory, 0, done)
    except GuardError:
        pass
    finally:
        os._exit(0)


def _missing(where: str, acknowledged: int) -> int:
    """Acknowledged charges that the sum does not hold; more is allowed, for a charge before its receipt counts."""
    with Store.open(where) as store:
        ledger = StoreLedger(store.ledger)
        rows = ledger.verify()
        spent = ledger.remaining(KEY).spent.epsilon
    held = round(spent / ONE.rounded_up().epsilon) if spent else 0
    assert held == rows
    return max(0, acknowledged - held)


def clients(where: str, count: int, charges: int) -> tuple[int, int]:
    """Overspends and undercounts when so many processes charge one budget that does not hold all of it."""
    Store.open(where).close()
    memory = mmap.mmap(-1, 8 * count)
    pids = []
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            _charge_some(where, charges, memory, number)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    told = sum(WORD.unpack_from(memory, 8 * number)[0] for number in range(count))
    with Store.open(where) as store:
        ledger = StoreLedger(store.ledger)
        rows = ledger.verify()
        spent = ledger.remaining(KEY).spent
    assert not NARROW.admits(spent + ONE.rounded_up()), "the clients did not reach the limit"
    return int(not NARROW.admits(spent)) + int(told > rows), max(0, told - rows)


def _charge_some(where: str, charges: int, memory: mmap.mmap, number: int) -> None:
    """In the child."""
    done = 0
    try:
        with _opened(where) as store:
            ledger = StoreLedger(store.ledger)
            for _ in range(charges):
                try:
                    ledger.charge(KEY, ONE, limit=NARROW, now=NOW, query_fingerprint="q")
                except BudgetSpentError:
                    break
                done += 1
                WORD.pack_into(memory, 8 * number, done)
    except GuardError as error:
        print(f"client {number}: {error.code}", file=sys.stderr)
    finally:
        os._exit(0)


def _opened(where: str) -> Store:
    """The store, once the server has a connection to give: it has 60 for 64 clients."""
    for _ in range(1200):
        try:
            return Store.open(where)
        except GuardError:
            time.sleep(0.05)
    return Store.open(where)


@contextmanager
def _postgres() -> Iterator[str]:
    """The URL of a fresh server where this machine has one; else nothing."""
    from tests.servers.postgres import find_binaries, postgres_server

    binaries = find_binaries()
    if binaries is None:
        yield ""
        return
    with postgres_server(binaries) as server:
        yield server.create_database()
