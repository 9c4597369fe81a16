"""Another valid resident ID of the same region: birth date and sequence permuted, check character recomputed.

What it hides: birth date, sequence (and sex), so the person.
What it keeps: the region (first six digits), that date and check character are valid, equality; the key holder gets
numbers back. Different numbers stay different.
Against whom: a reader without the key who sees many outputs, and knows some pairs.

Guarantee: a permutation of all 51,134,000 numbers of a region with birth dates from 1900 to 2039, by FF1 with the
region as tweak. Birth date and region cannot both be kept: that would leave a thousand values.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> made = apply(pa.array(["11010519491231002X", "110105194912310038", None]), Params(), keys)
    >>> made.to_pylist()
    ['110105203502063152', '110105195003061251', None]

What it does not protect: the region, how often a number occurs, and everything once the key is lost. A result may be
the number of a living person who has nothing to do with the row: mark the data as pseudonymised.
Reference: GB 11643-1999; NIST SP 800-38G; GB/T 37964-2019, format-preserving encryption.
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
        check_names("ff1_resident_id", self.domain, self.purpose, self.version)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """All values at once.

    Raises:
        TransformError: the column is not text, or holds a value that is no valid number (`others`).
        KeyUnavailableError: there is no key, or not of this version.
    """
    return _column(values, params, required(keys, "ff1_resident_id"), inverse=False)


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

    bound = required(keys, "ff1_resident_id")
    require(grant, "ff1_resident_id", bound, count(values))
    return _column(values, params, bound, inverse=True)


def _column(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys, *, inverse: bool) -> pa.Array:
    import numpy as np

    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.column import Bad, Bytes, map_rows
    from guard.anonymize.crypto.resident_id import WIDTH, ResidentIds

    engine = ResidentIds(
        cipher(params.cipher, key_of(keys, "ff1_resident_id", params.domain, params.version, params.cipher))
    )

    def rows(matrix: Bytes) -> tuple[Bytes, Bad | None]:
        if matrix.shape[1] != WIDTH:
            return matrix, np.ones(len(matrix), np.bool_)
        return engine.decrypt(matrix) if inverse else engine.encrypt(matrix)

    refused = TransformError(
        "a value is not a valid resident ID of 18 characters", help="clean the column, or set `others: null`"
    )
    return map_rows(values, rows, refused, transform="ff1_resident_id", others=params.others)


def guarantee(params: Params) -> Guarantee:
    """A permutation of what is valid."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="the region, and which rows have the same number",
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

    raise no_database_form("ff1_resident_id")
