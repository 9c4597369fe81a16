"""A keyed token in place of each value: the same value gets the same token, for one purpose.

What it hides: the value, from everybody without the key.
What it keeps: equality: rows of one person still join, across tables, files, engines, runs and hosts.
Against whom: a reader without the key who may guess values (all phone numbers are guessed in a minute, so there is no
unkeyed form: what can be computed without a key can be looked up).

Guarantee: the token is the first 96 bits of HMAC-SHA256 under a key derived for the purpose, the `domain` and the key
version, behind its version: `g1_` and 24 hexadecimal digits. Different purposes and different domains are unlinkable.
Among n values two share a token with a chance of n*n/2^97 (a billion values: about 1 in 10^11).

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array(["张三", "李四", "张三", None]), Params(), keys).to_pylist()
    ['g1_e27f6fd68bbaee4bd26c5de5', 'g1_3aaf2b4b7cca0db732aad22a', 'g1_e27f6fd68bbaee4bd26c5de5', None]

What it does not protect: how often a value occurs (frequency attacks), the pattern of joins, and everything once the
key is lost. It is pseudonymised data, still personal data (PIPL art. 73, GDPR art. 4(5)).
A 64-bit integer becomes 18 decimal digits of the same HMAC (57 bits against collisions: ten million values, 1 in
10^3.6), without a version; smaller integers, dates and all else have no form.
Reference: RFC 2104, RFC 5869; GB/T 37964-2019 annex A, pseudonymisation; Google `CRYPTO_HASH`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import MAX_NAME_BYTES, required
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.hmac_column import HmacColumn
    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


TOKEN_DIGITS = 24  # hexadecimal: 96 bits
NUMBER_DIGITS = 18  # decimal: the most that a signed 64-bit integer always holds

_TOKEN = re.compile(r"g[1-9][0-9]{0,2}_[0-9a-f]{24}")
_CURE = "use it on texts or 64-bit integers; in a plan, `as: text` makes a text of another type"


class Params(Value, frozen=True):
    """`domain` keeps unrelated columns unlinkable; columns that must join share it. `version` None is the current key.

    `purpose` is for masks in rules, which have no plan around them; a plan gives its own.
    """

    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        if len(self.domain.encode()) > MAX_NAME_BYTES or len(self.purpose.encode()) > MAX_NAME_BYTES:
            msg = f"`domain` or `purpose` of `pseudonym` has more than {MAX_NAME_BYTES} bytes"
            raise PlanError(msg, help="use a short name, such as `person`")
        if self.version is not None and self.version < 1:
            msg = "`version` of `pseudonym` is less than 1"
            raise PlanError(msg, help="leave it out for the current key")

    @property
    def use(self) -> str:
        """The name under which the key is derived."""
        return f"pseudonym:{self.domain}"


def is_token(text: str) -> bool:
    """True for the form of a token: to see that a column has been through here already."""
    return _TOKEN.fullmatch(text) is not None


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """By buffers; a column that repeats itself is hashed by its distinct values.

    Raises:
        TransformError: the column holds neither texts nor 64-bit integers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    import pyarrow as pa

    from guard.anonymize.columns import array, is_text, map_text, no_form
    from guard.anonymize.hmac_column import HmacColumn

    one = array(values)
    bound = required(keys, "pseudonym")
    column = HmacColumn(bound.derive(params.use, params.version))
    if is_text(one.type):
        return map_text(one, lambda text: column.tokens(text, _prefix(params, bound), TOKEN_DIGITS))
    if pa.types.is_int64(one.type) or pa.types.is_uint64(one.type):
        return _numbers(column, one)
    raise no_form("pseudonym", one.type, cure=_CURE)


def _numbers(column: HmacColumn, values: pa.Array) -> pa.Array:
    """Eighteen decimal digits: a to f become 0 to 5."""
    import pyarrow.compute as pc

    digits = column.tokens(values.cast("string"), "", NUMBER_DIGITS)
    for letter, digit in zip("abcdef", "012345", strict=True):
        digits = pc.replace_substring(digits, letter, digit)
    return digits.cast(values.type)


def _prefix(params: Params, keys: Keys) -> str:
    return f"g{params.version or keys.current}_"


def guarantee(params: Params) -> Guarantee:
    """Equality within one purpose and domain."""
    return Guarantee(
        State.PSEUDONYMISED,
        shows="which rows have the same value",
        keyed=True,
        injective=True,
        notes=("two of n values share a token with a chance of n*n/2^97; as 64-bit integers n*n/2^58",),
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
    """The same HMAC out of the engine's SHA-256; the key pads are bound parameters.

    Raises:
        TransformError: the column holds neither texts nor 64-bit integers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.hmac_sql import digits, hmac_hex
    from guard.anonymize.sql_functions import case, join, part, stored_as, string, text
    from guard.anonymize.sql_types import Family, sql_type

    kind, bound = sql_type(column_type, dialect), required(keys, "pseudonym")
    whole = kind.family is Family.INTEGER and kind.high >= 2**63 - 1
    if kind.family is not Family.TEXT and not whole:
        raise no_form("pseudonym", column_type, cure=_CURE)
    value = text(column, kind)
    key = bound.derive(params.use, params.version)
    hexadecimal = hmac_hex(value, key, dialect=kind.dialect, parameters=parameters)
    if whole:
        result: exp.Expression = exp.Cast(
            this=digits(hexadecimal, NUMBER_DIGITS, kind.dialect), to=exp.DataType.build("BIGINT")
        )
        if kind.dialect == "sqlite":  # a column of integers may hold anything
            return case((stored_as(column, "integer"), result))
    else:
        result = join(string(_prefix(params, bound)), part(hexadecimal, 1, TOKEN_DIGITS))
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return kind.cast(case((present, result)))
