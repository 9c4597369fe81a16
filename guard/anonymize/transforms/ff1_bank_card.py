"""Another card number of the same issuer and length that passes the Luhn check.

What it hides: the account behind the issuer.
What it keeps: issuer (first six digits), length, the Luhn check, equality; the key holder gets numbers back. Different
numbers stay different.
Against whom: a reader without the key who sees many outputs, and knows some pairs.

Guarantee: a permutation of all valid numbers of one issuer and length (13 to 19 digits), by FF1 with the issuer as
tweak. Issuer and last four cannot both be kept: that would leave 10^5 values.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> made = apply(pa.array(["6222021234567894", "6222021234567902", None]), Params(), keys)
    >>> made.to_pylist()
    ['6222022396331707', '6222026655487704', None]

What it does not protect: the issuer, how often a number occurs, and everything once the key is lost. A result may be
somebody's number.
Reference: ISO/IEC 7812-1; NIST SP 800-38G; PCI DSS 4.0, 3.5.1.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import Others, check_names, key_of
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.errors import TransformError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


class Params(Value, frozen=True):
    """`cipher` is aes or sm4; columns that must join share `domain`; `others` says what becomes of a value that is no
    valid number: `refuse` the column, or `null`. `version` and `purpose` as in `pseudonym`.
    """

    cipher: CipherName = "aes"
    others: Others = "refuse"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("ff1_bank_card", self.domain, self.purpose, self.version)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """All values at once.

    Raises:
        TransformError: the column is not text, or holds a value that is no valid number (`others`).
        KeyUnavailableError: there is no key, or not of this version.
    """
    return _column(values, params, required(keys, "ff1_bank_card"), inverse=False)


def invert(
    values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None, grant: ReidentificationGrant
) -> pa.Array:
    """The values that `apply` got.

    Raises:
        AccessDeniedError: the grant does not cover this.
        TransformError, KeyUnavailableError: see `apply`.
    """
    from guard.anonymize.crypto.column import count
    from guard.anonymize.grant import require

    bound = required(keys, "ff1_bank_card")
    require(grant, "ff1_bank_card", bound, count(values))
    return _column(values, params, bound, inverse=True)


def _column(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys, *, inverse: bool) -> pa.Array:
    import numpy as np

    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.column import Bad, Bytes, map_rows
    from guard.anonymize.crypto.tail_digits import CARD_WIDTHS, bank_cards

    made = cipher(params.cipher, key_of(keys, "ff1_bank_card", params.domain, params.version, params.cipher))

    def rows(matrix: Bytes) -> tuple[Bytes, Bad | None]:
        if matrix.shape[1] not in CARD_WIDTHS:
            return matrix, np.ones(len(matrix), np.bool_)
        engine = bank_cards(made, matrix.shape[1])
        return engine.decrypt(matrix) if inverse else engine.encrypt(matrix)

    refused = TransformError(
        "a value is not a card number of 13 to 19 digits with its check digit",
        help="clean the column, or set `others: null`",
    )
    return map_rows(values, rows, refused, transform="ff1_bank_card", others=params.others)


def guarantee(params: Params) -> Guarantee:
    """A permutation of what is valid."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="issuer and length, and which rows have the same number",
        keyed=True,
        reversible=True,
        injective=True,
        notes=("NIST SP 800-38G Rev. 1 draft: at least 10^6 values are permuted",),
    )


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """No database has it.

    Raises:
        TransformError: always; the caller denies.
    """
    from guard.anonymize.crypto.keyed import no_database_form

    raise no_database_form("ff1_bank_card")
