"""Trino's OPA plugin asks, guard answers in its shapes; what guard does not know is refused, hidden or empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlglot import parse_one

from tests.sidecar.conftest import Service, make_project, service

IDENTITY = {"user": "xiao-zhou", "groups": ["call_center"]}
FRAME = {"queryId": "20260630_1", "softwareStack": {"trinoVersion": "476"}}
RESIDENTS = {"catalogName": "crm", "schemaName": "main", "tableName": "residents"}


@pytest.fixture(scope="module")
def trino(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A sidecar that a cluster may ask, for the purpose of service."""
    folder = make_project(tmp_path_factory.mktemp("trino"))
    text = (folder / "guard.toml").read_text()
    (folder / "guard.toml").write_text(f'{text}\n[trino]\npurpose = "service"\nignore_max_rows = true\n')
    with service(folder) as running:
        yield running


def answer(running: Service, path: str, operation: str, *, identity: Any = None, **action: Any) -> Any:
    """The whole answer to a question."""
    asked = {"context": {"identity": identity or IDENTITY, **FRAME}, "action": {"operation": operation, **action}}
    response = running.client.post(f"/v1/data/trino/{path}", json={"input": asked})
    assert response.status_code == 200, response.text
    return response.json()


def select(running: Service, *columns: str, table: dict[str, str] | None = None, **more: Any) -> bool:
    """Whether these columns may be selected."""
    resource = {"table": {**(table or RESIDENTS), "columns": list(columns)}}
    found = answer(running, "allow", "SelectFromColumns", resource=resource, **more)
    assert set(found) == {"result"}
    return bool(found["result"])


def test_who_may_select(trino: Service) -> None:
    """A group with a grant may, another may not; nor may anybody read what guard does not know."""
    assert select(trino, "xm", "phone")
    assert select(trino)
    assert not select(trino, "xm", identity={"user": "x", "groups": ["porter"]})
    assert not select(trino, "xm", identity={"user": "x"})
    assert not select(trino, "no_such_column")
    assert not select(trino, "xm", table={**RESIDENTS, "tableName": "salaries"})
    assert not select(trino, "xm", table={**RESIDENTS, "catalogName": "hive"})


def test_operations_without_data(trino: Service) -> None:
    """Names may be seen, one's own queries too; writing, impersonating and functions of catalogs are refused."""

    def allowed(operation: str, **resource: Any) -> bool:
        found = answer(trino, "allow", operation, **({"resource": resource} if resource else {}))["result"]
        assert isinstance(found, bool)
        return found

    assert allowed("ExecuteQuery")
    assert allowed("AccessCatalog", catalog={"name": "crm"})
    assert allowed("ShowColumns", table=RESIDENTS)
    assert allowed("SelectFromColumns", table={**RESIDENTS, "schemaName": "information_schema", "columns": ["x"]})
    assert allowed("ViewQueryOwnedBy", user={"user": "xiao-zhou"})
    assert allowed("ExecuteFunction", function={"catalogName": "system", "schemaName": "builtin", "functionName": "f"})
    assert not allowed("AccessCatalog", catalog={"name": "hive"})
    assert not allowed("ViewQueryOwnedBy", user={"user": "somebody"})
    assert not allowed("ImpersonateUser", user={"user": "root"})
    assert not allowed("ExecuteFunction", function={"catalogName": "crm", "schemaName": "main", "functionName": "f"})
    for operation in ("InsertIntoTable", "DropTable", "UpdateTableColumns", "CreateViewWithSelectFromColumns", "New"):
        assert not allowed(operation, table=RESIDENTS)


def test_batches(trino: Service) -> None:
    """Of many resources the indices that are allowed; of the columns of one table the columns."""
    catalogs = [{"catalog": {"name": name}} for name in ("hive", "crm", "system")]
    assert answer(trino, "batch", "FilterCatalogs", filterResources=catalogs) == {"result": [1, 2]}
    columns = [{"table": {**RESIDENTS, "columns": ["id", "xm", "phone"]}}]
    assert answer(trino, "batch", "FilterColumns", filterResources=columns) == {"result": [0, 1, 2]}
    assert answer(trino, "batch", "FilterTables", filterResources=[]) == {"result": []}


def test_row_filters(trino: Service) -> None:
    """A subject without the attribute sees no row; an unknown table has none; the text is Trino's SQL."""
    found = answer(trino, "rowFilters", "GetRowFilters", resource={"table": RESIDENTS})["result"]
    assert [set(one) for one in found] == [{"expression"}]
    assert parse_one(found[0]["expression"], dialect="trino").sql().upper() in {"FALSE", "1 = 0"}
    stranger = answer(trino, "rowFilters", "GetRowFilters", resource={"table": {**RESIDENTS, "tableName": "x"}})
    assert stranger == {"result": [{"expression": "false"}]}
    names = {**RESIDENTS, "schemaName": "information_schema"}
    assert answer(trino, "rowFilters", "GetRowFilters", resource={"table": names}) == {"result": []}


def test_column_masks(trino: Service) -> None:
    """One by one and in a batch: a mask in Trino's SQL and of the column's type, none where it is shown as it is."""

    def column(name: str, kind: str = "varchar") -> dict[str, Any]:
        return {"column": {**RESIDENTS, "columnName": name, "columnType": kind}}

    phone = answer(trino, "columnMask", "GetColumnMask", resource=column("phone"))["result"]
    assert phone["expression"] == (
        """CAST(CAST(CASE WHEN LENGTH("phone") >= 8 THEN SUBSTR("phone", 1, 3) || """
        """RPAD('', CAST(LENGTH("phone") - 7 AS INTEGER), '*') || SUBSTR("phone", LENGTH("phone") - 3, 4) """
        """ELSE RPAD('', CAST(LENGTH("phone") AS INTEGER), '*') END AS VARCHAR) AS VARCHAR)"""
    )
    assert answer(trino, "columnMask", "GetColumnMask", resource=column("id", "bigint")) == {}
    hidden = {"expression": "CAST(NULL AS BIGINT)"}
    assert answer(trino, "columnMask", "GetColumnMask", resource=column("nothing", "bigint")) == {"result": hidden}
    listed = [column("id", "bigint"), column("phone"), column("nothing", "bigint")]
    assert answer(trino, "batchColumnMasks", "GetColumnMask", filterResources=listed) == {
        "result": [{"index": 1, "viewExpression": phone}, {"index": 2, "viewExpression": hidden}]
    }


def test_a_type_is_no_way_in(trino: Service) -> None:
    """Text that is no type gets into no expression."""
    evil = {"column": {**RESIDENTS, "columnName": "nothing", "columnType": "bigint) OR (1=1"}}
    asked = {
        "context": {"identity": IDENTITY, **FRAME},
        "action": {"operation": "GetColumnMask", "resource": evil},
    }
    response = trino.client.post("/v1/data/trino/columnMask", json={"input": asked})
    assert "1=1" not in response.text.replace(" ", "")


SCHEMA = {"catalogName": "crm", "schemaName": "main"}
ROUTINE = {"function": {**SCHEMA, "functionName": "f"}}
GRANTEE = {"grantee": {"name": "xiao-zhou", "type": "USER"}}
SHAPES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "nothing": (("ReadSystemInformation", "WriteSystemInformation"), {}),
    "a table": (
        (
            *("ShowCreateTable", "DropTable", "SetTableComment", "SetViewComment", "SetColumnComment", "AddColumn"),
            *("DropColumn", "AlterColumn", "RenameColumn", "InsertIntoTable", "DeleteFromTable", "TruncateTable"),
            *("CreateView", "DropView", "RefreshMaterializedView", "DropMaterializedView"),
        ),
        {"resource": {"table": RESIDENTS}},
    ),
    "a table with properties": (
        ("SetTableProperties", "SetMaterializedViewProperties", "CreateTable", "CreateMaterializedView"),
        {"resource": {"table": {**RESIDENTS, "properties": {"format": "ORC", "none": None, "size": 32}}}},
    ),
    "a table with columns": (
        ("UpdateTableColumns", "CreateViewWithSelectFromColumns"),
        {"resource": {"table": {**RESIDENTS, "columns": ["phone"]}}},
    ),
    "a view and who runs it": (("CreateView",), {"resource": {"table": RESIDENTS, "security": "DEFINER"}}),
    "two tables": (
        ("RenameTable", "RenameView", "RenameMaterializedView"),
        {"resource": {"table": RESIDENTS}, "targetResource": {"table": {**RESIDENTS, "tableName": "other"}}},
    ),
    "another user": (("ViewQueryOwnedBy", "KillQueryOwnedBy"), {"resource": {"user": {"user": "x", "groups": ["g"]}}}),
    "a user by name": (("ImpersonateUser",), {"resource": {"user": {"user": "x"}}}),
    "a property": (("SetSystemSessionProperty",), {"resource": {"systemSessionProperty": {"name": "p"}}}),
    "a property of a catalog": (
        ("SetCatalogSessionProperty",),
        {"resource": {"catalogSessionProperty": {"catalogName": "crm", "propertyName": "p"}}},
    ),
    "a catalog": (("CreateCatalog", "DropCatalog"), {"resource": {"catalog": {"name": "crm"}}}),
    "a schema": (("DropSchema", "ShowCreateSchema", "ShowFunctions"), {"resource": {"schema": SCHEMA}}),
    "a schema with properties": (("CreateSchema",), {"resource": {"schema": {**SCHEMA, "properties": {}}}}),
    "two schemas": (
        ("RenameSchema",),
        {"resource": {"schema": SCHEMA}, "targetResource": {"schema": {**SCHEMA, "schemaName": "other"}}},
    ),
    "a schema and its owner": (("SetSchemaAuthorization",), {"resource": {"schema": SCHEMA}, **GRANTEE}),
    "a table and its owner": (
        ("SetTableAuthorization", "SetViewAuthorization"),
        {"resource": {"table": RESIDENTS}, **GRANTEE},
    ),
    "a function": (
        (
            *("ExecuteProcedure", "CreateFunction", "DropFunction", "ShowCreateFunction", "ExecuteFunction"),
            "CreateViewWithExecuteFunction",
        ),
        {"resource": ROUTINE},
    ),
    "a table and a procedure": (
        ("ExecuteTableProcedure",),
        {"resource": {"table": RESIDENTS, "function": {"functionName": "p"}}},
    ),
}
"""Every shape in which the plugin asks for what guard refuses; after `TestOpaAccessControl` of trinodb/trino."""


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_the_plugin_is_read_and_refused(trino: Service, shape: str) -> None:
    """None is an error, which Trino would show as one: each is understood, and denied."""
    operations, action = SHAPES[shape]
    full = {**IDENTITY, "principal": "xiao-zhou@EXAMPLE.ORG", "extraCredentials": {"key": "value"}}
    for operation in operations:
        assert answer(trino, "allow", operation, identity=full, **action) == {"result": False}


def test_batches_of_every_kind(trino: Service) -> None:
    """Users, schemas, tables, columns and functions; an empty batch lets nothing through."""
    users = [{"user": {"user": name, "principal": name, "groups": []}} for name in ("xiao-zhou", "other")]
    schemas = [{"schema": SCHEMA}, {"schema": {"catalogName": "hive", "schemaName": "main"}}]
    tables = [{"table": RESIDENTS}, {"table": {**RESIDENTS, "catalogName": "hive"}}]
    builtin = {"function": {"catalogName": "system", "schemaName": "builtin", "functionName": "f"}}
    assert answer(trino, "batch", "FilterViewQueryOwnedBy", filterResources=users) == {"result": [0]}
    assert answer(trino, "batch", "FilterSchemas", filterResources=schemas) == {"result": [0]}
    assert answer(trino, "batch", "FilterTables", filterResources=tables) == {"result": [0]}
    assert answer(trino, "batch", "FilterFunctions", filterResources=[ROUTINE, builtin]) == {"result": [1]}
    assert answer(trino, "batch", "FilterTables", filterResources=[]) == {"result": []}


@pytest.mark.parametrize("body", [{}, {"input": {}}, {"input": {"context": {"identity": {}}, "action": {}}}, []])
def test_what_is_no_question_of_trinos(trino: Service, body: Any) -> None:
    """Any other body is an error, which the plugin takes as a denial."""
    response = trino.client.post("/v1/data/trino/allow", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "usage")


def test_without_a_purpose_nobody_is_answered(local: Service) -> None:
    """A sidecar that was not set up for Trino says so."""
    asked = {"context": {"identity": IDENTITY}, "action": {"operation": "ExecuteQuery"}}
    response = local.client.post("/v1/data/trino/allow", json={"input": asked})
    assert response.status_code == 400
    assert "no purpose is configured for Trino" in response.text
