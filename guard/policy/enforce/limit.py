"""At most so many rows: a LIMIT on the outermost query, never above the user's own."""

from __future__ import annotations

from sqlglot import exp

from guard.policy.enforce.deny import denied


def at_most(statement: exp.Expr, rows: int) -> exp.Expr:
    """`statement` with its LIMIT lowered to `rows`.

    Raises:
        AccessDeniedError: the user's own limit is not a plain number, so the smaller of both is not known.
    """
    query = statement
    if isinstance(query, exp.Subquery) and not query.args.get("limit") and not query.args.get("offset"):
        query = query.unnest()
    if not isinstance(query, exp.Select | exp.SetOperation):
        raise denied("this statement cannot be limited to the rows that the decision allows", "write it as a SELECT")
    limit = query.args.get("limit")
    if limit is None:
        query.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
        return statement
    count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.args.get("expression")
    if limit.args.get("limit_options") and _unusual(limit.args["limit_options"]):
        count = None
    if isinstance(count, exp.Var) and count.name.upper() == "ALL":
        query.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
        return statement
    if not (isinstance(count, exp.Literal) and count.is_int):
        raise denied("the statement's own LIMIT is not a plain number", "write `LIMIT` with a number")
    if int(count.name) > rows:
        query.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
    return statement


def _unusual(options: exp.Expr) -> bool:
    return bool(options.args.get("percent") or options.args.get("with_ties"))
