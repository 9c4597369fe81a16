"""Row filters, masks and minimum groups beside differential privacy: the real engines, the noise switched off."""

from __future__ import annotations

import collections
from typing import Any

import pytest

from guard.anonymize.dp.sql.refusal import Refusal
from guard.model import Compare, In, InTable, Mask, MinimumGroup, Obligation, RowFilter, TableName
from tests.anonymize.dp.sql.world import WIDE, Engine, agrees, declared, questions, rows_of_world

UNITS = declared(**WIDE)
ROWS = rows_of_world(3, 120)


def _table(engine: Engine, name: str) -> TableName:
    return next(table.name for table in engine.catalogue.tables if table.name.name == name)


def _northern(engine: Engine) -> RowFilter:
    return RowFilter(_table(engine, "visit"), In("area", ("north", "east")), rule="r")


def _restricted(sql: str) -> str:
    """The statement over a database in which only the northern and eastern visits exist."""
    return f"WITH mine AS (SELECT * FROM visit WHERE area IN ('north', 'east')) {sql.replace('visit', 'mine')}"


FILTERED = [
    "SELECT area AS k0, COUNT(*) AS a0, SUM(amount) AS a1 FROM visit GROUP BY area",
    "SELECT note AS k0, COUNT(DISTINCT pid) AS a0, AVG(score) AS a1 FROM visit GROUP BY note",
    "SELECT p.kind AS k0, SUM(v.amount) AS a0 FROM visit v JOIN person p ON v.pid = p.pid GROUP BY p.kind",
    "SELECT COUNT(*) AS a0 FROM item i JOIN visit v ON i.vid = v.vid",
    "SELECT COUNT(*) AS a0, COUNT(v.vid) AS a1 FROM person p LEFT JOIN visit v ON p.pid = v.pid",
]


@pytest.mark.parametrize("sql", FILTERED)
def test_hidden_rows_do_not_count(engine: Engine, sql: str) -> None:
    """The answer is that of a database without them, whatever table the statement begins with."""
    query = engine.private(sql, UNITS, owed=(_northern(engine),))
    assert agrees(engine.answer(query), engine.native(_restricted(sql)), sql.count(" AS k")) == ""


def test_random_questions_under_a_filter(engine: Engine) -> None:
    """Generated statements of the accepted kind, each against the engine's own answer over the filtered table."""
    wrong, answered = [], 0
    for sql in questions(25, engine.source.dialect, 31):
        if "visit" not in sql or sql.startswith("WITH"):
            continue
        try:
            query = engine.private(sql, UNITS, owed=(_northern(engine),))
        except Refusal:
            continue
        answered += 1
        differs = agrees(engine.answer(query), engine.native(_restricted(sql)), sql.count(" AS k"))
        if differs:
            wrong.append((sql, differs))
    assert wrong == []
    assert answered >= 10


def test_a_filter_may_look_into_another_table(engine: Engine) -> None:
    """An entitlement table is read inside of the filter, and nowhere else."""
    allowed = InTable("area", "area", "code", where=Compare("region", "eq", "r1"))
    owed = (RowFilter(_table(engine, "visit"), allowed, rule="r"),)
    query = engine.private("SELECT COUNT(*) AS a0 FROM visit", UNITS, owed=owed)
    mine = sum(row[2] in ("south", "west") for row in ROWS["visit"])
    assert engine.answer(query) == [(mine,)]
    assert _table(engine, "area") in query.first[1][0].tables if query.first else False


def test_another_filter_is_another_question(engine: Engine) -> None:
    """What was answered over some rows is not served for others."""
    sql = "SELECT COUNT(*) AS a0 FROM visit"
    free, bound = engine.private(sql, UNITS), engine.private(sql, UNITS, owed=(_northern(engine),))
    other = RowFilter(_table(engine, "visit"), In("area", ("north", "west")), rule="r")
    prints = {each.fingerprint("v") for each in (free, bound, engine.private(sql, UNITS, owed=(other,)))}
    assert len(prints) == 3
    assert bound.fingerprint("v") == engine.private(sql, UNITS, owed=(_northern(engine),)).fingerprint("v")


def _masked(engine: Engine, *columns: tuple[str, str, str, dict[str, Any]]) -> tuple[Obligation, ...]:
    return tuple(Mask(_table(engine, table), column, name, params, "r") for table, column, name, params in columns)


def test_masked_values_are_what_is_counted(engine: Engine) -> None:
    """Sums are those of the masked column."""
    owed = _masked(engine, ("visit", "amount", "top_code", {"at": 100}))
    query = engine.private("SELECT SUM(amount) AS a0, COUNT(amount) AS a1 FROM visit", UNITS, owed=owed)
    amounts = [row[3] for row in ROWS["visit"] if row[3] is not None]
    assert engine.answer(query) == [(sum(min(100, each) for each in amounts), len(amounts))]


def test_keyed_masks_on_two_tables_keep_their_own_values(engine: Engine) -> None:
    """Each table of the form brings bound keys; groups carry tokens, and no value comes out."""
    owed = _masked(engine, ("visit", "note", "pseudonym", {}), ("person", "kind", "pseudonym", {"domain": "kinds"}))
    sql = (
        "SELECT p.kind AS k0, v.note AS k1, COUNT(*) AS a0 FROM visit v JOIN person p ON v.pid = p.pid"
        " GROUP BY p.kind, v.note"
    )
    answer = engine.answer(engine.private(sql, UNITS, owed=owed))
    kinds = {row[0]: row[3] for row in ROWS["person"]}
    true = collections.Counter((kinds[row[1]], row[6]) for row in ROWS["visit"])
    assert sorted(row[2] for row in answer) == sorted(true.values())
    assert all(str(cell).startswith("g1_") for row in answer for cell in row[:2] if cell is not None)
    assert len({row[0] for row in answer}) == len({kind for kind, _ in true})


def test_a_masked_unit_still_counts_persons(engine: Engine) -> None:
    """The mask cannot act on the form's own unit; the statement may count it and nothing else."""
    owed = _masked(engine, ("visit", "pid", "null", {}))
    query = engine.private("SELECT COUNT(DISTINCT pid) AS a0 FROM visit", UNITS, owed=owed)
    assert engine.answer(query) == [(len({row[1] for row in ROWS["visit"]}),)]
    with pytest.raises(Refusal) as caught:
        engine.private("SELECT COUNT(*) AS a0 FROM visit WHERE pid > 5", UNITS, owed=owed)
    assert caught.value.reason == "dp-masked-unit"


def test_a_column_that_nobody_decided_on_is_not_there(engine: Engine) -> None:
    """The statement names an output like a column; the form may mention the name, and gets no value of it."""
    query = engine.private("SELECT COUNT(*) AS note FROM visit", UNITS)
    assert query.first is not None
    (statement,) = query.first[1]
    assert '"guard_t"."note"' not in statement.sql
    assert '"guard_t"."pid"' in statement.sql


@pytest.mark.parametrize("minimum", [2, 30, 60])
def test_no_group_under_the_minimum_is_shown(engine: Engine, minimum: int) -> None:
    """Declared keys are no longer public then: a group of fewer persons is dropped before any noise."""
    sql = "SELECT area AS k0, COUNT(DISTINCT pid) AS a0 FROM visit WHERE amount > 200 GROUP BY area"
    query = engine.private(sql, UNITS, owed=(MinimumGroup(minimum, "r"),))
    persons: dict[str, set[int]] = collections.defaultdict(set)
    for row in ROWS["visit"]:
        if row[3] is not None and row[3] > 200:
            persons[row[2]].add(row[1])
    shown = {row[0]: row[1] for row in engine.answer(query)}
    assert shown == {area: len(own) for area, own in persons.items() if len(own) >= minimum}


def test_the_minimum_counts_whatever_the_noise_says(engine: Engine) -> None:
    """Noise that lifts every group over the threshold does not lift a small one over the minimum."""
    sql = "SELECT note AS k0, COUNT(*) AS a0 FROM visit WHERE amount > 395 GROUP BY note"
    query = engine.private(sql, UNITS, owed=(MinimumGroup(40, "r"),))
    assert engine.answer(query, noise_of=lambda _noise, count: [10**6] * count) == []


def test_the_threshold_stands_above_the_minimum(engine: Engine) -> None:
    """Privacy of the keys is counted from the minimum on."""
    sql = "SELECT note AS k0, COUNT(*) AS a0 FROM visit GROUP BY note"
    plain, held = engine.private(sql, UNITS), engine.private(sql, UNITS, owed=(MinimumGroup(25, "r"),))
    assert plain.first is not None
    assert held.first is not None
    assert plain.first[0].tau is not None
    assert held.first[0].tau == plain.first[0].tau + 24
