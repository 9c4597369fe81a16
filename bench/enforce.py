"""What guard adds to a point query that it has seen before: decision, enforcement, durable record, lineage.

The same question goes to the same database twice: straight to the driver, and through `Guard.query` with the
default rule pack (a mask on three columns, a row filter by district). The median of the difference is reported for each
engine; the figure is the worst of them.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.result import Result

ASKS = 2000
WARM = 200
SQL = "SELECT xm, sfzh, phone, district FROM residents WHERE resident_no = :number"


def run() -> Result:
    """Measures each engine that is on this machine."""
    figures: dict[str, float] = {}
    context: dict[str, object] = {"asks": ASKS, "rows": 50_000}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for engine, uri, plain in _engines(folder):
            direct, through = _measure(folder / f"state-{engine}", uri, plain)
            figures[f"{engine}_direct_ms"] = round(direct, 4)
            figures[f"{engine}_through_guard_ms"] = round(through, 4)
            figures[f"{engine}_added_ms"] = round(through - direct, 4)
            print(f"{engine:9} direct {direct:.3f} ms, through guard {through:.3f} ms, added {through - direct:.3f} ms")
    added = [value for name, value in figures.items() if name.endswith("_added_ms")]
    return Result({"cached_added_ms": max(added), **figures}, context)


def _measure(state: Path, uri: str, plain: Callable[[int], object]) -> tuple[float, float]:
    import guard

    subject = guard.Subject(id="bench", roles=("call_center",), attributes={"districts": ("浦东新区", "徐汇区")})
    numbers = [100_000 + number for number in random.Random(1).sample(range(50_000), ASKS + WARM)]
    with guard.open(folder=state.parent, settings={"state": state.name}) as g:
        g.scan(uri, ["residents", "main.residents", "public.residents"], sample=500)

        def through(number: int) -> object:
            return g.query(SQL, subject=subject, purpose="service", source=uri, parameters={"number": number})

        times: dict[str, list[float]] = {"direct": [], "through": []}
        for turn, number in enumerate(numbers):
            # Taken in turns, so that both see the same noise of the machine.
            for name, ask in (("direct", plain), ("through", through)):
                begun = time.perf_counter()
                ask(number)
                if turn >= WARM:
                    times[name].append((time.perf_counter() - begun) * 1000)
    return statistics.median(times["direct"]), statistics.median(times["through"])


def _engines(folder: Path) -> Iterator[tuple[str, str, Callable[[int], object]]]:
    import duckdb

    from guard.demo import data

    lake = folder / "city.duckdb"
    data.write(lake)
    with duckdb.connect(str(lake)) as writer:
        writer.execute("CREATE UNIQUE INDEX by_number ON residents (resident_no)")
        rows = writer.execute("SELECT * FROM residents").fetchall()
    # A copy: in one process DuckDB opens a file with one configuration only.
    twin = Path(shutil.copy(lake, folder / "twin.duckdb"))
    reader = duckdb.connect(str(twin), read_only=True)
    statement = SQL.replace(":number", "$number")
    yield "duckdb", f"duckdb:///{lake}", lambda number: reader.execute(statement, {"number": number}).fetchall()
    reader.close()

    crm = folder / "city.sqlite"
    with contextlib.closing(sqlite3.connect(crm)) as writer_:
        writer_.execute(
            "CREATE TABLE residents (resident_no INTEGER PRIMARY KEY, xm TEXT, sfzh TEXT, phone TEXT, email TEXT,"
            " district TEXT, address TEXT, birth_date TEXT, registered_at TEXT)"
        )
        writer_.executemany(
            "INSERT INTO residents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*row[:7], str(row[7]), str(row[8])) for row in rows],
        )
        writer_.commit()
    lite = sqlite3.connect(f"file:{crm}?mode=ro", uri=True)
    yield "sqlite", f"sqlite:///{crm}", lambda number: lite.execute(SQL, {"number": number}).fetchall()
    lite.close()

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(_postgres())
        if url:
            import psycopg

            connection = stack.enter_context(psycopg.connect(url, autocommit=True))
            connection.execute(
                "CREATE TABLE residents (resident_no bigint PRIMARY KEY, xm text, sfzh text, phone text, email text,"
                " district text, address text, birth_date date, registered_at timestamp)"
            )
            with connection.cursor().copy("COPY residents FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.execute("ANALYZE residents")
            named = SQL.replace(":number", "%(number)s")
            yield "postgres", url, lambda number: connection.execute(named, {"number": number}).fetchall()


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    from tests.servers.postgres import find_binaries, postgres_server

    binaries = find_binaries()
    if binaries is None:
        print("postgres  not on this machine")
        yield ""
        return
    with postgres_server(binaries) as server:
        yield server.create_database()
