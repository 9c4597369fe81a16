"""RFC 6962, section 2.1, as it is written: recursive, over lists of entries, without any optimisation."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    n = len(entries)
    if n == 0:
        return sha256().digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(n)
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


class Reference:
    """MTH, PATH and PROOF of one list of entries; remembers subtrees, since the tests ask for all of them."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = entries
        self._known: dict[tuple[int, int], bytes] = {}

    def mth(self, low: int, high: int) -> bytes:
        """MTH(D[low:high])."""
        if (low, high) not in self._known:
            n = high - low
            if n <= 1:
                hashed = mth(self.entries[low:high])
            else:
                k = split(n)
                hashed = sha256(b"\x01" + self.mth(low, low + k) + self.mth(low + k, high)).digest()
            self._known[low, high] = hashed
        return self._known[low, high]

    def path(self, m: int, low: int, high: int) -> list[bytes]:
        """PATH(m, D[low:high])."""
        n = high - low
        if n == 1:
            return []
        k = split(n)
        if m < k:
            return [*self.path(m, low, low + k), self.mth(low + k, high)]
        return [*self.path(m - k, low + k, high), self.mth(low, low + k)]

    def proof(self, m: int, n: int) -> list[bytes]:
        """PROOF(m, D[n]), 0 < m < n."""
        return self._subproof(m, 0, n, whole=True)

    def _subproof(self, m: int, low: int, high: int, *, whole: bool) -> list[bytes]:
        n = high - low
        if m == n:
            return [] if whole else [self.mth(low, high)]
        k = split(n)
        if m <= k:
            return [*self._subproof(m, low, low + k, whole=whole), self.mth(low + k, high)]
        return [*self._subproof(m - k, low + k, high, whole=False), self.mth(low, low + k)]
