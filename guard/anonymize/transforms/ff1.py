"""Format-preserving encryption: a text over an alphabet becomes another of the same length over it.

What it hides: the value, from everybody without the key.
What it keeps: length and alphabet, equality, and that different values stay different; the key holder gets values
back.
Against whom: a reader without the key who sees many outputs, and knows some pairs.

Guarantee: FF1 under AES-256 or SM4, a permutation of all texts of one length, so no two values of a column collide.
Lengths with fewer than 10^6 texts are refused: so small a permutation could be tabulated.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> made = apply(pa.array(["20240001", "20240002", "20240001", None]), Params(), keys)
    >>> made.to_pylist()
    ['79866831', '27934192', '79866831', None]

What it does not protect: how often a value occurs, its length, and everything once the key is lost. The value has no
room for a key version: after a rotation `rewrap` the column, or keep the version in the plan.
Reference: NIST SP 800-38G (2016) and Rev. 1, second public draft (2025); GB/T 32907; Google `CRYPTO_REPLACE_FFX_FPE`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import Others, check_names, key_of
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.anonymize.no_sql import no_sql
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.crypto.ff1 import FF1
    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys


class Params(Value, frozen=True):
    """`alphabet` is `digits`, `alphanumeric` (0-9, a-z), `ALPHANUMERIC`, or the characters themselves; `cipher` aes
    or sm4.

    Columns that must join share `domain`. `others` says what becomes of a value outside the alphabet or below the
    floor: `refuse` the column, or `null`. `version` and `purpose` as in `pseudonym`.
    """

    alphabet: str = "digits"
    cipher: CipherName = "aes"
    others: Others = "refuse"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        from guard.anonymize.crypto.alphabet import alphabet

        check_names("ff1", self.domain, self.purpose, self.version)
        alphabet(self.alphabet)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """All values of one length at once.

    Raises:
        TransformError: the column is not text, or a value is outside the alphabet or below the floor (`others`).
        KeyUnavailableError: there is no key, or not of this version.
    """
    return _column(values, params, _engine(params, required(keys, "ff1")), inverse=False)


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

    bound = required(keys, "ff1")
    require(grant, "ff1", bound, count(values))
    return _column(values, params, _engine(params, bound), inverse=True)


def rewrap(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None, *, version: int) -> pa.Array:
    """From the key version of `params` to `version`; the values between are never returned.

    Raises:
        PlanError: `params` has no version: the value does not say under which one it stands.
        TransformError, KeyUnavailableError: see `apply`.
    """
    if params.version is None:
        msg = "rewrapping `ff1` needs the `version` that the values have now"
        raise PlanError(msg, help="the format has no room for a version; it stands in the plan that made the column")
    bound = required(keys, "ff1")
    target = Params(params.alphabet, params.cipher, params.others, params.domain, version, params.purpose)
    plain = _column(values, params, _engine(params, bound), inverse=True)
    return _column(plain, target, _engine(target, bound), inverse=False)


def _engine(params: Params, keys: Keys) -> FF1:
    from guard.anonymize.crypto.alphabet import alphabet
    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.ff1 import FF1

    key = key_of(keys, "ff1", params.domain, params.version, params.cipher)
    return FF1(cipher(params.cipher, key), alphabet(params.alphabet))


def _column(values: pa.Array | pa.ChunkedArray, params: Params, engine: FF1, *, inverse: bool) -> pa.Array:
    import numpy as np

    from guard.anonymize.crypto.alphabet import outside
    from guard.anonymize.crypto.column import Bad, Bytes, map_list, map_rows
    from guard.anonymize.crypto.feistel import MAX_LENGTH

    if not engine.alphabet.ascii:
        return map_list(values, lambda texts: _texts(texts, params, engine, inverse=inverse), transform="ff1")

    def rows(matrix: Bytes) -> tuple[Bytes, Bad | None]:
        length = matrix.shape[1]
        if params.others == "null" and not engine.min_length <= length <= MAX_LENGTH:
            return matrix, np.ones(len(matrix), np.bool_)
        out = np.empty(matrix.shape, np.uint8)
        return out, (engine.decrypt_matrix if inverse else engine.encrypt_matrix)(matrix, out)

    return map_rows(values, rows, outside(), transform="ff1", others=params.others)


def _texts(texts: list[str], params: Params, engine: FF1, *, inverse: bool) -> list[str | None]:
    """Alphabets beyond ASCII: by characters, not by bytes."""
    move = engine.decrypt_list if inverse else engine.encrypt_list
    if params.others == "refuse":
        return list(move(texts))
    fits = [engine.fits(text) for text in texts]
    found = iter(move([text for text, fit in zip(texts, fits, strict=True) if fit]))
    return [next(found) if fit else None for fit in fits]


def guarantee(params: Params) -> Guarantee:
    """A permutation of the texts of each length."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="length, alphabet and which rows have the same value",
        keyed=True,
        reversible=True,
        injective=True,
        notes=("NIST SP 800-38G Rev. 1 draft: at least 10^6 values of each length",),
    )


sql = no_sql("ff1")
