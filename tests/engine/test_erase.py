"""Erasing a subject through `Guard`: nothing readable is left, and nothing that was proved is lost."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from guard.audit import proof
from guard.audit.people import WHO
from guard.engine import open_guard
from guard.errors import AccessDeniedError, UsageError
from guard.model import Subject
from tests.engine.conftest import World

WHO_ASKS = "张伟-4711@example.org"
SQL = "SELECT id, phone FROM residents WHERE id < 4"


def forms(name: str) -> set[bytes]:
    """The spellings that a name could hide in."""
    found = {name.encode(), name.encode("utf-16-le"), name.encode("utf-16-be"), json.dumps(name)[1:-1].encode()}
    found |= {quote(name).encode(), name.encode().hex().encode()}
    for shift in range(3):  # base64 has three alignments; the edges, which depend on the neighbours, are cut off
        found.add(base64.b64encode(b"\0" * shift + name.encode())[4:-4])
    return found


def found_in(folder: Path, name: str) -> list[str]:
    """The files of the folder in which a form of the name stands, or whose own name holds one."""
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(form in path.read_bytes() or form in bytes(path) for form in forms(name))
    ]


def work(world: World, name: str) -> list[int]:
    """A subject asks, is denied and asks again; the entries that tell of it."""
    g = world.guard
    subject = Subject(name, ("call_center",), {"districts": ("浦东新区",)})
    entries = [g.query(SQL, subject=subject, purpose="service", source=world.source).entry]
    with pytest.raises(AccessDeniedError):
        g.query("SELECT xm FROM residents", subject=subject, purpose="statistics", source=world.source)
    g.check("SELECT nothing FROM nowhere", subject=subject, purpose="service", source=world.source)
    g.flush()
    return entries


def test_no_entry_names_a_subject_even_before_erasure(world: World) -> None:
    """The id stands in no file in clear; who asked is still known, to guard alone."""
    (index,) = work(world, WHO_ASKS)
    assert found_in(world.folder / ".guard", WHO_ASKS) == []
    entry = dict(world.guard.audit.entries())[index]
    assert world.guard.parts.people.open(entry).reveal() == WHO_ASKS
    (phone,) = world.guard.lineage.find("residents.phone")
    assert WHO_ASKS in {job.subject for job in world.guard.lineage.jobs(phone)}


def test_the_search_finds_what_is_there(world: World) -> None:
    """Seeded fault: a name in any spelling in any file of the state is found."""
    for number, form in enumerate(sorted(forms(WHO_ASKS))):
        leak = world.folder / ".guard" / f"leak-{number}"
        leak.write_bytes(b"before" + form + b"after")
        assert found_in(world.folder / ".guard", WHO_ASKS) == [leak.name]
        leak.unlink()


def test_after_erasure_nobody_can_tell_who_it_was(world: World) -> None:
    """Entries, lineage and events keep a pseudonym that belongs to nobody; the erasure itself is on record."""
    (index,) = work(world, WHO_ASKS)
    before = dict(world.guard.audit.entries())[index]
    erased = world.guard.erase(WHO_ASKS)
    entries = dict(world.guard.audit.entries())
    assert erased.pseudonym == before.actor
    assert entries[index] == before
    assert world.guard.parts.people.open(before) is None
    assert (entries[erased.entry].kind, entries[erased.entry].body["subject"]) == ("erasure", before.actor)
    (phone,) = world.guard.lineage.find("residents.phone")
    assert before.actor in {job.subject for job in world.guard.lineage.jobs(phone)}
    assert found_in(world.folder / ".guard", WHO_ASKS) == []
    with pytest.raises(UsageError, match="holds nothing"):
        world.guard.erase(WHO_ASKS)


def test_old_proofs_and_the_log_still_verify(world: World) -> None:
    """Proofs made before the erasure verify after it, and so do proofs made now of entries from before."""
    (index,) = work(world, WHO_ASKS)
    old = world.guard.audit.prove(index)
    world.guard.erase(WHO_ASKS)
    for text in (old, world.guard.audit.prove(index)):
        entry, _ = proof.verify(proof.parse(text), world.guard.parts.verifier_key)
        assert WHO in entry.body
    assert world.guard.audit.verify().ok


def test_a_subject_that_comes_back_is_somebody_else(world: World) -> None:
    """After erasure the same id acts under a new pseudonym, also where the answer had been prepared before."""
    (index,) = work(world, WHO_ASKS)
    erased = world.guard.erase(WHO_ASKS)
    (again,) = work(world, WHO_ASKS)
    entries = dict(world.guard.audit.entries())
    assert entries[index].actor == erased.pseudonym != entries[again].actor
    assert world.guard.parts.people.open(entries[again]).reveal() == WHO_ASKS


def test_an_erasure_that_a_crash_cut_off_is_finished(world: World) -> None:
    """Marked and not destroyed: the next opening of the log records and finishes it."""
    (index,) = work(world, WHO_ASKS)
    pseudonym = dict(world.guard.audit.entries())[index].actor
    world.guard.parts.people.mark(pseudonym)
    world.guard.close()
    with open_guard(folder=world.folder, operator="tester") as again:
        again.scan(world.source)
        erasures = [entry.body for _, entry in again.audit.entries() if entry.kind == "erasure"]
        assert erasures == [{"subject": pseudonym, "resumed": True}]
        assert again.parts.people.marked() == ()
        assert again.parts.people.reveal(pseudonym) is None


def test_the_operator_can_be_erased_too(world: World) -> None:
    """Who runs guard stands in the log like any other subject."""
    scan = next(entry for _, entry in world.guard.audit.entries() if entry.kind == "scan")
    assert world.guard.parts.people.open(scan).reveal() == "tester"
    world.guard.erase("tester")
    assert world.guard.parts.people.open(scan) is None


def test_the_key_of_the_log_changes_under_work(world: World) -> None:
    """Before, during and after a change of the key questions are answered, and old proofs and both keys verify."""
    from guard.audit import verify

    g = world.guard
    old = g.parts.verifier_key
    (index,) = work(world, WHO_ASKS)
    before = g.audit.prove(index)
    new = g.rotate_key()
    work(world, WHO_ASKS)
    assert g.parts.verifier_key == new != old
    g.rotate_key(retire=True)
    work(world, WHO_ASKS)
    g.audit.checkpoint()
    for key in (old, new):
        verify(g.parts.audit_folder, key).require()
    proof.verify(proof.parse(before), old)
    proof.verify(proof.parse(g.audit.prove(index)), new)
