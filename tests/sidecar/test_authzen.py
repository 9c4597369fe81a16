"""AuthZEN 1.0: the shapes and the error codes of the standard over guard's decisions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sidecar.conftest import PHONES, Service

SUBJECT = {
    "type": "user",
    "id": "xiao-zhou",
    "properties": {"roles": ["call_center"], "districts": ["浦东新区"]},
}
QUERY = {"type": "query", "id": "crm", "properties": {"sql": PHONES}}
ASK = {"subject": SUBJECT, "action": {"name": "select"}, "resource": QUERY, "context": {"purpose": "service"}}
ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


def decided(running: Service, path: str = ONE, **changes: Any) -> Any:
    """The answer to the question with changes."""
    response = running.client.post(path, json={**ASK, **changes})
    assert response.status_code == 200, response.text
    return response.json()


def test_one_evaluation(local: Service) -> None:
    """A decision with its reasons; what it owes stands without the values of predicates."""
    found = decided(local)
    assert found["decision"] is True
    assert set(found["context"]) == {"id", "revision", "reason_admin", "obligations"}
    assert found["context"]["reason_admin"]["en"].startswith("access.role_for_purpose: ")
    assert "浦东新区" not in str(found)
    denied = decided(local, subject={"type": "user", "id": "x"})
    assert denied["decision"] is False
    assert denied["context"]["reason_admin"]["en"]


def test_a_table_is_a_resource(local: Service) -> None:
    """Columns of a table are asked for without SQL; a name that is none is denied and breaks out of nothing."""
    table = {"type": "table", "id": "main.residents", "properties": {"source": "crm", "columns": ["xm"]}}
    assert decided(local, resource=table)["decision"] is True
    evil = {**table, "properties": {"source": "crm", "columns": ['xm" FROM residents; --']}}
    assert decided(local, resource=evil)["decision"] is False
    assert decided(local, resource={**table, "properties": {"source": "sqlite:///crm.db"}})["decision"] is False


@pytest.mark.parametrize(
    "changes", [{"action": {"name": "delete"}}, {"context": {}}, {"resource": {**QUERY, "id": "other"}}]
)
def test_what_guard_does_not_decide_is_denied(local: Service, changes: dict[str, Any]) -> None:
    """Another action, no purpose, another source: false with a reason."""
    found = decided(local, **changes)
    assert found["decision"] is False
    assert found["context"]["reason_admin"]["en"]


def test_a_batch(local: Service) -> None:
    """What stands at the top holds for each; an item with a mistake is denied by itself; order is kept."""
    items = [{}, {"context": {"purpose": "marketing"}}, {"resource": {"type": "car", "id": "1"}}, 7]
    found = decided(local, MANY, evaluations=items)["evaluations"]
    assert [one["decision"] for one in found] == [True, False, False, False]
    assert [one["context"].get("error", {}).get("status") for one in found] == [None, None, 400, 400]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_semantics_of_a_batch(local: Service, semantic: str, expected: list[bool]) -> None:
    """A batch may stop at the first denial, or at the first permit."""
    items = [{}, {"context": {"purpose": "marketing"}}, {}]
    found = decided(local, MANY, evaluations=items, options={"evaluations_semantic": semantic})
    assert [one["decision"] for one in found["evaluations"]] == expected


def test_a_batch_without_items_is_one_evaluation(local: Service) -> None:
    """As the standard has it."""
    assert decided(local, MANY)["decision"] is True


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"subject": {"type": "user"}}', '{"subject": 1, "action": {}, "resource": {}}']
)
def test_a_malformed_request_is_400(local: Service, body: str) -> None:
    """The error is text with its status, and the caller's request id comes back."""
    headers = {"content-type": "application/json", "x-request-id": "r-1"}
    response = local.client.post(ONE, content=body, headers=headers)
    assert (response.status_code, response.headers["x-request-id"]) == (400, "r-1")
    assert response.headers["content-type"].startswith("text/plain")


def test_a_wrong_semantic_or_too_many_are_400(local: Service) -> None:
    """A batch that guard cannot read as a whole is refused as a whole."""
    for more in ({"options": {"evaluations_semantic": "any"}}, {"evaluations": [{}] * 1001}, {"evaluations": "x"}):
        body = {**ASK, "evaluations": [{}], **more}
        assert local.client.post(MANY, json=body).status_code == 400


def test_a_missing_token_is_401(secured: Service) -> None:
    """The border is the same as for every other route."""
    assert secured.client.post(ONE, json=ASK).status_code == 401


def test_the_configuration_names_the_endpoints(local: Service) -> None:
    """A caller finds the endpoints by the well-known address."""
    found = local.client.get("/.well-known/authzen-configuration").json()
    assert found == {
        "policy_decision_point": "http://127.0.0.1",
        "access_evaluation_endpoint": "http://127.0.0.1/access/v1/evaluation",
        "access_evaluations_endpoint": "http://127.0.0.1/access/v1/evaluations",
    }
