"""SM3 and HMAC-SM3, where Chinese rules ask for a domestic hash.

References: GB/T 32905-2016 (SM3); RFC 2104; GM/T 0042 (HMAC with SM3).
"""

from __future__ import annotations

from guard.model import Sensitive


def sm3(data: bytes) -> bytes:
    """The 32 bytes of SM3.

    >>> sm3(b"abc").hex()
    '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'
    """
    from cryptography.hazmat.primitives.hashes import SM3, Hash

    made = Hash(SM3())
    made.update(data)
    return made.finalize()


def hmac_sm3(key: Sensitive[bytes], data: bytes) -> bytes:
    """The 32 bytes of HMAC-SM3."""
    from cryptography.hazmat.primitives.hashes import SM3
    from cryptography.hazmat.primitives.hmac import HMAC

    made = HMAC(key.reveal(), SM3())
    made.update(data)
    return made.finalize()
