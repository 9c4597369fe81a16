"""Patterns whose matching may fail depending on the data they meet.

`x LIKE 'ab\\'` raises an error only for a value that begins with `ab`: an oracle, and not only on rows that the
query reads, since PostgreSQL's planner tries a pattern on the most common values of the whole column.
"""

from __future__ import annotations

from sqlglot import exp

_MATCHES = (exp.Like, exp.ILike, exp.SimilarTo)


def may_fail(node: exp.Expr) -> bool:
    """Whether `node` is a pattern match whose pattern may end in its escape character."""
    if isinstance(node, exp.Escape):
        inner = node.this
        escape = node.expression
        if not (isinstance(inner, _MATCHES) and isinstance(escape, exp.Literal) and len(escape.name) <= 1):
            return True
        return not _ends_well(inner.expression, escape.name)
    if isinstance(node, _MATCHES) and not isinstance(node.parent, exp.Escape):
        return not _ends_well(node.expression, "\\")
    return False


def _ends_well(pattern: exp.Expr, escape: str) -> bool:
    """A literal with an even number of escapes at its end; behind `||` the last literal must have none."""
    last, joined = pattern, False
    while isinstance(last, exp.DPipe | exp.Paren | exp.Concat):
        joined = joined or not isinstance(last, exp.Paren)
        last = last.expressions[-1] if isinstance(last, exp.Concat) else last.args.get("expression") or last.this
    if not (isinstance(last, exp.Literal) and last.is_string):
        return False
    if not escape:
        return True
    text = last.name
    at_end = len(text) - len(text.rstrip(escape))
    return (at_end == 0 and bool(text)) if joined else at_end % 2 == 0
