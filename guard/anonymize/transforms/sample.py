"""Only a share of the values stays, chosen by a key; the others become null.

What it hides: everybody outside the sample, and with the key kept secret, who of the population is in it.
What it keeps: the values of the sample as they are. Under `rows` of a plan it leaves whole rows out.
Against whom: a reader who knows that a person is in the population, not that they are in the release.

Guarantee: a value stays when its HMAC-SHA256 under a key derived for the purpose, the `domain` and the key version
falls below `share`. The same person is in the sample of every table, file and engine, so that samples still join.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array(["a", "e", "c", "a", None]), Params(share=0.2), keys).to_pylist()
    ['a', None, 'c', 'a', None]

What it does not protect: those who are in the sample; their values need a transform of their own.
Reference: GB/T 37964-2019 annex A, sampling; sdcMicro, sampling fraction.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import RANGE, ChoiceParams
from guard.errors import PlanError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


class Params(ChoiceParams, frozen=True, kw_only=True):
    """`share` of the distinct values stays, between 0 and 1. `domain`, `version` and `purpose` as in `pseudonym`."""

    share: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share < 1:
            msg = "`share` of `sample` is not between 0 and 1"
            raise PlanError(msg, help="write `share: 0.1` for one value of ten")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """By buffers.

    Raises:
        TransformError: the column holds neither texts nor whole numbers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import array, is_text, map_text
    from guard.anonymize.keyed_choice import chosen

    def kept(one: pa.Array) -> pa.Array:
        inside = pa.array(chosen("sample", one, params, keys) < int(params.share * RANGE))
        return pc.if_else(inside, one, pa.scalar(None, one.type))

    one = array(values)
    return map_text(one, kept) if is_text(one.type) else kept(one)


def guarantee(params: Params) -> Guarantee:
    """The value itself, for the sample."""
    shows = "the value, where it is in the sample; all others look the same"
    return Guarantee(State.GENERALISED, shows=shows, keyed=True)


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same HMAC in SQL.

    Raises:
        TransformError: the column holds neither texts nor whole numbers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.keyed_choice import CURE, chosen_sql
    from guard.anonymize.sql_functions import case, every, number, stored_as, text
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family not in {Family.TEXT, Family.INTEGER}:
        raise no_form("sample", column_type, cure=CURE)
    value = text(column, kind)
    drawn = chosen_sql("sample", value, params, keys, kind.dialect, parameters)
    inside: exp.Expression = exp.LT(this=drawn, expression=number(int(params.share * RANGE)))
    if kind.dialect == "sqlite" and kind.family is Family.INTEGER:
        inside = every(stored_as(column, "integer"), inside)
    missing = exp.Is(this=value.copy(), expression=exp.Null())
    return kind.cast(case((missing, exp.Null()), (inside, value if kind.family is Family.TEXT else column)))
