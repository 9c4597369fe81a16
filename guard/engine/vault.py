"""The vault of the anonymise room on guard's store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.anonymize.rows import Entry
    from guard.engine.components import Components


class StoreVault:
    """`guard.anonymize.rows.Vault` over `guard.store.vault`; the store opens at the first question."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts

    def keep(self, domain: str, entries: Sequence[Entry]) -> Sequence[str]:
        """See `Vault.keep`."""
        kept = self._parts.store.vault.keep(domain, [(entry.lookup, entry.token, entry.sealed) for entry in entries])
        return [kept[entry.lookup] for entry in entries]

    def sealed(self, domain: str, tokens: Sequence[str]) -> Mapping[str, str]:
        """See `Vault.sealed`."""
        return self._parts.store.vault.sealed(domain, tokens)
