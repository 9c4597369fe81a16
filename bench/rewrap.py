"""Tokens of a column from one key version to the next: opened, checked and sealed again, column to column."""

from __future__ import annotations

import random

from bench.peers import alternate
from bench.result import Result

VALUES = 300_000
ENVELOPES = 20_000


def run() -> Result:
    """AES-SIV tokens and FF1 columns in batches; randomised envelopes, which have no batched form, one by one."""
    import pyarrow as pa

    from guard.anonymize.keys import Keyring
    from guard.anonymize.transforms import ff1, gcm, siv
    from guard.model import Sensitive

    dice = random.Random(1)
    column = pa.array([f"{dice.randrange(10**11):011d}" for _ in range(VALUES)])
    keys = Keyring({1: Sensitive(bytes(range(32))), 2: Sensitive(bytes(range(32, 64)))}).bind("research")
    tokens = siv.apply(column, siv.Params(version=1), keys)
    digits = ff1.apply(column, ff1.Params(version=1), keys)
    sealed = gcm.apply(column[:ENVELOPES], gcm.Params(version=1), keys)
    rates = alternate(
        {
            "siv": (lambda: siv.rewrap(tokens, siv.Params(), keys), VALUES),
            "ff1": (lambda: ff1.rewrap(digits, ff1.Params(version=1), keys, version=2), VALUES),
            "gcm": (lambda: gcm.rewrap(sealed, gcm.Params(), keys), ENVELOPES),
        }
    )
    assert siv.rewrap(tokens, siv.Params(), keys) == siv.apply(column, siv.Params(), keys)
    assert ff1.rewrap(digits, ff1.Params(version=1), keys, version=2) == ff1.apply(column, ff1.Params(), keys)
    figures = {"values_per_s": round(rates["siv"]), **{f"{name}_values_per_s": round(rates[name]) for name in rates}}
    return Result(figures, {"values": VALUES, "characters": 11})
