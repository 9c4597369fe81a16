"""What a table owes to a subject, for engines that enforce by themselves, such as Trino with its OPA plugin.

Such an engine asks for the row filters and the masks of a table apart from the question whether it may be read at
all. So the duties are those of all its columns together, whether or not all of them may be read: a column that may
not be read is refused by that other question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from guard.errors import AccessDeniedError, PolicyUnavailableError
from guard.model import ColumnUse, FieldLabel, Mask, QueryFacts, RowFilter, Subject, Table, TableName, Use, Value
from guard.policy.metadata import Mode
from guard.policy.obligations import obligations
from guard.policy.query_input import ask
from guard.policy.verdict import VerdictError, parse_verdict
from guard.sql.catalogue import Catalogue

if TYPE_CHECKING:
    from guard.policy.engine import PolicyEngine


class Duties(Value, frozen=True):
    """Row filters and masks of a table; columns in `hidden` are unclassified and may not be seen in any form."""

    row_filters: tuple[RowFilter, ...]
    masks: tuple[Mask, ...]
    hidden: tuple[str, ...]


def duties(  # noqa: PLR0913 - the question has that many parts, and each is named at the call
    table: Table,
    catalogue: Catalogue,
    labels: Mapping[tuple[TableName, str], FieldLabel],
    engine: PolicyEngine,
    *,
    subject: Subject,
    purpose: str,
    source: str,
    now: datetime,
    category_of: Callable[[str], str],
) -> Duties:
    """What the rules demand of `table`.

    Raises:
        AccessDeniedError: the rules err or do not answer; nothing of the table may be seen.
    """
    uses = tuple(ColumnUse(table.name, column.name, (Use.OUTPUT,)) for column in table.columns)
    facts = QueryFacts(dialect=catalogue.dialect, statement="select", tables=(table.name,), columns=uses)
    question = ask(
        facts,
        lambda name, column: labels.get((name, column)),
        subject=subject,
        purpose=purpose,
        source=source,
        now=now,
        category_of=category_of,
    )
    try:
        verdict = parse_verdict(
            engine.decide(question.policy_input),
            revision=engine.revision,
            rules=engine.modes.keys(),
            label_sets=question.label_sets.keys(),
            tables=question.tables.keys(),
        )
    except (PolicyUnavailableError, VerdictError) as error:
        raise AccessDeniedError(
            f"denied: {error}", help="see `guard doctor` for the state of the policy engine"
        ) from None
    deciding = verdict.without(frozenset(rule for rule, mode in engine.modes.items() if mode is Mode.MONITOR))
    if deciding.faults:
        raise AccessDeniedError(
            f"denied: rule `{deciding.faults[0].rule}` is at fault", help="tell the owner of the rule pack"
        )
    owed = obligations(deciding, question)
    unclassified = [one for one in question.label_sets.values() if not one.classified]
    return Duties(
        row_filters=tuple(one for one in owed if isinstance(one, RowFilter)),
        masks=tuple(one for one in owed if isinstance(one, Mask)),
        hidden=tuple(sorted(column for one in unclassified for _, column in one.columns)),
    )
