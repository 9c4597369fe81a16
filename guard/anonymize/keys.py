"""The keyring: versioned root secrets, and the keys derived from them for one purpose and one use.

A root secret never touches a value. What transforms use is `HKDF-SHA256(root of a version, purpose, use)`
(RFC 5869), so two purposes, two uses and two versions have independent keys, and pseudonyms made for one
purpose cannot be linked to those of another without the root. Where keyrings are kept: `keyring_file.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.errors import KeyUnavailableError
from guard.model import Sensitive

SECRET_BYTES = 32
DERIVED_BYTES = 32
MAX_VERSIONS = 999
MAX_NAME_BYTES = 256  # of a purpose or a use
ENVIRONMENT = "GUARD_KEYRING"


class Keyring:
    """Root secrets by version; the highest version is current. Prints no secret and is not pickled.

    >>> ring = Keyring({1: Sensitive(bytes(32))})
    >>> ring
    Keyring(versions=[1])
    >>> ring.derive("research", "pseudonym", 1)
    Sensitive(bytes, len=32)
    """

    __slots__ = ("_roots",)

    def __init__(self, roots: Mapping[int, Sensitive[bytes]]) -> None:
        if not roots:
            msg = "the keyring is empty"
            raise KeyUnavailableError(msg, help="create one with `create_keyring(path)`")
        for version, root in roots.items():
            if not 1 <= version <= MAX_VERSIONS or len(root.reveal()) != SECRET_BYTES:
                msg = f"version `{version}` of the keyring is out of range or not {SECRET_BYTES} bytes"
                raise KeyUnavailableError(msg, help="create the keyring with `create_keyring(path)`, not by hand")
        self._roots = dict(sorted(roots.items()))

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions, rising."""
        return tuple(self._roots)

    @property
    def current(self) -> int:
        """The version that new values get."""
        return self.versions[-1]

    def derive(self, purpose: str, use: str, version: int | None = None) -> Sensitive[bytes]:
        """The 32-byte key of one purpose and one use; `version` None is the current one.

        Raises:
            KeyUnavailableError: the keyring does not hold this version, or purpose or use is empty or too long.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        wanted = self.current if version is None else version
        root = self._roots.get(wanted)
        if root is None:
            msg = f"key version `{wanted}` is not in the keyring"
            raise KeyUnavailableError(msg, help=f"the keyring holds the versions {', '.join(map(str, self.versions))}")
        hkdf = HKDF(algorithm=SHA256(), length=DERIVED_BYTES, salt=None, info=_info(purpose, use))
        return Sensitive(hkdf.derive(root.reveal()))

    def bind(self, purpose: str) -> Keys:
        """The keys of one purpose: what transforms get, so that they cannot forget it."""
        return Keys(self, purpose)

    def roots(self) -> tuple[tuple[int, Sensitive[bytes]], ...]:
        """Version and root secret, rising: for the one place that writes keyrings."""
        return tuple(self._roots.items())

    def rotated(self, secret: Sensitive[bytes]) -> Keyring:
        """A keyring with `secret` as the next, now current, version; the older ones stay readable."""
        return Keyring({**self._roots, self.current + 1: secret})

    def without(self, version: int) -> Keyring:
        """A keyring that does not hold `version` any more: what stands under it cannot be read with it.

        Raises:
            KeyUnavailableError: it is the current version, or there is no such one.
        """
        if version == self.current or version not in self._roots:
            what = "the current one" if version == self.current else "not in the keyring"
            msg = f"key version `{version}` cannot be retired: it is {what}"
            raise KeyUnavailableError(msg, help=f"the keyring holds the versions {', '.join(map(str, self.versions))}")
        return Keyring({held: root for held, root in self._roots.items() if held != version})

    def __repr__(self) -> str:
        return f"Keyring(versions={list(self.versions)})"

    def __reduce__(self) -> Any:
        msg = "a keyring is not pickled"
        raise TypeError(msg)


class Keys:
    """A keyring bound to one purpose."""

    __slots__ = ("_ring", "purpose")

    def __init__(self, ring: Keyring, purpose: str) -> None:
        _info(purpose, "check")
        self._ring = ring
        self.purpose = purpose

    @property
    def current(self) -> int:
        """The version that new values get."""
        return self._ring.current

    def for_purpose(self, purpose: str) -> Keys:
        """The keys of another purpose out of the same keyring."""
        return Keys(self._ring, purpose)

    def derive(self, use: str, version: int | None = None) -> Sensitive[bytes]:
        """The key of this purpose for `use`; see `Keyring.derive`."""
        return self._ring.derive(self.purpose, use, version)

    def __repr__(self) -> str:
        return f"Keys(purpose={self.purpose!r}, versions={list(self._ring.versions)})"

    def __reduce__(self) -> Any:
        msg = "keys are not pickled"
        raise TypeError(msg)


def required(keys: Keys | None, transform: str) -> Keys:
    """`keys`, or the error of a keyed transform without them.

    Raises:
        KeyUnavailableError: there are none.
    """
    if keys is None:
        msg = f"the transform `{transform}` needs a key: there is no keyring, or no purpose to derive the key for"
        raise KeyUnavailableError(msg, help=f"create a keyring file or set {ENVIRONMENT}, and name a purpose")
    return keys


def _info(purpose: str, use: str) -> bytes:
    """The unambiguous HKDF info: each part behind its length, so that no two pairs encode alike."""
    parts = (b"guard/keys/1", purpose.encode(), use.encode())
    if not purpose or not use or any(len(part) > MAX_NAME_BYTES for part in parts):
        msg = f"a purpose and a use of a key have 1 to {MAX_NAME_BYTES} bytes"
        raise KeyUnavailableError(msg, help="give the plan a `purpose:`")
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
