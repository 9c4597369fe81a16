"""Two answers under a minimum group never differ by a few rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from guard.engine.one_meaning import only_meaning, stored_meaning
from guard.errors import AccessDeniedError
from guard.model import Subject
from tests.engine.conftest import ROWS, World

STATISTICS = "statistics"  # the default pack gives analysts groups of ten rows and more


def ask(world: World, sql: str, who: str = "analyst-1", **parameters: object) -> list[dict[str, object]]:
    answer = world.guard.query(
        sql, subject=Subject(who, ("analyst",)), purpose=STATISTICS, source=world.source, parameters=parameters
    )
    return answer.table.to_pylist()


def refused(world: World, sql: str, **parameters: object) -> None:
    with pytest.raises(AccessDeniedError, match="fewer rows than the minimum group") as caught:
        ask(world, sql, **parameters)
    assert "ask the earlier question again" in caught.value.help
    entry = [entry for _, entry in world.guard.audit.entries() if entry.kind == "decision"][-1]
    assert (entry.body["outcome"], entry.body["differencing"]) == ("deny", "near")


def execute(world: World, sql: str) -> None:
    with closing(sqlite3.connect(world.source.removeprefix("sqlite:///"))) as connection:
        connection.execute(sql)
        connection.commit()


def test_all_but_one_is_refused(world: World) -> None:
    """The classic: everybody, then everybody but one, in whatever words."""
    assert ask(world, "SELECT count(*) AS n FROM residents") == [{"n": ROWS}]
    refused(world, "SELECT count(*) AS n FROM residents WHERE id <> 7")
    refused(world, "SELECT avg(id) AS n FROM residents WHERE NOT id = 7")
    refused(world, "SELECT district, count(*) AS n FROM (SELECT district FROM residents WHERE id <> 7) r GROUP BY 1 "
            "UNION ALL SELECT district, count(*) FROM residents GROUP BY 1")  # fmt: skip
    refused(world, "SELECT count(*) AS n FROM residents WHERE id <> :x", x=7)


def test_another_table_beside_it_is_no_way_round(world: World) -> None:
    """Groups are kept by the table whose rows they hold, whatever else a statement reads."""
    ask(world, "SELECT count(*) AS n FROM residents")
    refused(world, "SELECT count(*) AS n FROM residents WHERE id <> 7 UNION ALL SELECT count(*) FROM calls")
    refused(world, "WITH r AS (SELECT id FROM main.residents WHERE id <> 7) SELECT count(*) AS n FROM r")


def test_one_for_another_is_refused(world: World) -> None:
    """Two groups of equal size may be the same but for one row on each side."""
    assert ask(world, "SELECT count(*) AS n FROM residents WHERE id <> 7") == [{"n": ROWS - 1}]
    refused(world, "SELECT count(*) AS n FROM residents WHERE id <> 8")


def test_the_same_question_and_disjoint_groups_are_answered(world: World) -> None:
    """What shares no rows, and what is the same group in other words, tells nothing of one row."""
    grouped = "SELECT district, count(*) AS n FROM residents GROUP BY district ORDER BY 1"
    first = ask(world, grouped)
    assert ask(world, grouped) == first
    for each in first:
        only = f"SELECT count(*) AS n FROM residents WHERE district = '{each['district']}'"
        assert ask(world, only) == [{"n": each["n"]}]
    assert ask(world, "SELECT count(*) AS n FROM residents") == [{"n": ROWS}]


def test_the_same_question_after_a_small_change_is_refused(world: World) -> None:
    """One person came: the difference of the two answers would be that person."""
    sql = "SELECT count(*) AS n FROM residents"
    ask(world, sql)
    execute(world, "DELETE FROM residents WHERE id = 3")
    refused(world, sql)
    execute(world, "DELETE FROM residents WHERE id < 12")
    assert ask(world, sql) == [{"n": ROWS - 12}]


def test_subjects_and_purposes_are_kept_apart(world: World) -> None:
    """What one got is not held against another; what guard keeps of it is no value and no name."""
    ask(world, "SELECT count(*) AS n FROM residents WHERE district = '浦东新区'")
    assert ask(world, "SELECT count(*) AS n FROM residents WHERE id <> 7 AND district = '浦东新区'", "analyst-2")
    with world.guard.store.read() as connection:
        from sqlalchemy import select

        from guard.store.schema import answered_group

        kept = connection.execute(select(answered_group)).all()
    assert kept
    assert "analyst" not in str(kept)
    assert "浦东" not in str(kept)
    assert "residents" not in str(kept)


def test_a_statement_that_is_handed_out_counts_as_answered(world: World) -> None:
    """Whoever runs the enforced SQL elsewhere gets the answer as well."""
    subject = Subject("analyst-1", ("analyst",))
    world.guard.rewrite("SELECT count(*) AS n FROM residents", subject=subject, purpose=STATISTICS, source=world.source)
    refused(world, "SELECT count(*) AS n FROM residents WHERE id <> 7")


def test_a_fault_in_the_comparison_would_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the comparison both halves of the attack are answered."""
    monkeypatch.setattr("guard.engine.answering.hold_apart", lambda *_: None)
    both = ask(world, "SELECT count(*) AS n FROM residents") + ask(
        world, "SELECT count(*) AS n FROM residents WHERE id <> 7"
    )
    assert both == [{"n": ROWS}, {"n": ROWS - 1}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("EU", "eu"),
        ("EU", "EU "),
        ("Jose", "José"),
        ("7", "007"),
        ("2020-01-01", "20200101"),
        ("t", "true"),
        ("now", "today"),
        ("1.0", "1"),
        ("straße", "strasse"),
    ],
)
def test_values_that_an_engine_may_take_for_one_are_not_told_apart(one: str, other: str) -> None:
    """Case, accents, blanks, zeros, and spellings of dates and truths do not make two groups disjoint."""
    assert only_meaning(one) is None or only_meaning(other) is None or only_meaning(one) == only_meaning(other)


def test_values_that_differ_everywhere_are_told_apart() -> None:
    """Words and whole numbers; a group key and the literal for it mean the same."""
    assert len({only_meaning(each) for each in ("EU", "US", "浦东新区", "徐汇区", "7", "8")}) == 6
    assert [stored_meaning(each) for each in ("EU", 7, "浦东新区")] == [
        only_meaning(each) for each in ("eu", "7", "浦东新区")
    ]
    assert stored_meaning(None) not in {None, only_meaning("null"), stored_meaning("null")}


def test_another_spelling_of_a_value_is_no_way_round(world: World) -> None:
    """What may be the same rows is compared by its size."""
    ask(world, "SELECT count(*) AS n FROM residents WHERE district = '浦东新区'")
    refused(world, "SELECT count(*) AS n FROM residents WHERE lower(district) = '浦东新区' AND id <> 8")


def test_groups_by_other_columns_are_other_groups(world: World) -> None:
    """By one column, then by another: allowed although sizes are close; under other conditions they are held apart."""
    by_district = ask(world, "SELECT district, count(*) AS n FROM calls GROUP BY district")
    assert by_district
    ask(world, "SELECT minutes, count(*) AS n FROM calls GROUP BY minutes")
    refused(world, "SELECT district, count(*) AS n FROM calls WHERE id <> 7 GROUP BY district")
    refused(world, "SELECT district, CASE WHEN id = 7 THEN 1 END AS one, count(*) AS n FROM calls GROUP BY 1, 2")
