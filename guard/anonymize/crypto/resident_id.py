"""Resident identity card numbers as numbers: a permutation of birth date and sequence that keeps the region.

Date and sequence are ranked together (date by date from 1900 to 2039, a thousand sequence codes each: 51,134,000
ranks, well above the floor), permuted with the region as tweak, and written with the check character of the result.
"Keep the region and the birth date" would leave a thousand values and cannot be had.

References: GB 11643-1999; ISO 7064 MOD 11-2; NIST SP 800-38G.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guard.anonymize.crypto import digits
from guard.anonymize.crypto.cipher import BlockCipher
from guard.anonymize.crypto.cmac import CHUNK
from guard.anonymize.crypto.permutation import Permutation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Bad = NDArray[np.bool_]

WIDTH = 18  # characters
FIRST_YEAR, LAST_YEAR = 1900, 2039  # what detectors find plausible: a result is recognised as what it was
SEQUENCES = 1000
TWEAK_BYTES = 3  # of a region below 10^6

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = b"10X98765432"


class ResidentIds:
    """Permutes numbers that are valid by date and check character to numbers that are."""

    width = WIDTH

    def __init__(self, cipher: BlockCipher) -> None:
        self._permutation = Permutation(cipher, _tables().days * SEQUENCES, row_tweak_bytes=TWEAK_BYTES)

    def encrypt(self, rows: Bytes) -> tuple[Bytes, Bad | None]:
        """(rows, 18) to (rows, 18), and which rows are no valid number (None: all are)."""
        return self._all(rows, forward=True)

    def decrypt(self, rows: Bytes) -> tuple[Bytes, Bad | None]:
        """The way back."""
        return self._all(rows, forward=False)

    def _all(self, rows: Bytes, *, forward: bool) -> tuple[Bytes, Bad | None]:
        out, bad = np.empty(rows.shape, np.uint8), np.zeros(len(rows), np.bool_)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            self._chunk(rows[part], out[part], bad[part], forward=forward)
        return out, bad if bad.any() else None

    def _chunk(self, rows: Bytes, out: Bytes, bad: Bad, *, forward: bool) -> None:
        known = _tables()
        region, rank = _parse(rows, bad)
        move = self._permutation.encrypt if forward else self._permutation.decrypt
        rank = move(rank, region)
        day = rank // np.uint64(SEQUENCES)
        sequence = rank - day * np.uint64(SEQUENCES)
        # 8 characters of region and century, 8 of date and sequence, 2 at the end: two words and a half.
        out[:, :6] = rows[:, :6]
        out[:, 6:14].view("<u8")[:, 0] = known.dates.take(day)
        tail = known.sequences.take(sequence)
        tail |= known.checks.take(_sum(region, day, sequence)).astype(np.uint32) << np.uint32(24)
        out[:, 14:18].view("<u4")[:, 0] = tail


def _parse(rows: Bytes, bad: Bad) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Region and rank of each row; what is no valid number is marked in `bad` and ranks 0."""
    known = _tables()
    head, wrong_head = digits.parse(rows[:, :8])
    body, wrong_body = digits.parse(rows[:, 8:16])
    last = rows[:, 16].astype(np.uint64) - np.uint64(ord("0"))
    for wrong in (wrong_head, wrong_body):
        if wrong is not None:
            bad |= wrong
    bad |= last > 9
    if bad.any():
        head[bad], body[bad], last[bad] = 0, 0, 0
    region = head // np.uint64(100)
    year = (head - region * np.uint64(100)) * np.uint64(100)
    century_year = body // np.uint64(1_000_000)
    year += century_year
    body -= century_year * np.uint64(1_000_000)
    date = body // np.uint64(100)
    sequence = (body - date * np.uint64(100)) * np.uint64(10) + last
    year -= np.uint64(FIRST_YEAR)  # what is below it wraps to something huge
    start = known.years.take(np.minimum(year, np.uint64(len(known.years) - 1)))
    of_year = known.of_year.take((start & 1) * 10000 + date.astype(np.int64))
    day = (start >> 1) + of_year
    wrong = (start < 0) | (of_year < 0)
    day[wrong] = 0
    bad |= wrong
    day_ = day.astype(np.uint64)
    bad |= known.checks.take(_sum(region, day_, sequence)) != rows[:, 17]
    rank = day_ * np.uint64(SEQUENCES) + sequence
    if bad.any():
        rank[bad] = 0
    return region, rank


def _sum(region: NDArray[np.uint64], day: NDArray[np.uint64], sequence: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The weighted sum of the 17 digits, each part modulo 11."""
    known = _tables()
    high = region // np.uint64(1000)
    found = known.of_region[0].take(high)
    found += known.of_region[1].take(region - high * np.uint64(1000))
    found += known.of_date.take(day)
    found += known.of_sequence.take(sequence)
    return found


class _Tables(NamedTuple):
    days: int
    years: NDArray[np.int64]  # 2 * first day of the year + 1 in leap years; the last entry is -2: no such year
    of_year: NDArray[np.int64]  # [leap * 10000 + month and day] -> days since new year, -1 for no such day
    dates: NDArray[np.uint64]  # day -> eight characters
    sequences: NDArray[np.uint32]  # sequence -> three characters, and room for the check character
    of_region: tuple[NDArray[np.uint8], NDArray[np.uint8]]  # weighted sums modulo 11 of the digits 1-3 and 4-6
    of_date: NDArray[np.uint8]
    of_sequence: NDArray[np.uint8]
    checks: NDArray[np.uint8]  # sum of the four sums -> check character


@cache
def _tables() -> _Tables:
    first, end = dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR + 1, 1, 1)
    all_days = [first + dt.timedelta(day) for day in range((end - first).days)]
    texts = np.frombuffer("".join(day.strftime("%Y%m%d") for day in all_days).encode(), np.uint8).reshape(-1, 8)
    years = [2 * (dt.date(year, 1, 1) - first).days + _leap(year) for year in range(FIRST_YEAR, LAST_YEAR + 1)]
    of_year = np.full(20000, -1, np.int64)
    for leap, year in ((0, 2001), (1, 2000)):
        for count in range(365 + leap):
            day = dt.date(year, 1, 1) + dt.timedelta(count)
            of_year[leap * 10000 + day.month * 100 + day.day] = count
    threes = np.frombuffer("".join(f"{number:03d}" for number in range(1000)).encode(), np.uint8).reshape(-1, 3)
    padded = np.zeros((1000, 4), np.uint8)
    padded[:, :3] = threes
    return _Tables(
        len(all_days),
        np.array([*years, -2], np.int64),
        of_year,
        texts.copy().view("<u8")[:, 0].astype(np.uint64),
        padded.view("<u4")[:, 0].astype(np.uint32),
        (_weighted(threes, 0), _weighted(threes, 3)),
        _weighted(texts, 6),
        _weighted(threes, 14),
        np.array([_CHECKS[total % 11] for total in range(44)], np.uint8),
    )


def _leap(year: int) -> int:
    return int(year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def _weighted(texts: Bytes, at: int) -> NDArray[np.uint8]:
    weights = np.array(_WEIGHTS[at : at + texts.shape[1]], np.int64)
    sums: NDArray[np.int64] = np.sum((texts.astype(np.int64) - ord("0")) * weights, axis=1)
    return (sums % 11).astype(np.uint8)
