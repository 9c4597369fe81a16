"""Dates become the first day of their year.

What it hides: the day and the month, and the time of day.
What it keeps: the year, and the type: a date stays a date, so that ages and seasons can still be computed from it.
Against whom: a reader who knows a person's birthday or the day of a visit.

Guarantee: dates of one year look the same; timestamps are cut in UTC.

    >>> import pyarrow as pa
    >>> apply(pa.array(["1984-03-07", "1984-03-21T08:00:00", "07.03.84", None]), Params(), None).to_pylist()
    ['1984-01-01', '1984-01-01', None, None]

What it does not protect: rare years (HIPAA wants ages over 89 put together), and intervals between two dates.
A text that does not begin with an ISO date becomes null, and so do a year outside 1 to 9999
and a value of any other type.
Reference: HIPAA 45 CFR 164.514(b)(2)(i)(C); Google `TIME_PART`; GB/T 37964-2019 annex A, generalisation.
"""

from __future__ import annotations

from guard.anonymize.date_floor import DateFloor, NoParams

Params = NoParams

_floor = DateFloor("year")
apply, guarantee, sql = _floor.apply, _floor.guarantee, _floor.sql
