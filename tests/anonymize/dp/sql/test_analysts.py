"""What an analyst sends, in each engine's own words: accepted, and answered as the engine answers."""

from __future__ import annotations

import re
from pathlib import Path

from tests.anonymize.dp.sql.world import WIDE, Engine, agrees, declared

CASES = Path(__file__).parents[3] / "cases" / "dp"


def _statements(name: str) -> list[str]:
    return [line for line in (CASES / f"{name}.sql").read_text().splitlines() if not line.startswith("--")]


def test_what_analysts_ask_is_answered(engine: Engine) -> None:
    """None is refused, and without noise each answer is the engine's own; a quantile is one of many right ones."""
    units = declared(**WIDE)
    differs = {}
    for sql in (*_statements("common"), *_statements(engine.name)):
        answer = engine.answer(engine.private(sql, units))
        if not re.search(r" AS q\d?\b", sql):
            keys = len(set(re.findall(r"\bk\d\b", sql)))
            differs[sql] = agrees(answer, engine.native(sql), keys)
    assert len(differs) > 60
    assert {sql: what for sql, what in differs.items() if what} == {}
