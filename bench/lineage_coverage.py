"""How many of the base columns that TPC-DS's 99 queries refer to have an edge (2.3 of the research note: 24.2 %).

What a query refers to is taken from another reader than guard's: sqlglot's own qualifier gives each column reference
its table, and its scopes lead from there to a base table. A reference to a column of a subquery counts through the
references inside it. Columns that no query spells are left out: the qualifier also writes out the star of
`EXISTS (SELECT * ...)`, which reads nothing (with them: 2,142 pairs, of which 477 act on no answer).
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from bench.lineage_inputs.tpcds import workload
from bench.result import Result
from guard.lineage import extract

Column = tuple[str, str]


def run() -> Result:
    """Prints each query with a column that has no edge."""
    tpcds = workload()
    referenced = covered = direct = gaps = 0
    for number, sql in enumerate(tpcds.queries, 1):
        wanted = _referenced(sql, tpcds.schema)
        lineage = extract(sql, "duckdb", tpcds.schema)
        found = {(edge.source.dataset.name, edge.source.path) for edge in lineage.edges}
        values = {(e.source.dataset.name, e.source.path) for e in lineage.edges if e.type == "DIRECT"}
        referenced += len(wanted)
        covered += len(wanted & found)
        direct += len(wanted & values)
        gaps += bool(lineage.gaps)
        if wanted - found or lineage.gaps or found - wanted:
            print(f"query {number}: without an edge {sorted(wanted - found)}, more {sorted(found - wanted)}", end=" ")
            print(f"gaps {sorted({gap.code for gap in lineage.gaps})}")
    figures = {
        "tpcds_columns_covered": round(covered / referenced, 4),
        "direct_only": round(direct / referenced, 4),
        "queries_with_gaps": float(gaps),
    }
    return Result(figures, {"queries": len(tpcds.queries), "referenced_columns": referenced})


def _referenced(sql: str, schema: dict[str, dict[str, str]]) -> set[Column]:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    spelled = {column.name.lower() for column in tree.find_all(exp.Column)}
    tree = qualify(tree, schema=schema, dialect="duckdb", quote_identifiers=False)
    found: set[Column] = set()
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and column.name.lower() in spelled:
                found.add((source.name.lower(), column.name.lower()))
    return found
