"""The hostile corpus, run for real: nothing that the subject may not see is observable, in any way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from guard.errors import AccessDeniedError, GuardError
from guard.policy.enforce import enforce, enforce_text
from guard.sql.parse import read
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import catalogue, decision_on, mask_sql

CASES = Path(__file__).parents[2] / "cases" / "enforce"

# Legitimate, and refused all the same: each is a known limit with its reason.
OVER_DENIED = {
    "postgres": {
        "unicode-ident": "escapes in names are refused before parsing",
        "unicode-ident-uescape": "escapes in names are refused before parsing",
        "tablesample": "a sample is drawn from the table's storage, hidden rows included",
        "nbsp": "the server would read the space as part of a name",
        "xmltable": "XML functions are not reviewed",
    },
    "duckdb": {
        "pivot": "its columns are values of the data",
        "unpivot": "not understood by the facts either",
    },
    "sqlite": {},
    "mysql": {"full-join": "MariaDB has none; sqlglot would write other joins for it"},
}
# Allowed, and refused by the engine itself, because a subquery has no row type.
BROKEN = {"postgres": {"composite-array"}, "duckdb": set(), "sqlite": set(), "mysql": set()}


def hostile() -> list[dict[str, str]]:
    cases: list[dict[str, str]] = []
    for name in ("hostile.yml", "hostile_more.yml", "hostile_mariadb.yml"):
        cases += yaml.safe_load((CASES / name).read_text(encoding="utf-8"))
    return cases


def spread(cases: list[dict[str, str]], dialect: str) -> list[dict[str, str]]:
    """The cases of one engine; a case for `all` is asked of each."""
    return [case for case in cases if case["dialect"] in {dialect, "all"}]


def test_no_hostile_statement_shows_anything_protected(worlds: Worlds) -> None:
    """Over two databases that differ only in what is protected, every enforced statement looks the same."""
    known = catalogue(worlds.dialect)
    verdicts: Counter[str] = Counter()
    leaks, executed, broken, denied = [], [], set(), set()
    for case in spread(hostile(), worlds.dialect):
        verdicts[case["verdict"]] += 1
        try:
            statement, lexed = read(case["sql"], worlds.dialect)
            owed = decision_on(statement, worlds.dialect, case.get("policy", "constant"))
            if owed.facts is not None and owed.facts.gaps:
                raise AccessDeniedError(owed.facts.gaps[0].what)
            enforced = enforce_text(statement, lexed, known, owed, mask_sql).query
            long_way = enforce(statement, known, owed, mask_sql)
        except GuardError as error:
            assert "CANARY" not in error.diagnostics()  # noqa: PT017 - the errors of many statements are looked at
            if case["verdict"] == "REWRITE":
                denied.add(case["name"])
            continue
        if case["verdict"] == "DENY":
            executed.append(case["name"])
        for sql in {enforced.sql, long_way.sql}:
            left, right = worlds.left.ask(sql), worlds.right.ask(sql)
            if left != right or ("CANARY" in left.text() and "CANARY" not in case["sql"]):
                leaks.append((case["name"], sql, left.text()[:200], right.text()[:200]))
        if case["verdict"] == "REWRITE" and left.error and not worlds.masked.ask(case["sql"]).error:
            broken.add(case["name"])
    assert (leaks, executed) == ([], [])
    assert denied == set(OVER_DENIED[worlds.dialect])
    assert broken == BROKEN[worlds.dialect]
    assert len(denied) <= 0.03 * verdicts["REWRITE"]


def test_the_corpus_names_each_case_once_for_an_engine() -> None:
    """A name and an engine identify a case."""
    counted = Counter((case["name"], case["id"], case["dialect"], case["sql"]) for case in hostile())
    assert [case for case, times in counted.items() if times > 1] == []
