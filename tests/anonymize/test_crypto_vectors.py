"""Published vectors: NIST, RFC, GB/T and Wycheproof, all of them, valid and invalid."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guard.anonymize.crypto.cipher import cipher
from guard.anonymize.crypto.cmac import Cmac
from guard.anonymize.crypto.envelope import Sm4Gcm
from guard.anonymize.crypto.feistel import Feistel
from guard.anonymize.crypto.siv import Siv
from guard.anonymize.crypto.sm3 import hmac_sm3, sm3
from guard.errors import KeyUnavailableError
from guard.model import Sensitive
from tests.anonymize import vectors

pytestmark = pytest.mark.shared

_RFC4493 = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text)


def test_ff1_meets_all_vectors(shared_data: Path) -> None:
    """The nine samples of NIST and all FF1 vectors of Wycheproof, by value and by column; invalid ones are refused."""
    assert vectors.ff1_failures(shared_data / "wycheproof") == (0, 11602)


def test_a_wrong_round_is_caught(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: the last round left out fails vectors by the thousand."""
    honest = Feistel._round
    monkeypatch.setattr(Feistel, "_round", lambda self, step, half: honest(self, step, half) if step < 9 else 0)
    assert vectors.ff1_failures(shared_data / "wycheproof")[0] > 1000


def _siv(test: dict[str, Any]) -> bool:
    key, sealed = _bytes(test["key"]), _bytes(test["ct"])
    mac, ctr = (cipher("aes", Sensitive(half)) for half in (key[: len(key) // 2], key[len(key) // 2 :]))
    made = Siv(mac, ctr, _bytes(test["aad"]))
    plain, bad = made.decrypt(np.frombuffer(sealed, np.uint8).reshape(1, -1))
    return bad is None and plain.tobytes() == _bytes(test["msg"]) and made.encrypt_one(plain.tobytes()) == sealed


def _gcm(made: Callable[[bytes], Any]) -> Callable[[dict[str, Any]], bool]:
    def check(test: dict[str, Any]) -> bool:
        nonce, aad, sealed = _bytes(test["iv"]), _bytes(test["aad"]), _bytes(test["ct"]) + _bytes(test["tag"])
        aead = made(_bytes(test["key"]))
        try:
            plain = aead.decrypt(nonce, sealed, aad)
        except (InvalidTag, ValueError):
            return False
        return plain == _bytes(test["msg"]) and aead.encrypt(nonce, plain, aad) == sealed

    return check


@pytest.mark.parametrize(
    ("name", "check", "count"),
    [
        ("aes_siv_cmac", _siv, 442),
        ("aes_gcm", _gcm(AESGCM), 316),
        ("sm4_gcm", _gcm(lambda key: Sm4Gcm(Sensitive(key))), 104),
    ],
)
def test_wycheproof_of_sealing(
    name: str, check: Callable[[dict[str, Any]], bool], count: int, shared_data: Path
) -> None:
    """Valid vectors open and seal to the same bytes, invalid ones do not open; nonces that guard never makes apart."""
    failed, tried = [], 0
    for group, test in vectors.wycheproof(name, shared_data / "wycheproof"):
        tried += 1
        if len(test.get("iv", "")) and not 16 <= len(test["iv"]) <= 256:
            continue  # the library takes nonces of 8 to 128 bytes
        if group.get("tagSize", 128) == 128 and check(test) != (test["result"] == "valid"):
            failed.append(test["tcId"])
    assert (failed, tried) == ([], count)


def test_wycheproof_of_hmac_sm3(shared_data: Path) -> None:
    """All tags, cut to the length of their group."""
    failed = []
    for group, test in vectors.wycheproof("hmac_sm3", shared_data / "wycheproof"):
        tag = hmac_sm3(Sensitive(_bytes(test["key"])), _bytes(test["msg"]))[: group["tagSize"] // 8]
        if (tag.hex() == test["tag"]) != (test["result"] == "valid"):
            failed.append(test["tcId"])
    assert failed == []


def test_sm3_and_sm4_meet_their_standards() -> None:
    """Both examples of GB/T 32905 annex A, and example 1 of GB/T 32907, alone and by the chunk."""
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    key = _bytes("0123456789abcdeffedcba9876543210")
    made, rows = cipher("sm4", Sensitive(key)), np.frombuffer(key * 10_000, np.uint8)
    out = np.empty_like(rows)
    made.blocks(rows, out)
    assert made.block(key).hex() == "681edf34d206965e86b3e94f536e4246"
    assert out.tobytes() == made.block(key) * 10_000


@pytest.mark.parametrize(
    ("size", "tag"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_cmac_meets_its_rfc(size: int, tag: str) -> None:
    """The four examples of RFC 4493."""
    made = Cmac(cipher("aes", Sensitive(_bytes("2b7e151628aed2a6abf7158809cf4f3c"))))
    assert made.tag(_bytes(_RFC4493)[:size]).hex() == tag


def test_keys_of_other_lengths_are_refused() -> None:
    """A key that a cipher does not take is an error without the key in it."""
    for name, size in (("aes", 15), ("aes", 33), ("sm4", 32)):
        with pytest.raises(KeyUnavailableError, match=f"a key of `{name}` has"):
            cipher(name, Sensitive(bytes(size)))


def test_the_count_of_vectors_is_that_of_the_files(shared_data: Path) -> None:
    """Nobody trims the list of files unseen."""
    files = [json.loads((shared_data / "wycheproof" / f"{name}_test.json").read_text()) for name in vectors.FF1_FILES]
    assert sum(file["numberOfTests"] for file in files) == 11602 - len(vectors.nist()) == 11593
