"""Generated questions for the default pack: some hundred in the tests, 100,000 in `bench engine-equivalence`."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from guard.policy.pack import Pack

PACK = Path(__file__).resolve().parents[3] / "rules"


def questions(count: int, *, seed: int = 7) -> tuple[Pack, list[Any]]:
    """Policy inputs for the default pack: roles, purposes and label sets it knows and ones it does not."""
    pack = Pack.load(PACK)
    chance = random.Random(seed)
    roles = [*pack.data["config"]["grants"], "stranger"]
    purposes = [*pack.data["config"]["purposes"], "curiosity"]
    kinds = [*pack.data["config"]["masking"]["kinds"], "finance.balance", "secret.api_key", "cn.secrecy_mark"]
    found = []
    for _ in range(count):
        sets = [
            {
                "id": str(n),
                "classified": chance.random() < 0.9,
                "labels": [
                    {
                        "kind": chance.choice(kinds),
                        "category": chance.choice(["identity", "contact", "finance", "health"]),
                        "level": chance.randint(1, 5),
                        "state": chance.choice(["raw", "masked", "pseudonymised"]),
                    }
                    for _ in range(chance.randint(0, 3))
                ],
                "uses": chance.sample(["output", "filter", "join", "group", "order"], chance.randint(1, 3)),
            }
            for n in range(chance.randint(0, 6))
        ]
        found.append(
            {
                "v": 1,
                "subject": {
                    "id": "u",
                    "roles": chance.sample(roles, chance.randint(0, 3)),
                    "attributes": {"districts": ["Xuhui"]} if chance.random() < 0.7 else {},
                },
                "action": chance.choice(["select", "select", "unknown"]),
                "purpose": chance.choice(purposes),
                "context": {"source": "s", "time": "2025-01-01T00:00:00Z"},
                "tables": [
                    {"name": name} for name in chance.sample(["public.residents", "visits", "public.orders"], 2)
                ],
                "label_sets": sets,
            }
        )
    return pack, found
