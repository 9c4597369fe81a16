"""Block ciphers that take many blocks in one call: AES through pycryptodome, SM4 through cryptography.

Per call both libraries cost more than the cipher itself, so everything here is built to hand over whole chunks.
Measured for AES: 0.7 thousand million blocks a second by the chunk, and a hundred thousand one at a time.

References: FIPS 197 (AES); GB/T 32907-2016 (SM4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from guard.errors import KeyUnavailableError
from guard.model import Sensitive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 16  # bytes, of both ciphers
KEY_BYTES = {"aes": (16, 24, 32), "sm4": (16,)}

_AT_ONCE = 1 << 16  # bytes

CipherName: TypeAlias = Literal["aes", "sm4"]


class BlockCipher(Protocol):
    """The forward direction of a cipher under one key: all that FF1, CMAC and CTR need."""

    def block(self, data: bytes) -> bytes:
        """One block of 16 bytes, by the way that is fastest for one."""

    def blocks(self, data: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """Each 16 bytes of `data` by themselves into `out`; both contiguous, of the same size."""


class Aes:
    """AES-128, AES-192 or AES-256, by the length of the key."""

    __slots__ = ("_many", "_one")

    def __init__(self, key: Sensitive[bytes]) -> None:
        from Crypto.Cipher import AES
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        _check("aes", key)
        self._many = AES.new(key.reveal(), AES.MODE_ECB)
        # ECB under a mode that is built on top: CMAC, CTR and FF1 are made of single block calls.
        self._one = Cipher(algorithms.AES(key.reveal()), modes.ECB()).encryptor()  # noqa: S305

    def block(self, data: bytes) -> bytes:
        """One block."""
        return self._one.update(data)

    def blocks(self, data: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """All blocks in one call."""
        if data.size:
            self._many.encrypt(data.data.cast("B"), output=out.data.cast("B"))


class Sm4:
    """SM4 with its key of 128 bits."""

    __slots__ = ("_one", "_room")

    def __init__(self, key: Sensitive[bytes]) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        _check("sm4", key)
        self._room = memoryview(bytearray(_AT_ONCE + BLOCK))  # OpenSSL wants room for one block more than it writes
        self._one = Cipher(algorithms.SM4(key.reveal()), modes.ECB()).encryptor()  # noqa: S305 - see Aes

    def block(self, data: bytes) -> bytes:
        """One block."""
        return self._one.update(data)

    def blocks(self, data: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """All blocks, 64 KiB in one call."""
        given, into = data.data.cast("B"), out.data.cast("B")
        for start in range(0, len(given), _AT_ONCE):
            part = given[start : start + _AT_ONCE]
            size = self._one.update_into(part, self._room)
            into[start : start + size] = self._room[:size]


def cipher(name: CipherName, key: Sensitive[bytes]) -> BlockCipher:
    """The cipher of a name.

    >>> cipher("sm4", Sensitive(bytes.fromhex("0123456789abcdeffedcba9876543210"))).block(
    ...     bytes.fromhex("0123456789abcdeffedcba9876543210")
    ... ).hex()
    '681edf34d206965e86b3e94f536e4246'

    Raises:
        KeyUnavailableError: the key has a length that the cipher does not take.
    """
    return Aes(key) if name == "aes" else Sm4(key)


def _check(name: CipherName, key: Sensitive[bytes]) -> None:
    if len(key.reveal()) not in KEY_BYTES[name]:
        msg = f"a key of `{name}` has {' or '.join(map(str, KEY_BYTES[name]))} bytes"
        raise KeyUnavailableError(msg, help="derive keys with `Keys.derive`, do not write them by hand")
