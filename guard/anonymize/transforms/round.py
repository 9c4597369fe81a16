"""Numbers become the nearest multiple of a width; halves go up.

What it hides: the last digits.
What it keeps: sums and averages nearly, the order nearly, and the type.
Against whom: a reader who would single a person out by an exact number; a step towards k-anonymity.

Guarantee: numbers that share the multiple of `width` that the number is nearest to look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array([34, 35, -5, None]), Params(width=10), None).to_pylist()
    [30, 40, 0, None]

What it does not protect: rare bins (the one person above 110), and a width that is small against the spread.
A text that spells a plain decimal number is treated as its number, any other text becomes null; in SQL a text column
has no form. A number without an edge in its type, an infinity and NaN become null.
Reference: GB/T 37964-2019 annex A, rounding.
"""

from __future__ import annotations

from guard.anonymize.binning import Binning, BinParams

Params = BinParams

_bins = Binning("round", "nearest", shows="the multiple of width {} that the number is nearest to")
apply, guarantee, sql = _bins.apply, _bins.guarantee, _bins.sql
