"""Plans: strict in, the same out, and an error for everything else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from guard.anonymize.apply import apply
from guard.anonymize.derive import Defaults, derive
from guard.anonymize.plan import Plan
from guard.errors import PlanError, TransformError
from guard.model import Dataset, FieldLabel, FieldRef, Label, State
from tests.anonymize.cases import FOLDER, KEYRING

RULES = Path(__file__).resolve().parents[2] / "rules"
HEAD = "version: 1\npurpose: research\n"
FULL = f"""{HEAD}fields:
  phone: {{transform: partial, first: 3, last: 4}}
  id: {{transform: pseudonym, domain: person, reason: "joins: yes"}}
  'on': {{transform: keep}}
  2024: {{transform: null}}
  note: {{transform: drop}}
  job: {{transform: generalise, hierarchy: jobs.csv, level: 2}}
  age: {{transform: generalise_number, width: 10, as: text}}
default: redact
"""


def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def test_a_plan_comes_back_from_yaml() -> None:
    """Writing and parsing gives the same plan, columns with odd names included."""
    plan = Plan.parse(FULL, read=_read)
    assert Plan.parse(plan.to_yaml(), read=_read) == plan
    assert [field.column for field in plan.fields] == ["phone", "id", "on", "2024", "note", "job", "age"]
    assert plan.summary()["2024"] == "null"
    assert [field.state for field in plan.fields[:4]] == [State.MASKED, State.PSEUDONYMISED, State.RAW, State.NONE]


def test_a_table_after_the_plan() -> None:
    """Every field as planned, the unnamed one by default, the dropped one gone, types kept."""
    table = pa.table(
        {
            "phone": ["13812341234", None],
            "id": ["a", "a"],
            "on": [True, None],
            "2024": pa.array([1, 2], pa.int32()),
            "note": ["x", "y"],
            "job": ["Nurse", "Pilot"],
            "age": [39, None],
            "extra": ["secret", None],
        }
    )
    result = apply(table, Plan.parse(FULL, read=_read), KEYRING)
    token = result.column("id")[0].as_py()
    assert result.to_pydict() == {
        "phone": ["138****1234", None],
        "id": [token, token],
        "on": [True, None],
        "2024": [None, None],
        "job": ["*", "*"],
        "age": ["30", None],
        "extra": ["[redacted]", None],
    }
    assert result.schema.field("2024").type == pa.int32()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the plan is not a mapping"),
        ("purpose: x\nfields: {}\n", "has no `version`"),
        (f"{HEAD}feilds: {{}}\n", "unknown key `feilds`"),
        ("version: 1\nfields: {}\n", "needs a `purpose`"),
        (f"{HEAD}fields: {{a: {{transform: partail}}}}\n", "unknown transform `partail`"),
        (f"{HEAD}fields: {{a: {{transform: partial, frist: 3}}}}\n", "unknown field `frist`"),
        (f"{HEAD}fields: {{a: {{transform: partial, first: -3}}}}\n", "not between 0 and 64"),
        (f"{HEAD}fields: {{a: {{transform: partial, first: three}}}}\n", "expected `int`, got `str`"),
        (f"{HEAD}fields: {{a: {{transform: keep, first: 3}}}}\n", "unknown key `first`"),
        (f"{HEAD}fields: {{a: {{}}}}\n", "names no transform"),
        (f"{HEAD}fields: {{a: redact}}\n", "is not a mapping"),
        (f"{HEAD}fields:\n  a: {{transform: keep}}\n  a: {{transform: redact}}\n", "repeats a key"),
        (f"{HEAD}fields: {{a: &x {{transform: keep}}, b: *x}}\n", "an alias, an anchor or a tag at line 3"),
        (f"{HEAD}fields: {{a: !!python/name:os.system {{}}}}\n", "an alias, an anchor or a tag"),
        (f"{HEAD}default: everything\n", "`default` of the plan is not"),
        (f"{HEAD}fields: {{a: {{transform: generalise, hierarchy: /etc/passwd}}}}\n", "may not name files"),
        (f"{HEAD}fields: {{a: [\n", "not YAML at line"),
        ("a: " + "[" * 100 + "]" * 100, "nested too deep"),
    ],
)
def test_what_is_not_a_plan_is_refused(text: str, message: str) -> None:
    """Each mistake has its own error with a cure."""
    with pytest.raises(PlanError) as caught:
        Plan.parse(text)
    assert message in caught.value.message
    assert caught.value.help


def test_columns_and_plan_must_fit() -> None:
    """An unknown column, a repeated one, and one that the plan does not name are errors; silence never means keep."""
    plan = Plan.parse(f"{HEAD}fields: {{a: {{transform: keep}}}}\n")
    for columns, message in (
        (["b"], "the plan names `a`, and there is no such column"),
        (["a", "a"], "stands twice"),
        (["a", "b", "c"], "says nothing about `b` and 1 more"),
    ):
        with pytest.raises(PlanError, match=message):
            plan.check(columns)


def test_a_transform_that_does_not_fit_names_the_column_and_no_value() -> None:
    """A hierarchy that misses values, and a type without a form, are clear errors without the values."""
    body = "{transform: generalise, hierarchy: jobs.csv, missing: refuse}"
    plan = Plan.parse(f"{HEAD}fields: {{a: {body}}}\n", read=_read)
    with pytest.raises(TransformError, match=r"column `a` .* does not list 1 of 2 values") as caught:
        apply(pa.table({"a": ["Nurse", "canary"]}), plan)
    assert "canary" not in caught.value.diagnostics()
    with pytest.raises(TransformError, match=r"column `a` .* no form for the type `int64`"):
        apply(pa.table({"a": [1]}), plan)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a\nb\n", "has no level"),
        (b"a;x\nb\n", "row 2 .* another number of levels"),
        (b"a;x\na;y\n", "row 2 .* repeats a value"),
        (b"\xff;x\n", "not UTF-8"),
    ],
)
def test_a_broken_hierarchy_is_refused(content: bytes, message: str) -> None:
    """A hierarchy is parsed strictly, when the plan is loaded."""
    with pytest.raises(PlanError, match=message):
        Plan.parse(f"{HEAD}fields: {{a: {{transform: generalise, hierarchy: h}}}}\n", read=lambda _: content)


def _label(column: str, kind: str, level: int, verdict: str = "sensitive") -> FieldLabel:
    field = FieldRef(Dataset("file", "people.csv"), column)
    return FieldLabel(field, verdict, Label(kind, level) if verdict == "sensitive" else None)  # type: ignore[arg-type]


def test_a_plan_from_labels_says_why() -> None:
    """Kinds, families of kinds, unknown kinds, clean and unscanned fields each get their transform and a reason."""
    labels = [
        _label("id", "cn.resident_id", 4),
        _label("name", "person.name_zh", 3),
        _label("token", "secret.github_token", 5),
        _label("odd", "brand.new", 3),
        _label("worse", "brand.new", 4),
        _label("size", "", 1, "clean"),
        _label("blob", "", 1, "not_scanned"),
    ]
    plan = derive(labels, Defaults.load(RULES), purpose="research")
    assert [field.transform for field in plan.fields] == [
        "pseudonym",
        "name",
        "null",
        "redact",
        "null",
        "keep",
        "redact",
    ]
    assert all(field.reason for field in plan.fields)
    assert plan.default == "refuse"
    assert Plan.parse(plan.to_yaml()) == plan
    chinese = derive(labels, Defaults.load(RULES), purpose="research", language="zh-Hans")
    assert chinese.fields[1].reason == "姓名隐藏部分（JR/T 0171-2020 附录A）"
