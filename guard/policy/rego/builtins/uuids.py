"""uuid.*: RFC 4122 and RFC 9562."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.runtime import Run
from guard.policy.rego.values import UNDEFINED, Value

VARIANTS: Final = {
    uuid.RESERVED_NCS: "Reserved",
    uuid.RFC_4122: "RFC4122",
    uuid.RESERVED_MICROSOFT: "Microsoft",
    uuid.RESERVED_FUTURE: "Future",
}
_PLAIN = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})\}?", re.IGNORECASE)


@builtin("uuid.parse", "any")
def parse(value: Value) -> Any:
    """The version, variant and, where it has them, time, clock and node of a UUID."""
    match = _PLAIN.fullmatch(value) if type(value) is str else None
    if match is None:
        return UNDEFINED
    found = uuid.UUID(match[1])
    version = (found.int >> 76) & 15
    result: dict[str, Value] = {"version": version, "variant": VARIANTS[found.variant]}
    if version in {1, 2}:
        result |= {
            "nodeid": "-".join(f"{octet:02x}" for octet in found.bytes[10:]),
            "macvariables": _mac(found.bytes[10]),
            "time": (found.time - 0x01B21DD213814000) * 100,
            "clocksequence": found.clock_seq,
        }
    if version == 2:
        result |= {
            "id": found.time_low,
            "domain": {0: "Person", 1: "Group", 2: "Org"}.get(found.bytes[9], f"Domain{found.bytes[9]}"),
        }
    return result


def _mac(octet: int) -> str:
    scope = "local" if octet & 2 else "global"
    return f"{scope}:{'multicast' if octet & 1 else 'unicast'}"


@builtin("uuid.rfc4122", "string", needs_run=True)
def rfc4122(run: Run, key: str) -> str:
    """A random UUID (version 4), the same for the same key all through one evaluation."""
    if run.entropy is None:
        raise BuiltinError("`uuid.rfc4122`: the caller gave no randomness")
    if run.cache is None:
        run.cache = {}
    found = run.cache.get(("uuid", key))
    if found is None:
        found = run.cache["uuid", key] = str(uuid.UUID(bytes=run.entropy(16), version=4))
    return str(found)
