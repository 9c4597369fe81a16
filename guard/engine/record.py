"""The audit entries of the engine: names, counts and digests, never a value of the user's data.

Who asked stands in an entry as a pseudonym and a sealed part (`guard.audit.personal`), so that it can be erased.
Predicates of row filters hold attributes of the subject, so an entry names the rule and the table only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from guard.audit.people import WHO, Person
from guard.model import Decision, Entry, Gap, Mask, Reason, RowFilter, ScanReport

VERSION = 1
UNNAMED = frozenset({"unparsed_sql", "too_large", "unknown_table", "unknown_column", "ambiguous_column"})
UNKNOWN_PURPOSE = ".unknown_purpose"  # the end of a rule's id
MADE_UP = "(not in the register)"  # stands for such a purpose
MAX_SAID = 5  # columns and labels that a message spells out
MAX_NAMES = 200  # names of one list that an entry spells out; the rest is counted

_NAME = re.compile(r"[^\W\d][\w.-]{0,63}")


def decision_body(decision: Decision, *, source: str, sql: str, fingerprint: str, edges: str) -> dict[str, Any]:
    """What is remembered of a decision; `sql` must be free of literals, `edges` is the digest of its lineage."""
    facts = decision.facts
    return {
        "outcome": decision.outcome,
        "purpose": _purpose(decision),
        "source": source,
        "sql": sql,
        "fingerprint": fingerprint,
        "tables": _names([str(table) for table in facts.tables] if facts else []),
        "columns": _names([f"{use.table}.{use.column}:{'+'.join(use.uses)}" for use in facts.columns] if facts else []),
        "labels": _names([f"{name}={label.kind}/{label.level}/{label.state}" for name, label in decision.labels]),
        "determined_by": _names([reason.rule for reason in decision.determined_by]),
        "errored": _names([reason.rule for reason in decision.errored]),
        "gaps": _names([f"{gap.code}:{gap.what}" for gap in decision.gaps]),
        "obligations": _names([_obligation(obligation) for obligation in decision.obligations]),
        "revision": decision.revision,
        "engine": decision.engine,
        "edges": edges,
    }


def scan_body(report: ScanReport, *, state: str) -> dict[str, Any]:
    """What is remembered of a scan: which tables, how many fields of which kind, what was not looked at."""
    kinds: dict[str, int] = {}
    for field in report.sensitive:
        if field.label:
            kinds[field.label.kind] = kinds.get(field.label.kind, 0) + 1
    found = {"contradictions": len(report.contradictions)} if report.contradictions else {}
    return found | {
        "scan": report.id,
        "state": state,
        "source": report.source,
        "tables": _names(list(report.tables)),
        "skipped": _names([skipped.name for skipped in report.skipped]),
        "fields": len(report.fields),
        "kinds": kinds,
        "sample": report.sample,
        "seed": report.seed,
        "rules_version": report.rules_version,
    }


def entry(kind: Any, *, time: str, actor: str, body: Mapping[str, Any]) -> Entry:
    """An entry of the current version; `actor` is a pseudonym, and `body` holds the sealed part already."""
    return Entry(v=VERSION, kind=kind, time=time, actor=actor, body=body)


def entry_of(kind: Any, person: Person, *, time: str, body: Mapping[str, Any]) -> Entry:
    """An entry of something that `person` did."""
    return entry(kind, time=time, actor=person.pseudonym, body={**body, WHO: person.member})


def explain(reasons: Sequence[Reason], gaps: Sequence[Gap]) -> tuple[str, str]:
    """One message and one cure for a denial, from what determined it."""
    # What guard could not even name comes first: a rule's complaint about it would only repeat that.
    first = [gap for gap in gaps if gap.code in UNNAMED]
    then = [gap for gap in gaps if gap.code not in UNNAMED]
    messages = [_gap(gap) for gap in first]
    messages += [f"`{reason.rule}`: {reason.message}{_seen(reason)}" for reason in reasons]
    messages += [_gap(gap) for gap in then]
    cures = [each.help for each in (*first, *then) if each.help]
    cures[len(first) : len(first)] = [reason.help for reason in reasons if reason.help]
    return "; ".join(messages) or "no rule allows it", cures[0] if cures else "ask the owner of the rule pack"


def _purpose(decision: Decision) -> str:
    """The purpose, where it is a name that the rules know; what a caller made up may hold anything."""
    unknown = any(reason.rule.endswith(UNKNOWN_PURPOSE) for reason in decision.determined_by)
    return decision.purpose if _NAME.fullmatch(decision.purpose) and not unknown else MADE_UP


def _gap(gap: Gap) -> str:
    return f"{gap.code.replace('_', ' ')}: {gap.what}"


def _seen(reason: Reason) -> str:
    """The columns that a rule spoke of and the labels it saw on them."""
    columns = ", ".join(f"`{column}`" for column in reason.columns[:MAX_SAID])
    labels = ", ".join(f"{label.kind} level {label.level}" for label in reason.labels[:MAX_SAID])
    if not columns:
        return f" ({labels})" if labels else ""
    return f" ({columns}{f': {labels}' if labels else ''})"


def _obligation(obligation: Any) -> str:
    if isinstance(obligation, Mask):
        forms = "|".join((obligation.transform, *(case.transform or "shown" for case in obligation.cases)))
        return f"mask:{obligation.table}.{obligation.column}:{forms}:{obligation.rule}"
    if isinstance(obligation, RowFilter):
        return f"row_filter:{obligation.table}:{obligation.rule}"
    return f"{type(obligation).__name__}:{obligation.rule}"


def _names(names: list[str]) -> list[str]:
    """At most `MAX_NAMES` of them, so that an entry keeps within the log's cap whatever the width of a query."""
    if len(names) <= MAX_NAMES:
        return names
    return [*names[:MAX_NAMES], f"and {len(names) - MAX_NAMES} more"]
