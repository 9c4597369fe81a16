"""The end-to-end query cases through the rooms, on every engine; tests/cases/queries/README.md says what a case is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from guard.model import Mask, MaxRows, MinimumGroup, RowFilter
from guard.policy.engine import PolicyEngine
from tests.policy.enforce.city import City, cases, engine
from tests.policy.enforce.conftest import ENGINES


@pytest.fixture(scope="module")
def rules() -> PolicyEngine:
    return engine()


@pytest.fixture(scope="module", params=ENGINES)
def city(request: pytest.FixtureRequest, rules: PolicyEngine) -> Iterator[City]:
    url = ""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").create_database()
    elif request.param == "mysql":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.create_database())
    opened = City(request.param, rules, url)
    yield opened
    opened.close()


def seen(city: City, case: dict[str, Any]) -> dict[str, Any]:
    """What came of a case, in the form of its `expect`."""
    decision, query = city.decided(case)
    if query is None:
        gaps = sorted({gap.code for gap in decision.gaps})
        return {
            "outcome": "deny",
            "denied_by": sorted({reason.rule for reason in decision.determined_by}),
            "gaps": gaps,
        }
    assert decision.facts is not None
    owed, rows = decision.obligations, city.answer(query)
    bounds = [("max_rows", each.rows) for each in owed if isinstance(each, MaxRows)]
    bounds += [("minimum_group", each.size) for each in owed if isinstance(each, MinimumGroup)]
    return {
        "outcome": decision.outcome,
        "tables": sorted(table.name for table in decision.facts.tables),
        "columns": {
            f"{use.table.name}.{use.column}": sorted(each.value for each in use.uses) for use in decision.facts.columns
        },
        "masks": {f"{each.table.name}.{each.column}": each.transform for each in owed if isinstance(each, Mask)},
        "filters": sorted(each.table.name for each in owed if isinstance(each, RowFilter)),
        "limits": dict(bounds),
        **({"row_count": len(rows)} if "row_count" in case["expect"] else {"rows": rows}),
    }


def test_every_case_comes_out_as_it_should(city: City) -> None:
    """Facts, decision, obligations and answer are the expected ones, equal on all engines."""
    results = [(case["name"], seen(city, case)) for case in cases()]
    assert results == [(case["name"], case["expect"]) for case in cases()]


def test_the_cases_are_many_and_their_names_differ() -> None:
    """At least sixty cases, each with a name of its own."""
    names = [case["name"] for case in cases()]
    assert len(names) == len(set(names)) >= 60
