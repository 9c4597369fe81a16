"""Enforcement: from an allowed statement and its decision to SQL that can show nothing more than the decision allows.

The answer of the enforced SQL is the answer that the original would give over a database in which every protected
table has its rows filtered and its columns masked (design, section 5.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from guard.model import EnforcedQuery, MaxRows, Probe
from guard.policy.enforce.deny import denied
from guard.policy.enforce.differencing import probe
from guard.policy.enforce.emit import emit
from guard.policy.enforce.prove import prove
from guard.policy.enforce.review import review, reviewed_tree
from guard.policy.enforce.rewrite import rewrite
from guard.policy.enforce.splice.lexemes import DIALECTS as SHAPED
from guard.policy.enforce.splice.short_way import Enforced, short_way

if TYPE_CHECKING:
    from sqlglot import exp

    from guard.model import Decision, TableName
    from guard.policy.enforce.differencing import Asked
    from guard.policy.enforce.rewrite import Rewritten
    from guard.sql.catalogue import Catalogue
    from guard.sql.lexed import Lexed
    from guard.sql.masking import MaskSql

__all__ = ["SHAPED", "Enforced", "enforce", "enforce_text", "review"]


def enforce_text(
    statement: exp.Expr, lexed: Lexed, catalogue: Catalogue, decision: Decision, mask_sql: MaskSql
) -> Enforced:
    """As `enforce`, from the tokens that `statement` was parsed of: by the short way where that can be.

    Raises:
        AccessDeniedError: as `enforce`.
    """
    done = short_way(statement, lexed, catalogue, decision, mask_sql)
    return done if done is not None else Enforced(enforce(statement, catalogue, decision, mask_sql))


def enforce(statement: exp.Expr, catalogue: Catalogue, decision: Decision, mask_sql: MaskSql) -> EnforcedQuery:
    """The SQL that runs instead of `statement`, already proved against `decision`; by the long way.

    Args:
        statement: one parsed statement; it is not changed.
        catalogue: the relations of the source.
        decision: an allowing decision, with its facts and obligations.
        mask_sql: the SQL forms of transforms.

    Raises:
        AccessDeniedError: something in the statement cannot be enforced; the message says what, `help` what to do.
    """
    try:
        tree, gaps = reviewed_tree(statement, catalogue)
        if gaps:
            raise denied(gaps[0].what, gaps[0].help, decision=decision.id)
        done = rewrite(tree, catalogue, decision, mask_sql)
        probes = tuple(_probe(one, table, done, catalogue, decision) for one, table in done.asked)
        sql = emit(done.tree, catalogue.dialect)
    except RecursionError:
        raise denied("the statement nests too deep", "write it flatter", decision=decision.id) from None
    prove(sql, catalogue, decision)
    return EnforcedQuery(
        sql=sql, dialect=catalogue.dialect, parameters=done.parameters.values(), tables=done.tables, probes=probes
    )


def _probe(one: Asked, table: TableName, done: Rewritten, catalogue: Catalogue, decision: Decision) -> Probe:
    """What is asked beside a grouped answer, proved like the answer itself."""
    sql = emit(probe(one), catalogue.dialect)
    limits = tuple(owed for owed in decision.obligations if not isinstance(owed, MaxRows))
    prove(sql, catalogue, msgspec.structs.replace(decision, obligations=limits))
    values = {name: value for name, value in done.parameters.values().items() if f":{name}" in sql}
    return Probe(sql=sql, table=table, parameters=values, same=one.same, rest=one.rest, keys=one.keys, plain=one.plain)
