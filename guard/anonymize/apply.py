"""Plans applied to Arrow tables: a pure function of table, plan and keys."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize import registry
from guard.anonymize.columns import is_text
from guard.anonymize.keys import Keyring, Keys
from guard.anonymize.plan import Field, Plan
from guard.anonymize.rows import Ports, Rows, Survey
from guard.errors import GuardError, TransformError

BATCH_ROWS = 65_536


def apply(table: pa.Table, plan: Plan, keyring: Keyring | None = None, *, ports: Ports | None = None) -> pa.Table:
    """The safer table: the same rows in the same order, without the dropped columns and the rows left out by the plan.

    Raises:
        PlanError: the plan does not fit the columns of the table.
        TransformError: a transform cannot be applied to a column; names it.
        KeyUnavailableError: a transform is keyed and there is no key.
    """
    work = Work(plan, table.schema, keyring, ports)
    work.survey(table.to_batches(BATCH_ROWS))
    made, start = [], 0
    for batch in table.to_batches(BATCH_ROWS) or [pa.RecordBatch.from_pylist([], table.schema)]:
        made.append(work.batch(batch, start))
        start += batch.num_rows
    return pa.Table.from_batches(made)


class Work:
    """A plan bound to the columns and the keys of one run; `batch` may be called by several threads at once.

    Raises:
        PlanError: the plan does not fit the columns.
    """

    def __init__(self, plan: Plan, schema: pa.Schema, keyring: Keyring | None, ports: Ports | None = None) -> None:
        self.fields = plan.check(schema)
        self._filters = plan.rows
        self._keys = keyring.bind(plan.purpose) if keyring is not None else None
        self._ports = ports or Ports()
        self._surveys = [(field, found) for field in (*self.fields, *plan.rows) if (found := self._survey(field))]
        self._found: list[tuple[Field, Any]] = []

    @property
    def looks_first(self) -> bool:
        """True when a transform needs a look at the whole table before its first row."""
        return bool(self._surveys)

    def survey(self, batches: Iterable[pa.RecordBatch]) -> None:
        """That look; nothing is read when no transform needs it.

        Raises:
            TransformError: see the transform; the message names the column.
        """
        for batch in batches if self._surveys else ():
            for field, survey in self._surveys:
                with named(field, batch.column(field.column).type):
                    survey.see(batch.column(field.column), _beside(batch, field))
        for field, survey in self._surveys:
            with named(field, None):
                self._found.append((field, survey.found()))

    def batch(self, batch: pa.RecordBatch, start: int) -> pa.RecordBatch:
        """The rows of a batch that begins with row `start` of the table.

        Raises:
            TransformError: a transform cannot be applied to a column; names it.
        """
        kept = [(field.column, self._column(batch, field, start)) for field in self.fields if field.transform != "drop"]
        schema = pa.schema([_described(batch.schema.field(name), values.type) for name, values in kept])
        made = pa.RecordBatch.from_arrays([values for _, values in kept], schema=schema)
        if not self._filters:
            return made
        masks = [pc.is_valid(self._column(batch, field, start)) for field in self._filters]
        return made.filter(reduce(pc.and_, masks))

    def _survey(self, field: Field) -> Survey | None:
        module = registry.wide(field.transform) if field.params is not None else None
        return module.survey(field.params, self._keys_of(field)) if module else None

    def _keys_of(self, field: Field) -> Keys | None:
        purpose = getattr(field.params, "purpose", "")
        return self._keys.for_purpose(purpose) if self._keys is not None and purpose else self._keys

    def _column(self, batch: pa.RecordBatch, field: Field, start: int) -> pa.Array:
        found = next((found for of, found in self._found if of is field), None)
        rows = Rows(_beside(batch, field), start, found, self._ports)
        return column(batch.column(field.column), field, self._keys_of(field), rows)


def _beside(batch: pa.RecordBatch, field: Field) -> dict[str, pa.Array]:
    return {name: batch.column(name) for name in field.reads}


def column(values: pa.Array, field: Field, keys: Keys | None, rows: Rows) -> pa.Array:
    """One column after its transform.

    Raises:
        TransformError: see the transform; the message names the column.
    """
    if field.params is None:
        return values
    with named(field, values.type):
        if field.as_ == "text" and not is_text(values.type):
            values = values.cast(pa.string())
        wide = registry.wide(field.transform)
        if wide is not None:
            return wide.apply_rows(values, field.params, keys, rows)
        return registry.find(field.transform).apply(values, field.params, keys)


@contextlib.contextmanager
def named(field: Field, kind: pa.DataType | None) -> Iterator[None]:
    """Errors from inside name the column, and never hold a value."""
    try:
        yield
    except GuardError as error:
        msg = f"the column `{field.column}` cannot be changed: {error.message}"
        raise type(error)(msg, help=error.help) from None
    except pa.ArrowException:
        # Arrow's message may hold the value that it stumbled over.
        msg = f"the column `{field.column}` of type `{kind}` cannot be changed by `{field.transform}`"
        raise TransformError(msg, help="choose another transform, or `null`") from None


def _described(field: pa.Field, kind: pa.DataType) -> pa.Field:
    """The field with its new type; it may hold nulls now. Its metadata stays behind, since that may hold values."""
    return pa.field(field.name, kind, nullable=True)
