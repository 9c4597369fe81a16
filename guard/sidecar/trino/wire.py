"""The shapes of Trino's questions; keys that guard does not look at may be there."""

from __future__ import annotations

from typing import Any

import msgspec

from guard.errors import UsageError

MAX_RESOURCES = 100_000


class Identity(msgspec.Struct, frozen=True):
    """Who asks."""

    user: str
    groups: tuple[str, ...] = ()


class Context(msgspec.Struct, frozen=True):
    """The frame of a question."""

    identity: Identity


class TableIn(msgspec.Struct, frozen=True, rename="camel"):
    """A table, with columns where the operation has some."""

    catalog_name: str
    schema_name: str = ""
    table_name: str = ""
    columns: tuple[str, ...] = ()


class ColumnIn(msgspec.Struct, frozen=True, rename="camel"):
    """A column, for masks."""

    catalog_name: str
    schema_name: str
    table_name: str
    column_name: str
    column_type: str = ""


class Named(msgspec.Struct, frozen=True):
    """A catalog, a user: anything with a name."""

    name: str = ""
    user: str = ""


class SchemaIn(msgspec.Struct, frozen=True, rename="camel"):
    """A schema."""

    catalog_name: str
    schema_name: str = ""


class Resource(msgspec.Struct, frozen=True):
    """What is asked about; one of these is there."""

    table: TableIn | None = None
    column: ColumnIn | None = None
    catalog: Named | None = None
    schema: SchemaIn | None = None
    user: Named | None = None
    function: Any = None

    @property
    def catalog_name(self) -> str:
        """The catalog that it lies in; empty when it lies in none."""
        if self.catalog is not None:
            return self.catalog.name
        inner = self.table or self.column or self.schema
        return inner.catalog_name if inner is not None else ""


class Action(msgspec.Struct, frozen=True, rename="camel"):
    """What is to be done."""

    operation: str
    resource: Resource | None = None
    filter_resources: tuple[Resource, ...] = ()


class Question(msgspec.Struct, frozen=True):
    """`input` of a question."""

    context: Context
    action: Action


class _Body(msgspec.Struct, frozen=True):
    input: Question


_DECODER = msgspec.json.Decoder(_Body)


def question(body: bytes) -> Question:
    """The question in the body.

    Raises:
        UsageError: it is not one of Trino's.
    """
    try:
        found = _DECODER.decode(body).input
    except (msgspec.DecodeError, RecursionError):
        raise UsageError("the request is not a question of Trino's OPA plugin", help=_HELP) from None
    if len(found.action.filter_resources) > MAX_RESOURCES or not found.context.identity.user:
        raise UsageError("the question names nobody, or too many resources", help=_HELP)
    return found


_HELP = "see docs/how-to/point-trino-at-guard.md"
