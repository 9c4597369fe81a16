"""What the anonymise room is handed from the other rooms: the classifier for free text, the store for vault tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.anonymize.rows import Ports, Span
    from guard.engine.components import Components


def ports_of(parts: Components) -> Ports:
    """The ports of one guard; nothing is opened before a transform asks."""
    from guard.anonymize.rows import Ports
    from guard.engine.vault import StoreVault

    def spans(texts: Sequence[str]) -> list[list[Span]]:
        from guard.anonymize.rows import Span

        found = (parts.classifier.classify_text(text) for text in texts)
        return [[Span(finding.kind, finding.start, finding.end) for finding in findings] for findings in found]

    return Ports(spans=spans, vault=StoreVault(parts))
