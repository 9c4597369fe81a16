"""`guard rules ...` from the command line: what each says with its exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from guard.cli.main import run

RULES = Path(__file__).resolve().parents[2] / "rules" / "policy"
INPUT = {
    "v": 1,
    "subject": {"id": "x", "roles": ["clerk"], "attributes": {}},
    "action": "select",
    "purpose": "service",
    "context": {"source": "s", "time": "2026-01-01T00:00:00Z"},
    "tables": [],
    "label_sets": [],
}


@pytest.fixture
def wider(tmp_path: Path) -> Path:
    """The default pack with one grant that reaches further."""
    folder = tmp_path / "wider"
    shutil.copytree(RULES, folder)
    grants = folder / "config" / "grants" / "data.yaml"
    text = grants.read_text(encoding="utf-8")
    grants.write_text(text.replace("service: {reach: 3, clear: 2}", "service: {reach: 4, clear: 2}"), encoding="utf-8")
    return folder


def test_a_diff_that_widens_is_1(wider: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cell is named; the other way round it narrows and the exit code is 0."""
    narrow = ["--role", "clerk", "--purpose", "service", "--kind", "health.diagnosis", "--kind", "cn.mobile"]
    assert run(["rules", "diff", str(RULES), str(wider), *narrow]) == 1
    assert "WIDENED  clerk for service on health.diagnosis (level 4)\n  deny becomes allow" in capsys.readouterr().out
    assert run(["rules", "diff", str(wider), str(RULES), *narrow, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {cell["direction"] for cell in document["changed"]} == {"narrowed"}
    assert run(["rules", "diff", str(RULES), str(wider), "--kind", "no.such"]) == 2


def test_lint_and_its_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A clean pack is 0, a warning 1 unless only errors count."""
    assert run(["rules", "lint", str(RULES)]) == 0
    assert capsys.readouterr().out == "0 errors, 0 warnings\n"
    folder = tmp_path / "p"
    shutil.copytree(RULES, folder)
    rule = folder / "lib" / "tables.rego"
    rule.write_text(rule.read_text() + "\n#no space\n")
    assert run(["rules", "lint", str(folder), "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["rule"], found["file"]) == ("no-whitespace-comment", "lib/tables.rego")
    assert run(["rules", "lint", str(folder), "--fail-on", "error"]) == 0


def test_explain_shows_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """The rules that one input touches, and an input that is none."""
    assert run(["rules", "explain", json.dumps(INPUT), str(RULES)]) == 0
    assert "guard.lib.grants.held = " in capsys.readouterr().out
    assert run(["rules", "explain", "[]", str(RULES)]) == 2
    capsys.readouterr()
    page = str(RULES / "config" / "grants" / "data.yaml")
    assert run(["rules", "explain", page, str(RULES)]) == 2
    assert f"write `@{page}` for the file" in capsys.readouterr().err
    assert run(["rules", "explain", "{}", str(RULES)]) == 2


def test_new_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four files the first time, an error the second."""
    (tmp_path / "policy").mkdir()
    arguments = ["rules", "new", "access.night", str(tmp_path / "policy"), "--title", "No queries at night"]
    assert run(arguments) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert (tmp_path / "docs" / "access" / "night.md").is_file()
    assert run(arguments) == 2
    assert run(["rules", "test", str(tmp_path / "policy"), "--threshold", "100", "--decisions"]) == 0


def test_build_refuses_a_pack_that_fails_its_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written for a pack whose own tests fail."""
    folder = tmp_path / "policy"
    folder.mkdir()
    assert run(["rules", "new", "access.night", str(folder)]) == 0
    target = tmp_path / "rules.tar.gz"
    test = folder / "access" / "night" / "night_test.rego"
    good = test.read_text()
    test.write_text(good.replace('"statistics"}', '"other"}'))
    assert run(["rules", "build", str(folder), "-o", str(target)]) == 2
    assert "1 tests of the pack fail: `access/night/night_test.rego`" in capsys.readouterr().err
    assert not target.exists()
    test.write_text(good)
    assert run(["rules", "build", str(folder), "-o", str(target)]) == 0
    assert run(["rules", "list", str(target)]) == 0
    assert "access.night" in capsys.readouterr().out


def test_an_import_says_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that cannot be said makes the exit code 1; the rest is written."""
    folder = tmp_path / "p"
    shutil.copytree(RULES, folder)
    mask = {"users": ["u"], "dataMaskInfo": {"dataMaskType": "MASK"}}
    tags = {"name": "pii", "policyType": 1, "resources": {"tag": {"values": ["PII"]}}, "dataMaskPolicyItems": [mask]}
    file = tmp_path / "export.json"
    file.write_text(json.dumps({"policies": [tags, {"name": "all", "policyType": 0}]}))
    assert run(["rules", "import", "ranger", str(file), str(folder), "--tag", "PII=identity"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("1 masks, row filters of 0 tables, in monitor mode\nLEFT OUT  all: ")
    assert run(["rules", "lint", str(folder)]) == 0
