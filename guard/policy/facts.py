"""What one statement touches, as the policy sees it: tables, columns and their uses, functions, gaps."""

from __future__ import annotations

from sqlglot import exp

from guard.model import ColumnUse, Gap, QueryFacts, TableName, Use
from guard.policy.enforce.writes.refused import RefusedWriteError
from guard.policy.enforce.writes.shape import is_write, shape
from guard.sql.catalogue import Catalogue
from guard.sql.flow import flow, uses
from guard.sql.functions import functions
from guard.sql.statements import is_query, kind

# A tenth of what lineage may spend: TPC-DS stays below 6,000, and a verdict has 100 ms.
MAX_WORK = 40_000


def extract(statement: exp.Expression, catalogue: Catalogue) -> QueryFacts:
    """The facts of `statement` over the tables of `catalogue`, views expanded to what stands behind them.

    Every table node is accounted for and every column that acts on the answer is listed with each of its uses, or
    there is a gap; with a gap the lists may be short, and the decision is a denial.
    """
    if is_write(statement):
        return _written(statement, catalogue)
    if not is_query(statement):
        what = kind(statement)
        gap = Gap(code="unsupported_statement", what=what, help="send a SELECT; this subject may only read")
        return QueryFacts(dialect=catalogue.dialect, statement=what, functions=functions(statement), gaps=(gap,))
    result = flow(statement, catalogue, max_work=MAX_WORK)
    return QueryFacts(
        dialect=catalogue.dialect,
        statement="select",
        tables=tuple(sorted(result.tables)),
        columns=uses(result),
        functions=tuple(sorted({*functions(statement), *result.functions})),
        gaps=result.gaps,
    )


def _written(statement: exp.Expression, catalogue: Catalogue) -> QueryFacts:
    """The facts of a write: of everything that it reads, with the columns that it writes among them."""
    what = kind(statement)
    try:
        write = shape(statement, catalogue)
    except RefusedWriteError as error:
        return QueryFacts(catalogue.dialect, what, functions=functions(statement), gaps=(error.gap,))
    results = [flow(read, catalogue, max_work=MAX_WORK) for read in write.facts]
    ways: dict[tuple[TableName, str], set[Use]] = {}
    for one in (use for result in results for use in uses(result)):
        ways.setdefault((one.table, one.column), set()).update(one.uses)
    called = {name for result in results for name in result.functions}
    return QueryFacts(
        dialect=catalogue.dialect,
        statement=write.action,
        tables=tuple(sorted({table for result in results for table in result.tables})),
        columns=tuple(ColumnUse(*at, tuple(sorted(found))) for at, found in sorted(ways.items())),
        functions=tuple(sorted({*functions(statement), *called})),
        gaps=tuple(dict.fromkeys(gap for result in results for gap in result.gaps)),
        target=write.name,
    )
