"""Mean absolute error of private answers at epsilon 1 a query, on the work that all tools were measured on.

Adult: COUNT, SUM of hours in [1, 99] and AVG of age in [17, 90] over the 16 levels of education, one person a row.
Restaurants: visits and spending per day, a visitor comes on several days; groups and the range of spending are chosen
by the engine from noisy histograms, within the same epsilon. Beside them OpenDP, where it is installed, on Adult. The
data is beside the checkout (`../shared/data`).

The noise is drawn anew for each run over the true sums, which the form gives once; the true answer is the engine's own.
"""

from __future__ import annotations

import csv
import statistics
from fractions import Fraction
from pathlib import Path
from typing import Any

from bench.result import Result
from guard.anonymize.dp.sql.accept import accept
from guard.anonymize.dp.sql.answer import Rule, measured, plan, rows_of
from guard.anonymize.dp.sql.bounding import is_open, search
from guard.anonymize.dp.sql.form import forms
from guard.anonymize.dp.sql.marks import unmarked
from guard.anonymize.dp.sql.metadata import Units, tables_of
from guard.anonymize.dp.sql.post import finish
from guard.model import Column, Dataset, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ADULT = DATA / "adult" / "adult.csv"
RESTAURANTS = DATA / "dp" / "restaurants_week_data.csv"
RULE = Rule(Fraction(1), Fraction(1, 10**6))
EDUCATIONS = (
    "10th", "11th", "12th", "1st-4th", "5th-6th", "7th-8th", "9th", "Assoc-acdm", "Assoc-voc", "Bachelors", "Doctorate",
    "HS-grad", "Masters", "Preschool", "Prof-school", "Some-college",
)  # fmt: skip


def run(runs: int = 4000) -> Result:
    """`mae_*`: over groups and runs."""
    import duckdb

    connection = duckdb.connect()
    _load(connection)
    adult, visits = _adult(), _restaurants()
    questions = {
        "mae_count": ("SELECT edu, COUNT(*) FROM adult GROUP BY edu", adult),
        "mae_sum": ("SELECT edu, SUM(hours) FROM adult GROUP BY edu", adult),
        "mae_avg": ("SELECT edu, AVG(age) FROM adult GROUP BY edu", adult),
        "mae_visits": ("SELECT day, COUNT(*) FROM visits GROUP BY day", visits),
        "mae_spend": ("SELECT day, SUM(spent) FROM visits GROUP BY day", visits),
    }
    figures, spread = {}, {}
    for name, (sql, units) in questions.items():
        errors = _errors(connection, sql, units, runs)
        figures[name] = statistics.fmean(errors)
        spread[name] = statistics.stdev(errors) / len(errors) ** 0.5
    return Result(figures, {"runs": runs, "standard_errors": spread, "opendp": _opendp(connection)})


def _errors(connection: Any, sql: str, units: Units, runs: int) -> list[float]:
    """The mean absolute error of each run."""
    truth = {row[0]: float(row[1]) for row in connection.execute(sql).fetchall()}
    accepted = accept(parse(sql, "duckdb"), _catalogue(), units)
    looking = search(accepted, RULE, salt=1) if is_open(accepted) else None
    looked = connection.execute(unmarked(looking.sql)).fetchall() if looking is not None else []
    made: dict[tuple[Any, ...], Any] = {}
    found = []
    for _ in range(runs):
        groups, rows, narrowed, rule = 1, 1, accepted, RULE
        key: tuple[Any, ...] = ()
        if looking is not None:
            chosen = looking.chosen(looked)
            groups, rows, narrowed, rule = chosen.groups, chosen.rows, chosen.accepted, chosen.rule
            key = (groups, rows, tuple(chosen.clips.items()))
        if key not in made:
            statements = forms(narrowed, groups=groups, rows=rows, salt=1)
            planned = plan(narrowed, statements, rule, groups=groups, rows=rows)
            made[key] = (planned, [connection.execute(unmarked(form.sql)).fetchall() for form in statements])
        planned, answers = made[key]
        cells, _ = rows_of(planned, measured(planned, answers))
        own = finish(narrowed.post, cells)
        found.append(statistics.fmean(abs(float(value) - truth.get(group, 0.0)) for group, value in own))
    return found


def _catalogue() -> Catalogue:
    def table(name: str, **columns: str) -> Table:
        listed = tuple(Column(column, kind) for column, kind in columns.items())
        return Table(TableName(name, "main"), Dataset("bench", name), listed)

    tables = [
        table("adult", pid="INTEGER", age="INTEGER", edu="VARCHAR", hours="INTEGER"),
        table("visits", visitor="INTEGER", spent="INTEGER", day="INTEGER"),
    ]
    return Catalogue(tables, dialect="duckdb", default_schema="main", catalog="memory")


def _adult() -> Units:
    columns = {
        "age": {"low": 17, "high": 90},
        "hours": {"low": 1, "high": 99},
        "edu": {"keys": list(EDUCATIONS)},
    }
    return tables_of({"adult": {"unit": "pid", "groups": 1, "rows": 1, "columns": columns}})


def _restaurants() -> Units:
    columns = {"spent": {"low": 0, "high": 100, "clip": True}, "day": {"keys": [1, 2, 3, 4, 5, 6, 7]}}
    return tables_of({"visits": {"unit": "visitor", "groups": "auto", "rows": 1, "columns": columns}})


def _load(connection: Any) -> None:
    with ADULT.open() as file:
        adult = list(csv.DictReader(file, delimiter=";"))
    connection.execute("CREATE TABLE adult (pid INTEGER, age INTEGER, edu VARCHAR, hours INTEGER)")
    # The published file has no hours; noise does not depend on them, and all of them are within the bounds.
    connection.executemany(
        "INSERT INTO adult VALUES (?, ?, ?, ?)",
        [(number, int(row["age"]), row["education"], 1 + number * 37 % 99) for number, row in enumerate(adult)],
    )
    with RESTAURANTS.open() as file:
        week = list(csv.DictReader(file))
    connection.execute("CREATE TABLE visits (visitor INTEGER, spent INTEGER, day INTEGER)")
    connection.executemany(
        "INSERT INTO visits VALUES (?, ?, ?)",
        [(int(row["VisitorId"]), int(row["Money spent (euros)"]), int(row["Day"])) for row in week],
    )


def _opendp(connection: Any) -> dict[str, float] | str:
    """The same counts by OpenDP's discrete Laplace, where it is installed."""
    try:
        import opendp.prelude as dp
    except ImportError:
        return "not installed"
    dp.enable_features("contrib")
    truth = [count for (count,) in connection.execute("SELECT COUNT(*) FROM adult GROUP BY edu").fetchall()]
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    noisy = dp.m.make_laplace(*space, scale=1.0)
    sums = dp.m.make_laplace(*space, scale=99.0)
    return {
        "mae_count": statistics.fmean(abs(a - b) for _ in range(200) for a, b in zip(noisy(truth), truth, strict=True)),
        "mae_sum": statistics.fmean(abs(a - b) for _ in range(200) for a, b in zip(sums(truth), truth, strict=True)),
    }
