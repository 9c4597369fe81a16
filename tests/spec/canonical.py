"""The canonical form of an entry by the standard library, slow and obvious."""

from __future__ import annotations

import json
from typing import Any


def canonical(value: Any) -> bytes:
    """Keys sorted by code point, no spaces, no escapes that JSON does not demand."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
