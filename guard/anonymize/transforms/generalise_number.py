"""Numbers become the lower edge of their bin.

What it hides: where in the bin a number lies.
What it keeps: the order of magnitude and the order of the bins, and the type.
Against whom: a reader who would single a person out by an exact number; a step towards k-anonymity.

Guarantee: numbers that share the bin of `width` that the number lies in look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array([39, -1, 30, None]), Params(width=10), None).to_pylist()
    [30, -10, 30, None]

What it does not protect: rare bins (the one person above 110), and a width that is small against the spread.
A text that spells a plain decimal number is treated as its number, any other text becomes null; in SQL a text column
has no form. A number without an edge in its type, an infinity and NaN become null.
Reference: GB/T 37964-2019 annex A, generalisation; Google `FIXED_SIZE_BUCKETING`.
"""

from __future__ import annotations

from guard.anonymize.binning import Binning, BinParams

Params = BinParams

_bins = Binning("generalise_number", "floor", shows="the bin of width {} that the number lies in")
apply, guarantee, sql = _bins.apply, _bins.guarantee, _bins.sql
