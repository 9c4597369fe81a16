"""Columns whose values change places, by a key; see `transforms/shuffle.py` and `transforms/swap.py`.

Rows are ordered by their group and a keyed random number. A shuffle gives the rows of a group, in their order, the
values of the group in the random order; a swap exchanges neighbours of the random order, pair by pair.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.columns import array
from guard.anonymize.columns import content as held
from guard.anonymize.crypto.cipher import BLOCK, Aes
from guard.anonymize.keyed_choice import ChoiceParams
from guard.anonymize.keys import required
from guard.anonymize.small_groups import group_keys
from guard.errors import TransformError
from guard.model import Sensitive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guard.anonymize.keys import Keys

MAX_BYTES = 512 * 1024 * 1024  # of one column


class Rearrange:
    """Holds a column, and its groups, until all of it is there. `share` None shuffles; else that share is swapped."""

    def __init__(self, transform: str, params: ChoiceParams, keys: Keys | None, *, share: float | None) -> None:
        self._share = share
        self._key = required(keys, transform).derive(f"{transform}:{params.domain}", params.version)
        self._values: list[pa.Array] = []
        self._groups: list[pa.Array] = []
        self._bytes = 0

    def see(self, values: pa.Array, beside: Mapping[str, pa.Array]) -> None:
        """The next batch.

        Raises:
            TransformError: the column is larger than fits in memory.
        """
        self._bytes += values.nbytes
        if self._bytes > MAX_BYTES:
            msg = f"it has more than {MAX_BYTES // 1024**2} MB, and its rows change places in memory"
            raise TransformError(msg, help="split the file by a column such as a province, or use another transform")
        self._values.append(values)
        if beside:
            first, *others = beside.items()
            self._groups.append(group_keys(first[1], dict(others)))

    def found(self) -> Any:
        """The whole column in its new order."""
        if not self._values:
            return pa.nulls(0)
        whole = array(pa.chunked_array(self._values))
        count = len(whole)
        codes = np.zeros(count, np.int64)
        if self._groups:
            groups = array(pa.chunked_array(self._groups)).fill_null("-")
            codes = groups.dictionary_encode().indices.to_numpy().astype(np.int64)
        drawn = self._random(whole)
        order = np.lexsort((drawn, codes))
        if self._share is None:
            source = np.empty(count, np.int64)
            source[np.argsort(codes, kind="stable")] = order
        else:
            source = _swapped(order, codes, drawn, self._share)
        alone = np.bincount(codes, minlength=1)[codes] < 2 if count else np.zeros(0, bool)
        return whole.take(pa.array(source, mask=alone))

    def _random(self, whole: pa.Array) -> NDArray[np.uint64]:
        """A number for each row, by AES in counter mode under a key that belongs to this column's values."""
        content = hashlib.sha256()
        for batch in self._values:
            content.update(held(pc.fill_null(group_keys(batch, {}), "-")))
        cipher = Aes(Sensitive(hmac.digest(self._key.reveal(), content.digest(), "sha256")))
        blocks = np.zeros((len(whole) // 2 + 1, BLOCK // 8), np.uint64)
        blocks[:, 0] = np.arange(len(blocks))
        out = np.empty(blocks.nbytes, np.uint8)
        cipher.blocks(blocks.view(np.uint8).reshape(-1), out)
        return out.view(np.uint64)[: len(whole)]


def _swapped(
    order: NDArray[np.intp], codes: NDArray[np.int64], drawn: NDArray[np.uint64], share: float
) -> NDArray[np.int64]:
    """Where each row takes its value from: from its partner, where both are in one group and the pair takes part."""
    source = np.arange(len(order), dtype=np.int64)
    sizes = np.bincount(codes[order]) if len(order) else np.zeros(0, np.int64)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.arange(len(order)) - starts
    first = np.flatnonzero((place % 2 == 0) & (np.arange(len(order)) + 1 - starts < np.repeat(sizes, sizes)))
    left, right = order[first], order[first + 1]
    # Whether a pair takes part is drawn from other bits than its order was mostly decided by.
    part = ((drawn[left] ^ drawn[right]) & np.uint64(0xFFFFFFFF)).astype(np.float64) < share * 2.0**32
    source[left[part]], source[right[part]] = right[part], left[part]
    return source
