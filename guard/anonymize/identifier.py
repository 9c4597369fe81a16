"""What the transforms share that permute the valid numbers of one kind: resident IDs, bank cards, mobile numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guard.anonymize.crypto.cipher import BlockCipher, CipherName
from guard.anonymize.crypto.keyed import Others, check_names, key_of
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.errors import TransformError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.crypto.column import Bad, Bytes
    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys

# The rows of one width, forwards or back; None where no valid number has this width.
Permute = Callable[["BlockCipher", "Bytes", bool], "tuple[Bytes, Bad | None] | None"]


class IdentifierParams(Value, frozen=True):
    """`cipher` is aes or sm4; columns that must join share `domain`; `others` says what becomes of a value that is no
    valid number: `refuse` the column, or `null`. `version` and `purpose` as in `pseudonym`.
    """

    cipher: CipherName = "aes"
    others: Others = "refuse"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("an identifier", self.domain, self.purpose, self.version)


class Identifier:
    """The verbs of one kind of number.

    `valid` says in words what a value must be; `shows` what of it stays.
    """

    def __init__(self, transform: str, permute: Permute, *, valid: str, shows: str) -> None:
        self._transform, self._permute = transform, permute
        self._valid, self._shows = valid, shows

    def apply(self, values: pa.Array | pa.ChunkedArray, params: Any, keys: Keys | None) -> pa.Array:
        """All values at once.

        Raises:
            TransformError: the column is not text, or holds a value that is no valid number (`others`).
            KeyUnavailableError: there is no key, or not of this version.
        """
        return self._column(values, params, required(keys, self._transform), back=False)

    def invert(
        self, values: pa.Array | pa.ChunkedArray, params: Any, keys: Keys | None, grant: ReidentificationGrant
    ) -> pa.Array:
        """The values that `apply` got.

        Raises:
            AccessDeniedError: the grant does not cover this.
            TransformError, KeyUnavailableError: see `apply`.
        """
        from guard.anonymize.crypto.column import count
        from guard.anonymize.grant import require

        bound = required(keys, self._transform)
        require(grant, self._transform, bound, count(values))
        return self._column(values, params, bound, back=True)

    def _column(self, values: pa.Array | pa.ChunkedArray, params: Any, keys: Keys, *, back: bool) -> pa.Array:
        import numpy as np

        from guard.anonymize.crypto.cipher import cipher
        from guard.anonymize.crypto.column import map_rows

        made = cipher(params.cipher, key_of(keys, self._transform, params.domain, params.version, params.cipher))

        def rows(matrix: Bytes) -> tuple[Bytes, Bad | None]:
            done = self._permute(made, matrix, back)
            return (matrix, np.ones(len(matrix), np.bool_)) if done is None else done

        refused = TransformError(
            f"a value is not {self._valid}", help="clean the column, or set `others: null` to make it null"
        )
        return map_rows(values, rows, refused, transform=self._transform, others=params.others)

    def guarantee(self, params: Any) -> Guarantee:  # noqa: ARG002 - the verbs have one shape on every transform
        """A permutation of what is valid."""
        return Guarantee(
            State.PSEUDONYMISED,
            shows=self._shows,
            keyed=True,
            reversible=True,
            injective=True,
            notes=("NIST SP 800-38G Rev. 1 draft: at least 10^6 values are permuted",),
        )
