"""A dry run: a plan over invented values, under a key that is thrown away.

No real value is read, so none is shown; and with a key of its own, nobody can use a dry run to try out guesses.
"""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import Any

import pyarrow as pa

from guard.anonymize.apply import apply
from guard.anonymize.columns import is_text
from guard.anonymize.hierarchy import parse
from guard.anonymize.keys import Keyring
from guard.anonymize.plan import Field, Plan
from guard.anonymize.rows import Ports
from guard.anonymize.vault import MemoryVault
from guard.errors import TransformError
from guard.model import Sensitive, Value

ROWS = 3

_DATES = ("1984-03-07", "1999-12-31T08:30:00", "2024-02-29")
_NUMBERS = ("17", "34", "97")
_EXAMPLES: dict[str, tuple[str, str, str]] = {
    "name": ("张三丰", "欧阳锋", "John Smith"),
    "fake_name": ("张三丰", "欧阳锋", "John Smith"),
    "email": ("zhangsan@example.cn", "li@example.com", "not an address"),
    "fake_email": ("zhangsan@example.cn", "li@example.com", "wang@example.org"),
    "address": ("广东省深圳市南山区科技园1号", "上海市浦东新区世纪大道100号", "12 Main St"),
    "fake_address": ("广东省深圳市南山区科技园1号", "上海市浦东新区世纪大道100号", "12 Main St"),
    "partial": ("13800138000", "13912345678", "1381234"),
    "ff1_mobile": ("13800138000", "13912345678", "18612345678"),
    "ff1_resident_id": ("11010519491231002X", "440308199901011517", "11010519491231002X"),
    "ff1_bank_card": ("6222021234567894", "6222021234567902", "4111111111111111"),
    "ff1_integer": ("7", "8", "20240001"),
    "ff1": ("20240001", "20240002", "20249999"),
    "free_text": ("call 13800138000", "nothing in here", "write to li@example.com"),
    **dict.fromkeys(("date_year", "date_quarter", "date_month", "date_shift", "time_part"), _DATES),
    **dict.fromkeys(("generalise_number", "round", "top_code", "bottom_code", "buckets", "noise"), _NUMBERS),
}
_OTHERS = ("example one", "example two", "example one")


class Rehearsed(Value, frozen=True):
    """One column of a dry run: invented values, and what the plan makes of them; as texts, null is None."""

    column: str
    transform: str
    before: tuple[str | None, ...]
    after: tuple[str | None, ...]


def rehearsed(plan: Plan, schema: pa.Schema, *, ports: Ports | None = None) -> tuple[Rehearsed, ...]:
    """Each column of the schema before and after, on three invented rows.

    Whole-table transforms see these three rows only. Rules that leave rows out are not applied.

    Raises:
        PlanError: the plan does not fit the columns.
        TransformError: a transform does not fit the type of its column; names it.
    """
    fields = plan.check(schema)
    table = pa.table([_values(field, schema.field(field.column).type) for field in fields], schema.names)
    ring = Keyring({_version(fields): Sensitive(secrets.token_bytes(32))})
    trial = Plan(plan.purpose, tuple(field for field in fields if field.transform != "drop"), "drop")
    spans = ports.spans if ports else None
    made = (
        apply(table, trial, ring, ports=Ports(spans=spans, vault=MemoryVault())) if trial.fields else table.select([])
    )
    return tuple(
        Rehearsed(
            field.column,
            field.transform,
            _shown(table.column(field.column)),
            _shown(made.column(field.column)) if field.transform != "drop" else (),
        )
        for field in fields
    )


def _version(fields: tuple[Field, ...]) -> int:
    """The key version that the plan names; they are all the same here, since the key is invented too."""
    named = {getattr(field.params, "version", None) for field in fields} - {None}
    if len(named) > 1:
        msg = "the plan names more than one key version, and a dry run has one"
        raise TransformError(msg, help="leave `version` out where the current key will do")
    return int(named.pop() or 1) if named else 1


def _values(field: Field, kind: pa.DataType) -> pa.Array:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if is_text(plain):
        texts: Any = _EXAMPLES.get(field.transform, _OTHERS)
        if field.transform == "generalise":
            texts = [row[0] for row in (parse(field.params.hierarchy).rows * ROWS)[:ROWS]]
        return pa.array(texts, pa.string()).cast(plain)
    if pa.types.is_integer(plain):
        return pa.array([17, 34, 97], plain)
    if pa.types.is_floating(plain):
        return pa.array([17.5, 34.0, 97.25], plain)
    if pa.types.is_decimal(plain):
        return pa.array([Decimal(1), Decimal(3), Decimal(9)], pa.decimal128(38, 0)).cast(plain)
    if pa.types.is_boolean(plain):
        return pa.array([True, False, True])
    if pa.types.is_date(plain) or pa.types.is_timestamp(plain):
        return pa.array([dt.date.fromisoformat(text[:10]) for text in _DATES], pa.date32()).cast(plain)
    return pa.nulls(ROWS, plain)


def _shown(column: pa.ChunkedArray) -> tuple[str | None, ...]:
    return tuple(None if value is None else str(value) for value in column.to_pylist())
