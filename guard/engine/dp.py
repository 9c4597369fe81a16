"""A query under differential privacy, until its data is read: decide, accept, give it a form, enforce the form.

`dp_answer` charges and reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from guard.anonymize.dp.account import Cost
from guard.anonymize.dp.sql.accept import Accepted, accept
from guard.anonymize.dp.sql.aggregates import COMPUTED_HERE
from guard.anonymize.dp.sql.answer import (
    Plan,
    Rule,
    check_rule,
    plan,
)
from guard.anonymize.dp.sql.bounding import Chosen, Search, is_open, search
from guard.anonymize.dp.sql.form import forms
from guard.anonymize.dp.sql.metadata import Units
from guard.anonymize.dp.sql.refusal import Refusal
from guard.engine.dp_form import FormEnforcement, Tables
from guard.errors import AccessDeniedError
from guard.model import (
    Decision,
    DifferentialPrivacy,
    EnforcedQuery,
    Gap,
    Mask,
    MaxRows,
    MinimumGroup,
    TableName,
    Use,
)
from guard.policy.enforce.review import reviewed_tree

if TYPE_CHECKING:
    from sqlglot import exp

    from guard.sql.catalogue import Catalogue
    from guard.sql.masking import MaskSql

_COMPUTED_HERE: Final = frozenset(f"function `{name}`" for name in COMPUTED_HERE)


@dataclass(frozen=True)
class PrivateQuery:
    """A statement that was allowed and accepted; everything but the data."""

    accepted: Accepted
    rule: Rule
    obligation: DifferentialPrivacy
    max_rows: int | None
    salt: int
    enforced: Callable[[str], EnforcedQuery] = field(repr=False)
    search: Search | None = None  # bounds that are still to be chosen
    first: tuple[Plan, tuple[EnforcedQuery, ...]] | None = None  # where all bounds are declared
    looked: EnforcedQuery | None = None  # the histogram that bounds are chosen from

    def built(self, chosen: Chosen) -> tuple[Plan, tuple[EnforcedQuery, ...]]:
        """The plan and the statements for given bounds."""
        if self.first is not None:
            return self.first
        accepted, rule = chosen.accepted, chosen.rule
        made = forms(accepted, groups=chosen.groups, rows=chosen.rows, salt=self.salt)
        return plan(accepted, made, rule, groups=chosen.groups, rows=chosen.rows), tuple(
            self.enforced(form.sql) for form in made
        )

    def fingerprint(self, version: str) -> str:
        """A name of the question: equal for statements that measure the same over the same rows in the same way."""
        statements = [self.looked] if self.looked is not None else list(self.first[1] if self.first else ())
        said = [
            "guard-dp-1",
            version,
            *(query.sql for query in statements if query is not None),
            repr(
                [
                    (measure.kind, measure.key[1], measure.low, measure.high, str(measure.share))
                    for measure in self.accepted.measures
                ]
            ),
            repr(self.accepted.combinations),
            repr([(key.sql, key.kind) for key in self.accepted.keys]),
            f"{self.rule.epsilon}/{self.rule.delta}/{self.rule.mechanism}/{self.rule.minimum}",
        ]
        return hashlib.sha256("\x00".join(said).encode()).hexdigest()

    def cost(self) -> Cost:
        """What the answer will cost, known before anything is read."""
        if self.first is not None:
            return self.first[0].cost
        assert self.search is not None
        return self.search.cost


def obligation_of(decision: Decision) -> DifferentialPrivacy | None:
    """The obligation of differential privacy, if the decision has one."""
    return next((owed for owed in decision.obligations if isinstance(owed, DifferentialPrivacy)), None)


def accepted_query(
    statement: exp.Expr,
    catalogue: Catalogue,
    decision: Decision,
    mask_sql: MaskSql,
    *,
    units: Units,
    salt: int,
    stray: Callable[[EnforcedQuery], str],
    kept: Tables,
) -> PrivateQuery:
    """The private form of an allowed statement; `kept` holds the enforced tables of earlier ones.

    Raises:
        Refusal: it cannot be answered privately.
        AccessDeniedError: row filters and masks cannot be kept over its form.
    """
    owed = obligation_of(decision)
    assert owed is not None
    tree, gaps = reviewed_tree(statement, catalogue)
    gaps = tuple(gap for gap in gaps if not computed_here(gap))
    if gaps:
        raise AccessDeniedError(gaps[0].what, help=gaps[0].help)
    accepted = accept(tree, catalogue, units)
    minimum = max((each.size for each in decision.obligations if isinstance(each, MinimumGroup)), default=1)
    if minimum > 1:
        # With a minimum no group is public: whether one is shown depends on how many persons it has.
        accepted = _all_private(accepted)
    rule = Rule(Fraction(owed.epsilon), Fraction(owed.delta), owed.mechanism, minimum)
    check_rule(rule)
    if accepted.combinations is None and rule.delta == 0:
        raise Refusal(
            "dp-delta",
            "the groups are private, and the grant has no delta to show any",
            help="group by columns with declared keys, or let the grant name a delta",
        )
    limit = min((each.rows for each in decision.obligations if isinstance(each, MaxRows)), default=None)

    enforced = FormEnforcement(catalogue, decision, accepted, mask_sql, stray, kept)
    _check_masked_units(decision, accepted)
    if is_open(accepted):
        found = search(accepted, rule, salt=salt)
        return PrivateQuery(accepted, rule, owed, limit, salt, enforced, found, looked=enforced(found.sql))
    groups, rows = int(accepted.most_groups), int(accepted.most_rows)
    made = forms(accepted, groups=groups, rows=rows, salt=salt)
    planned = plan(accepted, made, rule, groups=groups, rows=rows)
    return PrivateQuery(
        accepted, rule, owed, limit, salt, enforced, first=(planned, tuple(enforced(form.sql) for form in made))
    )


def _all_private(accepted: Accepted) -> Accepted:
    import dataclasses

    return dataclasses.replace(accepted, combinations=None)


def _check_masked_units(decision: Decision, accepted: Accepted) -> None:
    """A mask on the unit's own column cannot act on the form, which needs the true unit; so nobody may look at it."""
    masked = {(each.table, each.column) for each in decision.obligations if isinstance(each, Mask)}
    looked = {Use.FILTER, Use.CONDITIONAL, Use.ORDER}
    for use in decision.facts.columns if decision.facts is not None else ():
        if (use.table, use.column) in masked & set(accepted.added) and looked & set(use.uses):
            raise Refusal(
                "dp-masked-unit",
                f"`{use.column}` names the person and is masked for this subject, so no condition may look at it",
                help="use it in joins, GROUP BY of subqueries and COUNT(DISTINCT) only",
            )


def computed_here(gap: Gap) -> bool:
    """Whether a gap is about an aggregate that the engine lacks and a private answer does without."""
    return gap.code == "unreviewed_function" and gap.what in _COMPUTED_HERE


def gap_of(error: Refusal | AccessDeniedError) -> Gap:
    """A refusal as the gap that denies: code, place and cure."""
    if isinstance(error, Refusal):
        return Gap(code="not_private", what=f"{error.reason} at {error.where}: {error.message}", help=error.help)
    return Gap(code="not_private", what=f"dp-enforcement: {error.message}", help=error.help)


def tables_of(query: PrivateQuery) -> tuple[TableName, ...]:
    """The base tables that the form reads."""
    return query.accepted.tables
