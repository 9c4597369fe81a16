"""Re-identification over HTTP: off by default, never for callers whom nobody knows, denied without a grant."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from guard.anonymize.plan import Plan
from guard.engine import Guard, open_guard
from guard.errors import ConfigError
from guard.model import Sensitive
from guard.sidecar.app import build
from guard.sidecar.border import Border

RULES = Path(__file__).parents[2] / "rules"
TOKEN = "a-token-of-the-service"
PLAN = {"version": 1, "purpose": "research", "fields": {"id": {"transform": "siv"}}}
GRANT = 'dpo:\n  subject_request: {key_purposes: ["research"], transforms: ["siv"], reach: 4}\n'
ID = "110105194912310021"


def opened(folder: Path, *, over_http: bool) -> Guard:
    """A guard whose pack grants re-identification."""
    shutil.copytree(RULES, folder / "rules")
    (folder / "rules/policy/config/reidentify/data.yaml").write_text(GRANT)
    settings = {"rules": "rules", "reidentify": {"over_http": over_http, "max_values": 2}}
    return open_guard(folder=folder, operator="tests", settings=settings)


def body(guard: Guard, role: str) -> dict[str, Any]:
    """A request for two values."""
    table = guard.anonymize(pa.table({"id": [ID, None, ID]}), Plan.from_mapping(PLAN))
    subject = {"id": "petra", "roles": [role]}
    asked = {"plan": PLAN, "column": "id", "kind": "cn.resident_id", "subject": subject, "purpose": "subject_request"}
    return {"tokens": table.column("id").to_pylist(), **asked}


def test_a_known_caller_gets_what_a_rule_grants(tmp_path: Path) -> None:
    """With the token the values come; another role, a second request over the limit, and no token do not."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with opened(tmp_path, over_http=True) as guard:
        client = TestClient(build(guard, Border(Sensitive(TOKEN.encode()))), base_url="http://127.0.0.1")
        asked = body(guard, "dpo")
        assert client.post("/v1/reidentify", json=asked).status_code == 401
        denied = client.post("/v1/reidentify", json=body(guard, "analyst"), headers=headers)
        assert (denied.status_code, denied.json()["error"]["code"]) == (403, "denied")
        found = client.post("/v1/reidentify", json=asked, headers=headers)
        assert (found.status_code, found.json()["values"]) == (200, [ID, None, ID])
        assert dict(guard.audit.entries())[found.json()["entry"]].body["values"] == 2
        assert client.post("/v1/reidentify", json=asked, headers=headers).status_code == 403
        assert client.post("/v1/reidentify", json={**asked, "more": 1}, headers=headers).status_code == 400


def test_it_is_off_unless_configured(tmp_path: Path) -> None:
    """By default there is no such route."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with opened(tmp_path, over_http=False) as guard:
        client = TestClient(build(guard, Border(Sensitive(TOKEN.encode()))), base_url="http://127.0.0.1")
        assert client.post("/v1/reidentify", json=body(guard, "dpo"), headers=headers).status_code == 404


def test_it_is_not_served_to_whoever_reaches_the_port(tmp_path: Path) -> None:
    """Configured without a token or certificates, the sidecar does not start."""
    with opened(tmp_path, over_http=True) as guard, pytest.raises(ConfigError, match="callers are not known"):
        build(guard, Border(None))
