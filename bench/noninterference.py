"""Generated non-interference: an enforced query looks the same on two databases that differ only in what is hidden.

A pair is one generated query over one pair of twin databases; each world of `PER_WORLD` queries has a schema, a
policy and rows of its own (bench/enforcement/world.py), each query comes from a typed grammar (grammar.py). Compared is
everything observable: names, types, rows (their order where the query orders by all outputs), the error in full,
notices. `differences` must be 0. Every difference is printed with its seeds; `python -m bench noninterference N`
runs N pairs an engine.

Then each fault of `FAULTS` is put into the rewriter, with the proof switched off, and the same search must find it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from sqlglot import exp

from bench.enforcement.engines import Seen, Side, opened
from bench.enforcement.grammar import Grammar
from bench.enforcement.world import World
from bench.result import Result
from guard.errors import GuardError
from guard.model import Table
from guard.policy import enforce as enforcement
from guard.policy.enforce import enforce_text
from guard.policy.enforce.prove import ProvedWrap
from guard.policy.enforce.splice import fragments
from guard.policy.facts import extract
from guard.sql.parse import read

_WRAP = importlib.import_module("guard.policy.enforce.wrap")  # the package shows functions of these names
_SHORT_WAY = importlib.import_module("guard.policy.enforce.splice.short_way")
_REWRITE = importlib.import_module("guard.policy.enforce.rewrite")

PAIRS = 100_000
PER_WORLD = 200
FAULT_PAIRS = 3_000  # at most, for each fault and engine
SEED = 20_261_121


def run(size: int = PAIRS) -> Result:
    """Prints a row for each engine and each fault."""
    total: Counter[str] = Counter()
    least = size
    found: dict[str, bool] = {}
    with opened(2) as engines:
        for dialect, sides in engines.items():
            counts = search(dialect, sides, size)
            total += counts
            least = min(least, counts["pairs"])
            print(f"{dialect:9} {dict(counts)}", flush=True)
        for name, (dialects, fault) in FAULTS.items():
            for dialect in dialects:
                if dialect in engines:
                    with fault(), unproved():
                        counts = search(dialect, engines[dialect], min(size, FAULT_PAIRS), stop=True, quiet=True)
                    found[f"{name} ({dialect})"] = bool(counts["differences"])
                    print(f"{dialect:9} fault: {name}: found after {counts['pairs']} pairs: "
                          f"{bool(counts['differences'])}", flush=True)  # fmt: skip
    figures = {
        "differences": float(total["differences"]),
        "pairs": float(least),
        "pairs_total": float(total["pairs"]),
        "faults": float(len(found)),
        "faults_found": float(sum(found.values())),
    }
    context = {"seed": SEED, "engines": list(engines), "worlds": total["worlds"], "refused": total["refused"],
               "failed": total["failed"], "warnings": total["warnings"], "with_rows": total["with_rows"]}  # fmt: skip
    return Result(figures, context)


def search(
    dialect: str, sides: list[Side], pairs: int, *, first: int = 0, stop: bool = False, quiet: bool = False
) -> Counter[str]:
    """Runs `pairs` pairs (refused statements are not pairs), from world `first` on, and counts what came of them."""
    counts = Counter(pairs=0, differences=0, warnings=0, refused=0, failed=0, with_rows=0, worlds=0)
    number = first
    while counts["pairs"] < pairs:
        seed, number = SEED + number, number + 1
        world = World(dialect, seed)
        for side, name in zip(sides, ("left", "right"), strict=True):
            side.build(world.script(), world.rows(name))
        counts["worlds"] += 1
        for query, sql in enumerate(queries(world, seed)):
            pair = ask(world, sides, sql, provide=number % 2 == 0)
            if isinstance(pair, str):
                counts["refused"] += 1
                continue
            left, right = pair
            counts["pairs"] += 1
            counts["failed"] += bool(left.error)
            counts["with_rows"] += bool(left.rows)
            if not stop and comparable(left, sql) != comparable(right, sql) and only_warnings(left, right, sql):
                counts["warnings"] += 1
            elif comparable(left, sql) != comparable(right, sql):
                counts["differences"] += 1
                if not quiet:
                    _print(f"world {seed}, query {query}", sql, left, right)
                if stop:
                    return counts
            if counts["pairs"] >= pairs:
                break
    return counts


def queries(world: World, seed: int) -> Iterator[str]:
    """The queries of a world."""
    grammar = Grammar(world, seed)
    for _ in range(PER_WORLD):
        yield grammar.next() if world.dialect != "mysql" else grammar.next().replace('"', "`")


def ask(world: World, sides: list[Side], sql: str, *, provide: bool) -> tuple[Seen, Seen] | str:
    """The two answers, or why the statement was refused."""

    def everywhere(name: str, function: Any) -> bool:
        provided = [side.provide(name, function) for side in sides]
        return all(provided)

    try:
        statement, lexed = read(sql, world.dialect)
        facts = extract(statement, world.catalogue)
        if facts.gaps:
            return facts.gaps[0].what
        masks = world.masks(everywhere if provide and world.dialect == "duckdb" else None)
        enforced = enforce_text(statement, lexed, world.catalogue, world.decision(facts), masks).query
    except GuardError as error:
        return error.message
    values = {name: value.reveal() for name, value in enforced.parameters.items()}
    if values:
        return "bound values"  # keyed masks: not in these worlds
    return sides[0].ask(enforced.sql), sides[1].ask(enforced.sql)


def comparable(seen: Seen, sql: str) -> object:
    """Rows as a bag, unless the query orders by all of its outputs."""
    if " ORDER BY 1" in sql:
        return seen
    return seen._replace(rows=tuple(sorted(seen.rows, key=repr)))


def only_warnings(left: Seen, right: Seen, sql: str) -> bool:
    """Whether two answers of MariaDB differ in their warnings alone, which guard's source never asks for.

    Like an error on a visible row, whether one is raised can hang on the plan. A seeded fault may be found by them.
    """
    bare = [comparable(seen._replace(notices=()), sql) for seen in (left, right)]
    return bare[0] == bare[1] and all("Warning" in note or "Note" in note for note in left.notices + right.notices)


def _print(where: str, sql: str, left: Seen, right: Seen) -> None:
    print(f"DIFFERENCE {where}: {sql}\n  left  {str(left)[:300]}\n  right {str(right)[:300]}", file=sys.stderr)


@contextlib.contextmanager
def unproved() -> Iterator[None]:
    """Enforcement without its proof, which would refuse most faults."""
    fragments.forget()
    try:
        with (
            mock.patch.object(enforcement, "prove", return_value=None),
            mock.patch.object(_SHORT_WAY, "prove_tokens", return_value=None),
            mock.patch.object(fragments, "prove_wrap", _unproved_wrap),
        ):
            yield
    finally:
        fragments.forget()


def _unproved_wrap(_text: str, table: Table, *_: Any) -> ProvedWrap:
    return ProvedWrap(table.name, filtered=True, fenced=True)


def _without_fence() -> Any:
    return mock.patch.object(_WRAP, "fenced", return_value=None)


def _without_filter() -> Any:
    return mock.patch.object(_WRAP, "_filter", return_value=None)


def _bare_masks() -> Any:
    def bare(column: Any, *_: Any) -> exp.Alias:
        return exp.Alias(this=_WRAP.column_of(_WRAP.TABLE_ALIAS, column.name), alias=_WRAP.quoted(column.name))

    return mock.patch.object(_WRAP, "_output", bare)


def _first_table_only() -> Any:
    whole, wrapped = _REWRITE._base, _SHORT_WAY._Way._wrapped  # noqa: SLF001

    def first(way: Any) -> Any:
        wraps = wrapped(way)
        return wraps and wraps[:1]

    both = contextlib.ExitStack()
    both.enter_context(mock.patch.object(_REWRITE, "_base", lambda found: whole(found)[:1]))
    both.enter_context(mock.patch.object(_SHORT_WAY._Way, "_wrapped", first))  # noqa: SLF001
    return both


Fault = Callable[[], contextlib.AbstractContextManager[Any]]
_ALL = ("sqlite", "duckdb", "postgres", "mysql")
FAULTS: dict[str, tuple[tuple[str, ...], Fault]] = {
    "no row filter": (_ALL, _without_filter),
    "masks left out": (_ALL, _bare_masks),
    "only the first table wrapped": (_ALL, _first_table_only),
    "no fence": (("postgres", "mysql"), _without_fence),
}
