"""Randomised authenticated encryption: equal values have different tokens, and the key holder gets them back.

What it hides: the value, and which rows have the same one, from everybody without the key.
What it keeps: the length in bytes; the key holder gets values back.
Against whom: a reader without the key, even one who can change tokens: a changed one does not open.

Guarantee: AES-256-GCM or SM4-GCM with a random nonce of 96 bits for each value, under a key derived for the purpose,
the `domain` and the key version, with the token's head as associated data: `g1e_` (AES) or `g1m_` (SM4) and base64url
of nonce, ciphertext and tag. At most 2^32 values under one key version, then rotate.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> one, two, none = apply(pa.array(["张三", "张三", None]), Params(), keys).to_pylist()
    >>> one[:4], one != two, none
    ('g1e_', True, None)

What it does not protect: the length of a value, and everything once the key is lost. The column does not join any
more.
Reference: NIST SP 800-38D, section 8.3; RFC 8998; GB/T 36624-2018.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import check_names
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.anonymize.no_sql import no_sql
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.crypto.envelope import Envelopes
    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys


class Params(Value, frozen=True):
    """`cipher` is aes or sm4; `domain`, `version` and `purpose` as in `pseudonym`. Opening finds the version in the
    token."""

    cipher: CipherName = "aes"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("gcm", self.domain, self.purpose, self.version)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """A fresh nonce for each row.

    Raises:
        TransformError: the column is not text.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from guard.anonymize.crypto.column import map_list, plain_text

    bound = required(keys, "gcm")
    made, version = _engine(params, bound), params.version or bound.current
    sealed = map_list(plain_text(values), lambda texts: list(made.seal(texts, version)), transform="gcm")
    return sealed if sealed.type == values.type else sealed.dictionary_encode().cast(values.type)


def invert(
    values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None, grant: ReidentificationGrant
) -> pa.Array:
    """The values in the tokens, each under the key version that it names.

    Raises:
        AccessDeniedError: the grant does not cover this.
        TransformError: a value is no token, or one that does not open.
        KeyUnavailableError: there is no key, or not of the version of a token.
    """
    from guard.anonymize.crypto.column import count, map_list
    from guard.anonymize.grant import require

    bound = required(keys, "gcm")
    require(grant, "gcm", bound, count(values))
    made = _engine(params, bound)
    return map_list(values, lambda tokens: list(made.open(tokens)), transform="gcm")


def rewrap(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Tokens of any version under the version of `params`, else the current one; no value is returned.

    Raises:
        TransformError: a value is no token, or one that does not open.
        KeyUnavailableError: there is no key, or not of the version of a token.
    """
    from guard.anonymize.crypto.column import map_list

    bound = required(keys, "gcm")
    made, version = _engine(params, bound), params.version or bound.current
    return map_list(values, lambda tokens: list(made.seal(made.open(tokens), version)), transform="gcm")


def _engine(params: Params, keys: Keys) -> Envelopes:
    from guard.anonymize.crypto.envelope import Envelopes

    return Envelopes(keys, params.domain, params.cipher)


def guarantee(params: Params) -> Guarantee:
    """Only the length."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="length in bytes",
        keyed=True,
        reversible=True,
        injective=True,
        notes=("each value is sealed with fresh randomness: equal values have different tokens",),
    )


sql = no_sql("gcm")
