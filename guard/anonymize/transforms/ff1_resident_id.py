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

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.identifier import Identifier, IdentifierParams
from guard.anonymize.no_sql import no_sql

if TYPE_CHECKING:
    from guard.anonymize.crypto.cipher import BlockCipher
    from guard.anonymize.crypto.column import Bad, Bytes

Params = IdentifierParams


def permute(cipher: BlockCipher, matrix: Bytes, back: bool) -> tuple[Bytes, Bad | None] | None:  # noqa: FBT001
    """The numbers of one width, forwards or back."""
    from guard.anonymize.crypto.resident_id import WIDTH, ResidentIds

    if matrix.shape[1] != WIDTH:
        return None
    ids = ResidentIds(cipher)
    return ids.decrypt(matrix) if back else ids.encrypt(matrix)


_numbers = Identifier(
    "ff1_resident_id",
    permute,
    valid="a valid resident ID of 18 characters",
    shows="the region, and which rows have the same number",
)
apply, invert, guarantee = _numbers.apply, _numbers.invert, _numbers.guarantee
sql = no_sql("ff1_resident_id")
