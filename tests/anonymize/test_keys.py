"""The keyring: strict text form, strict files, and secrets that never show."""

from __future__ import annotations

import copy
import os
import pickle
import stat
import traceback
from pathlib import Path

import pytest

from guard.anonymize.keyring_file import (
    create_keyring,
    keyring_from,
    keyring_text,
    load_or_create,
    parse_keyring,
    read_keyring,
)
from guard.anonymize.keys import Keyring
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

SECRET = b"canary-secret-of-32-bytes-exactl"
RING = Keyring({1: Sensitive(SECRET), 3: Sensitive(SECRET[::-1])})


def _same(left: Keyring, right: Keyring) -> bool:
    return keyring_text(left).reveal() == keyring_text(right).reveal()


def test_the_text_form_comes_back() -> None:
    """Writing and parsing a keyring gives the same keyring, with `;` for line ends too."""
    text = keyring_text(RING).reveal()
    assert text.splitlines()[0] == b"guard-keyring 1"
    assert _same(parse_keyring(Sensitive(text)), RING)
    assert _same(keyring_from({"GUARD_KEYRING": text.decode().strip().replace("\n", ";")}), RING)
    assert _same(parse_keyring(Sensitive(text.strip())), RING)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"",
        lambda text: text.replace(b"guard-keyring 1", b"guard-keyring 2"),
        lambda text: text.replace(b"\n1 ", b"\n01 "),
        lambda text: text.replace(b"\n3 ", b"\n1 "),
        lambda text: text.replace(b"\n3 ", b"\n3  "),
        lambda text: text[:-2] + b"\n",
        lambda text: text[:-2] + b"_\n",  # the unused bits of the last character
        lambda text: text + b"\n",
        lambda text: b"guard-keyring 1\n",
    ],
)
def test_one_spelling_only(change: object) -> None:
    """Every other spelling is refused, and the message holds nothing of the text."""
    with pytest.raises(KeyUnavailableError) as caught:
        parse_keyring(Sensitive(change(keyring_text(RING).reveal())))  # type: ignore[operator]  # a lambda from the list
    assert "Y2FuYXJ5" not in caught.value.diagnostics()


def test_a_new_keyring_is_private_and_never_overwritten(tmp_path: Path) -> None:
    """The file has mode 0600, is read back, and a second creation is refused."""
    path = tmp_path / "keys" / "root.key"
    ring = load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _same(read_keyring(path), ring)
    assert _same(load_or_create(path), ring)
    with pytest.raises(KeyUnavailableError, match="exists already"):
        create_keyring(path)
    assert _same(read_keyring(path), ring)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o644])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right beyond reading and writing by the owner is refused, with the cure."""
    path = tmp_path / "root.key"
    create_keyring(path)
    path.chmod(mode)
    with pytest.raises(KeyUnavailableError, match="is open to others") as caught:
        read_keyring(path)
    assert "chmod 600" in caught.value.help


def test_links_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    """Only a regular file at the very path is read."""
    create_keyring(tmp_path / "root.key")
    (tmp_path / "link").symlink_to(tmp_path / "root.key")
    for name in ("link", "none", "."):
        with pytest.raises(KeyUnavailableError):
            read_keyring(tmp_path / name)
    with pytest.raises(KeyUnavailableError):
        load_or_create(tmp_path / "link")


def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """The owner must be the user who runs guard."""
    path = tmp_path / "root.key"
    create_keyring(path)
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 65534, -1)
    with pytest.raises(KeyUnavailableError, match="not a regular file of this user"):
        read_keyring(path)


def test_secrets_never_show() -> None:
    """Not in a representation, not in a traceback that prints locals, not in a pickle or a copy."""
    keys = RING.bind("research")
    derived = keys.derive("pseudonym:")
    shown = f"{RING!r} {keys!r} {derived!r} {RING.roots()!r} {keyring_text(RING)!r}"
    broken = Sensitive(keyring_text(RING).reveal().replace(b"\n3 ", b"\n1 "))
    for text in (broken, Sensitive(keyring_text(RING).reveal() + b"x\n")):
        with pytest.raises(KeyUnavailableError) as caught:
            keyring_from({"GUARD_KEYRING": text.reveal().decode()})
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        frames = [frame for frame in trace.stack if frame.name != "test_secrets_never_show"]
        shown += "".join(f"{frame.name} {frame.locals}" for frame in frames)
    with pytest.raises(KeyUnavailableError) as missing:
        RING.derive("research", "pseudonym", 2)
    shown += "".join(traceback.TracebackException.from_exception(missing.value, capture_locals=True).format())
    for secret in (SECRET, SECRET[::-1], derived.reveal()):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown.replace("SECRET", "")
    assert "Y2FuYXJ5" not in shown
    for thing in (RING, keys, derived):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            copy.deepcopy(thing)


def test_purpose_and_use_are_encoded_without_ambiguity() -> None:
    """No two pairs of purpose and use share a key, however they are cut."""
    pairs = [("ab", "c"), ("a", "bc"), ("a\0", "bc"), ("a", "\0bc"), ("abc", "x")]
    assert len({RING.derive(purpose, use).reveal() for purpose, use in pairs}) == len(pairs)
    for purpose, use in (("", "x"), ("x", ""), ("x" * 257, "y")):
        with pytest.raises(KeyUnavailableError):
            RING.derive(purpose, use)


def test_rotation_keeps_the_old_versions() -> None:
    """A rotated keyring has one more, current, version, and the old keys are the same."""
    turned = RING.rotated(Sensitive(bytes(32)))
    assert (turned.versions, turned.current) == ((1, 3, 4), 4)
    assert turned.derive("p", "u", 3).reveal() == RING.derive("p", "u").reveal()
