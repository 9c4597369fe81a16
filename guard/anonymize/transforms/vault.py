"""A random token in place of each value; the value is kept, sealed, in a table of guard's store.

What it hides: the value, from everybody without the store and the key.
What it keeps: equality: the same value has the same token, for one purpose and `domain`, in every run over one store.
Against whom: a reader with any amount of time: a token is random and says nothing of its value.

Guarantee: a token is 128 random bits behind `g1v_`. The store finds a value again by its HMAC-SHA256 and holds it
sealed by AES-256-GCM, both under keys derived for the purpose, the `domain` and the key version; it never holds it
plain.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> from guard.anonymize.rows import Ports, Rows
    >>> from guard.anonymize.vault import MemoryVault
    >>> rows = Rows(ports=Ports(vault=MemoryVault()))
    >>> one, two, none = apply_rows(pa.array(["张三", "张三", None]), Params(), keys, rows).to_pylist()
    >>> one[:4], one == two, none
    ('g1v_', True, None)

What it does not protect: how often a value occurs, and everything once both store and key are lost to somebody. It is
slower than a cipher by the store's writes: use `siv` where a stateless token does.
Reference: PCI DSS tokenization guidelines (2011); HashiCorp Vault Transform, tokenization; GB/T 37964-2019 annex A.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import ChoiceParams
from guard.anonymize.keys import required
from guard.anonymize.no_sql import no_sql
from guard.anonymize.rows import alone
from guard.errors import TransformError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.keys import Keys
    from guard.anonymize.rows import Rows, WideTransform


class Params(ChoiceParams, frozen=True):
    """`domain`, `version` and `purpose` as in `pseudonym`."""


def reads(params: Params) -> tuple[str, ...]:
    """No other column."""
    return ()


def survey(params: Params, keys: Keys | None) -> None:
    """Nothing has to be known of the whole table."""


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """A column that is the whole table; see `apply_rows`."""
    return alone(cast("WideTransform", sys.modules[__name__]), values, params, keys)


def apply_rows(values: pa.Array, params: Params, keys: Keys | None, rows: Rows) -> pa.Array:
    """One entry in the vault for each distinct value, durable before this returns.

    Raises:
        TransformError: the column is not text, or there is no vault here.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from guard.anonymize.columns import is_text, no_form
    from guard.anonymize.vault import tokens

    if not is_text(values.type):
        raise no_form("vault", values.type, cure="in a plan, `as: text` makes a text of another type")
    if rows.ports.vault is None:
        msg = "there is no vault here: `vault` keeps its values in guard's store"
        raise TransformError(
            msg, help="run it by `guard anonymize` or `Guard.anonymize`, or hand a `Ports(vault=...)` in"
        )
    return tokens(values, params, required(keys, "vault"), rows.ports.vault)


def guarantee(params: Params) -> Guarantee:
    """Equality within one purpose and domain."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="which rows have the same value",
        keyed=True,
        injective=True,
        notes=("who has the store and the key gets values back; the token alone says nothing",),
    )


sql = no_sql("vault", "the token is random and stands in guard's store")
