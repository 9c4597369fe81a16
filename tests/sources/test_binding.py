"""Placeholders, deadlines and the pool: what sources are made of."""

from __future__ import annotations

import threading
import time

import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery, Sensitive
from guard.sources.binding import bind
from guard.sources.deadline import deadline
from guard.sources.pool import Pool

CASES = [
    ("postgres", "SELECT %(guard_0)s", "SELECT $1"),
    ("postgres", "SELECT a % 2, '%(guard_0)s', %(guard_0)s", "SELECT a % 2, '%(guard_0)s', $1"),
    ("postgres", "SELECT a::int, x[1:2], :guard_0", "SELECT a::int, x[1:2], $1"),
    ("postgres", "SELECT $$ :guard_0 $$, :guard_0", "SELECT $$ :guard_0 $$, $1"),
    ("postgres", "SELECT E'\\':guard_0', :guard_0", "SELECT E'\\':guard_0', $1"),
    ("duckdb", "SELECT $guard_0 /* $guard_0 */", "SELECT $guard_0 /* $guard_0 */"),
    ("duckdb", "SELECT {'a': b}, \":guard_0\", :guard_0", "SELECT {'a': b}, \":guard_0\", $guard_0"),
    ("sqlite", "SELECT :guard_0, ':guard_0', [:guard_0]", "SELECT :guard_0, ':guard_0', [:guard_0]"),
    ("sqlite", "SELECT $guard_0 -- :guard_0", "SELECT :guard_0 -- :guard_0"),
]
STYLES = {"postgres": "numbered", "duckdb": "dollar", "sqlite": "colon"}


@pytest.mark.parametrize(("dialect", "sql", "wanted"), CASES)
def test_placeholders_are_found_among_tokens_only(dialect, sql, wanted):
    """Text in literals, quoted names, dollar quotes and comments is left alone."""
    query = EnforcedQuery(sql=sql, dialect=dialect, parameters={"guard_0": Sensitive(1)})
    assert bind(query, STYLES[dialect]).sql == wanted


def test_numbers_follow_the_first_use():
    """A name that is used twice keeps its number."""
    query = EnforcedQuery(
        sql="SELECT %(guard_1)s, %(guard_0)s, %(guard_1)s",
        dialect="postgres",
        parameters={"guard_0": Sensitive("a"), "guard_1": Sensitive("b")},
    )
    bound = bind(query, "numbered")
    assert (bound.sql, bound.values(query.parameters)) == ("SELECT $1, $2, $1", ["b", "a"])


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT 1", ("guard_0",)),
        ("SELECT %(guard_0)s", ("guard_0", "guard_1")),
        ("SELECT '%(guard_0)s'", ("guard_0",)),
    ],
)
def test_names_and_placeholders_must_match(sql, names):
    """A value that nothing binds is a mistake somewhere, so nothing runs."""
    query = EnforcedQuery(sql=sql, dialect="postgres", parameters={name: Sensitive(1) for name in names})
    with pytest.raises(SourceError):
        bind(query, "numbered")


def test_a_deadline_fires_once_inside_and_never_after():
    """An interrupt belongs to its block; a block that ended in time is left alone."""
    fired: list[str] = []
    woken = threading.Event()

    def interrupt() -> None:
        fired.append("late")
        woken.set()

    with deadline(0.01, interrupt) as clock:
        assert woken.wait(5)
    assert clock.expired
    for _ in range(50):
        with deadline(0.002, lambda: fired.append("after")) as quick:
            pass
        assert not quick.expired
    time.sleep(0.02)
    assert fired == ["late"]


def test_a_pool_lends_the_warm_connection_and_drops_the_broken():
    """Last in, first out; a broken one is closed, and so is one that an unknown error left behind."""
    made: list[int] = []
    closed: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    pool: Pool[int] = Pool(make, closed.append)
    with pool.take() as one, pool.take() as two:
        assert (one.connection, two.connection) == (0, 1)
    with pool.take() as lease:
        assert lease.connection == 0
        lease.broken = True
    assert closed == [0]
    with pytest.raises(ZeroDivisionError), pool.take():
        raise ZeroDivisionError
    assert closed == [0, 1]
    pool.close()
    with pytest.raises(SourceError, match="closed"), pool.take():
        pass
