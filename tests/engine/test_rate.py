"""`rate`: kinds that stand in one of a thousand cells are found on every engine, however the rows lie."""

from __future__ import annotations

import contextlib
import csv
import random
import sqlite3
from fractions import Fraction
from pathlib import Path

import duckdb
import psycopg
import pytest

from guard.classify.effort import rows_for
from guard.engine import open_guard
from guard.errors import UsageError
from tests.classify.invented import mobile, resident
from tests.sources.conftest import KINDS

ROWS, RARE = 60_000, 60
RATE = Fraction(RARE, ROWS)
PAD = "x" * 300  # 18 MB: too large to be read whole by a plain sample
STATES = ("待处理", "处理中", "已办结", "已关闭")


def rows() -> list[tuple[int, str, str, str]]:
    """Number, remark, contact, padding; the rare cells lie side by side, as a bad import leaves them."""
    r = random.Random(5)
    made = []
    for number in range(ROWS):
        is_rare = 40_000 <= number < 40_000 + RARE
        remark = resident(r) if is_rare else STATES[number % 4]
        made.append((number, remark, mobile(r) if is_rare else f"工单{number % 50}", PAD))
    return made


TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, remark VARCHAR(40), info VARCHAR(40), pad VARCHAR(400))"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """The rows as a file."""
    file = tmp_path_factory.mktemp("rate") / "t.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("id", "remark", "info", "pad"))
        writer.writerows(rows())
    return file


@pytest.fixture(params=KINDS)
def place(request, tmp_path, data) -> object:
    """The same rows in every kind of source."""
    if request.param == "sqlite":
        with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
            connection.execute(TABLE)
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows())
            connection.commit()
        return f"sqlite:///{tmp_path / 't.db'}"
    if request.param == "duckdb":
        with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
            connection.execute(TABLE)
            connection.execute(f"INSERT INTO t SELECT * FROM read_csv('{data}', header=true, all_varchar=true)")
        return f"duckdb:///{tmp_path / 't.duckdb'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").create_database()
        with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
            with cursor.copy("COPY t FROM STDIN") as copy:
                for row in rows():
                    copy.write_row(row)
            cursor.execute("ANALYZE t")
        return url
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        database = server.create_database()
        with contextlib.closing(server.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
            made = rows()
            for at in range(0, ROWS, 5_000):
                cursor.executemany("INSERT INTO t VALUES (%s, %s, %s, %s)", made[at : at + 5_000])
            connection.commit()
            cursor.execute("ANALYZE TABLE t")
        return server.url(database)
    if request.param == "arrow":
        import pyarrow as pa

        return {"t": pa.table(dict(zip(("id", "remark", "info", "pad"), zip(*rows(), strict=True), strict=True)))}
    return str(data)


def test_one_of_a_thousand_is_found(tmp_path, place):
    """By a few cells, and a clean column states the bound that so many rows give.

    The sample holds nine such cells in the mean; that it holds none, with another version of an engine, has a chance
    of one in eight thousand for this seed, and that it holds fewer than five one in twenty.
    """
    with open_guard(folder=tmp_path, operator="tester") as guard:
        report = guard.scan(place, rate=RATE)
    told = {field.field.path: field for field in report.fields}
    assert report.sample == rows_for(RATE, 0.95) == 9_151
    assert (report.rate, report.confidence) == ("1/1000", 0.95)
    assert told["remark"].label is not None
    assert told["remark"].label.kind == "cn.resident_id"
    assert told["info"].label is not None
    assert told["info"].label.kind == "cn.mobile"
    assert (told["pad"].verdict, told["id"].verdict) == ("clean", "clean")
    assert told["id"].looked_at == report.sample
    assert told["id"].upper_bound < 0.0004


def test_a_view_is_read_to_its_end(tmp_path):
    """A plain sample reads the beginning of a view; what stands at its end is found when a rate is asked for."""
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows())
        connection.execute("CREATE VIEW seen AS SELECT id, remark FROM t")
        connection.commit()
    with open_guard(folder=tmp_path, operator="tester") as guard:
        plain = guard.scan(f"sqlite:///{tmp_path / 't.db'}", ["seen"])
        found = guard.scan(f"sqlite:///{tmp_path / 't.db'}", ["seen"], rate=RATE)
    assert [field.field.path for field in plain.sensitive] == []
    assert [field.field.path for field in found.sensitive] == ["remark"]


def test_a_plain_scan_is_no_answer_to_a_rate(tmp_path, data):
    """The same number of rows, looked at less closely, is neither gone on from nor recalled."""
    with open_guard(folder=tmp_path, operator="tester") as guard:
        guard.scan(str(data), sample=9_151)
        again = guard.scan(str(data), rate=RATE)
    assert (again.unchanged, again.cells_read) == (0, 9_151 * 4)


@pytest.mark.parametrize(
    ("rate", "confidence", "sample", "said"),
    [
        (Fraction(1, 1000), 0.95, 10, "the rate to be found says how many rows are read"),
        (Fraction(1, 10**7), 0.95, None, "a share of 1/10000000 asks for more than 1,000,000 rows"),
        (Fraction(2), 0.95, None, "a share lies between 0 and 1"),
        (Fraction(1, 1000), 1.0, None, "a confidence lies between 0.5 and 0.9999"),
        (Fraction(1, 1000), float("nan"), None, "a confidence lies between 0.5 and 0.9999"),
    ],
)
def test_what_no_sample_can_promise_is_refused(tmp_path, data, rate, confidence, sample, said):
    """Before anything is read."""
    with open_guard(folder=tmp_path, operator="tester") as guard, pytest.raises(UsageError, match=said):
        guard.scan(str(data), sample=sample, rate=rate, confidence=confidence)
