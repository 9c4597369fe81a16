"""Numbers below a bound become the bound.

What it hides: who lies far down: the one person who earns nothing.
What it keeps: every number from the bound as it is, and the type.
Against whom: a reader who knows that somebody is extreme.

Guarantee: all numbers below `at` look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array([34, 89, 97, None]), Params(at=50), None).to_pylist()
    [50, 89, 97, None]

What it does not protect: the numbers from the bound, which stay as they are.
A text that spells a plain number is treated as its number, any other text becomes null; in SQL a text column has no
form. An infinity, NaN and a bound that has no place in the type become null.
Reference: GB/T 37964-2019 annex A, top and bottom coding; sdcMicro `topBotCoding`.
"""

from __future__ import annotations

from guard.anonymize.clamp import Clamp, ClampParams

Params = ClampParams

_clamp = Clamp("bottom_code")
apply, guarantee, sql = _clamp.apply, _clamp.guarantee, _clamp.sql
