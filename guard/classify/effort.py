"""How much of a column is looked at: an ordinary look, or one that finds a kind in a small share of the cells.

A sample of n cells holds none of a kind that stands in a share p of the cells with probability (1 - p)^n. For one cell
at 95 % that is the rule of three, n = 3 / p. One cell is enough where a form is its own proof (a resident number, a
key); card numbers and telephone numbers ask for up to `CELLS` of them, since chance passes their check digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import exp, lgamma, log, log1p

CELLS = 5  # of a kind that the sample holds with the probability asked for
MOST_ROWS = 1_000_000
_LEAST_CONFIDENCE, _MOST_CONFIDENCE = 0.5, 0.9999


@dataclass(frozen=True, slots=True)
class Effort:
    """What is looked at of one column.

    Attributes:
        distinct: distinct values; evenly spread over the rest.
        texts: long values that are read as running text.
        characters: of all of them.
        documents: JSON documents that are parsed.
    """

    distinct: int
    texts: int
    characters: int
    documents: int


ORDINARY = Effort(distinct=2_000, texts=120, characters=40_000, documents=2_000)


def thorough(rows: int) -> Effort:
    """Every value of so many rows; of running texts at most 4 million characters a column."""
    return Effort(distinct=rows, texts=rows, characters=4_000_000, documents=rows)


def rows_for(rate: Fraction, confidence: float, *, cells: int = CELLS) -> int:
    """The rows of a sample that holds `cells` cells of a kind of this share with this probability.

    The rows are drawn independently of one another and of the order of the table.

    Args:
        rate: the share of cells, above 0 and below 1.
        confidence: the probability, .5 to .9999.
        cells: how many cells of the kind.

    Raises:
        ValueError: an argument lies outside, or more than a million rows would be needed.

    >>> rows_for(Fraction(1, 1000), 0.95, cells=1)
    2995
    >>> rows_for(Fraction(1, 1000), 0.95)
    9151
    """
    if not 0 < rate < 1:
        raise ValueError("a share lies between 0 and 1")
    if not _LEAST_CONFIDENCE <= confidence <= _MOST_CONFIDENCE:
        raise ValueError(f"a confidence lies between {_LEAST_CONFIDENCE} and {_MOST_CONFIDENCE}")
    low, high = cells - 1, MOST_ROWS
    if found_with(float(rate), high, cells=cells) < confidence:
        raise ValueError(f"a share of {rate} asks for more than {MOST_ROWS:,} rows")
    while high - low > 1:  # the probability grows with the rows
        middle = (low + high) // 2
        low, high = (low, middle) if found_with(float(rate), middle, cells=cells) >= confidence else (middle, high)
    return high


def found_with(rate: float, rows: int, *, cells: int = CELLS) -> float:
    """The probability that so many rows hold at least `cells` cells of a kind of this share.

    >>> round(found_with(0.001, 1000, cells=1), 3)
    0.632
    """
    fewer = 0.0
    for count in range(min(cells, rows + 1)):
        ways = lgamma(rows + 1) - lgamma(count + 1) - lgamma(rows - count + 1)
        fewer += exp(ways + count * log(rate) + (rows - count) * log1p(-rate))
    return 1.0 - fewer
