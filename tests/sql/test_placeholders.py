"""Placeholders of drivers in guard's own spelling."""

from __future__ import annotations

import pytest

from guard.errors import ParseError
from guard.model import EnforcedQuery, Sensitive
from guard.sources.binding import bind
from guard.sql.placeholders import named_from_pyformat, named_from_qmark, refuse_reserved


@pytest.mark.parametrize(
    ("sql", "named", "count"),
    [
        ("SELECT ?", "SELECT :p_0", 1),
        ("SELECT '?', \"?\" -- ?\nFROM t WHERE a = ? AND b = ?", None, 2),
        ("SELECT 1", "SELECT 1", 0),
    ],
)
def test_question_marks_are_counted_outside_of_text(sql: str, named: str | None, count: int) -> None:
    """Only a `?` that is a token of its own is a placeholder."""
    expected = named or "SELECT '?', \"?\" -- ?\nFROM t WHERE a = :p_0 AND b = :p_1"
    assert named_from_qmark(sql, "p_", "sqlite") == (expected, count)


@pytest.mark.parametrize(
    ("sql", "named", "keys"),
    [
        ("SELECT %(a)s, %(b)s, %(a)s", "SELECT :p_0, :p_1, :p_0", ("a", "b")),
        ("SELECT %s, %s", "SELECT :p_0, :p_1", (0, 1)),
        ("SELECT '100%%' WHERE x %% 2 = %s", "SELECT '100%' WHERE x % 2 = :p_0", (0,)),
        ("SELECT 1", "SELECT 1", ()),
    ],
)
def test_pyformat_is_read_as_psycopg_reads_it(sql: str, named: str, keys: tuple[str | int, ...]) -> None:
    """`%%` is one `%` everywhere, names may repeat, positions count."""
    assert named_from_pyformat(sql, "p_") == (named, keys)


@pytest.mark.parametrize("sql", ["SELECT '5%'", "SELECT %d", "SELECT %(a)b", "SELECT %(a)s, %s", "SELECT %(", "%"])
def test_what_psycopg_would_not_take_is_refused(sql: str) -> None:
    """A lone `%`, another format, or both ways of binding at once."""
    with pytest.raises(ParseError):
        named_from_pyformat(sql, "p_")


@pytest.mark.parametrize(
    "sql", [":guard_0", "$guard_0", "@GUARD_1", "?guard_0", "%(guard_0)s", ":  guard_0", "':guard_0'"]
)
def test_the_names_of_keys_are_reserved(sql: str) -> None:
    """No spelling reaches what guard binds itself; the check is blunt and looks into literals too."""
    with pytest.raises(ParseError, match="reserved"):
        refuse_reserved(f"SELECT {sql}")
    refuse_reserved("SELECT guard_t.a, 'guard_0' FROM guard_t WHERE a = :safeguard_0")


def test_binding_in_psycopgs_style_doubles_every_other_percent() -> None:
    """Operators, literals and comments keep their `%` through psycopg; a repeated name is bound once."""
    sql = "SELECT a % 2, '5%', %(guard_0)s /* % */ FROM t WHERE b = :bound_0 AND c = :bound_0"
    query = EnforcedQuery(sql=sql, dialect="postgres", parameters={"guard_0": Sensitive(b"k"), "bound_0": "v"})
    bound = bind(query, "pyformat")
    assert bound.sql == ("SELECT a %% 2, '5%%', %(guard_0)s /* %% */ FROM t WHERE b = %(bound_0)s AND c = %(bound_0)s")
    assert bound.mapping(query.parameters) == {"guard_0": b"k", "bound_0": "v"}
    assert bind(EnforcedQuery(sql="SELECT '5%'", dialect="postgres"), "pyformat").sql == "SELECT '5%%'"
