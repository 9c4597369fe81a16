"""The census of 1994 (UCI Adult, 30,162 rows, `;` between fields) through the whole way, by the command line."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
import yaml

from tests.scripts.conftest import Program

pytestmark = pytest.mark.shared

FIELDS = (
    "sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation", "salary-class",
)  # fmt: skip
EXPECTED = {
    "sex": "person.sex",
    "age": "person.age",
    "race": "person.ethnicity",
    "marital-status": "person.marital_status",
    "education": "person.education",
    "native-country": "person.nationality",
    "occupation": "person.occupation",
}
ASK = ("--source", "adult.csv", "--as", "ana", "--role", "analyst")
ROWS = 30_162


@pytest.fixture(scope="module")
def census(shared_data, tmp_path_factory):
    """The program beside the scanned file and its hierarchies."""
    guard = Program(tmp_path_factory.mktemp("census"))
    for path in (shared_data / "adult").glob("*.csv"):
        shutil.copy(path, guard.folder)
    done = guard("scan", "adult.csv", "--format", "json")
    assert done.code == 1
    return guard, json.loads(done.out)


def test_scan(census):
    """Each column that tells of a person is found as what it is; a class of income may be found or not."""
    _, report = census
    found = {one["field"]: one.get("kind") for one in report["fields"]}
    assert tuple(found) == FIELDS
    assert {name: kind for name, kind in found.items() if name in EXPECTED} == EXPECTED
    # Neither identifies nor is a special category: anything but these would be a false alarm.
    assert found["workclass"] in {None, "person.occupation", "person.employer"}
    assert found["salary-class"] in {None, "finance.income"}


def test_query(census):
    """Aggregates over large groups pass with quoted names; the labels decide what of a row is shown."""
    guard, _ = census
    sql = 'SELECT "salary-class", count(*) AS n FROM adult GROUP BY 1 ORDER BY 1'
    done = guard("query", sql, *ASK, "--purpose", "statistics", "--format", "csv")
    assert done == (0, "salary-class,n\n<=50K,22654\n>50K,7508\n", "")
    done = guard("query", 'SELECT age, "marital-status" FROM adult LIMIT 5', *ASK, "-p", "statistics")
    assert (done.code, done.out) == (1, "")  # a row of one person is no statistic
    done = guard(
        "query", 'SELECT age, race, "native-country" FROM adult LIMIT 5', *ASK, "-p", "fraud_review", "-f", "ndjson"
    )
    assert done.code == 0
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) == 5
    assert {row["race"] for row in rows} == {None}  # level 3 without a mask of its own: nothing of it stays
    unquoted = guard("query", "SELECT native-country FROM adult", *ASK, "-p", "fraud_review")
    assert (unquoted.code, unquoted.out) == (1, "")
    assert "unknown column" in unquoted.err


def test_anonymise_by_hierarchies(census):
    """A plan with all nine hierarchies changes each field as the hierarchy says, row by row, and leaves lineage."""
    guard, _ = census
    hierarchies = {name: f"adult_hierarchy_{name}.csv" for name in FIELDS}
    fields = {name: {"transform": "generalise", "hierarchy": file, "level": 1} for name, file in hierarchies.items()}
    (guard.folder / "plan.yaml").write_text(yaml.safe_dump({"version": 1, "purpose": "research", "fields": fields}))
    done = guard("anonymize", "adult.csv", "safe.csv", "--plan", "plan.yaml", "--delimiter", ";")
    assert done == (0, "", f"{ROWS} rows written to safe.csv\n")
    ladders = {}
    for name, file in hierarchies.items():
        with (guard.folder / file).open(newline="") as lines:
            ladders[name] = {row[0]: row[1] for row in csv.reader(lines, delimiter=";")}
    with (guard.folder / "adult.csv").open(newline="") as before, (guard.folder / "safe.csv").open(newline="") as after:
        rows = zip(csv.DictReader(before, delimiter=";"), csv.DictReader(after, delimiter=";"), strict=True)
        count = 0
        for old, new in rows:
            count += 1
            assert new == {name: ladders[name][value] for name, value in old.items()}
    assert count == ROWS
    lineage = guard("lineage", "safe.csv.age", "--direction", "up")
    assert lineage.code == 0
    assert "adult.csv.age" in lineage.out
    assert guard("audit", "verify").code == 0


def test_anonymise_by_other_transforms(census):
    """Partial, pseudonym, redact, null, drop, keep and numbers in steps work on the same file."""
    guard, _ = census
    (guard.folder / "mixed.yaml").write_text(
        """
version: 1
purpose: research
fields:
  sex: {transform: keep}
  age: {transform: partial, first: 1, last: 0}
  race: {transform: "null"}
  marital-status: {transform: redact}
  education: {transform: pseudonym, domain: education}
  native-country: {transform: drop}
  workclass: {transform: partial, first: 2, last: 1}
  occupation: {transform: generalise, hierarchy: adult_hierarchy_occupation.csv, level: 1}
  salary-class: {transform: keep}
"""
    )
    assert guard("anonymize", "adult.csv", "mixed.csv", "--plan", "mixed.yaml", "--delimiter", ";").code == 0
    with (guard.folder / "mixed.csv").open(newline="") as lines:
        first = next(csv.DictReader(lines, delimiter=";"))
    assert list(first) == [name for name in FIELDS if name != "native-country"]
    assert (first["sex"], first["age"], first["race"], first["salary-class"]) == ("Male", "3*", "", "<=50K")
    assert first["workclass"] == "St******v"
    assert first["education"] != "Bachelors"
    again = guard("anonymize", "adult.csv", "mixed.csv", "--plan", "mixed.yaml", "--delimiter", ";")
    assert again.code != 0
    assert "mixed.csv" in again.err


def test_derived_plan(census):
    """The plan that guard derives from the labels is a plan: it can be written down and applied."""
    guard, _ = census
    plan = guard("anonymize", "adult.csv", "--derive")
    assert plan.code == 0
    assert set(yaml.safe_load(plan.out)["fields"]) == set(FIELDS)
    (guard.folder / "derived.yaml").write_text(plan.out)
    assert guard("anonymize", "adult.csv", "derived.csv", "--plan", "derived.yaml", "--delimiter", ";").code == 0


def test_a_wrong_delimiter_writes_nothing(census):
    """With the wrong delimiter the plan does not fit, and no file appears."""
    guard, _ = census
    (guard.folder / "one.yaml").write_text("version: 1\npurpose: p\nfields: {age: {transform: redact}}\n")
    done = guard("anonymize", "adult.csv", "wrong.csv", "--plan", "one.yaml")
    assert (done.code, done.out) == (2, "")
    assert not (guard.folder / "wrong.csv").exists()
