"""Another whole number below a bound: a pseudonym for key columns, which keeps their type and that keys are unique.

What it hides: the number, its order, and how many there are.
What it keeps: type, equality, and that different numbers stay different: keys stay unique and foreign keys still join,
also between a column of numbers and one of texts that spell them. The key holder gets numbers back.
Against whom: a reader without the key who sees many outputs, and knows some pairs.

Guarantee: a permutation of all whole numbers from 0 to below `below`, by FF1 over the whole domain.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array([1, 2, 1, None], pa.int32()), Params(), keys).to_pylist()
    [432698506, 185389946, 432698506, None]
    >>> apply(pa.array(["1", "2"]), Params(), keys).to_pylist()
    ['432698506', '185389946']

What it does not protect: how often a number occurs, and everything once the key is lost. Negative numbers, numbers
from `below` on and texts that do not spell a number in its one way are outside (`others`). Columns that join share
`below` and `domain`.
Reference: NIST SP 800-38G; Black and Rogaway, Ciphers with arbitrary finite domains (2002).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import Others, check_names, key_of
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.anonymize.no_sql import no_sql
from guard.errors import PlanError, TransformError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys

LEAST, MOST = 10**6, 2**56  # numbers in the domain: the floor of FF1, and what its batches hold
SPELLED = "^(0|[1-9][0-9]{0,16})$"


class Params(Value, frozen=True):
    """`below` is the size of the domain, 10^6 to 2^56: what every number of the column is below. `cipher` is aes or
    sm4; `others` says what becomes of a value outside: `refuse` the column, or `null`. `domain`, `version` and
    `purpose` as in `pseudonym`.
    """

    below: int = 2**31
    cipher: CipherName = "aes"
    others: Others = "refuse"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("ff1_integer", self.domain, self.purpose, self.version)
        if not LEAST <= self.below <= MOST:
            msg = "`below` of `ff1_integer` is not in 1000000 to 72057594037927936"
            raise PlanError(msg, help="leave it out for 2147483648, the keys of a 32-bit column")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """All numbers at once.

    Raises:
        TransformError: the column has neither whole numbers nor texts, cannot hold every number below `below`, or has a
            value outside (`others`).
        KeyUnavailableError: there is no key, or not of this version.
    """
    return _column(values, params, required(keys, "ff1_integer"), back=False)


def invert(
    values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None, grant: ReidentificationGrant
) -> pa.Array:
    """The numbers that `apply` got.

    Raises:
        AccessDeniedError: the grant does not cover this.
        TransformError, KeyUnavailableError: see `apply`.
    """
    from guard.anonymize.crypto.column import count
    from guard.anonymize.grant import require

    bound = required(keys, "ff1_integer")
    require(grant, "ff1_integer", bound, count(values))
    return _column(values, params, bound, back=True)


def _column(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys, *, back: bool) -> pa.Array:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import array, is_text, no_form
    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.permutation import Permutation

    one = array(values)
    if pa.types.is_null(one.type):  # nothing but nulls, of no type yet
        return one
    if pa.types.is_dictionary(one.type):
        words = _column(one.dictionary, params, keys, back=back)
        return pc.take(words, one.indices).dictionary_encode().cast(one.type)
    if is_text(one.type):
        spelled = pc.if_else(pc.match_substring_regex(one, SPELLED), one, None)
        numbers = spelled.cast(pa.uint64())
    elif pa.types.is_integer(one.type):
        _require_room(one.type, params.below)
        numbers = pc.if_else(pc.greater_equal(one, pa.scalar(0, one.type)), one, None).cast(pa.uint64())
    else:
        raise no_form("ff1_integer", one.type, cure="use it on whole numbers, or on texts that spell them")
    inside = pc.if_else(pc.less(numbers, pa.scalar(params.below, pa.uint64())), numbers, None)
    if params.others == "refuse" and inside.null_count > one.null_count:
        msg = "a value is no whole number below `below`"
        raise TransformError(msg, help="raise `below`, clean the column, or set `others: null` to make it null")
    made = cipher(params.cipher, key_of(keys, "ff1_integer", params.domain, params.version, params.cipher))
    permutation = Permutation(made, params.below)
    there = np.ascontiguousarray(pc.fill_null(inside, 0).to_numpy(zero_copy_only=False))
    moved = (permutation.decrypt if back else permutation.encrypt)(there)
    return pa.array(moved, pa.uint64(), mask=np.asarray(inside.is_null())).cast(one.type)


def _require_room(type_: pa.DataType, below: int) -> None:
    bits = type_.bit_width - (not str(type_).startswith("u"))
    if below > 2**bits:
        msg = f"a column of type `{type_}` does not hold every number below {below}"
        raise TransformError(msg, help=f"set `below` to at most {2**bits}, or make the column wider")


def guarantee(params: Params) -> Guarantee:
    """A permutation of the numbers below `below`."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="which rows have the same number",
        keyed=True,
        reversible=True,
        injective=True,
        notes=("NIST SP 800-38G Rev. 1 draft: at least 10^6 values are permuted", f"{params.below} numbers"),
    )


sql = no_sql("ff1_integer")
