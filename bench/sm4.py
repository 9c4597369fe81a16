"""SM4 of a column of 16-byte values against gmssl, and FF1 over SM4 against ff3 (which has AES only).

gmssl encrypts a value with its own `crypt_ecb`, which pads 16 bytes to two blocks, as a user of it would; the ratio per
block is in the context.
"""

from __future__ import annotations

import os
import random

from bench.peers import alternate
from bench.result import Result

VALUES = 200_000
PEER_VALUES = 1_000


def run() -> Result:
    """Ratios to gmssl and ff3."""
    import ff3
    import numpy as np
    from gmssl.sm4 import SM4_ENCRYPT, CryptSM4

    from guard.anonymize.crypto.alphabet import DIGITS, Alphabet
    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.ff1 import FF1
    from guard.model import Sensitive

    key, dice = bytes(range(16)), random.Random(1)
    data = np.frombuffer(os.urandom(16 * VALUES), np.uint8)
    out, values = np.empty_like(data), [data[at : at + 16].tobytes() for at in range(0, 16 * PEER_VALUES, 16)]
    numbers = [f"{dice.randrange(10**16):016d}" for _ in range(VALUES // 4)]
    made, engine = cipher("sm4", Sensitive(key)), FF1(cipher("sm4", Sensitive(key)), Alphabet(DIGITS))
    gmssl, peer = CryptSM4(), ff3.FF3Cipher(key.hex(), "D8E7920AFA330A")
    gmssl.set_key(key, SM4_ENCRYPT)
    made.blocks(data, out)
    for at, value in enumerate(values[:50]):
        assert gmssl.crypt_ecb(value)[:16] == out[16 * at : 16 * at + 16].tobytes() == made.block(value)
    rates = alternate(
        {
            "gmssl": (lambda: [gmssl.crypt_ecb(value) for value in values], PEER_VALUES),
            "gmssl_block": (lambda: [gmssl.one_round(gmssl.sk, value) for value in values], PEER_VALUES),
            "column": (lambda: made.blocks(data, out), VALUES),
            "ff3": (lambda: [peer.encrypt(number) for number in numbers[:PEER_VALUES]], PEER_VALUES),
            "ff1_list": (lambda: engine.encrypt_list(numbers), len(numbers)),
        }
    )
    figures = {
        "ratio_column": round(rates["column"] / rates["gmssl"], 1),
        "ff1_ratio": round(rates["ff1_list"] / rates["ff3"], 1),
    }
    per_block = round(rates["column"] / rates["gmssl_block"], 1)
    return Result(figures, {"ratio_per_block": per_block, **{k: round(v) for k, v in rates.items()}})
