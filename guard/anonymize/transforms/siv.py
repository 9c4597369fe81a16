"""Deterministic authenticated encryption: equal values have equal tokens, and the key holder gets them back.

What it hides: the value, from everybody without the key.
What it keeps: equality (tokens join), the length in bytes; the key holder gets values back.
Against whom: a reader without the key, even one who can change tokens: a changed one does not open.

Guarantee: AES-256-SIV under two keys derived for the purpose, the `domain` and the key version, with the token's head
as associated data: `g1s_` and base64url. A token that was changed, cut or moved to another version is refused.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array(["张三", "张三", None]), Params(), keys).to_pylist()
    ['g1s_2B9Ir-ClGtdXmsm36fIvUuh8kW5RLQ', 'g1s_2B9Ir-ClGtdXmsm36fIvUuh8kW5RLQ', None]

What it does not protect: how often a value occurs, how long it is, and everything once the key is lost.
Reference: RFC 5297; Google `CRYPTO_DETERMINISTIC_CONFIG`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.crypto.keyed import check_names
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.anonymize.no_sql import no_sql
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys


class Params(Value, frozen=True):
    """`domain`, `version` and `purpose` as in `pseudonym`; the version is in the token, and opening finds it there."""

    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("siv", self.domain, self.purpose, self.version)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """All values of one length at once.

    Raises:
        TransformError: the column is not text.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from guard.anonymize.crypto.column import map_rows
    from guard.anonymize.crypto.siv_token import SivTokens
    from guard.anonymize.crypto.token import broken

    bound = required(keys, "siv")
    made, version = SivTokens(bound, params.domain), params.version or bound.current
    return map_rows(
        values,
        lambda rows: (made.seal(rows, version), None),
        broken("no value fails here"),
        transform="siv",
        others="refuse",
    )


def invert(
    values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None, grant: ReidentificationGrant
) -> pa.Array:
    """The values in the tokens, each under the key version that it names.

    Raises:
        AccessDeniedError: the grant does not cover this.
        TransformError: a value is no token, or one that does not open.
        KeyUnavailableError: there is no key, or not of the version of a token.
    """
    from guard.anonymize.crypto.column import by_head, count, map_rows
    from guard.anonymize.crypto.siv_token import SivTokens
    from guard.anonymize.crypto.token import broken
    from guard.anonymize.grant import require

    bound = required(keys, "siv")
    require(grant, "siv", bound, count(values))
    made = SivTokens(bound, params.domain)
    refused = broken("it is not authentic")
    return by_head(values, lambda some: map_rows(some, made.open, refused, transform="siv", others="refuse"))


def rewrap(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Tokens of any version under the version of `params`, else the current one; no value is returned.

    Raises:
        TransformError: a value is no token, or one that does not open.
        KeyUnavailableError: there is no key, or not of the version of a token.
    """
    from guard.anonymize.crypto.column import Bad, Bytes, by_head, map_rows
    from guard.anonymize.crypto.siv_token import SivTokens
    from guard.anonymize.crypto.token import broken

    bound = required(keys, "siv")
    made, version = SivTokens(bound, params.domain), params.version or bound.current

    def again(tokens: Bytes) -> tuple[Bytes, Bad | None]:
        plain, bad = made.open(tokens)
        return made.seal(plain, version), bad

    refused = broken("it is not authentic")
    return by_head(values, lambda some: map_rows(some, again, refused, transform="siv", others="refuse"))


def guarantee(params: Params) -> Guarantee:
    """Equality and length within one purpose and domain."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="length in bytes and which rows have the same value",
        keyed=True,
        reversible=True,
        injective=True,
        notes=("a token that was changed opens with a chance of 2^-128",),
    )


sql = no_sql("siv")
