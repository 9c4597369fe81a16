"""What each route answers, and what no answer holds."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from guard.sidecar.app import GETS, POSTS
from tests.sidecar.conftest import DOCTOR, PHONES, Service, ask

MASKED = [["王小明", "李芳"], ["138****1234", "139****2345"]]
WHOLE = [["王小明", "李芳"], ["13800001234", "13911112345"]]
PLAN = {"version": 1, "purpose": "research", "fields": {"phone": {"transform": "partial", "first": 3, "last": 4}}}


def values(answer: dict[str, Any]) -> list[list[Any]]:
    return [column["values"] for column in answer["columns"]]


def error(response: Any) -> tuple[int, str]:
    assert response.json()["v"] == 1
    return response.status_code, response.json()["error"]["code"]


def test_a_query_answers_each_subject_in_its_form(local: Service) -> None:
    """The clerk gets masks, the doctor the numbers; the answer names its record."""
    clerk = local.client.post("/v1/query", json=ask()).json()
    doctor = local.client.post("/v1/query", json=ask(subject=DOCTOR, purpose="treatment")).json()
    assert values(clerk) == MASKED
    assert values(doctor) == WHOLE
    assert [column["name"] for column in clerk["columns"]] == ["xm", "phone"]
    assert [column["type"] for column in clerk["columns"]] == ["string", "string"]
    assert (clerk["v"], clerk["rows"], doctor["entry"]) == (1, 2, clerk["entry"] + 1)
    assert re.fullmatch(r"d-[0-9a-f]{20}", clerk["decision"])


def test_parameters_are_bound_by_name(local: Service) -> None:
    """A value in `parameters` reaches its placeholder and nothing else."""
    body = ask("SELECT phone FROM residents WHERE id = :id", parameters={"id": 2})
    assert values(local.client.post("/v1/query", json=body).json()) == [["139****2345"]]


def test_a_denial_is_403_with_rule_and_cure(local: Service) -> None:
    """The caller learns what denied it and what would help, and can quote the decision."""
    response = local.client.post("/v1/query", json=ask("SELECT * FROM salaries"))
    assert error(response) == (403, "denied")
    assert set(response.json()["error"]) == {"code", "message", "help", "decision"}
    assert "unknown table" in response.json()["error"]["message"]


def test_a_check_decides_and_runs_nothing(local: Service) -> None:
    """The decision is whole, but its row filters keep the subject's attributes to themselves."""
    decision = local.client.post("/v1/check", json=ask()).json()["decision"]
    kinds = {obligation["type"]: set(obligation) for obligation in decision["obligations"]}
    assert decision["outcome"] == "allow"
    assert kinds["row_filter"] == {"type", "table", "rule"}
    assert "mask" in kinds
    assert "浦东" not in local.client.post("/v1/check", json=ask()).text
    denied = local.client.post("/v1/check", json=ask("DELETE FROM residents"))
    assert (denied.status_code, denied.json()["decision"]["outcome"]) == (200, "deny")


def test_a_text_is_classified_without_its_values(local: Service) -> None:
    """Findings are spans; the answer does not repeat what was found."""
    response = local.client.post("/v1/classify", json={"text": "请回电 13800001234 王小明"})
    found = [(one["kind"], one["start"], one["end"]) for one in response.json()["findings"]]
    assert ("cn.mobile", 4, 15) in found
    assert "13800001234" not in response.text


def test_rows_are_anonymised_by_a_plan(local: Service) -> None:
    """The plan is the JSON of a plan file; the run is in the log before its rows are out."""
    before = local.guard.audit.verify().size
    rows = [{"phone": "13800001234"}, {"phone": None}]
    response = local.client.post("/v1/anonymize", json={"rows": rows, "plan": PLAN})
    assert response.json() == {"v": 1, "rows": [{"phone": "138****1234"}, {"phone": None}]}
    assert local.guard.audit.verify().size == before + 1


@pytest.mark.parametrize(
    ("rows", "plan", "status"),
    [
        ([], PLAN, 400),
        ([{"phone": "1"}, {"phone": "1", "more": "canary-9"}], PLAN, 400),
        ([{"phone": "1"}, {"phone": {"a": 1}}], PLAN, 400),
        ([{"phone": 1 << 80}], PLAN, 400),
        ([{"name": "canary-9"}], PLAN, 400),
        ([{"phone": "1"}], {**PLAN, "version": 2}, 400),
        ([{"phone": "1"}], {**PLAN, "more": 1}, 400),
        ([{"phone": "1"}], {**PLAN, "fields": []}, 400),
        ([{"phone": "1"}], {**PLAN, "fields": {"phone": {"transform": "x"}}}, 400),
        ([{"phone": "1"}], {**PLAN, "fields": {"phone": {"transform": "generalise", "file": "/etc/passwd"}}}, 400),
    ],
)
def test_rows_or_plans_that_do_not_fit_lose_nothing(local: Service, rows: Any, plan: Any, status: int) -> None:
    """A field that only some rows have, two types, a broken plan: refused whole, without repeating a value."""
    response = local.client.post("/v1/anonymize", json={"rows": rows, "plan": plan})
    assert response.status_code == status
    assert "canary-9" not in response.text


def test_lineage_of_what_was_asked(local: Service) -> None:
    """A query that was answered shows as soon as it is answered."""
    local.client.post("/v1/query", json=ask())
    document = local.client.get("/v1/lineage", params={"field": "residents.phone"}).json()["lineage"]
    assert (document["jobs"][0]["kind"], document["jobs"][0]["purpose"]) == ("query", "service")
    assert error(local.client.get("/v1/lineage", params={"field": "nowhere.phone"}))[0] == 404


@pytest.mark.parametrize(
    "query", ["", "field=", "field=a.b&depth=x", "field=a.b&depth=0", "field=a.b&depth=" + "9" * 5000]
)
def test_lineage_needs_a_field_and_a_depth(local: Service, query: str) -> None:
    """Missing, not a number, or out of bounds: 400."""
    assert error(local.client.get(f"/v1/lineage?{query}")) == (400, "usage")


def test_the_log_is_evidence_over_http(local: Service) -> None:
    """Checkpoint, proof and a re-reading of the whole log, while it is being written."""
    entry = local.client.post("/v1/query", json=ask()).json()["entry"]
    verified = local.client.get("/v1/audit/verify").json()
    assert (verified["verified"], verified["entries"]) == (True, entry + 1)
    assert str(entry + 1) in local.client.get("/v1/audit/checkpoint").text.splitlines()
    assert local.client.get(f"/v1/audit/proof/{entry}").text.startswith("c2sp.org/tlog-proof@v1")


@pytest.mark.parametrize("index", ["99999999", "-1", "1.5", "x", "9" * 5000, "%D9%A1"])
def test_a_proof_of_no_entry_is_404(local: Service, index: str) -> None:
    """Beyond the log, or no number at all."""
    assert error(local.client.get(f"/v1/audit/proof/{index}")) == (404, "not-found")


@pytest.mark.parametrize(
    "source",
    ["other", "", "sqlite:///crm.db", "../crm.db", "/etc/passwd", "crm.db", "env:HOME", "postgresql://127.0.0.1/x"],
)
def test_only_named_sources_are_opened(local: Service, source: str) -> None:
    """A caller names a source of the configuration; a URI, a path or a variable is none."""
    for route in ("/v1/check", "/v1/query"):
        response = local.client.post(route, json={**ask(), "source": source})
        assert error(response) == (400, "usage")
        assert "is not configured" in response.json()["error"]["message"]


def test_the_keys_of_masks_cannot_be_named(local: Service) -> None:
    """Neither as a placeholder of the SQL nor as a parameter."""
    named = local.client.post("/v1/query", json=ask("SELECT :guard_0 AS k, phone FROM residents"))
    given = local.client.post("/v1/query", json=ask(parameters={"guard_0": "x"}))
    assert error(named) == (403, "denied")
    assert error(given)[0] == 400


def test_unknown_routes_and_methods_answer_as_errors(local: Service) -> None:
    """404 and 405 have the same form as every other error."""
    assert error(local.client.get("/v1/nothing")) == (404, "not-found")
    assert error(local.client.get("/v1/query")) == (405, "method")
    assert error(local.client.get("/v1/../../etc/passwd")) == (404, "not-found")


def test_answers_are_not_cached(local: Service) -> None:
    """An answer belongs to one subject; no cache on the way may keep it."""
    assert local.client.post("/v1/query", json=ask()).headers["cache-control"] == "no-store"


def test_many_threads_get_their_own_answers(local: Service) -> None:
    """32 threads ask as two people in turns."""

    def one(number: int) -> bool:
        doctor = number % 2 == 0
        body = ask(subject=DOCTOR, purpose="treatment") if doctor else ask()
        return values(local.client.post("/v1/query", json=body).json()) == (WHOLE if doctor else MASKED)

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(one, range(128)))


def test_metrics_count_and_name_nobody(local: Service) -> None:
    """Outcomes, gaps, rules, routes; no subject, SQL or value in any label."""
    local.client.post("/v1/query", json=ask("SELECT 'canary-8' FROM residents"))
    local.client.post("/v1/query", json=ask("SELECT * FROM salaries"))
    text = local.client.get("/metrics").text
    for line in (
        'guard_decisions_total{outcome="allow"}',
        'guard_decisions_total{outcome="deny"}',
        'guard_gaps_total{code="unknown_table"}',
        'guard_rules_total{outcome="allow",rule="access.role_for_purpose"}',
        'guard_requests_total{route="/v1/query",status="403"}',
        'guard_request_seconds_count{route="/v1/query"}',
    ):
        assert line in text
    assert not re.search(r"canary|xiao-zhou|dr-lin|salaries|residents|SELECT", text)


def test_a_fault_inside_is_500_without_its_text(
    local: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The text of a foreign error may hold a cell; neither the answer nor the log repeats it."""
    caplog.set_level(logging.DEBUG)

    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("canary-5")

    monkeypatch.setattr(local.guard, "classify_text", broken)
    response = local.client.post("/v1/classify", json={"text": "x"})
    printed = capsys.readouterr()
    assert error(response) == (500, "internal")
    assert "canary-5" not in response.text + printed.out + printed.err + caplog.text


def test_every_route_is_in_the_reference() -> None:
    """docs/reference/sidecar.md names each route with its method."""
    from tests.sidecar.conftest import ROOT

    page = (ROOT / "docs" / "reference" / "sidecar.md").read_text()
    named = [f"POST {path}" for path in POSTS] + [f"GET {path}" for path in GETS]
    assert [route for route in named if f"`{route}" not in page] == []
    assert PHONES not in page
