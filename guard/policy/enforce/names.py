"""The names that enforcement reserves, and how each engine folds an identifier.

Reserved names never come from the user's text: a common table expression gets a new name, and inside a wrap every
column is qualified by the wrap's own alias, so nothing of the user's can capture them.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from guard.policy.enforce.golden import STORES_UPPER
from guard.sql.names import lower, upper

RESERVED: Final = "guard_"
TABLE_ALIAS: Final = "guard_t"  # the base table inside its wrap
ENTITLEMENT_ALIAS: Final = "guard_e"  # entitlement tables, numbered by depth
CTE_NAME: Final = "guard_cte_"  # the user's common table expressions, numbered
POSTGRES_NAME_BYTES: Final = 63  # longer names are cut off by the server, and may then mean another table


def quoted(name: str) -> exp.Identifier:
    """An identifier that the engine takes as it stands."""
    return exp.Identifier(this=name, quoted=True)


def column_of(alias: str, column: str) -> exp.Column:
    """`"alias"."column"`."""
    return exp.Column(this=quoted(column), table=quoted(alias))


def settle(statement: exp.Expr, dialect: str) -> None:
    """Spells every identifier the way a server that folds names reads it (PostgreSQL, Snowflake, Oracle), quoted.

    What is left has one reading: analysis and server cannot fold a name differently. Other engines compare names
    without case whether quoted or not, so their spelling stays (it names result columns).
    """
    if dialect != "postgres" and dialect not in STORES_UPPER:
        return
    fold = upper if dialect in STORES_UPPER else lower
    for identifier in statement.find_all(exp.Identifier):
        if not identifier.args.get("quoted"):
            identifier.set("this", fold(identifier.name))
            identifier.set("quoted", True)  # noqa: FBT003 - sqlglot's own signature


def same(left: str, right: str, dialect: str) -> bool:
    """Whether two settled names mean the same thing to the engine."""
    return key(left, dialect) == key(right, dialect)


def key(name: str, dialect: str) -> str:
    """A settled name as a dictionary key: equal exactly when `same`."""
    return name if dialect == "postgres" or dialect in STORES_UPPER else lower(name)
