"""`guard dbt`: a manifest that dbt 1.10 wrote, its columns by names, and properties files with guard's tags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

MANIFEST = Path(__file__).parents[1] / "cases/integrations/dbt-1.10-manifest.json"
PROPERTIES = """\
version: 2
sources:
  - name: crm
    schema: raw
    tables:
      - name: calls
        columns: [{name: caller_phone, description: 来电号码}, {name: day}]
models:
  - name: people
    description: residents
    columns:
      - {name: id}
      - {name: xm, description: 姓名}
      - {name: PHONE, description: contact, tags: [hot], meta: {owner: li}}
"""


@pytest.fixture
def project(guard):
    """The folder that `guard` runs in, as a dbt project."""
    Path("target").mkdir()
    Path("models").mkdir()
    Path("target/manifest.json").write_bytes(MANIFEST.read_bytes())
    Path("models/sources.yml").write_text(PROPERTIES)
    Path("models/orders.yml").write_text(
        "models:\n  - name: orders\n    # who ordered\n    columns: [{name: contact}]\n"
    )
    return Path()


def test_columns_by_their_names(guard, project):
    """Models and sources, without a warehouse."""
    done = guard("dbt", "columns", "--format", "json")
    assert done.code == 1
    found = {(one["relation"], one["column"]): one["kind"] for one in json.loads(done.out)["columns"]}
    assert found["shop.main.people", "xm"] == "person.name_zh"
    assert found["shop.main.people", "PHONE"] == "cn.mobile"
    assert ("shop.raw.calls", "caller_phone") in found
    assert ("shop.raw.calls", "day") not in found


def test_a_resource_is_described_once(guard, project):
    """dbt refuses two descriptions: the tags go into the file that has one, beside what people wrote there."""
    assert guard("dbt", "patch", "--write").code in (0, 4)
    written = yaml.safe_load(Path("models/sources.yml").read_text())
    (people,) = written["models"]
    phone = people["columns"][2]
    assert (phone["name"], phone["description"], phone["meta"]["owner"]) == ("PHONE", "contact", "li")
    assert phone["tags"] == ["hot", "guard", "cn.mobile"]
    assert phone["meta"]["guard"]["kind"] == "cn.mobile"
    assert people["columns"][0] == {"name": "id"}
    assert written["sources"][0]["tables"][0]["columns"][0]["tags"][0] == "guard"
    before = Path("models/sources.yml").read_text()
    guard("dbt", "patch", "--write")
    assert Path("models/sources.yml").read_text() == before  # once more changes nothing


def test_a_file_with_comments_is_not_written_over(guard, project):
    """What belongs into it is printed, and the exit code says that it is not there."""
    Path("models/sources.yml").write_text("# ours\n" + PROPERTIES)
    done = guard("dbt", "patch", "--write")
    assert done.code == 4
    assert "# models/sources.yml" in done.out
    assert Path("models/sources.yml").read_text().startswith("# ours")


def test_labels_of_a_scan(guard, project):
    """With `--source` only what a scan found there; a model that no file describes goes to a new one."""
    manifest = json.loads(MANIFEST.read_text())
    model = manifest["nodes"]["model.shop.people"]
    model |= {"database": None, "schema": None, "patch_path": None}  # SQLite names its tables by nothing else
    Path("target/manifest.json").write_text(json.dumps(manifest))
    assert guard("dbt", "patch", "--source", "sqlite:///crm.db").code == 3
    guard("scan", "sqlite:///crm.db")
    assert guard("dbt", "patch", "--source", "sqlite:///crm.db", "--write").code == 0
    (people,) = yaml.safe_load(Path("models/guard.yml").read_text())["models"]
    assert {column["name"] for column in people["columns"]} == {"name", "PHONE", "email"}


@pytest.mark.parametrize("path", ["../../outside.yml", "models/people.sql", "/etc/x.yml"])
def test_a_manifest_that_names_files_elsewhere_is_refused(guard, project, path):
    """A manifest may come from anybody; nothing is read or written outside of the project."""
    manifest = json.loads(MANIFEST.read_text())
    manifest["nodes"]["model.shop.people"]["patch_path"] = f"shop://{path}"
    Path("target/manifest.json").write_text(json.dumps(manifest))
    done = guard("dbt", "patch", "--write")
    assert (done.code, "outside of the project" in done.err) == (2, True)


def test_what_is_no_project(guard):
    """A usage error that says what to run."""
    done = guard("dbt", "columns")
    assert (done.code, "dbt parse" in done.err) == (2, True)
