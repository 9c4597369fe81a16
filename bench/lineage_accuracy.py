"""Column and table lineage against sqllineage's own test cases (reata/sqllineage, MIT; 2.2 of the research note).

`columns_exact` is the share of expected target columns whose set of source columns is exactly right, over the core
file; `tables_exact` the share of table-level cases whose sources and targets are. Both tools must agree on what an
edge is for that: a source counts when its value goes in (DIRECT) or decides that one column (CASE, OVER). A table
made and read in one script is looked through, as sqllineage does (its cases disagree on that for procedures, so that
the table level takes both). Names are compared without case and quotes, and a
missing schema fits any. `columns_missed_silently` counts wrong columns in cases that report no gap, and
`tables_missed_silently` cases in which an expected table is neither told nor a gap reported. A swap of two tables is
told both ways, where sqllineage tells one: not exact, and nothing is missed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.result import Result
from guard.lineage import extract
from guard.model import QueryLineage

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lineage"
DIALECTS = {
    "ansi": None,
    "sparksql": "spark",
    "greenplum": "postgres",
    "vertica": "postgres",
    "mariadb": "mysql",
    "db2": None,
}
Column = tuple[str, str]


def run() -> Result:
    """Runs both files; prints each case that is not exact."""
    core = [json.loads(line) for line in (DATA / "sqllineage_core.jsonl").read_text().splitlines()]
    everything = [json.loads(line) for line in (DATA / "sqllineage_all.jsonl").read_text().splitlines()]
    right = total = silent = 0
    cases = 0
    for case in core:
        wanted, found, gaps = _columns(case)
        wrong = [column for column in wanted if found.get(column) != wanted[column]]
        extra = [column for column in found if column not in wanted]
        total += len(wanted)
        right += len(wanted) - len(wrong)
        silent += len(wrong) if not gaps else 0
        cases += not wrong and not extra
        if wrong or extra:
            print(f"columns  {case['id']}: {len(wrong)} of {len(wanted)} wrong, {len(extra)} extra; gaps {gaps}")
    tables = [case for case in everything if case["kind"] == "table"]
    exact = quiet = 0
    for case in tables:
        good, missed, gaps, text = _tables(case)
        exact += good
        quiet += missed and not gaps
        if not good:
            print(f"tables   {case['id']} [{case['dialect']}]: {text}; gaps {gaps}")
    figures = {
        "columns_exact": round(right / total, 4),
        "cases_exact": round(cases / len(core), 4),
        "columns_missed_silently": float(silent),
        "tables_exact": round(exact / len(tables), 4),
        "tables_missed_silently": float(quiet),
    }
    return Result(figures, {"columns": total, "column_cases": len(core), "table_cases": len(tables)})


def _lineage(case: dict[str, Any]) -> QueryLineage:
    dialect = DIALECTS.get(case["dialect"], case["dialect"])
    try:
        return extract(case["sql"], dialect, case.get("schema") or None)
    except ValueError:
        return extract(case["sql"], None, case.get("schema") or None)


def _columns(case: dict[str, Any]) -> tuple[dict[Column, set[Column]], dict[Column, set[Column]], list[str]]:
    wanted: dict[Column, set[Column]] = defaultdict(set)
    for source, target in case["edges"]:
        wanted[_pair(*target)].add(_pair(*source))
    lineage = _lineage(case)
    direct: dict[Column, set[Column]] = defaultdict(set)
    for edge in lineage.edges:
        if edge.target.path == "*" and edge.type == "INDIRECT":
            continue
        if edge.type == "DIRECT" or edge.subtype in ("CONDITIONAL", "WINDOW"):
            direct[_pair(edge.target.dataset.name, edge.target.path)].add(
                _pair(edge.source.dataset.name, edge.source.path)
            )
    return wanted, _through(direct), sorted({gap.code for gap in lineage.gaps})


def _through(edges: dict[Column, set[Column]]) -> dict[Column, set[Column]]:
    """From the first sources to the last targets."""
    inner = {source for sources in edges.values() for source in sources} & set(edges)

    def first(column: Column, seen: frozenset[Column]) -> set[Column]:
        if column not in edges or column in seen:
            return {column}
        return {one for source in edges[column] for one in first(source, seen | {column})}

    return {target: first(target, frozenset()) for target in edges if target not in inner or target in edges[target]}


def _pair(table: str | None, column: str) -> Column:
    return _fold(table or ""), _fold(column)


def _fold(name: str) -> str:
    return name.replace("`", "").replace('"', "").replace("[", "").replace("]", "").replace("<default>.", "").lower()


def _tables(case: dict[str, Any]) -> tuple[bool, bool, list[str], str]:
    """Whether it is exact, whether a table is missed, the gaps, and both answers as text."""
    lineage = _lineage(case)
    written = {_fold(dataset.name) for dataset in lineage.targets}
    read = {_fold(dataset.name) for dataset in lineage.inputs}
    middle = read & written if len(lineage.targets) > 1 else set()
    wanted_read = {_fold(name) for name in case["sources"]}
    wanted_written = {_fold(name) for name in case["targets"]}
    good = any(_fit(read - inner, wanted_read) and _fit(written - inner, wanted_written) for inner in (middle, set()))
    gaps: list[str] = sorted({gap.code for gap in lineage.gaps})
    return (
        good,
        not (_hold(read, wanted_read) and _hold(written, wanted_written)),
        gaps,
        f"{sorted(read)} -> {sorted(written)}, expected {sorted(wanted_read)} -> {sorted(wanted_written)}",
    )


def _fit(found: set[str], wanted: set[str]) -> bool:
    return len(found) == len(wanted) and _hold(wanted, found)


def _hold(found: set[str], wanted: set[str]) -> bool:
    """Every name of `wanted` is among those found; a missing schema fits any."""
    return all(
        any(one == other or one.endswith("." + other) or other.endswith("." + one) for other in found) for one in wanted
    )
