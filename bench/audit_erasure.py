"""Erasing a subject: how many bytes of it are readable in guard's state afterwards, and do old proofs verify.

A real guard works on a real database: scans, queries, denials, anonymised files, lineage and OpenLineage events, all by
several subjects. Then one of them is erased, and every file of the state folder is searched for the id in its usual
spellings, and every sealed part is tried with every key that is left.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from bench.result import Result
from guard.audit import personal, proof
from guard.audit.people import WHO
from guard.engine import Guard, open_guard
from guard.errors import AccessDeniedError, IntegrityError
from guard.model import Subject

SUBJECTS = ("张伟-4711@example.org", "analyst-7", "mueller.grün@example.org", 'o\'brien "x" <ob@example.org>')
ERASED = SUBJECTS[0]
ROUNDS = 40
TARGETS = (
    "SELECT id, phone FROM residents WHERE id < 4",
    "SELECT xm FROM residents",
    "SELECT count(*) AS n FROM residents WHERE district = '浦东新区'",
    "SELECT nothing FROM nowhere",
)


def run() -> Result:
    """Prints what was searched and what was found."""
    with tempfile.TemporaryDirectory(prefix="bench-erasure-") as name:
        folder = Path(name)
        write_database(folder / "crm.db")
        with open_guard(folder=folder, operator=SUBJECTS[1]) as g:
            return measure(g, folder)


def measure(g: Guard, folder: Path) -> Result:
    """Works, erases, searches."""
    source = f"sqlite:///{folder / 'crm.db'}"
    g.scan(source)
    for number in range(ROUNDS):
        for name in SUBJECTS:
            work(g, source, name, TARGETS[number % len(TARGETS)])
    g.flush()
    entries = dict(g.audit.entries())
    people = g.parts.people
    mine = people.pseudonym(ERASED)
    assert mine is not None
    secrets = people.secrets(mine)
    assert secrets is not None
    old = [g.audit.prove(index) for index, entry in entries.items() if entry.actor == mine]
    opened_before = sum(opens(entry.body, [secrets]) for entry in entries.values())
    assert opened_before == len(old) > 0

    started = time.perf_counter()
    g.erase(ERASED)
    erased_ms = (time.perf_counter() - started) * 1000

    state = folder / ".guard"
    needles = [*forms(ERASED), secrets.key.reveal(), secrets.salt.reveal()]
    files = [path for path in state.rglob("*") if path.is_file()]
    found = sum(found_bytes(path.read_bytes() + bytes(path), needles) for path in files)
    left = [key for name in SUBJECTS if (found_one := people.pseudonym(name)) and (key := people.secrets(found_one))]
    opened = sum(opens(entry.body, left) for entry in entries.values() if entry.actor == mine) * len(ERASED.encode())
    broken = sum(not holds(g, text) for text in (*old, *(g.audit.prove(proof.parse(text).index) for text in old)))
    assert g.audit.verify().ok
    control = plant_and_find(state, needles)
    print(f"{len(files)} files searched for {len(needles)} spellings, {len(old)} entries of the subject")
    print(f"readable bytes {found + opened}   proofs that no longer verify {broken}   erasure {erased_ms:.1f} ms")
    return Result(
        figures={"readable_bytes": found + opened, "broken_proofs": broken, "erase_ms": erased_ms},
        context={"files": len(files), "spellings": len(needles), "entries": len(old), "planted_found": control},
    )


def work(g: Guard, source: str, name: str, sql: str) -> None:
    """One subject asks one question; a denial is as good."""
    subject = Subject(name, ("call_center",), {"districts": ("浦东新区",)})
    with contextlib.suppress(AccessDeniedError):
        g.query(sql, subject=subject, purpose="service", source=source)
    g.check(sql, subject=subject, purpose="service", source=source)


def forms(name: str) -> Iterator[bytes]:
    """The spellings that a name could hide in."""
    yield from (name.encode(), name.encode("utf-16-le"), name.encode("utf-16-be"), json.dumps(name)[1:-1].encode())
    yield from (quote(name).encode(), name.encode().hex().encode())
    for shift in range(3):  # base64 has three alignments; the edges depend on the neighbours
        yield base64.b64encode(b"\0" * shift + name.encode())[4:-4]


def found_bytes(data: bytes, needles: list[bytes]) -> int:
    """How many bytes of the needles stand in the data."""
    return sum(data.count(needle) * len(needle) for needle in set(needles))


def opens(body: object, keys: list[personal.Secrets]) -> bool:
    """True when one of the keys opens the entry's sealed part."""
    part = personal.part_of(body[WHO]) if isinstance(body, dict) and WHO in body else None
    for key in keys if part else ():
        assert part is not None
        with contextlib.suppress(IntegrityError):
            return bool(personal.unseal(key, part).text.reveal())
    return False


def holds(g: Guard, text: str) -> bool:
    """True when a proof verifies."""
    try:
        proof.verify(proof.parse(text), g.parts.verifier_key)
    except IntegrityError:
        return False
    return True


def plant_and_find(state: Path, needles: list[bytes]) -> int:
    """The search of this benchmark would see a leak: of so many planted spellings it found all."""
    leak = state / "planted"
    for needle in needles:
        leak.write_bytes(b"before" + needle + b"after")
        assert found_bytes(leak.read_bytes(), needles) > 0
    leak.unlink()
    return len(needles)


def write_database(path: Path) -> None:
    """Residents whose columns the default rules protect."""
    from datetime import date

    from guard.demo.data import card_number, resident_id

    chance = random.Random(7)
    rows = [
        (
            number,
            f"王小{'明芳伟娜'[number % 4]}",
            resident_id("310115", date(1980, 1, 1 + number % 28), number + 1),
            f"13{chance.randrange(10**9):09d}",
            ("浦东新区", "徐汇区")[number % 2],
            card_number("621700", number * 7919),
        )
        for number in range(200)
    ]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE residents"
            " (id INTEGER PRIMARY KEY, xm TEXT, sfzh TEXT, phone TEXT, district TEXT, card_no TEXT)"
        )
        connection.executemany("INSERT INTO residents VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
