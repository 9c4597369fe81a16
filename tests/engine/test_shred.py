"""Crypto-shredding: after a person's erasure their values are noise everywhere, others' are not, and proofs verify."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from guard.anonymize.grant import ReidentificationGrant
from guard.anonymize.personal import unseal
from guard.anonymize.transforms.gcm import Params
from guard.audit import proof
from guard.engine import Guard, backup, open_guard
from guard.engine.reidentify import Turn
from guard.errors import AuditError, KeyUnavailableError, TransformError, UsageError
from guard.model import Sensitive, Subject

RULES = Path(__file__).parents[2] / "rules"
GRANT = 'dpo:\n  subject_request: {key_purposes: ["care"], transforms: ["gcm"], reach: 4}\n'
PEOPLE = ["张三", "李四", "张三", None]
NOTES = ["肺炎", "骨折", "哮喘", None]
TURN = Turn("gcm", "care", "health.diagnosis", personal=True)
DPO = Subject("petra", ("dpo",))
PASSPHRASE = Sensitive(b"six random words of a passphrase")


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    """A guard whose pack grants re-identification."""
    shutil.copytree(RULES, tmp_path / "rules")
    (tmp_path / "rules/policy/config/reidentify/data.yaml").write_text(GRANT)
    (tmp_path / "guard.toml").write_text('rules = "rules"\n')
    with open_guard(folder=tmp_path, operator="tester") as opened:
        yield opened


def sealed(guard: Guard) -> pa.Array:
    """The notes, each under the keys of its person."""
    return guard.seal_personal(NOTES, PEOPLE, purpose="care")


def read(guard: Guard, tokens: Any) -> list[str | None]:
    """The notes as the data protection officer gets them."""
    return guard.reidentify(tokens, TURN, subject=DPO, purpose="subject_request", people=PEOPLE).values.to_pylist()


def state(guard: Guard) -> dict[str, bytes]:
    """Every file of the state folder."""
    folder = guard.loaded.root / ".guard"
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_erased_person_is_noise_and_the_others_are_not(guard: Guard) -> None:
    """Before, all come back; after, nulls in the place of the person, proofs verify, and the record says so."""
    tokens = sealed(guard)
    assert read(guard, tokens) == NOTES
    old = guard.audit.prove(0)
    done = guard.erase("张三")
    assert read(guard, tokens) == [None, "骨折", None, None]
    entry = dict(guard.audit.entries())[done.entry]
    assert (entry.kind, entry.body["subject"]) == ("erasure", done.pseudonym)
    assert "张三" not in str(entry)
    for text in (old, guard.audit.prove(0)):
        proof.verify(proof.parse(text), guard.parts.verifier_key)
    assert guard.audit.verify().ok
    with pytest.raises(UsageError, match="holds nothing"):
        guard.erase("张三")
    with pytest.raises(KeyUnavailableError, match="were destroyed"):
        sealed(guard)


def test_not_one_byte_of_the_key_is_left(guard: Guard) -> None:
    """The record of the person's key is in no file any more, so all keys of guard together open nothing of theirs."""
    tokens = sealed(guard)
    keys, file = guard.parts.subject_keys, guard.parts.subject_file
    handle = keys.handle("张三")
    record = file.get(handle)
    assert record is not None
    wrapped = record.split(b" ", 2)[2]
    assert any(wrapped in content for content in state(guard).values()), "seeded: the search finds it before"
    guard.erase("张三")
    guard.flush()
    pieces = [wrapped[start : start + 8] for start in range(0, len(wrapped) - 8, 4)]
    assert not [name for name, content in state(guard).items() if any(piece in content for piece in pieces)]
    # With everything that is left in hand, and no policy in the way, the tokens do not open.
    grant = ReidentificationGrant("d-1", "s", "p", "care", "gcm", 10)
    left = unseal(tokens, pa.array(PEOPLE), guard.parts.subject_keys, "care", Params(), grant)
    assert left.to_pylist() == [None, "骨折", None, None]
    for purpose in ("care", "guard/subjects"):
        from guard.anonymize.transforms import gcm

        for ring in (guard.parts.keys.bind(purpose), keys.derive("李四", purpose)):
            with pytest.raises(TransformError):
                gcm.invert(tokens.slice(0, 1), Params(), ring, ReidentificationGrant("d", "s", "p", purpose, "gcm", 1))


def test_keys_outlive_rotation_and_retirement(guard: Guard) -> None:
    """The keyring turns twice and forgets its first versions: people's values stay, and so do tombstones."""
    tokens = sealed(guard)
    guard.erase("李四")
    guard.keys.rotate()
    guard.keys.rotate()
    guard.keys.retire(1)
    guard.keys.retire(2)
    assert read(guard, tokens) == ["肺炎", None, "哮喘", None]
    with pytest.raises(KeyUnavailableError, match="were destroyed"):
        guard.seal_personal(["x"], ["李四"], purpose="care")


def test_no_record_no_erasure(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log does not take the entry, the keys are still there; the mark is finished at the next opening."""
    tokens = sealed(guard)

    def full(*_: Any) -> int:
        raise AuditError("the disk is full", help="free some space")

    with monkeypatch.context() as patch:
        patch.setattr(type(guard.parts.log), "append", full)
        with pytest.raises(AuditError):
            guard.erase("张三")
    assert read(guard, tokens) == NOTES
    guard.close()
    with open_guard(folder=guard.loaded.root, operator="tester") as again:
        assert read(again, tokens) == [None, "骨折", None, None]
        bodies = [entry.body for _, entry in again.audit.entries() if entry.kind == "erasure"]
        assert [body["resumed"] for body in bodies] == [True]
        assert again.parts.subject_file.marked() == ()


def test_a_restored_backup_does_not_bring_a_person_back(guard: Guard, tmp_path: Path) -> None:
    """A backup from before the erasure, restored beside the log that knows of it, is erased again."""
    tokens = sealed(guard)
    guard.flush()
    backup.create(guard.parts, tmp_path / "b.tar", PASSPHRASE, created="2026-06-30T08:00:00Z")
    done = guard.erase("张三")
    guard.audit.checkpoint()
    guard.close()
    log = guard.loaded.root / ".guard" / "audit"
    found = backup.restore(tmp_path / "b.tar", tmp_path / "new" / ".guard", PASSPHRASE, log=log)
    assert done.pseudonym in found.erased_again
    for name in ("rules", "guard.toml"):
        (tmp_path / "new" / name).symlink_to(tmp_path / name)
    with open_guard(folder=tmp_path / "new", operator="tester") as again:
        assert read(again, tokens) == [None, "骨折", None, None]


def test_an_operator_with_keys_is_erased_whole(guard: Guard) -> None:
    """Who acted and is written about loses the pseudonym and the keys in one act with one entry."""
    guard.seal_personal(["x"], ["tester"], purpose="care")
    done = guard.erase("tester")
    assert done.pseudonym.startswith("s-")
    assert guard.parts.subject_keys.was_destroyed("tester")
    assert sum(entry.kind == "erasure" for _, entry in guard.audit.entries()) == 1


@pytest.mark.parametrize(
    ("values", "people", "message"),
    [
        (["a"], ["p", "q"], "1 rows, the one of people 2"),
        (["a"], [None], "beside no person"),
        ([1], ["p"], "not both text"),
    ],
)
def test_columns_that_do_not_fit(guard: Guard, values: list[Any], people: list[Any], message: str) -> None:
    """Lengths, types and rows without a person are errors before a key is made."""
    with pytest.raises(TransformError, match=message):
        guard.seal_personal(values, people, purpose="care")
    assert not guard.parts.subject_file.exists()
