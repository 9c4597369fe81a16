"""Numbers above a bound become the bound.

What it hides: who lies far up: the one person of 104 years.
What it keeps: every number up to the bound as it is, and the type.
Against whom: a reader who knows that somebody is extreme.

Guarantee: all numbers above `at` look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array([34, 89, 97, None]), Params(at=89), None).to_pylist()
    [34, 89, 89, None]

What it does not protect: the numbers up to the bound, which stay as they are.
A text that spells a plain number is treated as its number, any other text becomes null; in SQL a text column has no
form. An infinity, NaN and a bound that has no place in the type become null.
Reference: HIPAA 45 CFR 164.514(b)(2)(i)(C), ages over 89; GB/T 37964-2019 annex A, top and bottom coding;
sdcMicro `topBotCoding`.
"""

from __future__ import annotations

from guard.anonymize.clamp import Clamp, ClampParams

Params = ClampParams

_clamp = Clamp("top_code")
apply, guarantee, sql = _clamp.apply, _clamp.guarantee, _clamp.sql
