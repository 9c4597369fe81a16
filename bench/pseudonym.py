"""Keyed pseudonyms of 16-character texts, list to list, against the standard library's HMAC-SHA256 per value."""

from __future__ import annotations

import hmac
import random

from bench.peers import alternate
from bench.result import Result

VALUES = 300_000


def run() -> Result:
    """`pseudonym_cmac` against one `hmac.digest(...).hex()` a value, and the rate from column to column."""
    import pyarrow as pa

    from guard.anonymize.keys import Keyring
    from guard.anonymize.transforms import pseudonym, pseudonym_cmac
    from guard.model import Sensitive

    dice = random.Random(1)
    values = [f"{dice.randrange(10**16):016d}" for _ in range(VALUES)]
    column, key = pa.array(values), bytes(range(32))
    keys = Keyring({1: Sensitive(key)}).bind("research")
    made = pseudonym_cmac.tokens(pseudonym_cmac.Params(), keys)
    rates = alternate(
        {
            "peer": (lambda: [hmac.digest(key, value.encode(), "sha256").hex()[:24] for value in values], VALUES),
            "list": (lambda: made.of_list(values), VALUES),
            "column": (lambda: pseudonym_cmac.apply(column, pseudonym_cmac.Params(), keys), VALUES),
            "hmac_column": (lambda: pseudonym.apply(column, pseudonym.Params(), keys), VALUES),
        }
    )
    assert made.of_list(values) == pseudonym_cmac.apply(column, pseudonym_cmac.Params(), keys).to_pylist()
    figures = {f"ratio_{name}": round(rates[name] / rates["peer"], 2) for name in ("list", "column", "hmac_column")}
    return Result(figures, {"peer": "hmac.digest per value", **{k: round(v) for k, v in rates.items()}})
