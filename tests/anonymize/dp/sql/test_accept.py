"""What is accepted and what is refused, with code and cure."""

from __future__ import annotations

import pytest
from sqlglot import exp

from guard.anonymize.dp.sql.accept import accept
from guard.anonymize.dp.sql.form import forms
from guard.anonymize.dp.sql.marks import unmarked
from guard.anonymize.dp.sql.metadata import ColumnBounds, TablePrivacy, Units, tables_of
from guard.anonymize.dp.sql.refusal import Refusal
from guard.errors import ConfigError
from guard.model import Column, Dataset, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse
from tests.anonymize.dp.sql.world import TABLES, declared, questions


def catalogue(dialect: str) -> Catalogue:
    """The world's tables as a dialect would describe them."""
    tables = []
    for name, (columns, _) in TABLES.items():
        listed = [each.strip().split(" ", 1) for each in columns.split(", ")]
        tables.append(
            Table(TableName(name, "main"), Dataset("d", name), tuple(Column(each, kind) for each, kind in listed))
        )
    return Catalogue(tables, dialect=dialect, default_schema="main", catalog="")


UNITS = declared(groups=3, rows=2)

REFUSED = [
    ("SELECT * FROM visit", "dp-no-aggregate", "*"),
    ("SELECT pid, COUNT(*) FROM visit GROUP BY pid", "dp-group-unit", "pid"),
    ("SELECT note FROM visit", "dp-not-grouped", "note"),
    ("SELECT COUNT(*) FROM area", "dp-public", "SELECT COUNT(*) FROM area"),
    ("SELECT COUNT(*) FROM visit v JOIN person p ON v.area = p.kind", "dp-join-unit", "JOIN"),
    ("SELECT COUNT(*) FROM visit v JOIN person p ON v.pid = p.pid OR v.amount = 1", "dp-join-unit", "JOIN"),
    ("SELECT COUNT(*) FROM visit v CROSS JOIN person p", "dp-join-unit", "p"),
    ("SELECT COUNT(*) FROM area a LEFT JOIN visit v ON a.code = v.area", "dp-join-left", "v"),
    ("SELECT COUNT(*) FROM person p LEFT JOIN visit v ON p.seg = v.amount WHERE p.pid = v.pid", "dp-join-unit", "v"),
    ("SELECT COUNT(*) FROM visit v FULL JOIN person p ON v.pid = p.pid", "dp-join", "p"),
    ("SELECT COUNT(*) FROM (SELECT pid FROM visit LIMIT 5) v", "dp-inner-limit", "LIMIT"),
    ("SELECT AVG(n) FROM (SELECT area, COUNT(*) AS n FROM visit GROUP BY area) v", "dp-inner-group", "area"),
    ("SELECT COUNT(*) FROM (SELECT DISTINCT area FROM visit) v", "dp-inner-group", "DISTINCT"),
    ("SELECT COUNT(*) FROM (SELECT pid FROM visit UNION SELECT pid FROM person) v", "dp-union", "UNION"),
    ("SELECT SUM(amount / seg) FROM visit v JOIN person p ON v.pid = p.pid", "dp-division", "amount / seg"),
    ("SELECT SUM(CAST(note AS INTEGER)) FROM visit", "dp-cast", "note"),
    ("SELECT SUM(vid) FROM visit", "dp-bounds", "vid"),
    ("SELECT SUM(amount * amount * amount * amount * amount * amount * amount) FROM visit", "dp-range", "amount"),
    ("SELECT COUNT(*) FROM visit WHERE random() < 0.5", "dp-volatile", "random"),
    ("SELECT COUNT(*) FROM visit WHERE day < current_date", "dp-volatile", "current_date"),
    ("SELECT COUNT(*) FROM visit WHERE note = 5", "dp-type", "note = 5"),
    ("SELECT COUNT(*) FROM visit WHERE area IN (SELECT kind FROM person)", "dp-subquery", "SELECT"),
    ("SELECT COUNT(*) FROM visit WHERE amount > (SELECT AVG(amount) FROM visit)", "dp-subquery", "SELECT"),
    ("SELECT COUNT(*) OVER () FROM visit", "dp-subquery", "COUNT(*) OVER ()"),
    ("SELECT string_agg(note, ',') FROM visit", "dp-aggregate", "string_agg"),
    ("SELECT SUM(DISTINCT amount) FROM visit", "dp-aggregate", "SUM"),
    ("SELECT area, COUNT(*) FROM visit GROUP BY ROLLUP (area)", "dp-grouping-sets", "area"),
    ("SELECT score, COUNT(*) FROM visit GROUP BY score", "dp-group", "score"),
    ("SELECT COUNT(*) FROM visit WHERE note LIKE area", "dp-like", "note LIKE area"),
    ("WITH RECURSIVE r AS (SELECT pid FROM visit) SELECT COUNT(*) FROM r", "dp-recursive", "r"),
    ("SELECT SQRT(COUNT(*)) FROM visit", "dp-post", "SQRT"),
    ("SELECT COUNT(*) FROM visit LIMIT 1 + 1", "dp-limit", "1 + 1"),
    ("SELECT COUNT(*) FROM (SELECT * FROM visit v RIGHT JOIN person p ON v.pid = p.pid) t", "dp-join", "p"),
    (
        "SELECT COUNT(*) FROM visit v JOIN area a ON a.code = v.area RIGHT JOIN person p ON v.pid = p.pid",
        "dp-join",
        "p",
    ),
    ("SELECT COUNT(*) FROM visit v RIGHT JOIN area a ON v.area = a.code", "dp-join-left", "v"),
    ("SELECT COUNT(*) FROM visit v RIGHT JOIN person p ON v.area = p.kind", "dp-join-unit", "v"),
    ("SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM visit WHERE amount > 5)", "dp-subquery", "visit"),
    ("SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM visit v WHERE v.area = p.kind)", "dp-subquery", "area"),
    (
        "SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM visit v WHERE v.pid = p.pid LIMIT 0)",
        "dp-subquery",
        "LIMIT",
    ),
    (
        "SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM visit v WHERE v.pid = p.pid AND v.amount > p.seg)",
        "dp-column",
        "p.seg",
    ),
    ("SELECT COUNT(*) FROM visit WHERE day + INTERVAL '1 day' > DATE '2024-01-01'", "dp-date", "INTERVAL"),
    ("SELECT COUNT(*) FROM visit WHERE day > DATE '2024-01-01' + INTERVAL '99999 years'", "dp-literal", "INTERVAL"),
    ("SELECT strftime(day, '%c'), COUNT(*) FROM visit GROUP BY 1", "dp-date", "strftime"),
    ("SELECT score // 2, COUNT(*) FROM visit GROUP BY 1", "dp-division", "score"),
    ("SELECT SUM(born // (seg - 1)) FROM person", "dp-division", "born"),
    ("SELECT SUM(amount)::DECIMAL(4) || 'x' FROM visit", "dp-post", "amount"),
]


@pytest.mark.parametrize(("sql", "reason", "place"), REFUSED)
def test_a_refusal_has_a_code_a_place_and_a_cure(sql: str, reason: str, place: str) -> None:
    """What could be unsafe or wrong is refused, and the text says what to write instead."""
    with pytest.raises(Refusal) as caught:
        accept(parse(sql, "duckdb"), catalogue("duckdb"), UNITS)
    refusal = caught.value
    assert refusal.reason == reason
    assert refusal.help
    assert 0 <= refusal.start < refusal.end <= len(sql)
    assert refusal.where == f"characters {refusal.start} to {refusal.end}"
    assert place


ACCEPTED = [
    "SELECT COUNT(*), COUNT(note), COUNT(DISTINCT pid), COUNT(DISTINCT note) FROM visit",
    "SELECT area, SUM(amount), AVG(score), VARIANCE(amount), STDDEV(score) FROM visit GROUP BY area",
    "SELECT MIN(born), MAX(born), MEDIAN(born), quantile_cont(born, 0.9) FROM person",
    "SELECT SUM(amount * 2 + 1), SUM(CASE WHEN note IS NULL THEN 1 ELSE 0 END) FROM visit",
    "SELECT area, COUNT(*) AS n FROM visit GROUP BY 1 HAVING n > 3 ORDER BY n DESC LIMIT 3 OFFSET 1",
    "WITH v AS (SELECT * FROM visit WHERE amount > 3) SELECT note, COUNT(*) FROM v GROUP BY note",
    "SELECT p.kind, COUNT(*) FROM visit v JOIN person p USING (pid) GROUP BY p.kind",
    "SELECT COUNT(*) FROM visit v, person p WHERE v.pid = p.pid",
    "SELECT COUNT(*) FROM item i JOIN visit v ON i.vid = v.vid",
    "SELECT a.region, COUNT(*) FROM visit v JOIN area a ON v.area = a.code AND a.size > 3 GROUP BY a.region",
    "SELECT COUNT(*) FROM person p LEFT JOIN visit v ON v.pid = p.pid",
    "SELECT EXTRACT(year FROM day), COUNT(*) FROM visit GROUP BY 1",
    "SELECT date_trunc('month', day), COUNT(*) FROM visit GROUP BY 1",
    "SELECT AVG(n) FROM (SELECT pid, COUNT(*) AS n FROM visit GROUP BY pid) v",
    "SELECT COUNT(*) FROM (SELECT pid FROM visit UNION ALL SELECT pid FROM person) v",
    "SELECT SUM(amount) / COUNT(*) * 100 FROM visit",
    "SELECT COUNT(*) FROM visit WHERE pid IN (SELECT pid FROM person WHERE seg = 1)",
]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_ordinary_questions_are_accepted(sql: str) -> None:
    """The forms hold the analyst's tables, and no float sum, no random function, no sample."""
    accepted = accept(parse(sql, "duckdb"), catalogue("duckdb"), UNITS)
    for form in forms(accepted, groups=3, rows=2, salt=5):
        assert "random" not in form.sql.lower()
        assert "sample" not in form.sql.lower()
        parse(unmarked(form.sql), "duckdb")


def test_a_table_that_nobody_declared_is_refused() -> None:
    """Without metadata there is no unit, and no answer."""
    with pytest.raises(Refusal) as caught:
        accept(parse("SELECT COUNT(*) FROM visit", "duckdb"), catalogue("duckdb"), Units({}))
    assert (caught.value.reason, caught.value.start, caught.value.end) == ("dp-no-unit", 21, 26)


def test_a_span_stays_within_its_statement() -> None:
    """DuckDB's NUMERIC has a default size, which sqlglot reads from a text of its own."""
    sql = "SELECT SQRT(SUM(amount)::NUMERIC) FROM visit"
    with pytest.raises(Refusal) as caught:
        accept(parse(sql, "duckdb"), catalogue("duckdb"), UNITS)
    assert sql[caught.value.start : caught.value.end] == "SQRT(SUM(amount"


SAME = [
    (
        "SELECT v.area, COUNT(*) FROM visit v JOIN person p ON v.pid = p.pid WHERE amount > 3 AND seg = 1 GROUP BY 1",
        "select y.area, count(*) from person as x, visit y where 1 = seg and x.pid = y.pid and 3 < amount group by 1",
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE amount BETWEEN 1 AND 5",
        (
            "WITH a AS (SELECT * FROM visit WHERE amount >= 1), b AS (SELECT amount AS z, pid FROM a) "
            "SELECT COUNT(*) FROM b WHERE NOT z > 5"
        ),
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE area IN ('north', 'south')",
        "SELECT COUNT(*) FROM visit WHERE (area = 'south' OR 'north' = area)",
    ),
    (
        "SELECT p.kind, COUNT(v.vid) FROM person p LEFT JOIN visit v ON v.pid = p.pid GROUP BY 1",
        "SELECT p.kind, COUNT(v.vid) FROM visit v RIGHT JOIN person p ON p.pid = v.pid GROUP BY ALL",
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE day < '2024-02-29'",
        "SELECT COUNT(*) FROM visit WHERE day < DATE '2024-03-31' - INTERVAL '1 month'",
    ),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_equivalent_phrasings_measure_by_one_text(left: str, right: str) -> None:
    """Aliases, order, CTEs and mirrored comparisons end as the same form."""
    texts = []
    for sql in (left, right):
        accepted = accept(parse(sql, "duckdb"), catalogue("duckdb"), UNITS)
        texts.append([form.sql for form in forms(accepted, groups=3, rows=2, salt=5)])
    assert texts[0] == texts[1]


def test_spark_form() -> None:
    """The same form in Spark's spelling, as text: no Spark runs in the tests."""
    accepted = accept(
        parse("SELECT kind, COUNT(*) AS n FROM person WHERE seg > 1 GROUP BY kind", "spark"), catalogue("spark"), UNITS
    )
    (form,) = forms(accepted, groups=3, rows=1, salt=5)
    assert unmarked(form.sql) == (
        "WITH dp_src AS (SELECT dp_r0.`pid` AS dp_u, dp_r0.`kind` AS dp_k0 FROM `main`.`person` AS dp_r0"
        " WHERE (1 < dp_r0.`seg`) AND dp_r0.`pid` IS NOT NULL),"
        " dp_own AS (SELECT dp_u, dp_k0, count(*) AS dp_n FROM dp_src GROUP BY dp_u, dp_k0),"
        " dp_all AS (SELECT dp_u, dp_k0, CASE WHEN dp_n > 1 THEN 1 ELSE dp_n END AS dp_v0 FROM dp_own),"
        " dp_per AS (SELECT dp_a.*, row_number() OVER (PARTITION BY dp_a.dp_u ORDER BY"
        " xxhash64(dp_a.dp_u, dp_a.dp_k0, 5), dp_a.dp_k0) AS dp_n FROM dp_all AS dp_a)"
        " SELECT dp_p.dp_k0 AS dp_o0, CAST(coalesce(sum(dp_p.dp_v0), 0) AS STRING) AS dp_o1"
        " FROM dp_per AS dp_p WHERE dp_p.dp_n <= 3 GROUP BY dp_p.dp_k0"
    )


def test_spark_form_of_a_mean_over_a_join() -> None:
    """Clamped to a lattice, bounded by a keyed hash, divided outside: whole numbers from the clamp to the sums."""
    sql = "SELECT v.area, AVG(v.score) AS a FROM visit v JOIN person p ON v.pid = p.pid GROUP BY v.area"
    (form,) = forms(accept(parse(sql, "spark"), catalogue("spark"), UNITS), groups=2, rows=2, salt=5)
    assert unmarked(form.sql) == (
        "WITH dp_src AS (SELECT dp_r0.`pid` AS dp_u, dp_r1.`area` AS dp_k0, CASE WHEN dp_r1.`score` IS NULL OR"
        " isnan(CAST(dp_r1.`score` AS DOUBLE)) THEN NULL WHEN dp_r1.`score` < 0 THEN CAST(0 AS BIGINT) WHEN"
        " dp_r1.`score` > 10 THEN CAST(1000 AS BIGINT) ELSE CAST(round(CAST(dp_r1.`score` AS DOUBLE) * 100) AS BIGINT)"
        " END AS dp_x0 FROM `main`.`person` AS dp_r0 INNER JOIN `main`.`visit` AS dp_r1 ON (dp_r0.`pid` = dp_r1.`pid`)"
        " AND dp_r1.`area` IN ('east', 'north', 'south', 'west') WHERE dp_r0.`pid` IS NOT NULL),"
        " dp_own AS (SELECT dp_u, dp_k0, count(dp_x0) AS dp_n0, coalesce(sum(dp_x0), 0) AS dp_s0 FROM dp_src"
        " GROUP BY dp_u, dp_k0),"
        " dp_all AS (SELECT dp_u, dp_k0, CAST(CASE WHEN dp_n0 > 2 THEN ((CAST(1000 AS BIGINT) * dp_n0 - dp_s0) * 2)"
        " DIV dp_n0 ELSE CAST(1000 AS BIGINT) * dp_n0 - dp_s0 END AS BIGINT) AS dp_v0, CAST(CASE WHEN dp_n0 > 2 THEN"
        " ((dp_s0) * 2) DIV dp_n0 ELSE dp_s0 END AS BIGINT) AS dp_v1 FROM dp_own),"
        " dp_per AS (SELECT dp_a.*, row_number() OVER (PARTITION BY dp_a.dp_u ORDER BY"
        " xxhash64(dp_a.dp_u, dp_a.dp_k0, 5), dp_a.dp_k0) AS dp_n FROM dp_all AS dp_a)"
        " SELECT dp_p.dp_k0 AS dp_o0, CAST(coalesce(sum(dp_p.dp_v0), 0) AS STRING) AS dp_o1,"
        " CAST(coalesce(sum(dp_p.dp_v1), 0) AS STRING) AS dp_o2"
        " FROM dp_per AS dp_p WHERE dp_p.dp_n <= 2 GROUP BY dp_p.dp_k0"
    )


def test_spark_form_of_a_quantile() -> None:
    """A histogram over the declared range, at most two rows of a person, by a keyed hash."""
    (form,) = forms(
        accept(parse("SELECT MEDIAN(born) AS m FROM person", "spark"), catalogue("spark"), UNITS),
        groups=1,
        rows=2,
        salt=5,
    )
    assert unmarked(form.sql) == (
        "WITH dp_src AS (SELECT dp_r0.`pid` AS dp_u, CASE WHEN dp_r0.`born` IS NULL THEN NULL WHEN dp_r0.`born` < 1900"
        " THEN CAST(1900 AS BIGINT) WHEN dp_r0.`born` > 2020 THEN CAST(2020 AS BIGINT) ELSE CAST(dp_r0.`born` AS"
        " BIGINT) END AS dp_x0 FROM `main`.`person` AS dp_r0 WHERE dp_r0.`pid` IS NOT NULL),"
        " dp_val AS (SELECT dp_u, dp_x0 FROM dp_src WHERE dp_x0 IS NOT NULL),"
        " dp_row AS (SELECT dp_a.*, row_number() OVER (PARTITION BY dp_a.dp_u ORDER BY"
        " xxhash64(dp_a.dp_u, dp_a.dp_x0, 5), dp_a.dp_x0) AS dp_n FROM dp_val AS dp_a)"
        " SELECT dp_p.dp_x0 AS dp_o0, CAST(count(*) AS STRING) AS dp_o1"
        " FROM dp_row AS dp_p WHERE dp_p.dp_n <= 2 GROUP BY dp_p.dp_x0"
    )


def test_spark_forms_are_spark() -> None:
    """Random questions: what is accepted is written in Spark's SQL, which its parser reads."""
    accepted = 0
    for sql in questions(60, "spark", 3):
        try:
            found = accept(parse(sql, "spark"), catalogue("spark"), UNITS)
        except Refusal:
            continue
        for form in forms(found, groups=2, rows=2, salt=5):
            accepted += isinstance(parse(unmarked(form.sql), "spark"), exp.Select)
    assert accepted > 50


CONTRADICTIONS = [
    {"t": {"unit": "u", "public": True}},
    {"t": {}},
    {"t": {"unit": "u", "columns": {"x": {"low": 5, "high": 1}}}},
    {"t": {"unit": "u", "columns": {"x": {"low": 0, "high": 1, "step": "0.3"}}}},
    {"t": {"through": {"column": "a", "table": "s", "key": "b"}}},
    {"t": {"unit": "u", "groups": "many"}},
]


@pytest.mark.parametrize("tables", CONTRADICTIONS)
def test_contradictory_metadata_is_refused(tables: dict[str, object]) -> None:
    """A declaration without one meaning is an error at the start, not a wrong answer later."""
    with pytest.raises(ConfigError) as caught:
        tables_of(tables)
    assert caught.value.help


def test_a_name_without_a_schema_stands_for_every_schema() -> None:
    """The exact name comes first."""
    units = Units(
        {"t": TablePrivacy(unit="a"), "s.t": TablePrivacy(unit="b", columns={"X": ColumnBounds(low=0, high=1)})}
    )
    exact, other = units.of(TableName("t", "s")), units.of(TableName("T", "r"))
    assert exact is not None
    assert other is not None
    assert (exact.unit, other.unit) == ("b", "a")
    assert exact.column("x") is not None
