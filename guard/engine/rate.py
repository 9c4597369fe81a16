"""From a share of cells that must be found to the rows that are read for it."""

from __future__ import annotations

from fractions import Fraction

from guard.classify.effort import rows_for
from guard.errors import UsageError


def rows_to_find(rate: Fraction, confidence: float, sample: int | None) -> int:
    """The rows of a table that a scan reads to find the kinds that stand in this share of its cells.

    Raises:
        UsageError: a sample is given too, or no sample can promise it.
    """
    if sample is not None:
        raise UsageError("the rate to be found says how many rows are read", help="leave the sample out, or the rate")
    try:
        return rows_for(rate, confidence)
    except ValueError as error:
        raise UsageError(str(error), help="say it as 1/1000 with a confidence of 0.95") from None
