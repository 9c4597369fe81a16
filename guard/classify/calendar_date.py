"""Calendar dates inside numbers and texts, without a clock: what counts is that the day exists."""

from __future__ import annotations

FIRST_YEAR = 1900
LAST_YEAR = 2039  # a bound on plausibility, not "today": the same text must get the same answer next year

_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def exists(year: int, month: int, day: int) -> bool:
    """True for a day of the Gregorian calendar between 1900 and 2039.

    >>> exists(2000, 2, 29), exists(1900, 2, 29), exists(1899, 12, 31)
    (True, False, False)
    """
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= _DAYS[month]):
        return False
    return not (month == 2 and day == 29 and (year % 4 or (year % 100 == 0 and year % 400)))


def compact(digits: str) -> bool:
    """True for `yyyymmdd` that exists.

    >>> compact("19491231"), compact("19491301")
    (True, False)
    """
    return exists(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
