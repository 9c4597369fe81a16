"""The case files of this room as values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from guard.anonymize import registry
from guard.anonymize.keys import Keyring
from guard.model import Sensitive

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "anonymize"
KEYRING = Keyring({1: Sensitive(bytes(range(32))), 2: Sensitive(bytes(range(32, 64)))})

_ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "int16": pa.int16(),
    "uint64": pa.uint64(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "bool": pa.bool_(),
    "decimal128(18, 2)": pa.decimal128(18, 2),
    "date32[day]": pa.date32(),
    "timestamp[us]": pa.timestamp("us"),
    "timestamp[us, tz=UTC]": pa.timestamp("us", "UTC"),
}


def read(name: str) -> bytes:
    """A file that a parameter names."""
    return (FOLDER / name).read_bytes()


def load(name: str) -> Any:
    """A case file."""
    return yaml.safe_load((FOLDER / name).read_text("utf-8"))


def params(transform: str, given: dict[str, Any] | None) -> Any:
    """Parameters of a case."""
    return registry.params(transform, given or {}, read=read)


def arrow(column: dict[str, Any]) -> pa.Array:
    """The values of a case column."""
    kind = _ARROW[column["arrow"]]
    return pa.array([_value(value, kind) for value in column["values"]], kind)


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_timestamp(kind):
        moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=dt.UTC) if kind.tz else moment.replace(tzinfo=None)
    return value


COLUMNS: dict[str, dict[str, Any]] = load("columns.yml")
TRANSFORMS: list[dict[str, Any]] = load("transforms.yml")
