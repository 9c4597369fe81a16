"""Personal data in entries: a commitment that anyone can check once it is opened, and a part that one key opens.

A leaf is never rewritten, so it must not hold what may have to be erased. In its place stand

    pseudonym     `s-` and 32 hex digits: HMAC-SHA-256 under a salt of this person's own; the same in all entries
    commitment    base64 of HMAC-SHA-256 under a salt of this record's own, over the text
    sealed        base64 of version 1, nonce (12 bytes), and AES-256-GCM under this person's key of record salt and text

The record's salt is inside the sealed part. Whoever destroys a person's key and salt destroys the text, the salt of
each commitment and the link from name to pseudonym; the leaf, and every proof over it, stays what it was.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from guard.errors import IntegrityError
from guard.model import Sensitive, Value

KEY_SIZE = 32  # bytes; AES-256
SALT_SIZE = 16  # bytes
NONCE_SIZE = 12  # bytes
MAX_TEXT = 1024  # characters

_VERSION = b"\x01"
_CONTEXT = b"guard/sealed/1\x00"

Random = Callable[[int], bytes]


class Secrets(Value, frozen=True):
    """What guard knows of one person's entries; destroying it erases the person."""

    pseudonym: str
    key: Sensitive[bytes]
    salt: Sensitive[bytes]


class Part(Value, frozen=True):
    """What stands in an entry in place of a personal text."""

    commitment: str
    sealed: str


class Opened(Value, frozen=True):
    """An opened part. Handed to an auditor, `salt` and `text` show what `commitment` stood for."""

    text: Sensitive[str]
    salt: bytes


def new_secrets(person: str, random: Random) -> Secrets:
    """Fresh secrets for a person; the pseudonym follows from the salt."""
    salt = random(KEY_SIZE)
    return Secrets(pseudonym_of(person, salt), Sensitive(random(KEY_SIZE)), Sensitive(salt))


def pseudonym_of(person: str, salt: bytes) -> str:
    """The pseudonym that belongs to a person under a salt."""
    return f"s-{hmac.digest(salt, _CONTEXT + person.encode(), sha256)[:16].hex()}"


def seal(secrets: Secrets, text: str, random: Random) -> Part:
    """The part that stands for `text` in one entry."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(text) > MAX_TEXT:
        msg = f"a sealed text has at most {MAX_TEXT} characters"
        raise ValueError(msg)
    salt, nonce = random(SALT_SIZE), random(NONCE_SIZE)
    sealed = AESGCM(secrets.key.reveal()).encrypt(nonce, salt + text.encode(), _CONTEXT + secrets.pseudonym.encode())
    return Part(commitment_of(text, salt), base64.b64encode(_VERSION + nonce + sealed).decode())


def unseal(secrets: Secrets, part: Part) -> Opened:
    """The text of a part, held against its commitment.

    Raises:
        IntegrityError: the part was sealed for another person, or altered.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(part.sealed, validate=True)
        nonce, sealed = raw[1 : 1 + NONCE_SIZE], raw[1 + NONCE_SIZE :]
        if raw[:1] != _VERSION:
            raise ValueError
        plain = AESGCM(secrets.key.reveal()).decrypt(nonce, sealed, _CONTEXT + secrets.pseudonym.encode())
        text = plain[SALT_SIZE:].decode()
    except (binascii.Error, ValueError, InvalidTag):
        raise IntegrityError(f"a sealed part does not open under the key of `{secrets.pseudonym}`") from None
    opened = Opened(Sensitive(text), plain[:SALT_SIZE])
    if not hmac.compare_digest(commitment_of(text, opened.salt), part.commitment):
        raise IntegrityError(f"a sealed part of `{secrets.pseudonym}` does not fit its commitment")
    return opened


def commitment_of(text: str, salt: bytes) -> str:
    """What an auditor computes from an opened part and compares with the proved entry."""
    return base64.b64encode(hmac.digest(salt, _CONTEXT + text.encode(), sha256)).decode()


def part_of(member: Any) -> Part | None:
    """The part that a member of an entry's body is, or None."""
    if not isinstance(member, dict) or member.keys() != {"commitment", "sealed"}:
        return None
    commitment, sealed = member["commitment"], member["sealed"]
    return Part(commitment, sealed) if isinstance(commitment, str) and isinstance(sealed, str) else None
