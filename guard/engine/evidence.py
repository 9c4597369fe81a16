"""The audit log as evidence. Reading and verifying need no lock, so they work while another process writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from guard.errors import AuditError
from guard.model import Entry

if TYPE_CHECKING:
    from guard.audit import VerifyReport
    from guard.engine.components import Components


class Evidence:
    """Questions to the log of one guard."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts

    def verify(self) -> VerifyReport:
        """Re-reads the whole log and checks every hash and signature.

        Raises:
            IntegrityError: something does not agree; names the first bad index.
            AuditError: there is no log yet, or it cannot be read.
        """
        from guard.audit import verify

        return verify(self._parts.audit_folder, self._parts.verifier_key).require()

    def prove(self, index: int) -> str:
        """A bundle that proves entry `index` offline, with the public key alone.

        Raises:
            AuditError: there is no such entry.
        """
        from guard.audit import proof

        # The writer's own process sees what is not published yet; any other reads what is.
        opened = self._parts.opened_log()
        found = opened.prove(index) if opened else proof.prove(self._parts.audit_folder, index)
        return proof.text(found)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, Entry]]:
        """Index and entry of `[start, stop)`, or to the end, oldest first."""
        from guard.audit import reader

        return reader.entries(self._parts.audit_folder, start, stop)

    def checkpoint(self) -> str:
        """The signed head over everything published by now, as a signed note.

        Raises:
            AuditError: there is none yet.
        """
        from guard.audit import checkpoint, reader

        opened = self._parts.opened_log()
        head = opened.publish() if opened else reader.published(self._parts.audit_folder)
        if head is None:
            raise AuditError("the audit log has no checkpoint yet", help="ask again when something was recorded")
        return checkpoint.text(head)
