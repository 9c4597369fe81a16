"""Plans applied to Arrow tables: a pure function of table, plan and keys."""

from __future__ import annotations

import pyarrow as pa

from guard.anonymize import registry
from guard.anonymize.columns import is_text
from guard.anonymize.keys import Keyring, Keys
from guard.anonymize.plan import Field, Plan
from guard.errors import GuardError, TransformError


def apply(table: pa.Table, plan: Plan, keyring: Keyring | None = None) -> pa.Table:
    """The safer table: the same rows in the same order, without the dropped columns.

    Raises:
        PlanError: the plan does not fit the columns of the table.
        TransformError: a transform cannot be applied to a column; names it.
        KeyUnavailableError: a transform is keyed and there is no key.
    """
    fields, keys = plan.check(table.schema), bind(plan, keyring)
    columns = [
        (field.column, column(table.column(field.column), field, keys)) for field in fields if field.transform != "drop"
    ]
    schema = pa.schema([_described(table.schema.field(name), values.type) for name, values in columns])
    return pa.Table.from_arrays([values for _, values in columns], schema=schema)


def apply_batch(batch: pa.RecordBatch, fields: tuple[Field, ...], keys: Keys | None) -> pa.RecordBatch:
    """The same for one batch of a stream, with the fields of `plan.check` and the keys of `bind`.

    Raises:
        TransformError: a transform cannot be applied to a column; names it.
    """
    columns = [
        (field.column, column(batch.column(field.column), field, keys)) for field in fields if field.transform != "drop"
    ]
    schema = pa.schema([_described(batch.schema.field(name), values.type) for name, values in columns])
    return pa.RecordBatch.from_arrays([values for _, values in columns], schema=schema)


def bind(plan: Plan, keyring: Keyring | None) -> Keys | None:
    """The keys of the plan's purpose."""
    return keyring.bind(plan.purpose) if keyring is not None else None


def column(values: pa.Array | pa.ChunkedArray, field: Field, keys: Keys | None) -> pa.Array | pa.ChunkedArray:
    """One column after its transform.

    Raises:
        TransformError: see the transform; the message names the column.
    """
    if field.params is None:
        return values
    purpose = getattr(field.params, "purpose", "")
    try:
        if field.as_ == "text" and not is_text(values.type):
            values = values.cast(pa.string())
        bound = keys.for_purpose(purpose) if keys is not None and purpose else keys
        return registry.find(field.transform).apply(values, field.params, bound)
    except GuardError as error:
        msg = f"the column `{field.column}` cannot be changed: {error.message}"
        raise type(error)(msg, help=error.help) from None
    except pa.ArrowException:
        # Arrow's message may hold the value that it stumbled over.
        msg = f"the column `{field.column}` of type `{values.type}` cannot be changed by `{field.transform}`"
        raise TransformError(msg, help="choose another transform, or `null`") from None


def _described(field: pa.Field, kind: pa.DataType) -> pa.Field:
    """The field with its new type; it may hold nulls now. Its metadata stays behind, since that may hold values."""
    return pa.field(field.name, kind, nullable=True)
