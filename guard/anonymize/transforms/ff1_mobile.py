"""Another mobile number with the same first three digits.

What it hides: the number behind the prefix of the operator.
What it keeps: prefix, length, equality; the key holder gets numbers back. Different numbers stay different.
Against whom: a reader without the key who sees many outputs, and knows some pairs.

Guarantee: a permutation of all 10^8 numbers of a prefix, by FF1 with the prefix as tweak. Only the middle four digits
could not be permuted: 10^4 values are tabulated in no time.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> made = apply(pa.array(["13812341234", "13812341235", None]), Params(), keys)
    >>> made.to_pylist()
    ['13800529577', '13844590333', None]

What it does not protect: the prefix, how often a number occurs, and everything once the key is lost. A result may be
somebody's number: never call it, never send to it.
Reference: NIST SP 800-38G; YD/T 1138; GB/T 37964-2019, format-preserving encryption.
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
    from guard.anonymize.crypto.tail_digits import MOBILE_DIGITS, Mobiles

    if matrix.shape[1] != MOBILE_DIGITS:
        return None
    mobiles = Mobiles(cipher)
    return mobiles.decrypt(matrix) if back else mobiles.encrypt(matrix)


_numbers = Identifier(
    "ff1_mobile", permute, valid="a mobile number of 11 digits", shows="the prefix, and which rows have the same number"
)
apply, invert, guarantee = _numbers.apply, _numbers.invert, _numbers.guarantee
sql = no_sql("ff1_mobile")
