"""Lineage of other tools into the store: a dbt manifest, or OpenLineage events, one or a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.engine.leave import Trail, leave
from guard.errors import UsageError
from guard.lineage.ingest import MAX_BYTES, Ingested, dbt_manifest, openlineage_event

if TYPE_CHECKING:
    from guard.engine.components import Components

MAX_EVENTS = 100_000  # lines of one document


def read(text: bytes, *, namespace: str = "", dialect: str = "") -> Ingested:
    """The edges of a document; with a `namespace` it is a dbt manifest, without one OpenLineage.

    Raises:
        UsageError: another document, too large, or an event that is not valid: then nothing of it is taken.
    """
    if namespace:
        return dbt_manifest(text, namespace=namespace, dialect=dialect)
    if len(text) > MAX_BYTES:
        raise UsageError(f"the events have more than {MAX_BYTES} bytes", help="send them in parts")
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        told = [openlineage_event(text)]  # one event, on one line or several
    except UsageError:
        if len(lines) < 2:
            raise
        told = []
        if len(lines) > MAX_EVENTS:
            raise UsageError(f"the document has more than {MAX_EVENTS} events", help="send it in parts") from None
        for number, line in enumerate(lines, 1):
            try:
                told.append(openlineage_event(line))
            except UsageError as error:
                raise UsageError(f"line {number}: {error.message}", help=error.help) from None
    return Ingested(
        tuple(dict.fromkeys(edge for one in told for edge in one.edges)),
        tuple(dict.fromkeys(dataset for one in told for dataset in one.datasets)),
        tuple(dict.fromkeys(gap for one in told for gap in one.gaps)),
    )


def take_in(parts: Components, name: str, told: Ingested, *, operator: str, time: str) -> int:
    """Keeps the edges as a job on record; returns its entry. `name` says where the document came from."""
    gaps = [f"{gap.code}:{gap.what}" for gap in told.gaps]
    body = {"datasets": len(told.datasets), "edge_count": len(told.edges), "gaps": gaps[:50], "gap_count": len(gaps)}
    trail = Trail("lineage", name=name, edges=told.edges, body=body)
    return leave(parts, trail, operator=operator, time=time)
