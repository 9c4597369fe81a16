"""Turning pseudonyms back: an act of its own, decided, counted, limited and on record before a value leaves.

1. The policy is asked with the action `reidentify`: who, what for, which transform, whose pseudonyms, how many, and
   what the values are. An answer that would have to be masked, filtered or grouped is a denial.
2. The values are charged to the subject and purpose, durably; over `reidentify.max_values` in `reidentify.window_s`
   nothing is turned back.
3. The entry, with the count, is durable.
4. The values are turned back under a grant for exactly this, and handed out.

A charge is not given back when a later step fails: what was tried counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from guard.audit.people import WHO
from guard.engine.record import decision_body, entry, explain
from guard.errors import AccessDeniedError, PlanError, UsageError
from guard.model import (
    ColumnUse,
    Dataset,
    Decision,
    FieldLabel,
    FieldRef,
    Label,
    MaxRows,
    QueryFacts,
    Reason,
    State,
    Subject,
    TableName,
    Use,
    Value,
)
from guard.policy.decide import REIDENTIFY, decide

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from guard.anonymize.grant import ReidentificationGrant
    from guard.anonymize.keys import Keys
    from guard.anonymize.plan import Plan
    from guard.audit.people import Person
    from guard.engine.components import Components

MAX_VALUES = 1_000_000  # of one call
LIMIT_RULE = "guard.reidentify_limit"  # determines a denial for too many values
_SOURCE = "pseudonyms"


class Reidentified(Value, frozen=True):
    """The values, the decision that allowed them, and the index of the entry that counts them."""

    values: Any  # pa.Array
    decision: Decision
    entry: int


class Turn(Value, frozen=True):
    """What is to be turned back.

    Attributes:
        transform: the id of the transform that made the pseudonyms.
        params: its parameters, as in the plan that made them.
        key_purpose: the purpose of that plan.
        kind: what the values are, as the taxonomy names it.
        personal: True where each value stands under the keys of the person it is about.
    """

    transform: str
    key_purpose: str
    kind: str
    params: Mapping[str, Any] = {}
    personal: bool = False

    @classmethod
    def of_plan(cls, plan: Plan, column: str, kind: str) -> Turn:
        """What a plan made of one column.

        Raises:
            PlanError: the plan makes no pseudonyms of this column.
        """
        field = next((field for field in plan.fields if field.column == column), None)
        if field is None or field.params is None:
            msg = f"the plan makes no pseudonyms of `{column}`"
            raise PlanError(msg, help=f"it names {', '.join(field.column for field in plan.fields[:20])}")
        return cls(field.transform, plan.purpose, kind, msgspec.structs.asdict(field.params))


def column_of(values: object) -> pa.Array:
    """A column of text of an Arrow array, a series of polars or pandas, or a list.

    Raises:
        UsageError: it is none.
    """
    import pyarrow as pa

    from guard.anonymize.columns import array

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return array(values)
    try:
        return array(pa.array(values, from_pandas=True))
    except (pa.ArrowException, TypeError, ValueError):
        pass  # its message may quote a value
    raise UsageError("the values are no column", help="give an Arrow array, a series, or a list of texts")


def reidentify(
    parts: Components,
    values: pa.Array | pa.ChunkedArray,
    turn: Turn,
    *,
    subject: Subject,
    purpose: str,
    people: pa.Array | pa.ChunkedArray | None = None,
) -> Reidentified:
    """See the module.

    Raises:
        AccessDeniedError: denied, or too many values; on record as a decision.
        PlanError: no such transform, parameters that do not fit, or one that nothing turns back.
        TransformError: a value is no token, or one that does not open.
        KeyUnavailableError: the keyring does not hold the version of a token.
        AuditError, StoreError: it could not be recorded or counted, so nothing was turned back.
    """
    from guard.anonymize.crypto.column import count

    invert = _inverter(parts, turn, people)
    counted = count(values)
    if not 0 < counted <= MAX_VALUES:
        what = "no value is given" if not counted else f"{counted} values are more than {MAX_VALUES}"
        raise UsageError(f"{what} to turn back", help=f"give 1 to {MAX_VALUES} values at once")
    now: datetime = parts.clock()
    person = parts.people.of(subject.id)
    decision = _decide(parts, turn, counted, subject=subject, purpose=purpose, now=now)
    act = _Act(parts, turn, counted, person, decision, now)
    if not decision.allowed:
        act.deny(decision)
    settings = parts.loaded.config.reidentify
    before = parts.store.reidentified.charge(
        person.pseudonym, purpose, counted, limit=settings.max_values, window=settings.window_s, now=now
    )
    if before is None:
        act.deny(_too_many(decision, settings.max_values, settings.window_s))
    index = act.record("reidentification")
    return Reidentified(invert(values, act.grant()), decision, index)


class _Act:
    """One call, from its decision on: what its entries hold, and its grant."""

    def __init__(
        self, parts: Components, turn: Turn, counted: int, person: Person, decision: Decision, now: datetime
    ) -> None:
        self._parts, self._turn, self._counted, self._person = parts, turn, counted, person
        self._decision, self._now = decision, now

    def record(self, kind: str) -> int:
        """Appends the entry; durable when this returns."""
        from guard.audit import timestamp

        body = {
            "decision": self._decision.id,
            "transform": self._turn.transform,
            "key_purpose": self._turn.key_purpose,
            "kind": self._turn.kind,
            "values": self._counted,
            **decision_body(self._decision, source=_SOURCE, sql="", fingerprint="", edges=""),
            "action": REIDENTIFY,
            WHO: self._person.member,
        }
        return self._parts.log.append(entry(kind, time=timestamp(self._now), actor=self._person.pseudonym, body=body))

    def deny(self, decision: Decision) -> NoReturn:
        """Records the denial, then raises it."""
        self._decision = decision
        self.record("decision")
        message, cure = explain((*decision.determined_by, *decision.errored), decision.gaps)
        raise AccessDeniedError(f"denied: {message}", help=cure, decision_id=decision.id, decision=decision)

    def grant(self) -> ReidentificationGrant:
        """The permission for exactly this call."""
        from guard.anonymize.grant import ReidentificationGrant

        return ReidentificationGrant(
            decision_id=self._decision.id,
            subject=self._person.pseudonym,
            purpose=self._decision.purpose,
            key_purpose=self._turn.key_purpose,
            transform=self._turn.transform,
            limit=self._counted,
        )


def _decide(parts: Components, turn: Turn, counted: int, *, subject: Subject, purpose: str, now: datetime) -> Decision:
    """The policy's decision; what could only be shown in another form is denied."""
    taxonomy = parts.classifier.taxonomy
    known = taxonomy.kinds.get(turn.kind)
    if known is None:
        raise UsageError(
            f"there is no kind `{turn.kind[:64]}`", help="name what the values are, see docs/reference/kinds.md"
        )
    table = TableName(_SOURCE)
    label = Label(kind=turn.kind, level=known.level, state=State.RAW)  # what would leave guard is raw
    field = FieldLabel(FieldRef(Dataset("guard", _SOURCE), turn.kind), label=label, verdict="sensitive", score=1.0)
    facts = QueryFacts(
        dialect="", statement=REIDENTIFY, columns=(ColumnUse(table=table, column=turn.kind, uses=(Use.OUTPUT,)),)
    )
    decision = decide(
        facts,
        lambda _table, _column: field,
        subject=subject,
        purpose=purpose,
        source=_SOURCE,
        now=now,
        decision_id=f"d-{secrets.token_hex(10)}",
        engine=parts.engine,
        category_of=lambda kind: taxonomy.kinds[kind].category if kind in taxonomy.kinds else "",
        reidentify={"transform": turn.transform, "key_purpose": turn.key_purpose, "values": counted},
    )
    return _hold(decision, counted) if decision.allowed else decision


def _hold(decision: Decision, counted: int) -> Decision:
    """An allowed decision whose obligations hold for `counted` values, or the denial that they amount to."""
    for owed in decision.obligations:
        if isinstance(owed, MaxRows) and counted <= owed.rows:
            continue
        limit = f"at most {owed.rows} values" if isinstance(owed, MaxRows) else "another form than the value itself"
        reason = Reason(
            rule=owed.rule,
            message=f"for this purpose the subject may be shown {limit}",
            help="ask for fewer values" if isinstance(owed, MaxRows) else "ask for a purpose that shows the kind",
        )
        return _denied(decision, reason)
    return decision


def _too_many(decision: Decision, limit: int, window: int) -> Decision:
    reason = Reason(
        rule=LIMIT_RULE,
        message=f"one subject may turn back {limit} values for one purpose in {window} s, and this would be more",
        help="wait, ask for fewer values, or raise `reidentify.max_values`",
    )
    return _denied(decision, reason)


def _denied(decision: Decision, reason: Reason) -> Decision:
    return msgspec.structs.replace(decision, outcome="deny", determined_by=(reason,), obligations=())


def _inverter(
    parts: Components, turn: Turn, people: pa.Array | pa.ChunkedArray | None
) -> Callable[[Any, ReidentificationGrant], Any]:
    """The inverse of the transform with its keys bound; refused before anything is asked or counted."""
    from guard.anonymize import registry

    module: Any = registry.find(turn.transform)
    invert = _out_of_vault(parts) if turn.transform == "vault" else getattr(module, "invert", None)
    if invert is None:
        msg = f"nothing turns `{turn.transform}` back"
        raise PlanError(msg, help="only the ff1 family, siv, gcm and vault can be")
    params = registry.params(turn.transform, turn.params)
    if getattr(params, "purpose", ""):
        msg = f"`purpose` among the parameters of `{turn.transform}` is not the purpose that the policy is asked for"
        raise PlanError(msg, help="give it as the purpose of the pseudonyms")
    if not turn.personal:
        return lambda values, grant: invert(values, params, parts.keys.bind(turn.key_purpose), grant)
    if turn.transform != "gcm" or people is None:
        raise UsageError(
            "values under the keys of people are of `gcm`, and need the column of people", help="give both columns"
        )
    from guard.anonymize.personal import unseal

    return lambda values, grant: unseal(values, people, parts.subject_keys, turn.key_purpose, params, grant)


def _out_of_vault(parts: Components) -> Callable[..., Any]:
    """The inverse of `vault`: its values are in guard's store, so it needs more than the keys."""

    def invert(values: Any, params: Any, keys: Keys, grant: ReidentificationGrant) -> Any:
        from guard.anonymize.crypto.column import count
        from guard.anonymize.grant import require
        from guard.anonymize.vault import values_of
        from guard.engine.vault import StoreVault

        require(grant, "vault", keys, count(values))
        return values_of(values, params, keys, StoreVault(parts))

    return invert
