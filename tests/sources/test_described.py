"""A warehouse in another's hands: decided and rewritten over, never read."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.engine import open_guard
from guard.errors import SourceError, UsageError
from guard.model import Subject
from guard.sources.open import open_source

TEXT = """
dialect: snowflake
schema: CRM
tables:
  CUSTOMERS: {ID: "NUMBER(38,0)", PHONE: VARCHAR, DISTRICT: VARCHAR}
"""
CLERK = Subject("clerk-1", ("call_center",), {"districts": ("浦东新区",)})


def described(folder: Path, text: str = TEXT) -> str:
    file = folder / "warehouse.yml"
    file.write_text(text, encoding="utf-8")
    return f"described:///{file}"


def test_a_query_of_a_described_warehouse_is_rewritten_in_its_dialect(tmp_path: Path) -> None:
    """Labels come from the names, the rules decide, and the text is the warehouse's own SQL."""
    source = described(tmp_path)
    with open_guard(folder=tmp_path, operator="tester") as guard:
        guard.scan(source)
        sql = guard.rewrite("select phone from customers", subject=CLERK, purpose="service", source=source)
        assert '"guard_t"."PHONE"' in sql
        assert 'FROM "CRM"."CUSTOMERS" AS "guard_t"' in sql
        with pytest.raises(SourceError, match="is a description"):
            guard.query("select phone from customers", subject=CLERK, purpose="service", source=source)


def test_a_changed_description_is_another_version(tmp_path: Path) -> None:
    """The file is read anew before each question."""
    source = open_source(described(tmp_path))
    before = source.version()
    described(tmp_path, TEXT.replace("PHONE", "MOBILE"))
    assert source.version() != before
    assert [column.name for column in source.tables()[0].columns] == ["ID", "MOBILE", "DISTRICT"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dialect: trino",
        "dialect: klingon\ntables: {}",
        "dialect: trino\ntables: {a: [x]}",
        "dialect: [",
        "x: 1\n" + TEXT,
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    """An unknown key, an unknown dialect, another shape."""
    with pytest.raises(UsageError):
        open_source(described(tmp_path, text))
