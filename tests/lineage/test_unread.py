"""A statement that cannot be read says what to do about it, and what stands beside it is still told."""

from __future__ import annotations

import pytest

from guard.lineage import extract

SCHEMA = {"t": ["id", "a"], "s": ["id", "a", "b"]}


@pytest.mark.parametrize(
    ("sql", "dialect", "word"),
    [
        ("SELECT a FROM", "postgres", "ends inside"),
        ("CREATE TABLE t2 AS SELECT a FROM s; INSERT INTO t SELECT b FROM (SELECT", "postgres", "ends inside"),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN", "snowflake", "ends inside"),
        ("EXECUTE IMMEDIATE 'insert into t select a from s'", "oracle", "put together when it runs"),
        ("CALL fill_wards(1, 2)", "mysql", "from its call"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$ return 1 $$", "postgres", "does not read routines"),
        ("SELECT a FROM s WHERE ) (; SELECT a FROM t", "postgres", "check syntax and dialect"),
    ],
)
def test_the_gap_names_its_cause(sql, dialect, word):
    """Never an empty answer without a gap, and a cure that fits."""
    lineage = extract(sql, dialect, SCHEMA)
    assert [word in gap.help for gap in lineage.gaps] == [True]


def test_what_stands_before_the_cut_is_told():
    """A script cut in the middle keeps its first statements."""
    lineage = extract("CREATE TABLE t2 AS SELECT a FROM s; INSERT INTO t SELECT b FROM (SELECT", "postgres", SCHEMA)
    assert [(edge.source.path, edge.target.path) for edge in lineage.edges] == [("a", "a")]
