"""No answer under a minimum group stands beside another whose group differs from its own by a few rows.

Before an answer is run, the sizes of its groups are asked, over the same filtered and masked rows, and held against
every group that the same subject got of the same tables for the same purpose. What is kept are keyed hashes and numbers
of rows. A group whose rows may be those of another one, but for fewer than the minimum, is refused; groups by values of
different columns (by district, then by diagnosis) are taken to be different ones.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from guard.engine.one_meaning import only_meaning, stored_meaning
from guard.errors import AccessDeniedError
from guard.model import EnforcedQuery, MinimumGroup, Probe, Sensitive
from guard.store.groups import Group, are_near

if TYPE_CHECKING:
    from guard.engine.desk import Desk
    from guard.engine.opened import OpenSource
    from guard.engine.prepare import Prepared

_WHY = {
    "near": (
        "a group of this answer may differ from one that was answered before by fewer rows than the minimum group",
        "ask the earlier question again, or for groups that share no rows with it; noise has no such limit",
    ),
    "full": (
        "this subject got as many different groups of these tables for this purpose as guard holds apart",
        "ask the earlier questions again; noise has no such limit",
    ),
}


def hold_apart(desk: Desk, prepared: Prepared, opened: OpenSource, parameters: Mapping[str, Any] | None) -> None:
    """Keeps the groups of an answer that is about to be given.

    Raises:
        AccessDeniedError: one of them stands too near to a group that was answered before, or to another of its own.
        SourceError: the sizes of the groups cannot be asked.
        StoreError: they cannot be kept.
    """
    enforced = prepared.enforced
    if enforced is None or not enforced.probes:
        return
    size = max(owed.size for owed in prepared.decision.obligations if isinstance(owed, MinimumGroup))
    ring = desk.parts.keys
    key = ring.derive("guard", "differencing", ring.versions[0]).reveal()
    decision = prepared.decision
    why = ""
    found: dict[str, list[Group]] = {}
    for probe in enforced.probes:
        scope = _hash(key, decision.subject, decision.purpose, opened.source.uri, str(probe.table))
        groups = list(_groups(probe, enforced.dialect, opened, parameters or {}, desk, key))
        before = found.setdefault(scope, [])
        why = why or ("near" if _overlap(before, groups, size) else "")
        before += groups
    why = why or desk.parts.store.groups.keep(found, size=size, now=desk.clock())
    if why:
        message, cure = _WHY[why]
        refused = desk.record_refusal(prepared, why)
        raise AccessDeniedError(f"denied: {message}", help=cure, decision_id=refused.id, decision=refused)


def _groups(
    probe: Probe, dialect: str, opened: OpenSource, parameters: Mapping[str, Any], desk: Desk, key: bytes
) -> Iterator[Group]:
    given = {name: Sensitive(value) for name, value in parameters.items() if f":{name}" in probe.sql}
    query = EnforcedQuery(sql=probe.sql, dialect=dialect, parameters={**probe.parameters, **given})
    answer = opened.source.run(query, limits=desk.parts.query_limits)
    told = [(column, only_meaning(value), value) for column, value in probe.same]
    same = {_hash(key, "column", column): _hash(key, "value", one) for column, one, _ in told if one is not None}
    other = [f"{column}={value}" for column, one, value in told if one is None]
    bound = [f"{name}={value!r}" for name, value in sorted(parameters.items())]
    rest = _hash(key, "rest", *probe.rest, *sorted(other), *bound)
    *keys, sizes = answer.columns
    for row, rows in enumerate(sizes.to_pylist()):
        apart, chosen = dict(same), []
        for name, column in zip(probe.keys, keys, strict=True):
            value = column[row].as_py()
            one = stored_meaning(value)
            if one is None:
                chosen.append(f"{name}={value!r}")
            else:
                apart[_hash(key, "column", name)] = _hash(key, "value", one)
        plain = probe.plain and not (other or bound or chosen)
        chosen += [f"{column}={value}" for column, value in sorted(apart.items())]
        yield Group(_hash(key, "question", rest, *chosen), int(rows), apart, plain)


def _overlap(before: list[Group], groups: list[Group], size: int) -> bool:
    """Whether two queries of one statement have groups that are near each other; those of one query are disjoint."""
    return any(abs(one.size - other.size) < size and are_near(one, other) for one in before for other in groups)


def _hash(key: bytes, *parts: str) -> str:
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.digest(key, told.encode(), "sha256").hex()
