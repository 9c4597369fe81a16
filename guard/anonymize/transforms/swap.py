"""A share of the rows exchange their values in pairs, by a key.

What it hides: which row a value belonged to; nobody can say whether a row was among those that were swapped.
What it keeps: the set of values exactly, and which values the rows outside the share have.
Against whom: a reader who knows other columns of a row and wants this one.

Guarantee: the pairs are chosen by AES-256 under a key derived for the purpose, the `domain`, the key version and the
values of the column themselves, so that two columns never move alike. A row that is alone in its group becomes null.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array([1, 2, 3, 4, 5, None]), Params(share=1.0), keys).to_pylist()
    [5, None, 4, 3, 1, 2]

What it does not protect: the values themselves (a rare one still says that it occurs), and the rows that were not
swapped. The link to all columns outside `within` is lost. The column is held in memory, up to 512 MB of it.
Reference: GB/T 37964-2019 annex A, shuffling; Dalenius and Reiss, Data-swapping (1982); sdcMicro `rankSwap`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import ChoiceParams
from guard.anonymize.no_sql import TABLE, no_sql
from guard.anonymize.rearrange import Rearrange
from guard.anonymize.rows import alone, not_surveyed
from guard.errors import PlanError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.keys import Keys
    from guard.anonymize.rows import Rows, WideTransform


class Params(ChoiceParams, frozen=True, kw_only=True):
    """`share` of the rows takes part, up to 1. `within`: columns; rows that agree there exchange among themselves.

    `domain`, `version` and `purpose` as in `pseudonym`.
    """

    share: float = 0.1
    within: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share <= 1:
            msg = "`share` of `swap` is not between 0 and 1"
            raise PlanError(msg, help="write `share: 0.1` for one row of ten")


def reads(params: Params) -> tuple[str, ...]:
    """The columns of the groups."""
    return params.within


def survey(params: Params, keys: Keys | None) -> Rearrange:
    """Holds the column, and finds the new order."""
    return Rearrange("swap", params, keys, share=params.share)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """A column that is the whole table; see `apply_rows`."""
    return alone(cast("WideTransform", sys.modules[__name__]), values, params, keys)


def apply_rows(values: pa.Array, params: Params, keys: Keys | None, rows: Rows) -> pa.Array:
    """The part of the new order that belongs to these rows."""
    if rows.found is None:
        raise not_surveyed()
    return rows.found.slice(rows.start, len(values))


def guarantee(params: Params) -> Guarantee:
    """The set of values."""
    return Guarantee(State.GENERALISED, shows="the values of the table, a share of them in other rows", keyed=True)


sql = no_sql("swap", TABLE)
