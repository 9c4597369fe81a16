"""How a decision is shown to a person and to a program."""

from __future__ import annotations

import json

import msgspec

from guard.model import Decision, Mask, MaxRows, MinimumGroup, RowFilter


def as_json(decision: Decision, sql: str = "") -> str:
    """The whole decision, versioned; predicates of row filters name no value."""
    document = {"v": 1, **msgspec.to_builtins(decision)}
    document["obligations"] = [describe(obligation) for obligation in decision.obligations]
    if sql:
        document["enforced_sql"] = sql
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def describe(obligation: object) -> str:
    """One obligation in one line."""
    if isinstance(obligation, Mask):
        return f"mask {obligation.table}.{obligation.column} with {obligation.transform} ({obligation.rule})"
    if isinstance(obligation, RowFilter):
        return f"only some rows of {obligation.table} ({obligation.rule})"
    if isinstance(obligation, MinimumGroup):
        return f"only groups of {obligation.size} rows or more ({obligation.rule})"
    if isinstance(obligation, MaxRows):
        return f"at most {obligation.rows} rows ({obligation.rule})"
    return type(obligation).__name__


def as_text(decision: Decision) -> str:
    """Outcome, rules, labels, obligations, gaps with their cures, and the revision of the rule pack."""
    lines = [f"{decision.outcome.upper()}  {decision.subject} for {decision.purpose}"]
    for title, reasons in (("because", decision.determined_by), ("failed", decision.errored)):
        for reason in reasons:
            lines.append(f"  {title}  {reason.rule}: {reason.message}")
            if reason.columns:
                lines.append(f"           on {', '.join(reason.columns)}")
            if reason.labels:
                seen = ", ".join(f"{label.kind} (level {label.level}, {label.state})" for label in reason.labels)
                lines.append(f"           seen {seen}")
            if reason.help:
                lines.append(f"           help: {reason.help}")
    for gap in decision.gaps:
        lines += [f"  gap      {gap.code.replace('_', ' ')}: {gap.what}", f"           help: {gap.help}"]
    lines += [f"  applies  {describe(obligation)}" for obligation in decision.obligations]
    lines.append(f"  decision {decision.id}, rules {short(decision.revision)}, engine {decision.engine}")
    return "\n".join(lines) + "\n"


def short(revision: str) -> str:
    """The first digits of a rule pack's revision, enough to tell two packs apart."""
    return revision.removeprefix("sha256:")[:12]
