"""May this subject run this statement for this purpose, and in which form is it answered?

What allowed means, in six lines:

1. At least one rule allows,
2. no rule denies,
3. no rule errs,
4. and there is no gap: guard knows the statement, its columns, the subject, the purpose, and the engine answered.
5. Otherwise the answer is deny, and it lists everything that stood in the way, not only the first thing.
6. Rules in monitor mode say what they would have done, and decide nothing.

`tests/spec/decide_spec.py` says the same as a short obvious program; Hypothesis holds this module to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from guard.errors import PolicyUnavailableError
from guard.model import Decision, Gap, Label, QueryFacts, Reason, Subject
from guard.policy.engine import PolicyEngine
from guard.policy.metadata import Mode
from guard.policy.obligations import obligations
from guard.policy.query_input import CategoryOf, LabelOf, Question, ask
from guard.policy.verdict import ReasonItem, Verdict, VerdictError, parse_verdict

DEFAULT_RULE = "guard.default_deny"  # determines a denial when no rule of the pack said anything
MAX_PURPOSE = 256  # characters

_ENGINE_HELP = "see `guard doctor` for the state of the policy engine"
_FAULT_HELP = "the rule is at fault, not the query; tell the owner of the rule pack"
_DEFAULT_DENY = Reason(
    rule=DEFAULT_RULE,
    message="no rule allows a role of this subject to query for this purpose",
    help="ask for a grant for this role and purpose, or state another purpose",
)

REIDENTIFY = "reidentify"  # the action
_NO_GRANT = Reason(
    rule=DEFAULT_RULE,
    message="no rule allows a role of this subject to turn these pseudonyms back for this purpose",
    help="have a grant for role and purpose added to config/reidentify/data.yaml of the rule pack",
)
_NO_WRITE = Reason(
    rule=DEFAULT_RULE,
    message="no rule allows a role of this subject to write this table for this purpose",
    help="have a grant for role and purpose added to config/writes/data.yaml of the rule pack",
)


def decide(  # noqa: PLR0913 - the question has that many parts, and each is named at the call
    facts: QueryFacts,
    label_of: LabelOf,
    *,
    subject: Subject,
    purpose: str,
    source: str,
    now: datetime,
    decision_id: str,
    engine: PolicyEngine,
    category_of: CategoryOf,
    reidentify: Mapping[str, Any] | None = None,
) -> Decision:
    """Asks the engine once and combines its answer with what guard itself knows; never raises for a denial.

    Args:
        facts: what the statement touches.
        label_of: what guard's catalogue holds on a column; None where nobody has looked.
        subject: who asks.
        purpose: why; a name of the pack's register.
        source: the URI without secrets, for rules that differ by source.
        now: the time of the decision, with a time zone.
        decision_id: finds the decision in the audit log.
        engine: evaluates the rule pack.
        category_of: the category of a kind in the taxonomy.
        reidentify: what is turned back, where the action is `reidentify`; see docs/reference/policy-input.md.
    """
    question = ask(
        facts,
        label_of,
        subject=subject,
        purpose=purpose,
        source=source,
        now=now,
        category_of=category_of,
        reidentify=reidentify,
    )
    gaps = [*facts.gaps, *question.gaps, *_purpose_gap(purpose)]
    verdict = Verdict()
    try:
        raw = engine.decide(question.policy_input)
        verdict = parse_verdict(
            raw,
            revision=engine.revision,
            rules=engine.modes.keys(),
            label_sets=question.label_sets.keys(),
            tables=question.tables.keys(),
        )
    except PolicyUnavailableError as error:
        gaps.append(Gap(code="policy_unavailable", what=error.message, help=error.help or _ENGINE_HELP))
    except VerdictError as error:
        gaps.append(Gap(code="undefined_decision", what=str(error), help=_ENGINE_HELP))
    return _combine(
        verdict,
        question,
        gaps,
        engine=engine,
        decision=Decision(
            id=decision_id,
            outcome="deny",
            subject=subject.id,
            purpose=purpose,
            facts=facts,
            labels=_labels(question),
            revision=engine.revision,
            engine=engine.name,
        ),
    )


def _purpose_gap(purpose: str) -> Iterable[Gap]:
    if not purpose.strip() or len(purpose) > MAX_PURPOSE:
        yield Gap(
            code="unknown_purpose",
            what=f"the purpose is empty or longer than {MAX_PURPOSE} characters",
            help="state a purpose of the register",
        )


def _combine(
    verdict: Verdict, question: Question, gaps: list[Gap], *, engine: PolicyEngine, decision: Decision
) -> Decision:
    """Forbid wins, then errors and gaps, then some rule must allow."""
    watched = frozenset(rule for rule, mode in engine.modes.items() if mode is Mode.MONITOR)
    deciding, monitored = verdict.without(watched), verdict.only(watched)
    gaps = gaps + [
        Gap(code=item.gap, what=item.message, help=item.help or f"see rule `{rule}`")
        for rule, item in deciding.deny
        if item.gap is not None
    ]
    decision = msgspec.structs.replace(
        decision,
        errored=_ordered(Reason(rule=at.rule, message=at.problem, help=_FAULT_HELP) for at in deciding.faults),
        gaps=tuple(dict.fromkeys(gaps)),
        monitored=_monitored(monitored, question),
    )
    if deciding.deny:
        return msgspec.structs.replace(decision, determined_by=_reasons(deciding.deny, question))
    if decision.errored or decision.gaps:
        return decision
    if not deciding.allow:
        missing = _NO_GRANT if question.policy_input["action"] == REIDENTIFY else _DEFAULT_DENY
        missing = _NO_WRITE if "write" in question.policy_input else missing
        return msgspec.structs.replace(decision, determined_by=(missing,))
    return msgspec.structs.replace(
        decision,
        outcome="allow",
        determined_by=_reasons(deciding.allow, question),
        obligations=obligations(deciding, question),
    )


def _reasons(items: Iterable[tuple[str, ReasonItem]], question: Question) -> tuple[Reason, ...]:
    return _ordered(_reason(rule, item, question) for rule, item in items)


def _reason(rule: str, item: ReasonItem, question: Question) -> Reason:
    """A rule's reason with its label sets spelt out as columns and labels; unknown sets were faults before."""
    sets = [question.label_sets[name] for name in item.label_sets if name in question.label_sets]
    return Reason(
        rule=rule,
        message=item.message,
        help=item.help,
        columns=tuple(sorted({name for one in sets for name in one.column_names})),
        labels=tuple(sorted({label for one in sets for label in one.labels})),
    )


def _monitored(verdict: Verdict, question: Question) -> tuple[Reason, ...]:
    """Everything that rules in monitor mode would have changed, as reasons."""
    would = [
        *(
            (rule, f"would mask with `{item.transform}`", question.label_sets.get(item.label_set))
            for rule, item in verdict.masks
        ),
        *((rule, f"would filter the rows of `{item.table}`", None) for rule, item in verdict.row_filters),
        *((rule, "would limit the answer", None) for rule, item in verdict.limits),
        *((at.rule, f"would err: {at.problem}", None) for at in verdict.faults),
    ]
    return _ordered(
        [
            *_reasons(verdict.allow, question),
            *_reasons(verdict.deny, question),
            *(
                Reason(
                    rule=rule, message=text, columns=one.column_names if one else (), labels=one.labels if one else ()
                )
                for rule, text, one in would
            ),
        ]
    )


def _ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Without repeats, in an order that does not depend on the engine."""
    return tuple(sorted(set(reasons), key=lambda one: (one.rule, one.message, one.columns, one.labels, one.help)))


def _labels(question: Question) -> tuple[tuple[str, Label], ...]:
    return tuple(
        sorted(
            (name, label) for one in question.label_sets.values() for name in one.column_names for label in one.labels
        )
    )
