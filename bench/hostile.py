"""The hostile corpus of tests/cases/enforce, run for real on every engine at hand.

Two databases differ only in what is protected. `leaks` counts statements whose enforced form looks different on the
two in anything observable (rows, order, names, types, error text, notices) or prints a planted canary;
`wrongly_executed` counts statements with the verdict DENY that came through; `over_denied_share` is the share of
legitimate statements that were refused, or that the engine refused only in their enforced form.
"""

from __future__ import annotations

import contextlib
from collections import Counter

from bench.result import Result
from guard.errors import AccessDeniedError, GuardError
from guard.policy.enforce import enforce_text
from guard.sql.parse import read
from tests.policy.enforce.test_hostile import hostile, spread
from tests.policy.enforce.world import Database, Duck, Lite, Maria, Postgres, Side, catalogue, decision_on, mask_sql
from tests.servers.mariadb import find_programs, mariadb_server
from tests.servers.postgres import find_binaries, postgres_server

SIDES: tuple[Side, ...] = ("left", "right", "masked")


def run(size: int = 0) -> Result:
    """Prints every statement that is not as it should be; with a size only that many statements an engine."""
    total: Counter[str] = Counter()
    engines = []
    with contextlib.ExitStack() as stack:
        worlds: dict[str, list[Database]] = {
            "duckdb": [Duck(side) for side in SIDES],
            "sqlite": [Lite(side) for side in SIDES],
        }
        binaries = find_binaries()
        if binaries is None:
            print("postgres  not on this machine")
        else:
            server = stack.enter_context(postgres_server(binaries))
            worlds["postgres"] = [Postgres(side, server.create_database()) for side in SIDES]
        programs = find_programs()
        if programs is None:
            print("mysql     not on this machine")
        else:
            maria = stack.enter_context(mariadb_server(programs))
            names = {side: maria.create_database() for side in SIDES}
            worlds["mysql"] = [Maria(side, maria.connect(name), name) for side, name in names.items()]
        for dialect, sides in worlds.items():
            counts = Counter({"statements": 0, "leaks": 0, "wrongly_executed": 0, "legitimate": 0, "over_denied": 0})
            for case in spread(hostile(), dialect)[: size or None]:
                counts += judge(case, dialect, sides)
                counts["statements"] += 1
            engines.append(dialect)
            total += counts
            print(f"{dialect:9} {dict(counts)}")
            for side in sides:
                side.close()
    share = total["over_denied"] / max(1, total["legitimate"])
    figures = {
        "leaks": float(total["leaks"]),
        "wrongly_executed": float(total["wrongly_executed"]),
        "over_denied_share": round(share, 4),
        "statements": float(total["statements"]),
    }
    return Result(figures, {"engines": engines, "legitimate": total["legitimate"], "over_denied": total["over_denied"]})


def judge(case: dict[str, str], dialect: str, sides: list[Database]) -> Counter[str]:
    """What came of one statement."""
    left, right, masked = sides
    legitimate = case["verdict"] == "REWRITE"
    found: Counter[str] = Counter(legitimate=legitimate)
    try:
        statement, lexed = read(case["sql"], dialect)
        owed = decision_on(statement, dialect, case.get("policy", "constant"))
        if owed.facts is not None and owed.facts.gaps:
            raise AccessDeniedError(owed.facts.gaps[0].what)
        enforced = enforce_text(statement, lexed, catalogue(dialect), owed, mask_sql).query
    except GuardError as error:
        if "CANARY" in error.diagnostics():
            found["leaks"] += 1
            print(f"{dialect:9} LEAK in an error: {case['name']}")
        if legitimate:
            found["over_denied"] += 1
            print(f"{dialect:9} over-denied: {case['name']}: {error.message}")
        return found
    if case["verdict"] == "DENY":
        found["wrongly_executed"] += 1
        print(f"{dialect:9} EXECUTED: {case['name']}")
    one, other = left.ask(enforced.sql), right.ask(enforced.sql)
    if one != other or ("CANARY" in one.text() and "CANARY" not in case["sql"]):
        found["leaks"] += 1
        print(f"{dialect:9} LEAK: {case['name']}")
    if legitimate and one.error and not masked.ask(case["sql"]).error:
        found["over_denied"] += 1
        print(f"{dialect:9} broken: {case['name']}")
    return found
