"""People in the log: pseudonyms and sealed parts that open until their key is destroyed, and never again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from guard.audit import personal
from guard.audit.people import KEY_FILE, TABLE_FILE, WHO, People
from guard.errors import AuditError, IntegrityError, KeyUnavailableError
from guard.model import Entry, Sensitive

NAME = "张伟-4711@example.org"
ROOT = Path(__file__).parents[2]


def entry_of(people: People, name: str) -> Entry:
    """An entry of this person."""
    person = people.of(name)
    return Entry(1, "query", "", person.pseudonym, {WHO: person.member})


def bytes_of(folder: Path) -> bytes:
    """Everything in the folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_pseudonym_is_stable_and_its_part_is_not(tmp_path):
    """The same person has one pseudonym, also for another process, and each record a salt of its own."""
    people = People(tmp_path)
    first, second = people.of(NAME), People(tmp_path).of(NAME)
    assert first.pseudonym == second.pseudonym
    assert first.part.commitment != second.part.commitment
    assert first.part.sealed != second.part.sealed
    assert people.of("another").pseudonym != first.pseudonym


def test_an_entry_opens_until_the_person_is_erased(tmp_path):
    """After `destroy` neither pseudonym nor part leads to the name; other people are untouched."""
    people = People(tmp_path)
    entry, other = entry_of(people, NAME), entry_of(people, "another")
    assert people.open(entry).reveal() == people.reveal(entry.actor).reveal() == NAME
    people.mark(entry.actor)
    people.destroy(entry.actor)
    for each in (people, People(tmp_path)):
        assert each.open(entry) is None
        assert each.reveal(entry.actor) is None
        assert each.open(other).reveal() == "another"


def test_nothing_stands_in_clear_and_nothing_is_left(tmp_path):
    """The files never hold the name; after erasure they do not hold the sealed row either."""
    people = People(tmp_path)
    person = people.of(NAME)
    with closing(sqlite3.connect(tmp_path / TABLE_FILE)) as table:
        ((sealed, lookup),) = table.execute("SELECT sealed, lookup FROM person").fetchall()
    secrets = people.secrets(person.pseudonym)
    assert sealed in bytes_of(tmp_path)  # the search finds what is there
    for hidden in (NAME.encode(), secrets.key.reveal(), secrets.salt.reveal()):
        assert hidden not in bytes_of(tmp_path)
    people.destroy(person.pseudonym)
    for gone in (sealed, lookup, person.pseudonym.encode()):
        assert gone not in bytes_of(tmp_path)


def test_who_comes_again_after_erasure_is_another(tmp_path):
    """A new pseudonym: the erased past is not linked to what the person does later."""
    people = People(tmp_path)
    before = people.of(NAME).pseudonym
    people.destroy(before)
    assert people.of(NAME).pseudonym != before


def test_without_secure_delete_the_row_would_be_found(tmp_path):
    """Seeded fault: a plain DELETE leaves the sealed row in the file, and this search sees it."""
    person = People(tmp_path).of(NAME)
    with closing(sqlite3.connect(tmp_path / TABLE_FILE, isolation_level=None)) as table:
        ((sealed,),) = table.execute("SELECT sealed FROM person").fetchall()
        table.execute("PRAGMA secure_delete = OFF").close()
        table.execute("DELETE FROM person WHERE pseudonym = ?", (person.pseudonym,))
    assert sealed in bytes_of(tmp_path)


def test_one_who_is_being_erased_cannot_act(tmp_path):
    """Between mark and destruction nothing is recorded under a pseudonym that nobody could open."""
    people = People(tmp_path)
    pseudonym = people.of(NAME).pseudonym
    people.mark(pseudonym)
    assert people.marked() == (pseudonym,)
    with pytest.raises(AuditError, match="being erased"):
        People(tmp_path).of(NAME)
    people.destroy(pseudonym)
    assert people.marked() == ()


def test_a_part_belongs_to_its_person_and_is_whole(tmp_path):
    """A part moved to another person's entry, or with one bit changed, does not open."""
    people = People(tmp_path)
    mine, other = entry_of(people, NAME), entry_of(people, "another")
    with pytest.raises(IntegrityError, match="does not open"):
        people.open(Entry(1, "query", "", other.actor, mine.body))
    commitment = other.body[WHO]["commitment"]
    with pytest.raises(IntegrityError, match="does not fit its commitment"):
        people.open(Entry(1, "query", "", mine.actor, {WHO: {**mine.body[WHO], "commitment": commitment}}))


def test_an_opened_part_convinces_an_auditor(tmp_path):
    """With salt and name anyone recomputes the commitment in the proved entry; with another name nobody does."""
    people = People(tmp_path)
    person = people.of(NAME)
    opened = personal.unseal(people.secrets(person.pseudonym), person.part)
    assert personal.commitment_of(NAME, opened.salt) == person.part.commitment
    assert personal.commitment_of("another", opened.salt) != person.part.commitment


def test_a_lost_key_is_never_replaced(tmp_path):
    """Without the key file the table is refused, by name; so is a key that others can read, or of another table."""
    People(tmp_path).of(NAME)
    key = tmp_path / KEY_FILE
    whole = key.read_bytes()
    key.unlink()
    with pytest.raises(KeyUnavailableError, match="cannot be read"):
        People(tmp_path).of(NAME)
    assert not key.exists()
    key.write_bytes(whole)
    key.chmod(0o644)
    with pytest.raises(KeyUnavailableError, match="readable by others"):
        People(tmp_path).of(NAME)
    key.chmod(0o600)
    key.write_bytes(b"short\n")
    with pytest.raises(KeyUnavailableError, match="does not hold a key"):
        People(tmp_path).of(NAME)


def test_a_row_of_another_key_is_refused(tmp_path):
    """A table beside the key of another installation opens for nobody."""
    person = People(tmp_path / "one").of(NAME)
    People(tmp_path / "two").of(NAME)
    (tmp_path / "two" / TABLE_FILE).write_bytes((tmp_path / "one" / TABLE_FILE).read_bytes())
    with pytest.raises(IntegrityError, match="does not open under"):
        People(tmp_path / "two").reveal(person.pseudonym)


def test_threads_and_processes_agree_on_a_person(tmp_path):
    """Whoever comes first makes the secrets; everybody else finds them."""
    script = "import sys; from pathlib import Path; from guard.audit.people import People; "
    script += "print(People(Path(sys.argv[1])).of(sys.argv[2]).pseudonym)"
    others = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), NAME], stdout=subprocess.PIPE, cwd=ROOT)
        for _ in range(3)
    ]
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(People(tmp_path).of(NAME).pseudonym)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found += [other.communicate()[0].decode().strip() for other in others]
    assert len(found) == 9
    assert len(set(found)) == 1


def test_secrets_do_not_print():
    """Neither `repr` nor an error shows name, key or salt."""
    secrets = personal.new_secrets(NAME, lambda size: b"k" * size)
    assert "kkkk" not in repr(secrets)
    assert repr(personal.Opened(Sensitive(NAME), b"")).startswith("Opened(text=Sensitive(str")
