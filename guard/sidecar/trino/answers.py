"""The decisions behind Trino's questions. What guard does not know is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from guard.errors import AccessDeniedError, GuardError
from guard.model import Decision, Mask, MaxRows, RowFilter, Subject, Table, TableName
from guard.sidecar.trino.expressions import NOTHING, filter_text, mask_text, null_text
from guard.sidecar.trino.wire import Question, Resource, TableIn

if TYPE_CHECKING:
    from guard.engine import Guard

# Names are no data: whoever may ask at all may see which catalogs, schemas, tables and columns guard knows.
_METADATA = frozenset(
    {"AccessCatalog", "FilterCatalogs", "ShowSchemas", "FilterSchemas", "ShowTables", "FilterTables"}
    | {"ShowColumns", "FilterColumns"}
)
_OWN_QUERIES = frozenset({"ViewQueryOwnedBy", "FilterViewQueryOwnedBy", "KillQueryOwnedBy"})
_FUNCTIONS = frozenset({"ExecuteFunction", "FilterFunctions", "ShowFunctions"})
_BUILTIN_FUNCTIONS = ("system", "builtin")
_INFORMATION = "information_schema"
_SYSTEM = "system"


class Trino:
    """Answers for one guard.

    Args:
        guard: decides.
        purpose: what every query of the cluster is for; Trino has no word for it.
        ignore_max_rows: Trino cannot limit rows; without this a decision that limits them is a denial.
    """

    def __init__(self, guard: Guard, *, purpose: str, ignore_max_rows: bool) -> None:
        self._guard = guard
        self._purpose = purpose
        self._ignore_max_rows = ignore_max_rows

    def allow(self, asked: Question) -> bool:
        """Whether the operation may be done on its resource."""
        resource = asked.action.resource or Resource()
        return self._allowed(asked, resource)

    def batch(self, asked: Question) -> list[int]:
        """Which of the resources; of one table with columns, which of the columns."""
        resources = asked.action.filter_resources
        if asked.action.operation == "FilterColumns" and len(resources) == 1 and resources[0].table is not None:
            table = resources[0].table
            return list(range(len(table.columns))) if self._allowed(asked, resources[0]) else []
        return [index for index, resource in enumerate(resources) if self._allowed(asked, resource)]

    def row_filters(self, asked: Question) -> list[dict[str, str]]:
        """Conditions that every row must meet; one that none meets where guard cannot tell."""
        place = asked.action.resource.table if asked.action.resource else None
        if place is None or place.schema_name == _INFORMATION:
            return [] if place is not None else [{"expression": NOTHING}]
        try:
            table = self._table(place)
            owed = self._duties(asked, table, place.catalog_name)
            catalogue = self._guard.snapshot(place.catalog_name)
            return [{"expression": filter_text(one, table, catalogue, place.catalog_name)} for one in owed.row_filters]
        except GuardError:
            return [{"expression": NOTHING}]

    def column_mask(self, asked: Question) -> dict[str, str] | None:
        """The mask of one column; None when it is shown as it is."""
        found = asked.action.resource.column if asked.action.resource else None
        if found is None:
            return {"expression": "NULL"}
        return self._masks(asked, [found])[0]

    def column_masks(self, asked: Question) -> list[dict[str, Any]]:
        """The masks of many columns, each with the index of its column."""
        columns = [resource.column for resource in asked.action.filter_resources]
        found = self._masks(asked, columns)
        return [{"index": index, "viewExpression": mask} for index, mask in enumerate(found) if mask is not None]

    def _masks(self, asked: Question, columns: list[Any]) -> list[dict[str, str] | None]:
        known: dict[tuple[str, str, str], Any] = {}
        found: list[dict[str, str] | None] = []
        for column in columns:
            if column is None:
                found.append({"expression": "NULL"})
                continue
            if column.schema_name == _INFORMATION:
                found.append(None)
                continue
            key = (column.catalog_name, column.schema_name, column.table_name)
            if key not in known:
                known[key] = self._masked(asked, TableIn(*key))
            table, masks = known[key]
            found.append(self._mask(table, masks, column))
        return found

    def _masked(self, asked: Question, place: TableIn) -> tuple[Table | None, dict[str, Mask | None]]:
        """The table and the mask of each column that has one; a mask of None hides the column."""
        try:
            table = self._table(place)
            owed = self._duties(asked, table, place.catalog_name)
        except GuardError:
            return None, {}
        masks: dict[str, Mask | None] = {one.column: one for one in owed.masks}
        return table, {**masks, **dict.fromkeys(owed.hidden)}

    def _mask(self, table: Table | None, masks: dict[str, Mask | None], column: Any) -> dict[str, str] | None:
        known = table.column(column.column_name) if table is not None else None
        if known is None:
            return {"expression": null_text(column.column_type)}
        if column.column_name not in masks:
            return None
        mask = masks[column.column_name]
        if mask is None:
            return {"expression": null_text(column.column_type)}
        return {"expression": mask_text(mask, column.column_type, self._guard.parts.masks.for_purpose(self._purpose))}

    def _allowed(self, asked: Question, resource: Resource) -> bool:
        operation = asked.action.operation
        if operation == "ExecuteQuery":
            return True
        if operation in _OWN_QUERIES:
            return resource.user is not None and resource.user.user == asked.context.identity.user
        if operation in _FUNCTIONS:
            return _is_builtin(resource.function)
        catalog = resource.catalog_name
        if catalog not in {*self._guard.loaded.config.sources, _SYSTEM}:
            return False
        if operation in _METADATA:
            return True
        if operation != "SelectFromColumns" or resource.table is None:
            return False
        if resource.table.schema_name == _INFORMATION:
            return True
        return catalog != _SYSTEM and self._may_select(asked, resource.table)

    def _may_select(self, asked: Question, place: TableIn) -> bool:
        try:
            table = self._table(place)
            names: list[exp.Expression] = [exp.column(name, quoted=True) for name in place.columns] or [
                exp.Count(this=exp.Star())
            ]
            named = exp.table_(table.name.name, db=table.name.schema or None, quoted=True)
            sql = exp.select(*names).from_(named).sql(dialect=self._guard.snapshot(place.catalog_name).dialect)
            decision = self._guard.check(sql, subject=_subject(asked), purpose=self._purpose, source=place.catalog_name)
        except AccessDeniedError:
            return False
        return decision.allowed and self._can_be_kept(decision)

    def _can_be_kept(self, decision: Decision) -> bool:
        """Whether Trino can do all that the decision demands: it filters rows and masks columns, and no more."""
        return all(
            isinstance(one, RowFilter | Mask) or (self._ignore_max_rows and isinstance(one, MaxRows))
            for one in decision.obligations
        )

    def _table(self, place: TableIn) -> Table:
        """The table in the catalogue of its source.

        Raises:
            AccessDeniedError: guard does not know it.
        """
        if place.catalog_name in self._guard.loaded.config.sources:
            found = self._guard.snapshot(place.catalog_name).get(TableName(place.table_name, place.schema_name))
            if found is not None:
                return found
        raise AccessDeniedError("denied: guard does not know the table", help="name its source, and run `guard scan`")

    def _duties(self, asked: Question, table: Table, source: str) -> Any:
        return self._guard.duties(table, subject=_subject(asked), purpose=self._purpose, source=source)


def _subject(asked: Question) -> Subject:
    """Trino's user with its groups as roles."""
    identity = asked.context.identity
    return Subject(id=identity.user[:256], roles=identity.groups)


def _is_builtin(function: Any) -> bool:
    """Functions of the engine itself; functions of a catalog run code that guard has not seen."""
    if not isinstance(function, dict):
        return False
    return (function.get("catalogName"), function.get("schemaName")) == _BUILTIN_FUNCTIONS
