"""What a decision asks for, sorted by table, and held against the catalogue before anything is rewritten.

Fail closed: an obligation that meets no table, a mask on a column that is not there, two masks on one column, an
obligation of a kind that enforcement does not know: each is a refusal, never something to skip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from guard.model import Decision, Mask, MaxRows, MinimumGroup, RowFilter, Table, TableName
from guard.policy.enforce.deny import denied
from guard.policy.enforce.predicates import Condition, condition, mask_condition

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue


@dataclass(slots=True)
class TableDuty:
    """What one table owes: conditions that its rows must meet, masks by column, columns that were decided upon."""

    table: Table
    filters: list[Condition] = field(default_factory=list)
    masks: dict[str, Mask] = field(default_factory=dict)
    conditions: dict[str, list[exp.Expr]] = field(default_factory=dict)  # of the cases of a mask, by its column
    decided: frozenset[str] | None = None  # None: the decision carries no facts


@dataclass(slots=True)
class Duties:
    """Everything that a decision owes."""

    tables: dict[TableName, TableDuty]
    minimum_group: int = 0
    max_rows: int | None = None


def duties(decision: Decision, read: tuple[Table, ...], catalogue: Catalogue) -> Duties:
    """The decision's obligations over the base tables that the statement reads.

    Raises:
        AccessDeniedError: the decision denies, was made for other tables, or asks for what cannot be met.
    """
    if not decision.allowed:
        raise denied("the decision denies this statement", "see its reasons", decision=decision.id)
    owed = Duties({table.name: TableDuty(table) for table in read})
    _hold_facts(decision, owed)
    for obligation in decision.obligations:
        match obligation:
            case RowFilter():
                duty = _duty(owed, obligation.table, obligation.rule, decision)
                duty.filters.append(condition(obligation, duty.table, catalogue))
            case Mask():
                duty = _duty(owed, obligation.table, obligation.rule, decision)
                _add_mask(duty, obligation, catalogue)
            case MinimumGroup():
                owed.minimum_group = max(owed.minimum_group, obligation.size)
            case MaxRows():
                most = max(obligation.rows, 0)
                owed.max_rows = most if owed.max_rows is None else min(owed.max_rows, most)
            case _:
                raise denied("the decision asks for an obligation that guard does not know", "update guard")
    return owed


def _hold_facts(decision: Decision, owed: Duties) -> None:
    """The decision must be about the very tables that the rewriter found by its own walk."""
    facts = decision.facts
    if facts is None:
        return
    stray = sorted(str(name) for name in owed.tables.keys() - set(facts.tables))
    if stray:
        raise denied(
            f"table `{stray[0]}` is read but was not decided upon",
            "this is a fault in guard; report the statement's shape",
            decision=decision.id,
        )
    for name, duty in owed.tables.items():
        duty.decided = frozenset(use.column for use in facts.columns if use.table == name)


def _duty(owed: Duties, name: TableName, rule: str, decision: Decision) -> TableDuty:
    duty = owed.tables.get(name)
    if duty is None:
        raise denied(
            f"rule `{rule}` protects `{name}`, which the statement does not read as a base table",
            "name base tables in rules, as the catalogue names them",
            decision=decision.id,
        )
    return duty


def _add_mask(duty: TableDuty, mask: Mask, catalogue: Catalogue) -> None:
    if duty.table.column(mask.column) is None:
        raise denied(
            f"rule `{mask.rule}` masks `{mask.column}`, which `{duty.table.name}` does not have",
            "name a column of the table, or run `guard scan` again",
        )
    before = duty.masks.setdefault(mask.column, mask)
    if before is mask:
        conditions = [mask_condition(case.when, mask.rule, duty.table, catalogue) for case in mask.cases]
        duty.conditions[mask.column] = conditions
    elif (before.transform, dict(before.params), before.cases) != (mask.transform, dict(mask.params), mask.cases):
        raise denied(f"column `{mask.column}` has two different masks", "let the rules agree on one mask")
