"""Statements that differ in free literals are answered from one preparation, each with its own values."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import duckdb

from guard.engine import desk, open_guard
from guard.model import Subject

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANALYST = Subject(id="a-1", roles=("call_center",), attributes={"districts": ("浦东新区",)})


def test_another_number_is_answered_from_what_is_known_and_recorded_by_itself(tmp_path: Path) -> None:
    """The second statement is not prepared again; its rows and its entry are its own. Another subject starts anew."""
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE visits (id INTEGER, district VARCHAR, cost INTEGER)")
        connection.execute("INSERT INTO visits SELECT n, '浦东新区', n * 10 FROM range(20) AS r(n)")
    source = f"duckdb:///{path}"
    with (
        open_guard(folder=tmp_path, operator="tester", clock=lambda: NOON) as guard,
        mock.patch.object(desk, "prepare", wraps=desk.prepare) as prepare,
    ):
        guard.scan(source)

        def ask(number: int, who: Subject = ANALYST) -> list[dict[str, int]]:
            sql = f"SELECT cost FROM visits WHERE id = {number}"
            return list(guard.query(sql, subject=who, purpose="service", source=source).table.to_pylist())

        assert ask(3) == [{"cost": 30}]
        assert ask(4) == [{"cost": 40}]
        assert ask(5) == [{"cost": 50}]
        assert prepare.call_count == 1
        other = Subject(id="a-2", roles=("call_center",), attributes={"districts": ("浦东新区",)})
        assert ask(6, other) == [{"cost": 60}]
        assert prepare.call_count == 2
