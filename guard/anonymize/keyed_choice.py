"""A keyed number for each value, in Arrow and in SQL: what sampling, noise, date shifts and word lists choose by.

The number is the same for the same value, purpose, domain and key version, in every table, file and engine; without
the key it cannot be computed, so nobody can take the noise away or say who is in a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from guard.anonymize.columns import array, is_text, no_form
from guard.anonymize.crypto.keyed import check_names
from guard.anonymize.hmac_column import HmacColumn
from guard.anonymize.keys import required
from guard.model import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.anonymize.sql_types import Dialect
    from guard.sql.masking import Parameters

RANGE = 2**60
CURE = "use it on texts or whole numbers; in a plan, `as: text` makes a text of another type"


class ChoiceParams(Value, frozen=True):
    """`domain`, `version` and `purpose` as in `pseudonym`."""

    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("a keyed choice", self.domain, self.purpose, self.version)


def chosen(
    transform: str, values: pa.Array | pa.ChunkedArray, params: ChoiceParams, keys: Keys | None
) -> NDArray[np.int64]:
    """A number from 0 to 2^60 - 1 for each value; what a null gets means nothing.

    Raises:
        TransformError: the column holds neither texts nor whole numbers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    one = array(values)
    if not is_text(one.type) and not pa.types.is_integer(one.type):
        raise no_form(transform, one.type, cure=CURE)
    key = required(keys, transform).derive(f"{transform}:{params.domain}", params.version)
    return HmacColumn(key).numbers(one.cast(pa.string()))


def chosen_sql(
    transform: str, value: exp.Expression, params: ChoiceParams, keys: Keys | None, dialect: Dialect, bound: Parameters
) -> exp.Expression:
    """The same number for `value`, the text form of a column.

    Raises:
        KeyUnavailableError: there is no key, or not of this version.
    """
    from guard.anonymize.hmac_sql import hmac_hex, number

    key = required(keys, transform).derive(f"{transform}:{params.domain}", params.version)
    return number(hmac_hex(value, key, dialect=dialect, parameters=bound), dialect)


def remainder(value: exp.Expression, divisor: int, dialect: Dialect) -> exp.Expression:
    """`value` modulo `divisor`; a function, since `%` begins a placeholder in some drivers."""
    from sqlglot import exp

    from guard.anonymize.sql_functions import call
    from guard.anonymize.sql_functions import number as literal

    if dialect == "sqlite":
        return exp.Paren(this=exp.Mod(this=value.copy(), expression=literal(divisor)))
    return call("MOD", value, literal(divisor))
