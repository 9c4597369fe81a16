"""The keyring of a guard: rotated, retired, wrapped anew, carried to another host; on record, and never shown."""

from __future__ import annotations

import base64
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from guard.anonymize.plan import Plan
from guard.engine import Guard, open_guard
from guard.errors import AuditError, KeyUnavailableError, TransformError, UsageError
from tests.servers.openbao import OpenBao

KEK = base64.urlsafe_b64encode(b"canary-kek-of-exactly-32-bytes-x").rstrip(b"=").decode()
OTHER = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
PLAN = Plan.parse("version: 1\npurpose: research\nfields:\n  id: {transform: siv, domain: person}\n")
IDS = ["张三", "李四", "张三"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two key-encryption keys, as a service would get them."""
    monkeypatch.setenv("GUARD_KEK", KEK)
    monkeypatch.setenv("OTHER_KEK", OTHER)


def opened(folder: Path, **keys: Any) -> Guard:
    """A guard in a folder with settings of keys."""
    folder.mkdir(exist_ok=True)
    return open_guard(folder=folder, operator="tester", settings={"keys": keys} if keys else None)


def tokens(guard: Guard) -> list[str]:
    """The pseudonyms of the ids."""
    return guard.anonymize(pa.table({"id": IDS}), PLAN).column("id").to_pylist()


def acts(guard: Guard) -> list[dict[str, Any]]:
    """What the log says of keys."""
    return [
        {key: value for key, value in entry.body.items() if key != "who"}
        for _, entry in guard.audit.entries()
        if entry.kind == "key"
    ]


def file(guard: Guard) -> Path:
    """The keyring's file."""
    return guard.parts.state / "keys" / "root.key"


def rewrapped(guard: Guard, made: list[str]) -> list[str]:
    """The tokens under the current version."""
    from guard.anonymize.transforms import siv

    return siv.rewrap(pa.array(made), siv.Params(domain="person"), guard.parts.keys.bind("research")).to_pylist()


def test_rotation_keeps_old_values_readable_until_they_are_retired(tmp_path: Path) -> None:
    """New values get the new version, old tokens rewrap to the same, and after retiring the old ones are noise."""
    with opened(tmp_path) as guard:
        old = tokens(guard)
        assert guard.keys.rotate() == 2
        new = tokens(guard)
        assert ({token[:4] for token in old}, {token[:4] for token in new}) == ({"g1s_"}, {"g2s_"})
        assert rewrapped(guard, old) == new
        guard.keys.retire(1)
        assert rewrapped(guard, new) == new
        with pytest.raises(KeyUnavailableError, match="version `1` is not in the keyring"):
            rewrapped(guard, old)
        for version, why in ((1, "not in the keyring"), (2, "the current one")):
            with pytest.raises(KeyUnavailableError, match=f"version `{version}` cannot be retired: it is {why}"):
                guard.keys.retire(version)
        assert acts(guard) == [{"act": "rotate", "version": 2}, {"act": "retire", "version": 1}]
        used = [entry.body["key_versions"] for _, entry in guard.audit.entries() if entry.kind == "anonymize"]
        assert used == [[1], [2]]
        assert guard.audit.verify().ok


def test_a_keyring_under_another_key_is_the_same_keyring(tmp_path: Path) -> None:
    """Wrapped, and wrapped anew: the pseudonyms stay, the file shows no root, each opening is on record."""
    with opened(tmp_path) as guard:
        made = tokens(guard)
        clear = file(guard).read_bytes()
        root = clear.split(b"\n")[1].split(b" ")[1]
    with opened(tmp_path, kek="env:GUARD_KEK") as guard, pytest.raises(KeyUnavailableError, match="is not wrapped"):
        tokens(guard)
    with opened(tmp_path, kek="env:GUARD_KEK") as guard:
        guard.keys.rewrap("")
        assert tokens(guard) == made
        assert root not in file(guard).read_bytes()
        assert file(guard).read_bytes().startswith(b"guard-keyring 2 env:GUARD_KEK\n")
        assert acts(guard)[-1] == {"act": "unwrap", "kek": "env:GUARD_KEK", "versions": [1]}
    with opened(tmp_path, kek="env:OTHER_KEK", kek_cipher="sm4") as guard, pytest.raises(KeyUnavailableError):
        guard.keys.rewrap("env:GUARD_KEK")  # the file is under AES, and `kek_cipher` says SM4 for both
    with opened(tmp_path, kek="env:OTHER_KEK") as guard:
        guard.keys.rewrap("env:GUARD_KEK")
        assert tokens(guard) == made
    for settings, message in (
        ({}, "wrapped under `env:OTHER_KEK`, and no such key is configured"),
        ({"kek": "env:GUARD_KEK"}, "is sealed under `env:OTHER_KEK`, not under `env:GUARD_KEK`"),
        ({"kek": "env:NO_KEK"}, "the environment variable `NO_KEK` is not set"),
        ({"kek": "file:none"}, "cannot be opened"),
        ({"kek": "transit:guard"}, "needs `keys.transit_url`"),
    ):
        with opened(tmp_path, **settings) as guard, pytest.raises((KeyUnavailableError, UsageError), match=message):
            tokens(guard)


def test_a_new_keyring_is_born_wrapped(tmp_path: Path) -> None:
    """With a key-encryption key no root ever lies in clear, under SM4 and HKDF-SM3 too."""
    for cipher, name in (("aes", b"env:GUARD_KEK"), ("sm4", b"sm4:env:GUARD_KEK")):
        with opened(tmp_path / cipher, kek="env:GUARD_KEK", kek_cipher=cipher) as guard:
            made = tokens(guard)
            assert file(guard).read_bytes().split(b"\n")[0] == b"guard-keyring 2 " + name
        with opened(tmp_path / cipher, kek="env:GUARD_KEK", kek_cipher=cipher) as again:
            assert tokens(again) == made


def test_a_keyring_under_sm2_and_a_parcel_for_a_public_key(tmp_path: Path) -> None:
    """From AES to SM2 and on; a parcel sealed for another host's public key opens there alone."""
    from tests.anonymize.test_keys_sm2 import new_key

    for name in ("here", "there"):
        private, public = new_key()
        for half, text in (("pem", private), ("pub", public)):
            (tmp_path / f"{name}.{half}").write_bytes(text)
            (tmp_path / f"{name}.{half}").chmod(0o600)
    here, there = f"file:{tmp_path / 'here.pem'}", f"file:{tmp_path / 'there.pem'}"
    with opened(tmp_path / "a", kek="env:GUARD_KEK") as guard:
        made = tokens(guard)
    with opened(tmp_path / "a", kek=here) as guard:
        guard.keys.rewrap("env:GUARD_KEK")
        assert file(guard).read_bytes().startswith(b"guard-keyring 2 sm2:")
        assert tokens(guard) == made
        guard.keys.export(tmp_path / "parcel", f"file:{tmp_path / 'there.pub'}")
    with opened(tmp_path / "b", kek=there) as guard:
        with pytest.raises(KeyUnavailableError, match="is sealed under `sm2:"):
            guard.keys.adopt(tmp_path / "parcel", here)
        guard.keys.adopt(tmp_path / "parcel", there)
        assert tokens(guard) == made


def test_a_keyring_under_a_real_openbao(tmp_path: Path, openbao: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole guard over the transit engine: made, opened again, rotated; without the server nothing opens."""
    monkeypatch.setenv("BAO_TOKEN", openbao.token)
    settings = {
        "kek": "transit:guard",
        "transit_url": openbao.url,
        "transit_token": "env:BAO_TOKEN",
        "transit_ca_file": str(openbao.ca_file),
    }
    with opened(tmp_path, **settings) as guard:
        made = tokens(guard)
        assert guard.keys.show().kek == "transit:transit/guard"
    with opened(tmp_path, **settings) as again:
        assert tokens(again) == made
        again.keys.rotate()
        assert rewrapped(again, made) == tokens(again)
        assert openbao.token not in str(acts(again))
    down = {**settings, "transit_url": "https://127.0.0.1:1"}
    with opened(tmp_path, **down) as guard, pytest.raises(KeyUnavailableError, match="cannot be reached"):
        tokens(guard)


def test_another_host_makes_the_same_pseudonyms(tmp_path: Path) -> None:
    """Exported wrapped and imported, the keyring gives equal tokens; it never leaves in clear and never overwrites."""
    parcel = tmp_path / "parcel"
    with opened(tmp_path / "here") as here:
        here.keys.rotate()
        made = tokens(here)
        with pytest.raises(UsageError, match="exported wrapped"):
            here.keys.export(parcel, "")
        here.keys.export(parcel, "env:OTHER_KEK")
        with pytest.raises(KeyUnavailableError, match="exists"):
            here.keys.export(parcel, "env:OTHER_KEK")
        assert acts(here)[-1] == {"act": "export", "kek": "env:OTHER_KEK", "versions": [1, 2]}
    with opened(tmp_path / "there", kek="env:GUARD_KEK") as there:
        with pytest.raises(KeyUnavailableError, match="is sealed under"):
            there.keys.adopt(parcel, "env:GUARD_KEK")
        assert there.keys.adopt(parcel, "env:OTHER_KEK").versions == (1, 2)
        assert tokens(there) == made
        with pytest.raises(KeyUnavailableError, match="exists already"):
            there.keys.adopt(parcel, "env:OTHER_KEK")
    parcel.chmod(0o644)
    with opened(tmp_path / "third") as third, pytest.raises(KeyUnavailableError, match="is open to others"):
        third.keys.adopt(parcel, "env:OTHER_KEK")


def test_a_keyring_kept_elsewhere_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a variable, wrapped or not, it works; guard does not change it."""
    with opened(tmp_path / "a") as guard:
        made = tokens(guard)
        guard.keys.export(tmp_path / "parcel", "env:GUARD_KEK")
        monkeypatch.setenv("GUARD_ROOT", file(guard).read_text())
    monkeypatch.setenv("GUARD_SEALED", (tmp_path / "parcel").read_text())
    for settings in ({"root": "env:GUARD_ROOT"}, {"root": "env:GUARD_SEALED", "kek": "env:GUARD_KEK"}):
        with opened(tmp_path / "b", **settings) as guard:
            assert tokens(guard) == made
            for act in (guard.keys.rotate, lambda: guard.keys.retire(1), guard.keys.rewrap):
                with pytest.raises(KeyUnavailableError, match="which guard only reads"):
                    act()  # type: ignore[operator] # each takes no argument here


def test_no_record_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log does not take the entry, the keyring stays what it was."""
    with opened(tmp_path) as guard:
        tokens(guard)
        guard.keys.rotate()
        before = file(guard).read_bytes()

        def full(*_: Any) -> int:
            raise AuditError("the disk is full", help="free some space")

        monkeypatch.setattr(type(guard.parts.log), "append", full)
        keys = guard.keys
        for act in (keys.rotate, lambda: keys.retire(1), lambda: keys.export(tmp_path / "x", "env:GUARD_KEK")):
            with pytest.raises(AuditError):
                act()
        assert file(guard).read_bytes() == before
        assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_keyring(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after the bytes are down, and at the rename: the old keyring opens."""
    with opened(tmp_path) as guard:
        made = tokens(guard)
        with monkeypatch.context() as patch:
            from guard.anonymize import keyring_file

            def refuse(*_: Any, **__: Any) -> Any:
                raise OSError(28, "No space left on device")

            really = os.fdopen
            targets: dict[str, tuple[object, str, Any]] = {
                "write": (os, "fdopen", lambda fd, mode: refuse() if mode == "wb" else really(fd, mode)),
                "fsync": (keyring_file, "sync_folder", refuse),
                "replace": (keyring_file.Path, "replace", refuse),
            }
            patch.setattr(*targets[step])
            with pytest.raises(KeyUnavailableError, match="cannot be"):
                guard.keys.rotate()
        guard.parts.release("masks", "keys")
        assert tokens(guard) == made


SECRETS = (KEK, "canary-kek-of-exactly-32-bytes-x")


class Broken:
    """A cipher that fails in the middle."""

    def __init__(self, *_: Any) -> None:
        pass

    def encrypt(self, *_: Any) -> bytes:
        raise RuntimeError("in the middle of a cipher")

    decrypt = encrypt


def test_no_secret_stands_in_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all locals of all frames printed, a crash inside a cipher or a key derivation shows neither key nor root."""
    with opened(tmp_path, kek="env:GUARD_KEK") as guard:
        tokens(guard)
        roots = [root.reveal() for _, root in guard.parts.keys.roots()]
        hidden = [*SECRETS, *(form for root in roots for form in (repr(root)[2:-1], root.hex(), _letters(root)))]
        keys = guard.parts.keys
        crashes: list[BaseException] = []
        with monkeypatch.context() as patch:
            patch.setattr("cryptography.hazmat.primitives.kdf.hkdf.HKDF.derive", None, raising=False)
            for call in (lambda: keys.derive("p", "u"), lambda: tokens(guard)):
                crashes.append(crash(call))
        guard.parts.release("masks", "keys")
        with monkeypatch.context() as patch:
            patch.setattr("cryptography.hazmat.primitives.ciphers.aead.AESGCM", Broken)
            for call in (lambda: tokens(guard), guard.keys.rotate, guard.keys.show, guard.keys.rewrap):
                crashes.append(crash(call))
        for found in crashes:
            shown = "".join(traceback.TracebackException.from_exception(found, capture_locals=True).format())
            assert [secret for secret in hidden if secret in shown] == []
        for thing in (guard.keys.show(), keys, guard.parts.subject_keys, keys.bind("p"), guard.keys):
            assert not any(secret in repr(thing) for secret in hidden)


def crash(call: Callable[[], Any]) -> BaseException:
    """What the call raises."""
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def _letters(root: bytes) -> str:
    return base64.urlsafe_b64encode(root).rstrip(b"=").decode()


def test_the_search_finds_a_secret_in_a_traceback() -> None:
    """Seeded fault: a secret that is a plain local is seen by the search above."""

    def leak() -> None:
        text = KEK
        raise TransformError(f"broken after {len(text)} letters")

    shown = "".join(traceback.TracebackException.from_exception(crash(leak), capture_locals=True).format())
    assert KEK in shown
