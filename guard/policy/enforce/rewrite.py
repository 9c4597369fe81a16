"""The rewriting of one reviewed statement: a pipeline of passes over its tree.

Bound the groups; give every common table expression a reserved name; replace every base table by its wrap; bound the
rows. Each pass stands in its own module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.model import Decision, Table, TableName
from guard.policy.enforce.columns import Visible
from guard.policy.enforce.deny import denied
from guard.policy.enforce.differencing import Asked
from guard.policy.enforce.failing import failing_nodes
from guard.policy.enforce.groups import hold_groups
from guard.policy.enforce.limit import at_most
from guard.policy.enforce.names import CTE_NAME, quoted
from guard.policy.enforce.opaque import needs_opaque
from guard.policy.enforce.owed import Duties, duties
from guard.policy.enforce.relations import Reference, references
from guard.policy.enforce.titles import keep_titles
from guard.policy.enforce.wrap import Wrapping, wrap
from guard.sql.masking import Parameters

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue
    from guard.sql.masking import MaskSql

MAX_COLUMNS: Final = 1_000  # written into all wraps together


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The enforced tree, what it owes, the values bound in it, and every base relation that it reads."""

    tree: exp.Expr
    duties: Duties
    parameters: Parameters
    tables: tuple[TableName, ...]
    asked: tuple[tuple[Asked, TableName], ...] = ()  # under a minimum group, each query that it bounds, and its table


def rewrite(
    tree: exp.Expr, catalogue: Catalogue, decision: Decision, mask_sql: MaskSql, *, may_hide: bool = True
) -> Rewritten:
    """The reviewed statement over the filtered and masked tables; `tree` is changed in place.

    `may_hide` is False where the wraps are taken apart again (writes), so none may stand behind an array.

    Raises:
        AccessDeniedError: something cannot be enforced.
    """
    dialect = catalogue.dialect
    keep_titles(tree, dialect)
    found = references(tree, dialect)
    tables = {id(node): _table(node, catalogue, decision) for node in _base(found)}
    read = tuple({table.name: table for table in tables.values()}.values())
    owed = duties(decision, read, catalogue)
    asked: tuple[Asked, ...] = ()
    if owed.minimum_group > 1:
        tree, asked = hold_groups(tree, found, owed.minimum_group, dialect)
    parameters = Parameters()
    visible = Visible(tree, dialect)
    seen = {id(node): visible.of(node, tables[id(node)]) for node in _base(found)}
    if sum(len(columns) for columns in seen.values()) > MAX_COLUMNS:
        raise denied(
            f"the statement sees more than {MAX_COLUMNS:,} columns", "name the columns that it needs, not all of them"
        )
    failing = list(failing_nodes(tree, read, dialect))
    fence = bool(failing)
    hidden = may_hide and fence and needs_opaque(failing, len(seen), dialect)
    _unqualify_columns(tree, found)
    _rename_ctes(found, tree)
    wrapping = Wrapping(dialect, mask_sql, parameters, fence, hidden)
    # Innermost first: a table that carries joins holds other tables inside itself.
    for node in reversed(_base(found)):
        duty = owed.tables[tables[id(node)].name]
        replacement = wrap(node, duty, seen[id(node)], wrapping)
        node.replace(replacement)
    if owed.max_rows is not None:
        tree = at_most(tree, owed.max_rows)
    entitlements = {table.name for duty in owed.tables.values() for part in duty.filters for table in part.reads}
    names = tuple(sorted({table.name for table in read} | entitlements))
    return Rewritten(tree, owed, parameters, names, tuple((one, tables[id(one.table)].name) for one in asked))


def _base(found: list[Reference]) -> list[exp.Table]:
    return [reference.node for reference in found if reference.cte is None and not reference.is_function]


def _table(node: exp.Table, catalogue: Catalogue, decision: Decision) -> Table:
    table = catalogue.find(node)
    if table is None or not table.columns:
        raise denied(f"table `{node.name}` is not in the catalogue", "run `guard scan`", decision=decision.id)
    if table.kind in {"view", "partition"}:
        raise denied(f"`{table.name}` is a {table.kind} that guard does not read through", "read its base table")
    return table


def _unqualify_columns(tree: exp.Expr, found: list[Reference]) -> None:
    """`public.customers.ssn` becomes `customers.ssn`: the wrap has an alias and no schema.

    Only where the prefix is that of a reference without an alias; otherwise it is left for the engine to refuse.
    """
    prefixes = {
        (node.text("catalog"), node.text("db"), node.name)
        for node in _base(found)
        if node.args.get("db") and not node.alias
    }
    prefixes |= {("", db, name) for _, db, name in prefixes}
    for column in tree.find_all(exp.Column):
        if column.args.get("db") and (column.text("catalog"), column.text("db"), column.table) in prefixes:
            column.set("db", None)
            column.set("catalog", None)


def _rename_ctes(found: list[Reference], tree: exp.Expr) -> None:
    """Every common table expression gets a reserved name, and every reference to it that name and its old alias.

    An engine that saw the scope otherwise than guard would then find no relation of the name, never a base table.
    """
    names = {id(cte): f"{CTE_NAME}{number}" for number, cte in enumerate(tree.find_all(exp.CTE))}
    for reference in found:
        if reference.cte is None:
            continue
        node = reference.node
        old = node.name
        if not node.args.get("alias"):
            node.set("alias", exp.TableAlias(this=quoted(old)))
        elif not node.alias:
            node.args["alias"].set("this", quoted(old))
        node.set("this", quoted(names[id(reference.cte)]))
    for cte in list(tree.find_all(exp.CTE)):
        cte.args["alias"].set("this", quoted(names[id(cte)]))
