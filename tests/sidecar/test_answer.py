"""Arrow values as JSON has them: nothing is rounded, nothing is lost, everything parses."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from guard.sidecar import answer

DAY = dt.date(2026, 2, 28)
MOMENT = dt.datetime(2026, 2, 28, 13, 5, 7, 120)  # noqa: DTZ001 - a timestamp without a zone
ZONED = dt.datetime(2026, 2, 28, 13, 5, 7, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None, 2**63 - 1], pa.int64(), [1, None, 2**63 - 1]),
        ([True, None], pa.bool_(), [True, None]),
        (["王", ""], pa.string(), ["王", ""]),
        (
            [0.1, float("nan"), float("inf"), float("-inf"), None],
            pa.float64(),
            [0.1, "NaN", "Infinity", "-Infinity", None],
        ),
        ([Decimal("12345678901234567890.10"), None], pa.decimal128(38, 2), ["12345678901234567890.10", None]),
        ([DAY], pa.date32(), ["2026-02-28"]),
        ([MOMENT], pa.timestamp("us"), ["2026-02-28T13:05:07.000120"]),
        ([ZONED], pa.timestamp("s", tz="Asia/Shanghai"), ["2026-02-28T13:05:07+08:00"]),
        ([1_772_283_907_000_000_001, None], pa.timestamp("ns"), ["2026-02-28T13:05:07.000000001", None]),
        ([dt.time(13, 5)], pa.time64("us"), ["13:05:00"]),
        ([47_107_000_000_001], pa.time64("ns"), ["13:05:07.000000001"]),
        ([dt.timedelta(seconds=90)], pa.duration("us"), ["PT90S"]),
        ([b"\x00\xff"], pa.binary(), ["AP8="]),
        ([[1.5, float("nan")], None], pa.list_(pa.float64()), [[1.5, "NaN"], None]),
        ([{"d": DAY}], pa.struct([("d", pa.date32())]), [{"d": "2026-02-28"}]),
        (["a", "a"], pa.dictionary(pa.int32(), pa.string()), ["a", "a"]),
        ([None], pa.null(), [None]),
    ],
)
def test_each_type_has_one_form(values: list[Any], kind: pa.DataType, expected: list[Any]) -> None:
    """The form keeps every digit, and is JSON that any parser reads."""
    found = answer.values(pa.chunked_array([pa.array(values, kind)]))
    assert found == expected
    assert json.loads(msgspec.json.encode(found)) == expected


def test_rows_and_columns_say_the_same() -> None:
    """The same table by name and by row, in its own order."""
    table = pa.table({"b": [1, 2], "a": ["x", None]})
    assert answer.columns(table) == [
        {"name": "b", "type": "int64", "values": [1, 2]},
        {"name": "a", "type": "string", "values": ["x", None]},
    ]
    assert answer.rows(table) == [{"b": 1, "a": "x"}, {"b": 2, "a": None}]
