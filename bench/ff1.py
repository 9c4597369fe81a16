"""FF1 of 16-digit numbers against ff3, the best-known Python package for it (which has FF3-1 only).

Both run in this process in turns, in CPU time. `list` is a list of texts to a list of texts, `buffer` rows of bytes to
rows of bytes, `single` one text at a time. The vectors are NIST's samples and those of Wycheproof.
"""

from __future__ import annotations

import random

from bench.peers import alternate
from bench.result import Result

VALUES = 200_000
PEER_VALUES = 2_000
TWEAK = "D8E7920AFA330A"


def run() -> Result:
    """Ratios to ff3, and vectors that fail."""
    import ff3
    import numpy as np

    from guard.anonymize.crypto.alphabet import DIGITS, Alphabet
    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.ff1 import FF1
    from guard.model import Sensitive
    from tests.anonymize.vectors import ff1_failures

    dice = random.Random(1)
    values = [f"{dice.randrange(10**16):016d}" for _ in range(VALUES)]
    rows = np.frombuffer("".join(values).encode(), np.uint8).reshape(-1, 16)
    out = np.empty_like(rows)
    engine = FF1(cipher("aes", Sensitive(bytes(range(16)))), Alphabet(DIGITS))
    peer = ff3.FF3Cipher(bytes(range(16)).hex(), TWEAK)
    rates = alternate(
        {
            "peer": (lambda: [peer.encrypt(value) for value in values[:PEER_VALUES]], PEER_VALUES),
            "list": (lambda: engine.encrypt_list(values), VALUES),
            "buffer": (lambda: engine.encrypt_matrix(rows, out), VALUES),
            "single": (lambda: [engine.encrypt(value) for value in values[:20_000]], 20_000),
            "batch_1": (lambda: [engine.encrypt_list(values[at : at + 1]) for at in range(5_000)], 5_000),
            "batch_10": (lambda: [engine.encrypt_list(values[at : at + 10]) for at in range(0, 10_000, 10)], 10_000),
            "batch_100": (lambda: [engine.encrypt_list(values[at : at + 100]) for at in range(0, 50_000, 100)], 50_000),
        }
    )
    assert engine.decrypt_list(engine.encrypt_list(values)) == values
    failures, tried = ff1_failures()
    ratios = {f"ratio_{name}": round(rate / rates["peer"], 2) for name, rate in rates.items() if name != "peer"}
    context = {"peer": "ff3 1.0.3 (FF3-1), values/s", "vectors": tried, **{k: round(v) for k, v in rates.items()}}
    return Result({**ratios, "vector_failures": failures}, context)
