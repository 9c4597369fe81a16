"""AES-SIV of a column of 16-byte values against pycryptodome and cryptography per value."""

from __future__ import annotations

import os

from bench.peers import alternate
from bench.result import Result

VALUES = 500_000
PEER_VALUES = 1_000
LIBRARY_VALUES = 20_000


def run() -> Result:
    """Rows of bytes to rows of V and ciphertext; the bytes are compared with both peers."""
    import numpy as np
    from Crypto.Cipher import AES
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.siv import Siv
    from guard.model import Sensitive

    key = bytes(range(64))
    rows = np.frombuffer(os.urandom(16 * VALUES), np.uint8).reshape(-1, 16)
    values = [row.tobytes() for row in rows[:LIBRARY_VALUES]]
    made, library = Siv(*(cipher("aes", Sensitive(half)) for half in (key[:32], key[32:])), b"head"), AESSIV(key)

    def peer(value: bytes) -> bytes:
        one = AES.new(key, AES.MODE_SIV)
        one.update(b"head")
        sealed, tag = one.encrypt_and_digest(value)
        return bytes(tag + sealed)

    sealed = made.encrypt(rows)
    for at in range(100):
        assert peer(values[at]) == library.encrypt(values[at], [b"head"]) == sealed[at].tobytes()
    rates = alternate(
        {
            "peer": (lambda: [peer(value) for value in values[:PEER_VALUES]], PEER_VALUES),
            "cryptography": (lambda: [library.encrypt(value, [b"head"]) for value in values], LIBRARY_VALUES),
            "column": (lambda: made.encrypt(rows), VALUES),
            "column_open": (lambda: made.decrypt(sealed), VALUES),
            "column_11": (lambda: made.encrypt(rows[:, :11]), VALUES),
        }
    )
    names = ("column", "column_open", "column_11")
    figures = {f"ratio_{name}": round(rates[name] / rates["peer"], 1) for name in names}
    figures["ratio_cryptography"] = round(rates["column"] / rates["cryptography"], 1)
    return Result(figures, {"peer": "pycryptodome AES-SIV per value", **{k: round(v) for k, v in rates.items()}})
