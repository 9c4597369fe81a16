"""Tokens out of a vault, and a vault in memory; see `transforms/vault.py` for what they promise."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.crypto.envelope import Envelopes
from guard.anonymize.crypto.token import broken, head
from guard.anonymize.hmac_column import HmacColumn
from guard.anonymize.rows import Entry, Vault
from guard.errors import TransformError

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys

LETTER = "v"
TOKEN_BYTES = 16
LOOKUP_DIGITS = 64


def tokens(values: pa.Array, params: Any, keys: Keys, vault: Vault) -> pa.Array:
    """The token of each value of a text column; the vault is asked once for each distinct value.

    Raises:
        TransformError: the vault gave back what is no token.
    """
    kind = values.type
    text = values.cast(kind.value_type) if pa.types.is_dictionary(kind) else values
    encoded = text.cast(pa.string()).dictionary_encode()
    words, version = encoded.dictionary, params.version or keys.current
    lookups = HmacColumn(keys.derive(f"vault:{params.domain}", version)).tokens(words, f"{version}:", LOOKUP_DIGITS)
    sealed = Envelopes(keys, f"vault:{params.domain}", "aes").seal(words.to_pylist(), version)
    entries = [Entry(lookup, _token(version), body) for lookup, body in zip(lookups.to_pylist(), sealed, strict=True)]
    found = list(vault.keep(_shelf(params, keys), entries)) if entries else []
    if len(found) != len(entries):
        msg = "the vault answered for another number of values than it was asked to keep"
        raise TransformError(msg, help="this is a fault of the vault that was handed in")
    made = pc.take(pa.array(found, pa.string()), encoded.indices)
    return made.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else made.cast(kind)


def values_of(values: pa.Array, params: Any, keys: Keys, vault: Vault) -> pa.Array:
    """The values behind tokens; the caller has checked that they may be given back, and counted them.

    Raises:
        TransformError: a token is not in the vault, or what is there does not open.
    """
    encoded = values.cast(pa.string()).dictionary_encode()
    asked = encoded.dictionary.to_pylist()
    sealed = vault.sealed(_shelf(params, keys), asked)
    if any(token not in sealed for token in asked):
        raise broken("it is not in the vault")
    opened = list(Envelopes(keys, f"vault:{params.domain}", "aes").open([sealed[token] for token in asked]))
    return pc.take(pa.array(opened, pa.string()), encoded.indices)


def _shelf(params: Any, keys: Keys) -> str:
    return f"{keys.purpose}/{params.domain}"


def _token(version: int) -> str:
    body = base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).rstrip(b"=")
    return (head(version, LETTER) + body).decode()


class MemoryVault:
    """A vault that lasts as long as the process: for examples and tests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], Entry] = {}  # OWNED BY: _lock

    def keep(self, domain: str, entries: Sequence[Entry]) -> list[str]:
        """See `Vault.keep`."""
        with self._lock:
            return [self._entries.setdefault((domain, entry.lookup), entry).token for entry in entries]

    def sealed(self, domain: str, tokens: Sequence[str]) -> Mapping[str, str]:
        """See `Vault.sealed`."""
        asked = set(tokens)
        with self._lock:
            known = [entry for (shelf, _), entry in self._entries.items() if shelf == domain]
        return {entry.token: entry.sealed for entry in known if entry.token in asked}
