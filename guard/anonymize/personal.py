"""Values under the keys of the people they are about: what the erasure of a person turns into noise.

Each value is sealed (`gcm`: AES-256-GCM or SM4-GCM, randomised) under the keys of the person named in the same row.
After the person's key is destroyed their values open for nobody, wherever they were copied to; those of others do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.errors import TransformError

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys_subject import SubjectKeys
    from guard.anonymize.transforms.gcm import Params

MAX_PEOPLE = 100_000  # in one column


def seal(values: pa.Array, people: pa.Array, keys: SubjectKeys, purpose: str, params: Params) -> pa.Array:
    """A token for each value under the keys of the person in the same row; keys are made for who has none.

    Raises:
        TransformError: the columns differ in length, are not text, or a value stands beside no person.
        KeyUnavailableError: the keys of a person were destroyed.
    """
    from guard.anonymize.transforms import gcm

    return _each(values, people, lambda some, who: gcm.apply(some, params, keys.create(who, purpose)))


def unseal(
    values: pa.Array, people: pa.Array, keys: SubjectKeys, purpose: str, params: Params, grant: ReidentificationGrant
) -> pa.Array:
    """The values again; null where the person was erased.

    Raises:
        AccessDeniedError: the grant does not cover this.
        TransformError: as `seal`; or a value is no token, or one that does not open.
        KeyUnavailableError: a person never had keys.
    """
    from guard.anonymize.transforms import gcm

    def each(some: pa.Array, who: str) -> pa.Array:
        if keys.was_destroyed(who):
            return _nulls(len(some))
        return gcm.invert(some, params, keys.derive(who, purpose), grant)

    return _each(values, people, each)


def _nulls(count: int) -> pa.Array:
    import pyarrow as pa

    return pa.nulls(count, pa.string())


def _each(values: pa.Array, people: pa.Array, function: Callable[[pa.Array, str], pa.Array]) -> pa.Array:
    """`function` over the rows of each person, put back in their order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import array, is_text

    cells, who = array(values), array(people)
    if len(cells) != len(who):
        msg = f"the column of values has {len(cells)} rows, the one of people {len(who)}"
        raise TransformError(msg, help="give both columns of one table")
    if not all(is_text(one.type) or pa.types.is_null(one.type) for one in (cells, who)):
        raise TransformError("values and people are not both text", help="cast the columns to text first")
    cells, who = cells.cast(pa.string()), who.cast(pa.string())
    if pc.any(pc.and_(cells.is_valid(), who.is_null())).as_py():
        raise TransformError("a value stands beside no person", help="drop such rows, or name the person")
    coded = who.dictionary_encode()
    if len(coded.dictionary) > MAX_PEOPLE:
        msg = f"the column names more than {MAX_PEOPLE} people"
        raise TransformError(msg, help="seal it in parts")
    codes = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(coded.dictionary) + 1))
    sorted_cells = cells.take(pa.array(order))
    parts = [
        function(sorted_cells.slice(start, end - start), coded.dictionary[number].as_py()).cast(pa.string())
        for number, (start, end) in enumerate(itertools.pairwise(bounds))
    ]
    parts.append(_nulls(len(cells) - int(bounds[-1])))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return pa.concat_arrays(parts).take(pa.array(places))
