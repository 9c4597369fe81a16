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
    from guard.anonymize.crypto.tail_digits import CARD_WIDTHS, bank_cards

    if matrix.shape[1] not in CARD_WIDTHS:
        return None
    cards = bank_cards(cipher, matrix.shape[1])
    return cards.decrypt(matrix) if back else cards.encrypt(matrix)


_numbers = Identifier(
    "ff1_bank_card",
    permute,
    valid="a card number of 13 to 19 digits with its check digit",
    shows="issuer and length, and which rows have the same number",
)
apply, invert, guarantee = _numbers.apply, _numbers.invert, _numbers.guarantee
sql = no_sql("ff1_bank_card")
