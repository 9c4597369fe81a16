"""Keyrings under a key-encryption key, and keys of one person each."""

from __future__ import annotations

import base64
from pathlib import Path

import pyarrow as pa
import pytest

from guard.anonymize.grant import ReidentificationGrant
from guard.anonymize.keyring_file import keyring_text
from guard.anonymize.keys import Keyring
from guard.anonymize.keys_envelope import LocalKek, open_keyring, reseal, seal_keyring
from guard.anonymize.keys_subject import INDEX, SubjectKeys
from guard.anonymize.transforms import siv
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

SECRET = b"canary-secret-of-32-bytes-exactl"
RING = Keyring({1: Sensitive(SECRET), 3: Sensitive(SECRET[::-1])})
KEK, OTHER = LocalKek("one", Sensitive(bytes(range(32)))), LocalKek("one", Sensitive(bytes(32)))


class Store:
    """A dictionary in the place of a database."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}

    def get(self, handle: str) -> bytes | None:
        return self.records.get(handle)

    def put(self, handle: str, record: bytes) -> bool:
        return self.records.setdefault(handle, record) is record

    def replace(self, handle: str, record: bytes) -> None:
        self.records[handle] = record

    def handles(self) -> tuple[str, ...]:
        return tuple(self.records)

    def sweep(self) -> None:
        pass


def test_a_sealed_keyring_comes_back_and_shows_nothing() -> None:
    """Opening gives the same keyring; the sealed text holds no secret, and two seals differ."""
    sealed = seal_keyring(RING, KEK)
    assert keyring_text(open_keyring(sealed, KEK)).reveal() == keyring_text(RING).reveal()
    assert seal_keyring(RING, KEK) != sealed
    for secret in (SECRET, SECRET[::-1], bytes(range(32))):
        assert secret not in sealed
        assert base64.urlsafe_b64encode(secret).rstrip(b"=") not in sealed
    assert "canary" not in repr(KEK)


def test_another_key_does_not_open() -> None:
    """A key of the same name, or of another name, is an error that says which."""
    sealed = seal_keyring(RING, KEK)
    with pytest.raises(KeyUnavailableError, match="does not open under the key-encryption key `one`"):
        open_keyring(sealed, OTHER)
    with pytest.raises(KeyUnavailableError, match="is sealed under `one`, not under `two`"):
        open_keyring(sealed, LocalKek("two", Sensitive(bytes(range(32)))))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"",
        lambda text: text.replace(b"ring 2", b"ring 1"),
        lambda text: text.replace(b"\n3 ", b"\n2 "),  # a secret under another version
        lambda text: text.replace(b"\n3 ", b"\n1 "),
        lambda text: text.replace(b"\n3 ", b"\n03 "),
        lambda text: text[:-10],
        lambda text: text[:-2] + b"\n",
        lambda text: text + b"\n",
        lambda text: text.split(b"\n")[0] + b"\n",
        lambda text: b"\n".join((text.split(b"\n")[0], text.split(b"\n")[2], text.split(b"\n")[1])),
    ],
)
def test_a_changed_keyring_does_not_open(change: object) -> None:
    """Cut, exchanged, respelt: each is an error."""
    with pytest.raises(KeyUnavailableError):
        open_keyring(change(seal_keyring(RING, KEK)), KEK)  # type: ignore[operator]  # a lambda from the list


def test_every_flipped_bit_is_seen() -> None:
    """No bit of a wrapped key can be changed."""
    wrapped = KEK.wrap(Sensitive(SECRET), b"context")
    assert KEK.unwrap(wrapped, b"context").reveal() == SECRET
    for bit in range(len(wrapped) * 8):
        torn = bytearray(wrapped)
        torn[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyUnavailableError):
            KEK.unwrap(bytes(torn), b"context")
    with pytest.raises(KeyUnavailableError):
        KEK.unwrap(wrapped, b"contexT")


def test_a_new_key_encryption_key_costs_one_line_a_version() -> None:
    """The keyring is the same under another one, and the old one does not open it."""
    new = LocalKek("two", Sensitive(bytes(32)))
    again = reseal(seal_keyring(RING, KEK), KEK, new)
    assert keyring_text(open_keyring(again, new)).reveal() == keyring_text(RING).reveal()
    with pytest.raises(KeyUnavailableError):
        open_keyring(again, KEK)


def test_where_a_key_encryption_key_comes_from(tmp_path: Path) -> None:
    """The environment, or a private file; a wrong length, an open file and no variable are errors without the key."""
    letters = base64.urlsafe_b64encode(SECRET).rstrip(b"=")
    sealed = seal_keyring(RING, LocalKek.from_environment({"GUARD_KEK": letters.decode()}))
    assert open_keyring(sealed, LocalKek.from_environment({"GUARD_KEK": letters.decode()})).versions == (1, 3)
    path = tmp_path / "kek"
    path.write_bytes(letters + b"\n")
    path.chmod(0o600)
    assert LocalKek.from_file(path).unwrap(LocalKek.from_file(path).wrap(Sensitive(b"x"), b""), b"").reveal() == b"x"
    path.chmod(0o644)
    for attempt in (
        lambda: LocalKek.from_file(path),
        lambda: LocalKek.from_file(tmp_path / "none"),
        lambda: LocalKek.from_environment({}),
        lambda: LocalKek.from_environment({"GUARD_KEK": letters.decode()[:-1]}),
        lambda: LocalKek.from_environment({"GUARD_KEK": letters.decode() + "="}),
    ):
        with pytest.raises(KeyUnavailableError) as caught:
            attempt()
        assert letters.decode()[:8] not in caught.value.diagnostics()


def test_a_destroyed_subject_cannot_be_read() -> None:
    """After `destroy` the ring, the store and a fresh object open nothing of this person; others are as ever."""
    store = Store()
    people = SubjectKeys(RING, store)
    tokens = {name: siv.apply(pa.array(["diagnosis"]), siv.Params(), people.create(name, "care")) for name in "ab"}
    before = dict(store.records)
    grant = ReidentificationGrant("d-1", "dpo", "audit", "care", "siv", 10)
    assert siv.invert(tokens["a"], siv.Params(), people.derive("a", "care"), grant).to_pylist() == ["diagnosis"]
    assert (people.destroy("a"), people.destroy("a"), people.destroy("c")) == (True, False, False)
    for act in (people.derive, people.create, SubjectKeys(RING, store).create):
        with pytest.raises(KeyUnavailableError, match="were destroyed"):
            act("a", "care")
    assert siv.invert(tokens["b"], siv.Params(), people.derive("b", "care"), grant).to_pylist() == ["diagnosis"]
    gone = next(record for handle, record in before.items() if store.records[handle] == b"0" != record)
    assert all(gone not in record for record in store.records.values())
    with pytest.raises(KeyUnavailableError, match="were never made"):
        people.derive("d", "care")


def test_subjects_are_unlinkable_and_nameless() -> None:
    """Two people have independent keys, nothing in the store names them, and records cannot be exchanged."""
    store = Store()
    people = SubjectKeys(RING, store)
    one, two = (people.create(name, "care").derive("use").reveal() for name in ("张三", "李四"))
    assert one != two
    assert all(len(handle) == 64 and "张" not in handle for handle in store.records)
    left, right = (handle for handle in store.records if handle != INDEX)
    store.records[left], store.records[right] = store.records[right], store.records[left]
    with pytest.raises(KeyUnavailableError, match="does not open"):
        people.derive("张三", "care")


def test_rotation_keeps_people() -> None:
    """Under a rotated keyring a subject's keys are the same, before and after rewrapping; the old record is gone."""
    store = Store()
    key = SubjectKeys(RING, store).create("a", "care").derive("use").reveal()
    old = dict(store.records)
    turned = SubjectKeys(RING.rotated(Sensitive(bytes(32))), store)
    assert turned.derive("a", "care").derive("use").reveal() == key
    assert (turned.rewrap(), turned.rewrap()) == (2, 0)
    only_new = SubjectKeys(RING.rotated(Sensitive(bytes(32))).without(1).without(3), store)
    assert only_new.derive("a", "care").derive("use").reveal() == key
    assert {record[:4] for record in store.records.values()} == {b"1 4 "} != {record[:4] for record in old.values()}
