"""Keyed fakes, list to list, against Faker: resident IDs (`ssn`, random) and Chinese names (seeded by the value).

`collisions_1e7`: ten million different resident IDs of one region are permuted; equal results are counted.
"""

from __future__ import annotations

from bench.peers import alternate
from bench.result import Result

VALUES = 200_000
PEER_VALUES = 2_000
MANY = 10_000_000
PART = 500_000


def run() -> Result:
    """Ratios to Faker, and collisions."""
    import numpy as np
    from faker import Faker

    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.matrix import from_list, to_list
    from guard.anonymize.crypto.resident_id import ResidentIds
    from guard.anonymize.keys import Keyring
    from guard.anonymize.transforms import fake_name
    from guard.model import Sensitive
    from tests.anonymize.identifiers import resident_ids

    key = Sensitive(bytes(range(32)))
    ids, made = ResidentIds(cipher("aes", key)), fake_name.fakes(fake_name.Params(), Keyring({1: key}).bind("p"))
    numbers = to_list(_spare(resident_ids(np.arange(VALUES, dtype=np.int64) * 255)))
    peer = Faker("zh_CN")

    def permuted() -> list[str]:
        rows = from_list(numbers)
        assert rows is not None
        return to_list(_spare(ids.encrypt(rows)[0]))

    def seeded(value: str) -> str:
        peer.seed_instance(value)
        return str(peer.name())

    rates = alternate(
        {
            "faker_id": (lambda: [peer.ssn() for _ in range(PEER_VALUES)], PEER_VALUES),
            "id": (permuted, VALUES),
            "faker_name": (lambda: [seeded(value) for value in numbers[:PEER_VALUES]], PEER_VALUES),
            "faker_name_unseeded": (lambda: [peer.name() for _ in range(PEER_VALUES)], PEER_VALUES),
            "name": (lambda: made.by_mac(numbers), VALUES),
        }
    )
    figures = {
        "ratio_id": round(rates["id"] / rates["faker_id"], 1),
        "ratio_name": round(rates["name"] / rates["faker_name"], 1),
        "collisions_1e7": _collisions(ids),
    }
    return Result(figures, {"peer": "Faker zh_CN", **{k: round(v) for k, v in rates.items()}})


def _spare(rows: object) -> object:
    import numpy as np

    return np.concatenate([rows, np.empty((len(rows), 1), np.uint8)], axis=1)


def _collisions(ids: object) -> int:
    """Birth date and sequence of each result as a number; the region stays."""
    import numpy as np

    from guard.anonymize.crypto.digits import parse
    from tests.anonymize.identifiers import resident_ids

    seen = np.empty(MANY, np.uint64)
    for start in range(0, MANY, PART):
        out, bad = ids.encrypt(resident_ids(np.arange(start, start + PART, dtype=np.int64)))
        assert bad is None
        seen[start : start + PART] = parse(out[:, 6:17])[0]
    seen.sort()
    return int((seen[1:] == seen[:-1]).sum())
