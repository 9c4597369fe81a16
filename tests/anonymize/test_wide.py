"""Transforms that see more than one value: what they promise of rows and tables, with seeded faults."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from guard.anonymize import registry
from guard.anonymize.apply import Work, apply
from guard.anonymize.files import anonymize_file
from guard.anonymize.mask_sql import Masks
from guard.anonymize.plan import Plan
from guard.anonymize.rows import Ports, Span
from guard.anonymize.vault import MemoryVault, values_of
from guard.errors import GuardError, PlanError, TransformError
from guard.model import Mask, TableName
from guard.sql.masking import Parameters
from tests.anonymize.cases import KEYRING
from tests.anonymize.engines import statement

HEAD = "version: 1\npurpose: research\n"
PEOPLE = pa.table(
    {
        "person": ["a", "b", "a", None, "b", "a"],
        "visit": pa.array([dt.date(2024, 1, 1) + dt.timedelta(days=9 * n) for n in range(6)]),
        "when": pa.array([dt.datetime.fromisoformat(f"2024-0{n + 1}-11T08:30:00") for n in range(6)]),
        "text": ["2024-01-01", "2024-01-10T08:30:00Z", "2024-01-19", "2024-02-30", "x", "9999-12-30"],
    }
)


def _plan(fields: str, rows: str = "") -> Plan:
    return Plan.parse(f"{HEAD}fields: {{{fields}}}\ndefault: keep\n" + (f"rows: {{{rows}}}\n" if rows else ""))


def _shifts(before: Sequence[Any], after: Sequence[Any], people: Sequence[Any]) -> dict[Any, set[Any]]:
    """Person to the shifts that their dates got: one for each when the promise holds."""
    found: dict[Any, set[Any]] = {}
    for old, new, person in zip(before, after, people, strict=True):
        found.setdefault(person, set()).add(None if new is None else new - old)
    return found


@pytest.mark.parametrize("name", ["visit", "when"])
def test_dates_of_one_person_move_together(name: str) -> None:
    """One shift a person, within the bounds, another for another person, none without a person; a fault is seen."""
    made = apply(PEOPLE, _plan(f"{name}: {{transform: date_shift, by: person, days: 30}}"), KEYRING)
    before, after, people = (part.to_pylist() for part in (PEOPLE[name], made[name], PEOPLE["person"]))
    shifts = _shifts(before, after, people)
    assert shifts[None] == {None}
    assert [len(shifts[person]) for person in "ab"] == [1, 1]
    assert shifts["a"] != shifts["b"]
    assert all(abs(shift) <= dt.timedelta(days=30) for person in "ab" for shift in shifts[person])
    assert len(_shifts(before, [*after[:5], before[5]], people)["a"]) > 1, "a seeded fault: one date stays"


def test_texts_keep_their_time_and_odd_dates_become_null() -> None:
    """What follows the date stays; an unreal date, another text, and a year beyond 9999 are null."""
    plan = _plan(
        "text: {transform: date_shift, by: person, days: 30}, visit: {transform: date_shift, by: person, days: 30}"
    )
    made = apply(PEOPLE, plan, KEYRING)
    one, two, three, *rest = made["text"].to_pylist()
    dates = [day.isoformat() for day in made["visit"].to_pylist()[:3]]
    assert [one, two, three] == [dates[0], f"{dates[1]}T08:30:00Z", dates[2]]
    assert rest[:2] == [None, None]


ENGINES = ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.mark.parametrize(("name", "kind"), [("visit", "DATE"), ("when", "TIMESTAMP")])
@pytest.mark.parametrize("dialect", ENGINES)
def test_a_database_shifts_as_apply_does(dialect: str, name: str, kind: str, request: pytest.FixtureRequest) -> None:
    """The shift in SQL, from the person's column beside it, is that of the Arrow form."""
    plan = "{transform: date_shift, by: person, days: 30, purpose: research}"
    expected = apply(PEOPLE, _plan(f"{name}: {plan}"), KEYRING)[name].to_pylist()
    bound = Parameters()
    mask = Mask(TableName("t"), "c", "date_shift", {"by": "person", "days": 30})
    masks = Masks(KEYRING, purpose="research")
    masked = masks(mask, exp.column("c"), column_type=kind, dialect=dialect, parameters=bound)
    values = {key: value.reveal() for key, value in bound.values().items()}
    rows = list(enumerate(zip(PEOPLE["person"].to_pylist(), PEOPLE[name].to_pylist(), strict=True)))
    if dialect == "duckdb":
        import duckdb

        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t (i INTEGER, person VARCHAR, c {kind})")
            connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [[i, *row] for i, row in rows])
            got = connection.sql(statement(masked, dialect), params=values).fetchall()
    else:
        import psycopg

        url = request.getfixturevalue("postgres").create_database()
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE t (i integer, person text, c {kind})")
            cursor.executemany("INSERT INTO t VALUES (%s, %s, %s)", [(i, *row) for i, row in rows])
            got = cursor.execute(statement(masked, dialect), values).fetchall()
    assert [row[0] for row in got] == expected


TABLE = pa.table(
    {
        "n": pa.array([*range(500), *[None] * 20]),
        "city": ["north" if n % 3 else "south" for n in range(519)] + ["alone"],
        "who": [f"p{n % 50}" for n in range(520)],
    }
)


@pytest.mark.parametrize("transform", ["shuffle", "swap"])
def test_values_change_places_within_their_group(transform: str) -> None:
    """The values of each group are what they were, in another order; who is alone is hidden."""
    made = apply(TABLE, _plan(f"n: {{transform: {transform}, within: [city]}}"), KEYRING)
    before, after, city = (part.to_pylist() for part in (TABLE["n"], made["n"], TABLE["city"]))
    for name in ("north", "south"):
        parts = [
            Counter(value for value, at in zip(column, city, strict=True) if at == name) for column in (before, after)
        ]
        assert parts[0] == parts[1]
    assert after[-1] is None
    moved = sum(old != new for old, new in zip(before, after, strict=True))
    assert moved > 450 if transform == "shuffle" else 20 < moved < 100
    assert apply(TABLE, _plan(f"n: {{transform: {transform}, within: [city]}}"), KEYRING) == made
    other = _plan(f"n: {{transform: {transform}, within: [city], version: 1}}")
    assert apply(TABLE, other, KEYRING)["n"].to_pylist() != after


def test_two_columns_do_not_move_alike() -> None:
    """A shuffle of two columns parts them: else a row could be put together again."""
    table = pa.table({"a": list(range(300)), "b": [n * 2 + 1 for n in range(300)]})
    made = apply(table, _plan("a: {transform: shuffle}, b: {transform: shuffle}"), KEYRING)
    pairs = zip(made["a"].to_pylist(), made["b"].to_pylist(), strict=True)
    assert sum(b == a * 2 + 1 for a, b in pairs) < 10


def test_small_groups_are_counted_with_the_columns_beside() -> None:
    """Exactly the values whose group has k rows stay, null among them; and whole rows go where the plan says so."""
    table = pa.table({"zip": ["1", "1", "1", "2", "2", None], "age": [30, 30, 31, 40, 40, 1]})
    alone = apply(table, _plan("zip: {transform: small_groups, k: 3}"), KEYRING)
    assert alone["zip"].to_pylist() == ["1", "1", "1", None, None, None]
    both = apply(table, _plan("zip: {transform: small_groups, k: 2, beside: [age]}"), KEYRING)
    assert both["zip"].to_pylist() == ["1", "1", None, "2", "2", None]
    rows = apply(table, _plan("", "zip: {transform: small_groups, k: 2, beside: [age]}"), KEYRING)
    assert rows.to_pylist() == [{"zip": "1", "age": 30}] * 2 + [{"zip": "2", "age": 40}] * 2


def test_group_keys_never_run_together() -> None:
    """`ab, c` is another group than `a, bc`, and a null another one than any text."""
    table = pa.table({"x": ["ab", "a", "", None, "-"], "y": ["c", "bc", "-", "", None]})
    made = apply(table, _plan("x: {transform: small_groups, k: 2, beside: [y]}"), KEYRING)
    assert made["x"].to_pylist() == [None] * 5


def test_a_sample_leaves_whole_rows_out_and_still_joins() -> None:
    """The same people are in the sample of two tables."""
    plan = _plan("", "who: {transform: sample, share: 0.4}")
    one, two = apply(TABLE, plan, KEYRING), apply(TABLE.slice(100, 300), plan, KEYRING)
    kept = set(one["who"].to_pylist())
    assert 8 < len(kept) < 32
    assert set(two["who"].to_pylist()) == kept
    assert one.num_rows == sum(who in kept for who in TABLE["who"].to_pylist())


def _phones(texts: Sequence[str]) -> list[list[Span]]:
    return [[Span("cn.mobile", at, at + 11)] if (at := text.find("138")) >= 0 else [] for text in texts]


def test_free_text_loses_what_was_found() -> None:
    """Found places go in each of the three ways, overlaps as one, other kinds stay; a faulty finder is refused."""
    table = pa.table({"note": ["call 13812341234 now", "nothing", None]})
    ports = Ports(spans=_phones)
    made = {
        how: apply(table, _plan(f"note: {{transform: free_text, replace: {how}}}"), KEYRING, ports=ports)[
            "note"
        ].to_pylist()
        for how in ("kind", "stars", "pseudonym")
    }
    assert made["kind"] == ["call <cn.mobile> now", "nothing", None]
    assert made["stars"] == ["call *** now", "nothing", None]
    assert made["pseudonym"][0].startswith("call <cn.mobile:g2_")
    kept = _plan("note: {transform: free_text, kinds: [secret]}")
    assert apply(table, kept, KEYRING, ports=ports) == table
    for faulty in (lambda texts: [], lambda texts: [[Span("k", 0, 10_000)] for _ in texts]):
        with pytest.raises(TransformError, match="the classifier"):
            apply(table, _plan("note: {transform: free_text}"), KEYRING, ports=Ports(spans=faulty))


def test_the_vault_keeps_one_token_a_value() -> None:
    """Tokens are random, one a value over all runs, others for another purpose; the vault holds no value."""
    vault = MemoryVault()
    ports, plan = Ports(vault=vault), _plan("who: {transform: vault}")
    table = TABLE.select(["who"])
    one, two = (apply(table, plan, KEYRING, ports=ports)["who"] for _ in range(2))
    assert one == two
    assert len(set(one.to_pylist())) == 50
    assert apply(table, plan, KEYRING, ports=Ports(vault=MemoryVault()))["who"] != one
    other = Plan.parse(plan.to_yaml().replace("research", "marketing"))
    assert not set(apply(table, other, KEYRING, ports=ports)["who"].to_pylist()) & set(one.to_pylist())
    apply(pa.table({"who": ["a-canary-value"]}), plan, KEYRING, ports=ports)
    assert "canary" not in str(vault._entries)
    params = registry.params("vault", {})
    assert values_of(one.combine_chunks(), params, KEYRING.bind("research"), vault) == table["who"].combine_chunks()
    with pytest.raises(TransformError, match="not in the vault"):
        values_of(pa.array(["g1v_x"]), params, KEYRING.bind("research"), vault)


def test_files_give_what_tables_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in many batches, looked at once before, is the table in one piece."""
    monkeypatch.setattr("guard.anonymize.file_formats.BATCH_ROWS", 64)
    plan = _plan(
        "n: {transform: shuffle, within: [city]}, city: {transform: small_groups, k: 100}",
        "who: {transform: sample, share: 0.5}",
    )
    pq.write_table(TABLE, tmp_path / "in.parquet")
    rows = anonymize_file(tmp_path / "in.parquet", tmp_path / "out.parquet", plan, KEYRING)
    expected = apply(TABLE, plan, KEYRING)
    assert pq.read_table(tmp_path / "out.parquet").equals(expected)
    assert rows == expected.num_rows < 520


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ("n: {transform: shuffle, within: [nowhere]}", PlanError, "the plan names `nowhere`"),
        ("when: {transform: date_shift, by: n}", PlanError, "the plan names `when`"),
        ("n: {transform: date_shift}", PlanError, "missing required field `by`"),
        ("n: {transform: free_text}", TransformError, "there is no classifier here"),
        ("who: {transform: vault}", TransformError, "there is no vault here"),
        ("n: {transform: vault}", TransformError, "no form for the type `int64`"),
        ("who: {transform: small_groups, k: 1}", PlanError, "`k` of `small_groups` is not between 2"),
        ("n: {transform: noise, width: 0}", PlanError, "`width` of `noise` is not between 1"),
        ("n: {transform: buckets, edges: [3, 3]}", PlanError, "rising whole numbers"),
        ("n: {transform: sample, share: 2}", PlanError, "`share` of `sample` is not between 0 and 1"),
        ("who: {transform: replace_word, words: [a, a]}", PlanError, "different texts"),
        ("city: {transform: ff1}", TransformError, "the column `city` cannot be changed: a value"),
        ("n: {transform: generalise, hierarchy: x.csv}", PlanError, "`x.csv` is not available here"),
    ],
)
def test_what_does_not_fit_is_said(fields: str, error: type[GuardError], message: str) -> None:
    """A column that is not there, a port that nobody gave, a wrong type or number: named, with a cure."""
    with pytest.raises(error) as caught:
        apply(TABLE, _plan(fields), KEYRING)
    assert message in caught.value.message
    assert caught.value.help


def test_a_look_that_was_left_out_is_an_error() -> None:
    """A whole-table transform never passes values on when nobody let it look first."""
    work = Work(_plan("n: {transform: shuffle}"), TABLE.schema, KEYRING)
    with pytest.raises(TransformError, match="needs a look at the whole table first"):
        work.batch(TABLE.to_batches()[0], 0)
