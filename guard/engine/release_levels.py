"""Levels of kinds by one classification scheme of the rules, for plans that are derived by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import UsageError

if TYPE_CHECKING:
    from guard.engine.components import Components

LISTED, SENSITIVE = 3, 4  # of the five levels, where a scheme only says that it lists a kind, or calls it sensitive


def levels_of(scheme: str, parts: Components) -> dict[str, int]:
    """Kind to level, 1 to 5, by the rows in force today; the highest where a scheme has several.

    Raises:
        UsageError: there is no such scheme.
    """
    from guard.classify import schemes

    kinds = parts.classifier.taxonomy.kinds
    known = schemes.load(parts.rules / "schemes", kinds)
    if scheme not in known.names():
        msg = f"there is no classification scheme `{scheme[:64]}`"
        raise UsageError(msg, help=f"choose one of {', '.join(known.names())}")
    today, levels = parts.clock().date(), {}
    for kind in kinds:
        rows = known.of(kind, as_of=today, scheme=scheme)
        if rows:
            levels[kind] = max(row.level or (SENSITIVE if row.sensitive else LISTED) for row in rows)
    return levels
